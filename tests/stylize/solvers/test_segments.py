"""Label maps: known regions are found, labels correspond, flat colours survive JPEG."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from stylize import imaging
from stylize.solvers import segments

SHARED = Path(__file__).parents[3].parent / "shared" / "data" / "images"
SKY, GRASS, BRICK = (90, 150, 220), (60, 140, 50), (170, 60, 40)


def bands(*colours: tuple[int, int, int], width: int = 96, height: int = 60, noise: int = 6):
    """Upright bands of equal width with some noise, and which band every pixel is in."""
    band = np.arange(width) * len(colours) // width
    truth = np.broadcast_to(band, (height, width))
    grain = np.random.default_rng(0).integers(-noise, noise + 1, (height, width, 3))
    picture = np.clip(np.array(colours)[truth] + grain, 0, 255).astype(np.uint8)
    return picture, truth


def agreement(labels: np.ndarray, truth: np.ndarray) -> float:
    """Share of the pixels whose label is the most frequent one of their region."""
    regions = [labels[truth == region] for region in np.unique(truth)]
    return sum(np.bincount(region).max() for region in regions) / labels.size


def test_by_colour_of_known_regions_finds_them() -> None:
    content, truth = bands(SKY, GRASS, BRICK)
    style, other = bands(BRICK, SKY, GRASS, width=72, height=96)
    labels = segments.by_colour([content, style], 3)
    assert [each.shape for each in labels] == [(60, 96), (96, 72)]
    assert agreement(labels[0], truth) > 0.97
    assert agreement(labels[1], other) > 0.97
    assert set(np.unique(labels[0])) == {0, 1, 2}


def test_by_colour_same_colour_in_both_pictures_has_the_same_label() -> None:
    content, truth = bands(SKY, GRASS, BRICK)
    style, other = bands(BRICK, SKY, GRASS)
    of_content, of_style = segments.by_colour([content, style], 3)

    def most(labels: np.ndarray, where: np.ndarray) -> int:
        return int(np.bincount(labels[where]).argmax())

    # sky, grass, brick are the bands 0, 1, 2 of the content and 1, 2, 0 of the style
    pairs = [(most(of_content, truth == i), most(of_style, other == (i + 1) % 3)) for i in range(3)]
    assert all(first == second for first, second in pairs)
    assert len(set(pairs)) == 3


def test_by_colour_that_one_picture_lacks_joins_the_nearest() -> None:
    content, _ = bands(SKY, GRASS, BRICK)
    style, _ = bands(SKY, GRASS)
    labels = segments.by_colour([content, style], 3)
    assert set(np.unique(labels[0])) == set(np.unique(labels[1])) == {0, 1}


def test_by_colour_without_a_colour_in_common_matches_by_difference_from_the_mean() -> None:
    content, truth = bands((20, 20, 20), (60, 60, 60))
    style, other = bands((200, 200, 200), (245, 245, 245))
    of_content, of_style = segments.by_colour([content, style], 2)
    assert agreement(of_content, truth) > 0.97
    assert (
        np.bincount(of_content[truth == 0]).argmax() == np.bincount(of_style[other == 0]).argmax()
    )


def test_by_colour_most_common_label_is_0() -> None:
    content, truth = bands(GRASS, SKY, SKY, SKY)
    labels, _ = segments.by_colour([content, content], 2)
    assert np.bincount(labels[truth > 0]).argmax() == 0


@pytest.mark.parametrize("size", [(16, 16), (16, 128), (37, 53)])
def test_by_colour_of_small_or_flat_pictures_returns_maps_of_their_size(
    size: tuple[int, int],
) -> None:
    flat = np.full((*size, 3), 127, np.uint8)
    noise = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    for pictures in ([flat, flat], [noise, flat], [noise, noise]):
        labels = segments.by_colour(pictures, 4)
        assert [each.shape for each in labels] == [size, size]
        assert all(each.dtype == np.uint8 for each in labels)


def test_by_colour_twice_gives_the_same_labels() -> None:
    noise = np.random.default_rng(2).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    first, again = (segments.by_colour([noise, noise[:, ::-1]], 5) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


@pytest.mark.parametrize("number", [1, 0, segments.MOST_LABELS + 1])
def test_by_colour_number_out_of_bounds_is_refused(number: int) -> None:
    picture, _ = bands(SKY, GRASS)
    with pytest.raises(ValueError, match=f"number: came {number}, must be from 2 to"):
        segments.by_colour([picture, picture], number)


def _through_jpeg(picture: np.ndarray) -> np.ndarray:
    buffer = io.BytesIO()
    Pillow.fromarray(picture).save(buffer, "JPEG", quality=80)
    return imaging.read(buffer.getvalue())


@pytest.mark.parametrize("jpeg", [False, True])
def test_from_flat_colours_of_every_label_colour_gives_it_back(jpeg: bool) -> None:
    truth = np.arange(27).reshape(3, 9).repeat(24, axis=0).repeat(24, axis=1)
    picture = np.array(segments.COLOURS, dtype=np.uint8)[truth]
    labels = segments.from_flat_colours(_through_jpeg(picture) if jpeg else picture)
    assert (labels == truth).mean() > (0.9 if jpeg else 0.9999)


def test_from_flat_colours_blend_along_an_edge_makes_no_label_of_its_own() -> None:
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:, 32:] = 255
    picture[:, 31] = picture[:, 32] = 128
    labels = segments.from_flat_colours(picture)
    assert set(np.unique(labels)) == {0, 7}
    assert (labels[:, :31] == 0).all()
    assert (labels[:, 33:] == 7).all()


@pytest.mark.parametrize(
    ("content", "style", "shared"),
    [
        ("dpst_in3_seg.png", "dpst_tar3_seg.png", 2),
        ("strotss_content_guidance.jpg", "strotss_style_guidance.jpg", 5),
        ("wct2_in14_content_seg.png", "wct2_in14_style_seg.png", 2),
    ],
)
def test_from_flat_colours_of_the_authors_maps_labels_correspond(
    content: str, style: str, shared: int
) -> None:
    if not SHARED.exists():
        pytest.skip("reference data is not here: ../shared/data/images")
    maps = [
        segments.from_flat_colours(imaging.read((SHARED / name).read_bytes()))
        for name in (content, style)
    ]
    found = segments.shares(maps)
    assert sum(all(each.parts) for each in found) == shared
    assert len(found) <= shared + 1  # one author's style has a sky that the content lacks


def test_shares_are_parts_of_each_picture_and_missing_ones_are_0() -> None:
    content = np.array([[0, 0], [1, 1]], np.uint8)
    style = np.array([[1, 9, 9, 9]], np.uint8)
    assert segments.shares([content, style]) == [
        segments.Share(0, (0.5, 0.0)),
        segments.Share(1, (0.5, 0.25)),
        segments.Share(9, (0.0, 0.75)),
    ]
    assert segments.shares([content, None]) == [
        segments.Share(0, (0.5, None)),
        segments.Share(1, (0.5, None)),
    ]
    assert segments.shares([None, None]) == []


def test_colours_of_labels_differ_until_they_begin_again() -> None:
    assert len({segments.colour(label) for label in range(27)}) == 27
    assert all(len(segments.colour(label)) == 3 for label in range(256))
    assert segments.colour(27) != segments.colour(0)


def test_by_objects_without_weights_refuses_and_downloads_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert segments.object_weights() is None
    with pytest.raises(FileNotFoundError, match="is not on this machine"):
        segments.by_objects([bands(SKY, GRASS)[0]])
    assert not list(tmp_path.rglob("*"))


def test_by_objects_with_weights_labels_every_pixel_with_one_of_21_classes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Random weights: the plumbing alone."""
    import torch
    from torchvision.models.segmentation import deeplabv3_mobilenet_v3_large

    torch.manual_seed(0)
    network = deeplabv3_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=21, aux_loss=True
    )
    path = tmp_path / "hub" / "checkpoints" / segments.OBJECT_FILE
    path.parent.mkdir(parents=True)
    torch.save(network.state_dict(), path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    [labels] = segments.by_objects([bands(SKY, GRASS, BRICK)[0]])
    assert labels.shape == (60, 96)
    assert labels.dtype == np.uint8
    assert labels.max() < 21

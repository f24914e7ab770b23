"""Deep Photo Style Transfer: the colours of each region's pair, and still a photograph."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from stylize import imaging
from stylize.losses.matting import matting_energy, matting_laplacian
from stylize.methods.deep_photo import METHOD, Parameters
from stylize.record import Guides, Labels, Run

IMAGES = Path(__file__).parents[4] / "shared/data/images"
# The label colours of the authors' masks, PNGs with traces of antialiasing.
CODES = np.array(
    [
        (0, 0, 255), (0, 255, 0), (0, 0, 0), (255, 255, 255), (255, 0, 0),
        (255, 255, 0), (128, 128, 128), (0, 255, 255), (255, 0, 255),
    ]
)  # fmt: skip
FEW = Parameters(coarse_evaluations=12, fine_evaluations=8)


def halves(left: tuple[float, ...], right: tuple[float, ...], seed: int) -> Tensor:
    """Two colours with shading and grain, 40 × 48 px."""
    grain = torch.rand((1, 3, 40, 48), generator=torch.Generator().manual_seed(seed))
    picture = 0.15 * grain + 0.2 * torch.linspace(0, 1, 40)[:, None]
    picture[..., :24] += torch.tensor(left)[:, None, None]
    picture[..., 24:] += torch.tensor(right)[:, None, None]
    return picture.clamp(0, 1)


def labels(left: int, right: int) -> Labels:
    made = np.full((40, 48), left, np.uint8)
    made[:, 24:] = right
    return made


CONTENT = halves((0.1, 0.2, 0.5), (0.5, 0.4, 0.1), 0)
STYLE = halves((0.6, 0.1, 0.1), (0.1, 0.5, 0.2), 1)


def made(guides: Guides, parameters: Parameters = FEW, style: Tensor = STYLE) -> Tensor:
    return METHOD.apply(CONTENT, style, parameters, Run(0, guides=guides))


def means(image: Tensor) -> tuple[Tensor, Tensor]:
    return image[0, :, :, :20].mean((1, 2)), image[0, :, :, 28:].mean((1, 2))


@pytest.mark.parametrize("crossed", [False, True])
def test_stylize_with_masks_takes_the_colours_of_each_regions_pair(crossed: bool) -> None:
    style_labels = labels(2, 1) if crossed else labels(1, 2)
    found = means(made(Guides(labels(1, 2), style_labels)))
    wanted = means(STYLE)[::-1] if crossed else means(STYLE)
    for colour, target in zip(found, wanted, strict=True):
        torch.testing.assert_close(colour, target, atol=0.08, rtol=0)


def test_stylize_when_the_numbers_of_labels_swap_on_both_sides_changes_nothing() -> None:
    plain = made(Guides(labels(1, 2), labels(1, 2)))
    swapped = made(Guides(labels(2, 1), labels(2, 1)))
    torch.testing.assert_close(plain, swapped, atol=2e-3, rtol=0)


def test_stylize_when_style_is_the_content_returns_it() -> None:
    found = made(Guides(), style=CONTENT)
    assert (found - CONTENT).square().mean().sqrt() < 2 / 255


def test_stylize_when_a_label_has_no_pair_keeps_the_content_there_and_says_so() -> None:
    run = Run(0, guides=Guides(labels(1, 2), labels(1, 1)))
    found = METHOD.apply(CONTENT, STYLE, FEW, run)
    assert any("2" in note for note in run.notes)
    assert (found - CONTENT)[..., 28:].square().mean().sqrt() < 0.05
    assert (found - CONTENT)[..., :20].square().mean().sqrt() > 0.1


def test_stylize_when_photorealism_weighs_more_is_nearer_to_an_affine_recolouring() -> None:
    matrix = matting_laplacian(CONTENT[0])

    def energy(weight: float) -> float:
        parameters = Parameters(
            coarse_evaluations=12, fine_evaluations=12, photorealism_weight=weight, refined=False
        )
        return float(matting_energy(made(Guides(), parameters)[0], matrix))

    assert energy(3000.0) < 0.5 * energy(0.0)


def shared(name: str) -> tuple[Tensor, Labels]:
    """A picture of 96 px and its labels by the nearest code."""
    if not (IMAGES / f"{name}.png").exists():
        pytest.skip("reference data is not here: ../shared/data/images")

    def read(suffix: str) -> imaging.Array:
        array = imaging.read((IMAGES / f"{name}{suffix}.png").read_bytes())
        return imaging.resize_to_longest(array, 96)

    codes = read("_seg").astype(int)[:, :, None]
    near = np.abs(codes - CODES).sum(-1).argmin(-1).astype(np.uint8)
    planes = torch.from_numpy(imaging.to_planes(read("")))[None]
    return planes, imaging.resize_labels(near, planes.shape[2], planes.shape[3])


def test_stylize_of_the_authors_pair_becomes_night_and_keeps_the_photograph() -> None:
    content, content_labels = shared("dpst_in3")
    style, style_labels = shared("dpst_tar3")
    run = Run(0, guides=Guides(content_labels, style_labels))
    found = METHOD.apply(content, style, FEW, run)
    assert found.mean() < 0.6 * content.mean()
    edges = torch.stack([each.mean(1).diff(dim=2).flatten() for each in (content, found)])
    assert torch.corrcoef(edges)[0, 1] > 0.6

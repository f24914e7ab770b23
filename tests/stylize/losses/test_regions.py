"""Regions that two masks share."""

import numpy as np
import pytest
import torch

from stylize.losses.regions import Shared, averaged, dropped, regions, shared_regions
from stylize.record import Guides, Labels


def labels(*rows: tuple[int, int], width: int = 12) -> Labels:
    """A mask of rows: (label, count of rows)."""
    parts = [np.full((count, width), label, np.uint8) for label, count in rows]
    return np.concatenate(parts)


def test_regions_without_masks_are_none() -> None:
    assert regions(Guides()) == []
    assert dropped(Guides()) == []


def test_regions_when_labels_are_shared_are_their_pixels_in_order() -> None:
    found = regions(Guides(labels((7, 4), (2, 3)), labels((2, 5), (7, 1))))
    assert [region.label for region in found] == [2, 7]
    assert [float(region.content.sum()) for region in found] == [36, 48]
    assert [float(region.style.sum()) for region in found] == [60, 12]
    assert found[0].content.dtype == torch.float32
    assert torch.equal(found[0].content + found[1].content, torch.ones(7, 12))
    assert torch.equal(found[1].content[:4], torch.ones(4, 12))


def test_regions_when_a_label_is_missing_or_tiny_on_one_side_leaves_it_out() -> None:
    content = labels((0, 3), (1, 3), (2, 3))
    style = labels((0, 4), (1, 4), (3, 4))
    content[0, :9] = 4  # 9 px: too few
    style[0, :12] = 4
    guides = Guides(content, style)
    assert [region.label for region in regions(guides)] == [0, 1]
    assert dropped(guides) == [2, 4]


def test_regions_when_a_label_has_just_enough_pixels_keeps_it() -> None:
    content = labels((0, 3))
    content[0, :10] = 1
    assert [region.label for region in regions(Guides(content, content))] == [0, 1]


def test_averaged_gives_the_share_of_each_cell_and_keeps_the_mean() -> None:
    mask = torch.zeros(4, 6)
    mask[:, :3] = 1
    torch.testing.assert_close(averaged(mask, 2, 3), torch.tensor([[1.0, 0.5, 0.0]] * 2))
    noise = (torch.rand((16, 24), generator=torch.Generator().manual_seed(0)) > 0.5).float()
    assert abs(averaged(noise, 4, 6).mean() - noise.mean()) < 1e-6


def test_averaged_when_sides_do_not_divide_covers_the_whole_map() -> None:
    assert torch.equal(averaged(torch.ones(7, 5), 4, 3), torch.ones(4, 3))
    assert averaged(torch.ones(1, 1), 1, 1).shape == (1, 1)


def _shared(guides: Guides) -> list[tuple[int, list[int | None]]]:
    """Pixels of every region in the content and in each of two styles of 8 × 8 px."""
    pictures = [torch.zeros(1, 3, 8, 8)] * 3
    return [
        (
            int(region.content.sum()),
            [None if each is None else int(each.sum()) for each in region.styles],
        )
        for region in shared_regions(guides, pictures)
    ]


def split(left: int, right: int, columns: int = 4) -> np.ndarray:
    made = np.full((8, 8), right, np.uint8)
    made[:, :columns] = left
    return made


EXEMPLARS = (np.zeros((3, 8, 8), np.float32),)


def test_shared_regions_use_the_styles_whose_mask_has_the_label() -> None:
    guides = Guides(split(1, 2), split(1, 5), EXEMPLARS, exemplar_labels=(split(1, 2, 6),))
    assert _shared(guides) == [(32, [32, 48]), (32, [None, 16])]
    assert dropped(guides) == []


def test_shared_regions_use_a_style_without_a_mask_whole_everywhere() -> None:
    for none in ((), (None,)):
        guides = Guides(split(1, 2), split(1, 1), EXEMPLARS, exemplar_labels=none)
        assert _shared(guides) == [(32, [64, 64]), (32, [None, 64])]
        assert dropped(guides) == []
    of_second = Guides(split(1, 2), None, EXEMPLARS, exemplar_labels=(split(2, 2),))
    assert _shared(of_second) == [(32, [64, None]), (32, [64, 64])]


def test_shared_regions_leave_out_a_label_that_no_style_has() -> None:
    guides = Guides(split(1, 2), split(1, 1), EXEMPLARS, exemplar_labels=(split(3, 1),))
    assert _shared(guides) == [(32, [64, 32])]
    assert dropped(guides) == [2]


def test_shared_regions_without_masks_are_one_of_everything() -> None:
    assert _shared(Guides(exemplars=EXEMPLARS)) == [(64, [64, 64])]


def test_shares_within_a_region_are_renormalised_over_its_styles() -> None:
    mask = torch.ones(8, 8)
    assert Shared(mask, (mask, None, mask)).shares((0.2, 0.5, 0.3)) == pytest.approx([0.4, 0, 0.6])
    assert Shared(mask, (mask, None)).shares((0.0, 1.0)) == [0, 0]

"""Regions that two masks share."""

import numpy as np
import torch

from stylize.losses.regions import averaged, dropped, regions
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

"""What transfers of colour share: regions, luminance alone, progress."""

import pytest
import torch
from torch import Tensor

from stylize.record import Run
from stylize.solvers.colour import space_for, to_cielab, to_yiq
from stylize.solvers.recolour import covered, recoloured


def pictures(seed: int, batch: int = 1, height: int = 12, width: int = 10) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((batch, 3, height, width), generator=generator)


def to_mean(values: Tensor, targets: Tensor, run: Run) -> Tensor:
    """A move that is easy to check: everything becomes the target's mean."""
    return targets.mean(2, keepdim=True).expand_as(values)


def halves(height: int, width: int) -> tuple[Tensor, Tensor]:
    upper = torch.zeros((height, width), dtype=torch.bool)
    upper[: height // 2] = True
    return upper, ~upper


def test_recoloured_without_masks_moves_each_picture_to_its_own_style() -> None:
    styles = pictures(1, batch=2, height=5)
    found = recoloured(
        pictures(0, 2), styles, space_for("rgb", "all"), "all", None, to_mean, Run(0)
    )
    assert found.dtype == torch.float64
    expected = styles.double().mean((2, 3), keepdim=True).expand_as(found)
    torch.testing.assert_close(found, expected)


def test_recoloured_with_masks_takes_each_region_from_its_pair() -> None:
    content, style = pictures(0), pictures(1, height=6)
    masks = list(zip(halves(12, 10), halves(6, 10)[::-1], strict=True))
    found = recoloured(content, style, space_for("rgb", "all"), "all", masks, to_mean, Run(0))
    upper, lower = style[..., :3, :].double().mean((2, 3)), style[..., 3:, :].double().mean((2, 3))
    torch.testing.assert_close(found[..., :6, :], lower[..., None, None].expand(1, 3, 6, 10))
    torch.testing.assert_close(found[..., 6:, :], upper[..., None, None].expand(1, 3, 6, 10))


def test_recoloured_outside_all_masks_leaves_the_content_to_the_byte() -> None:
    content, upper = pictures(0), halves(12, 10)[0]
    masks = [(upper, torch.ones((6, 10), dtype=torch.bool))]
    space = space_for("cielab", "all")
    found = recoloured(content, pictures(1, height=6), space, "all", masks, to_mean, Run(0))
    assert torch.equal(found[..., ~upper], content[..., ~upper].double())
    assert torch.equal(covered(content, masks), upper)
    nothing = recoloured(content, content, space, "all", [], to_mean, Run(0))
    assert torch.equal(nothing, content.double())
    assert not covered(content, []).any()
    assert covered(content, None).all()


@pytest.mark.parametrize(("name", "enter"), [("rgb", to_yiq), ("cielab", to_cielab)])
def test_recoloured_in_luminance_alone_keeps_the_chroma(name: str, enter: object) -> None:
    content, style = pictures(0), pictures(1)
    space = space_for(name, "luminance")
    found = recoloured(content, style, space, "luminance", None, to_mean, Run(0))
    assert callable(enter)
    torch.testing.assert_close(
        enter(found)[:, 1:], enter(content.double())[:, 1:], atol=1e-6, rtol=0
    )
    wanted = enter(style.double())[:, :1].mean((2, 3), keepdim=True)
    torch.testing.assert_close(enter(found)[:, :1], wanted.expand(1, 1, 12, 10))


def test_recoloured_hands_luminance_alone_to_the_move() -> None:
    seen: list[tuple[int, ...]] = []

    def move(values: Tensor, targets: Tensor, run: Run) -> Tensor:
        seen.extend([tuple(values.shape), tuple(targets.shape)])
        return values

    space = space_for("rgb", "luminance")
    recoloured(pictures(0), pictures(1, height=7), space, "luminance", None, move, Run(0))
    assert seen == [(1, 1, 120), (1, 1, 70)]


def test_recoloured_gives_every_picture_and_region_its_part_of_the_progress() -> None:
    told: list[float] = []

    def move(values: Tensor, targets: Tensor, run: Run) -> Tensor:
        run.progress(1.0)
        return values

    masks = list(zip(halves(12, 10), halves(12, 10), strict=True))
    run = Run(0, progress=told.append)
    recoloured(pictures(0, 2), pictures(1, 2), space_for("rgb", "all"), "all", masks, move, run)
    assert told == [0.25, 0.5, 0.75, 1.0]

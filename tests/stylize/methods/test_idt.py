"""Distribution transfer and regraining: the card's invariants, and the author's own picture."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from stylize import imaging
from stylize.methods.idt import AXES, METHOD, Parameters, stylize, transfer
from stylize.record import Run

PICTURES = Path(__file__).parents[4] / "shared" / "data" / "images"


def cloud(seed: int, count: int = 800) -> Tensor:
    """Curved and clustered: no linear map carries one to another."""
    generator = torch.Generator().manual_seed(seed)
    points = torch.rand((3, count), generator=generator, dtype=torch.float64)
    return torch.stack([points[0], points[0] ** 2 + 0.2 * points[1], (points[2] > 0.6) * 0.5])


def sliced_distance(one: Tensor, other: Tensor) -> float:
    """Wasserstein-2 over 200 random directions that the method never sees."""
    generator = torch.Generator().manual_seed(99)
    directions = torch.randn((200, 3), generator=generator, dtype=torch.float64)
    directions = directions / directions.norm(dim=1, keepdim=True)
    levels = torch.linspace(0.005, 0.995, 100, dtype=torch.float64)
    sides = [torch.quantile(directions @ each, levels, dim=1) for each in (one, other)]
    return float((sides[0] - sides[1]).square().mean().sqrt())


@pytest.mark.parametrize("match", ["sort", "bins"])
def test_transfer_brings_the_distribution_near_within_ten_iterations(match: str) -> None:
    content, style = cloud(0), 1 - cloud(1, 500).flip(0)
    moved = transfer(content, style, Parameters(match=match), Run(0))
    assert sliced_distance(moved, style) < 0.08 * sliced_distance(content, style)


@pytest.mark.parametrize("match", ["sort", "bins"])
def test_transfer_when_style_is_the_content_changes_nothing(match: str) -> None:
    moved = transfer(cloud(0), cloud(0), Parameters(match=match), Run(0))
    torch.testing.assert_close(moved, cloud(0), atol=1e-9, rtol=0)


def test_transfer_when_counts_are_equal_has_exactly_the_styles_mean() -> None:
    moved = transfer(cloud(0), cloud(1) * 0.4, Parameters(), Run(0))
    torch.testing.assert_close(moved.mean(1), (cloud(1) * 0.4).mean(1), atol=1e-9, rtol=0)


def test_transfer_when_style_is_constant_gives_that_colour() -> None:
    colour = torch.tensor([[0.2], [0.5], [0.9]], dtype=torch.float64)
    moved = transfer(cloud(0), colour.expand(3, 50), Parameters(), Run(0))
    torch.testing.assert_close(moved, colour.expand_as(moved), atol=1e-9, rtol=0)


def test_transfer_when_seed_differs_takes_other_axes() -> None:
    one, other = (transfer(cloud(0), cloud(1) ** 2, Parameters(), Run(seed)) for seed in (1, 2))
    assert (one - other).abs().max() > 1e-4


def test_axes_are_the_authors() -> None:
    axes = torch.tensor(AXES, dtype=torch.float64)
    torch.testing.assert_close(axes.norm(dim=1), torch.ones(6, dtype=torch.float64))
    torch.testing.assert_close(axes.T @ axes, 2 * torch.eye(3, dtype=torch.float64))


def test_regraining_gives_the_content_its_gradients_back() -> None:
    generator = torch.Generator().manual_seed(0)
    rough = torch.rand((2, 3, 6, 8), generator=generator)
    smooth = torch.nn.functional.interpolate(rough, size=(60, 80), mode="bicubic").clamp(0, 1)
    content = ((smooth[:1] * 16).round() / 16).clamp(0, 1)  # banded: transfer tears the bands
    style = (smooth[1:] + 0.1 * torch.rand((1, 3, 60, 80), generator=generator)).clamp(0, 1)
    grained = stylize(content, style, Parameters(regrain=False), Run(0))
    clean = stylize(content, style, Parameters(), Run(0))

    def against_content(image: Tensor) -> float:
        return float((image - content).diff(dim=3).square().mean().sqrt())

    assert against_content(clean) < 0.6 * against_content(grained)


@pytest.mark.skipif(
    not PICTURES.is_dir(), reason="reference data is not here: the author's pictures"
)
def test_apply_comes_near_the_authors_own_result() -> None:
    """His rotations are random, so his result can only be met closely."""
    content, style, expected = (
        imaging.read((PICTURES / f"pitie_{name}.png").read_bytes())
        for name in ("scotland_house", "scotland_plain", "ref_IDT_regrain")
    )
    planes = [torch.from_numpy(imaging.to_planes(each))[None] for each in (content, style)]

    def against_author(parameters: Parameters) -> float:
        found = METHOD.apply(planes[0], planes[1], parameters, Run(0))
        levels = imaging.from_planes(found[0].numpy()).astype(float)
        return float(10 * np.log10(255**2 / np.mean((levels - expected) ** 2)))

    assert against_author(Parameters()) > 36
    assert against_author(Parameters(match="bins", regrain_init="authors")) > 39

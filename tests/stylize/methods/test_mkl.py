"""The Monge-Kantorovitch map: the style's moments, and the author's own picture."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from stylize import imaging
from stylize.methods.mkl import METHOD, Parameters, stylize
from stylize.record import Run
from stylize.solvers.colour import mean_and_covariance

PICTURES = Path(__file__).parents[4] / "shared" / "data" / "images"


def pictures(seed: int, height: int = 24, width: int = 30) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    mixed = torch.rand((3, 3), generator=generator) / 3
    noise = torch.rand((1, 3, height, width), generator=generator)
    return torch.einsum("ij,bjhw->bihw", mixed, noise)


def test_stylize_gives_the_styles_mean_and_covariance() -> None:
    result = stylize(pictures(0), pictures(1, 17, 40), Parameters(), Run(0))
    wanted = mean_and_covariance(pictures(1, 17, 40).double().flatten(2))
    for found, target in zip(mean_and_covariance(result.flatten(2)), wanted, strict=True):
        torch.testing.assert_close(found, target, atol=1e-10, rtol=0)


@pytest.mark.parametrize("space", ["rgb", "cielab"])
def test_stylize_when_style_is_the_content_changes_nothing(space: str) -> None:
    result = stylize(pictures(0), pictures(0), Parameters(space=space), Run(0))
    torch.testing.assert_close(result, pictures(0).double(), atol=1e-6, rtol=0)


def test_stylize_there_and_back_returns_the_content() -> None:
    there = stylize(pictures(0), pictures(1), Parameters(), Run(0))
    back = stylize(there, pictures(0), Parameters(), Run(0))
    torch.testing.assert_close(back, pictures(0).double(), atol=1e-6, rtol=0)


def test_stylize_when_content_is_grey_stays_finite_and_takes_the_mean() -> None:
    grey = pictures(0)[:, :1].expand(1, 3, 24, 30)
    result = stylize(grey, pictures(1), Parameters(), Run(0))
    assert torch.isfinite(result).all()
    torch.testing.assert_close(result.mean((2, 3)), pictures(1).double().mean((2, 3)))


@pytest.mark.skipif(
    not PICTURES.is_dir(), reason="reference data is not here: the author's pictures"
)
def test_apply_equals_the_authors_own_result_to_rounding() -> None:
    content, style, expected = (
        imaging.read((PICTURES / f"pitie_{name}.png").read_bytes())
        for name in ("scotland_house", "scotland_plain", "ref_MKL")
    )
    planes = [torch.from_numpy(imaging.to_planes(each))[None] for each in (content, style)]
    result = METHOD.apply(planes[0], planes[1], Parameters(), Run(0))
    found = imaging.from_planes(result[0].numpy())
    assert np.abs(found.astype(int) - expected).max() <= 1
    assert (found != expected).mean() < 1e-4

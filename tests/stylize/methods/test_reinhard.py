"""Reinhard's transfer: moments in lαβ, fixed points and the direction of the ratio."""

import pytest
import torch
from torch import Tensor

from stylize.methods.reinhard import Parameters, stylize
from stylize.record import Run
from stylize.solvers.colour import match_moments, to_ruderman


def pictures(seed: int, height: int = 24, width: int = 30) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, 3, height, width), generator=generator) * 0.8 + 0.1


def moments(images: Tensor) -> tuple[Tensor, Tensor]:
    flat = images.flatten(2)
    return flat.mean(2), flat.std(2, correction=0)


def test_result_has_the_styles_mean_and_deviation_in_ruderman_space() -> None:
    styles = pictures(1, 40, 20) * 0.5
    clouds = [to_ruderman(each.double()).flatten(2) for each in (pictures(0), styles)]
    result = match_moments(*clouds)
    for found, wanted in zip(moments(result), moments(to_ruderman(styles.double())), strict=True):
        torch.testing.assert_close(found, wanted, atol=1e-10, rtol=0)


def test_stylize_when_unclipped_reaches_those_moments_end_to_end() -> None:
    contents, styles = pictures(0) * 0.2 + 0.4, pictures(1) * 0.2 + 0.3
    result = stylize(contents, styles, Parameters(), Run(0))
    assert 0 < result.min() < result.max() < 1
    for found, wanted in zip(
        moments(to_ruderman(result)), moments(to_ruderman(styles.double())), strict=True
    ):
        torch.testing.assert_close(found, wanted, atol=1e-9, rtol=0)


@pytest.mark.parametrize("space", ["ruderman", "cielab", "rgb"])
@pytest.mark.parametrize("linear", [False, True])
def test_stylize_when_style_is_the_content_changes_nothing(space: str, linear: bool) -> None:
    parameters = Parameters(space=space, linear=linear)
    result = stylize(pictures(0), pictures(0), parameters, Run(0))
    torch.testing.assert_close(result, pictures(0).double(), atol=1e-6, rtol=0)


def test_stylize_when_content_has_black_errs_by_no_more_than_the_cut() -> None:
    contents = pictures(0)
    contents[..., :4, :4] = 0
    result = stylize(contents, contents, Parameters(darkest=1e-3), Run(0))
    assert (result - contents).abs().max() <= 1.5e-3


def test_stylize_there_and_back_returns_the_content() -> None:
    contents, styles = pictures(0) * 0.2 + 0.4, pictures(1) * 0.2 + 0.3
    there = stylize(contents, styles, Parameters(), Run(0))
    back = stylize(there, contents, Parameters(), Run(0))
    torch.testing.assert_close(back, contents.double(), atol=1e-9, rtol=0)


def test_stylize_when_style_is_constant_is_that_constant() -> None:
    flat = torch.tensor([0.7, 0.4, 0.2])[None, :, None, None].expand(1, 3, 9, 9)
    result = stylize(pictures(0), flat, Parameters(), Run(0))
    torch.testing.assert_close(result[0, :, 0, 0], flat[0, :, 0, 0].double(), atol=1e-9, rtol=0)
    assert result.flatten(2).std(2).max() < 1e-9

"""Sliced optimal transport: what its card promises, for one style and for several."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor

from stylize.methods.sliced_ot import METHOD, Parameters, stylize
from stylize.record import Guides, Run

PLAIN = Parameters(regrain=False, space="rgb")


def pictures(seed: int, height: int = 24, width: int = 30) -> Tensor:
    """Curved and clustered colours: no linear map carries one to another."""
    generator = torch.Generator().manual_seed(seed)
    one, two, three = torch.rand((3, 1, height, width), generator=generator)
    return torch.stack([one, one**2 + 0.2 * two, 0.3 + (three > 0.6) * 0.4], 1).clamp(0, 1)


def beside(*more: Tensor, seed: int = 0) -> Run:
    return Run(seed, guides=Guides(exemplars=tuple(each[0].numpy() for each in more)))


def sliced_distance(one: Tensor, other: Tensor) -> float:
    """Wasserstein-2 over 200 random directions that the method never sees."""
    generator = torch.Generator().manual_seed(99)
    directions = torch.randn((200, 3), generator=generator, dtype=torch.float64)
    directions = directions / directions.norm(dim=1, keepdim=True)
    levels = torch.linspace(0.005, 0.995, 100, dtype=torch.float64)
    clouds = [each[0].double().flatten(1) for each in (one, other)]
    sides = [torch.quantile(directions @ each, levels, dim=1) for each in clouds]
    return float((sides[0] - sides[1]).square().mean().sqrt())


def test_stylize_brings_the_distribution_to_a_tenth_within_the_default_steps() -> None:
    content, style = pictures(0), 1 - pictures(1, 17, 20).flip(1)
    found = stylize(content, style, PLAIN, Run(0))
    assert sliced_distance(found, style) < 0.1 * sliced_distance(content, style)


@pytest.mark.parametrize("parameters", [PLAIN, Parameters()])
def test_stylize_when_style_is_the_content_changes_nothing(parameters: Parameters) -> None:
    result = stylize(pictures(0), pictures(0), parameters, Run(0))
    torch.testing.assert_close(result, pictures(0).double(), atol=1e-6, rtol=0)


def test_stylize_when_the_rate_is_zero_changes_nothing() -> None:
    still = dataclasses.replace(PLAIN, rate=0.0)
    assert torch.equal(stylize(pictures(0), pictures(1), still, Run(0)), pictures(0).double())


def test_stylize_when_counts_are_equal_has_the_styles_mean() -> None:
    style = 0.5 * pictures(1)
    found = stylize(pictures(0), style, PLAIN, Run(0))
    torch.testing.assert_close(found.mean((2, 3)), style.double().mean((2, 3)), atol=1e-6, rtol=0)


def test_stylize_when_all_the_weight_is_on_one_style_is_that_style_alone_to_the_byte() -> None:
    content, one, other = pictures(0), pictures(1, 17, 20), 1 - pictures(2)
    alone = stylize(content, one, PLAIN, Run(0))
    first = dataclasses.replace(PLAIN, style_weights="1, 0")
    second = dataclasses.replace(PLAIN, style_weights="0, 2")
    assert torch.equal(stylize(content, one, first, beside(other)), alone)
    assert torch.equal(stylize(content, other, second, beside(one)), alone)
    assert not torch.equal(stylize(content, one, PLAIN, beside(other)), alone)


def test_stylize_when_styles_are_constant_gives_their_weighted_mean() -> None:
    one, other = torch.full((1, 3, 4, 4), 0.2), torch.full((1, 3, 5, 5), 0.8)
    weighted = dataclasses.replace(PLAIN, style_weights="3, 1")
    found = stylize(pictures(0), one, weighted, beside(other))
    torch.testing.assert_close(found, torch.full_like(found, 0.35), atol=1e-6, rtol=0)


def test_stylize_when_seed_differs_takes_other_axes() -> None:
    one, other = (stylize(pictures(0), pictures(1) ** 2, PLAIN, Run(seed)) for seed in (1, 2))
    assert (one - other).abs().max() > 1e-4


def test_apply_when_weights_do_not_fit_the_styles_names_them() -> None:
    wrong = dataclasses.replace(PLAIN, style_weights="1, 2")
    with pytest.raises(ValueError, match=r"style_weights: came '1, 2', must be 1 numbers"):
        METHOD.apply(pictures(0), pictures(1), wrong, Run(0))


def test_stylize_takes_each_region_from_the_style_that_has_its_label_whatever_the_weights() -> None:
    one, other = torch.full((1, 3, 6, 6), 0.2), torch.full((1, 3, 5, 5), 0.8)
    labels = np.full((24, 30), 1, np.uint8)
    labels[:, 15:] = 2
    labels[:6] = 9  # no style has it
    maps = np.full((6, 6), 1, np.uint8), np.full((5, 5), 2, np.uint8)
    guides = Guides(labels, maps[0], beside(other).guides.exemplars, exemplar_labels=(maps[1],))
    content, run = pictures(0), Run(0, guides=guides)
    weighted = dataclasses.replace(PLAIN, style_weights="9, 1")
    found = METHOD.apply(content, one, weighted, run)
    torch.testing.assert_close(found[..., 6:, :15], torch.full((1, 3, 18, 15), 0.2))
    torch.testing.assert_close(found[..., 6:, 15:], torch.full((1, 3, 18, 15), 0.8))
    assert torch.equal(found[..., :6, :], content[..., :6, :])
    assert run.notes == ["The style's mask lacks these labels, the content stays there: 9."]


def test_apply_with_a_mask_of_another_size_than_its_style_names_it() -> None:
    other = pictures(1, 20, 20)
    labels = np.ones((24, 30), np.uint8)
    guides = Guides(labels, None, beside(other).guides.exemplars, exemplar_labels=(labels,))
    with pytest.raises(ValueError, match="masks: that of the style is 30×24 px, must be 20×20"):
        METHOD.apply(pictures(0), pictures(1), PLAIN, Run(0, guides=guides))

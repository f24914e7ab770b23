"""Several exemplars: fixed point, choice among them, and the bounds of the gains."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from skimage import data
from torch import Tensor

from stylize import encoders, imaging
from stylize.methods.exemplars import (
    METHOD,
    Energies,
    Parameters,
    centred,
    chosen,
    data_costs,
    gains,
)
from stylize.record import Guides, Run
from stylize.solvers.local_energy import energies_of, stack
from stylize.solvers.patchmatch import linear_field


def photograph(longest: int, name: str = "astronaut") -> Tensor:
    array = imaging.resize_to_longest(getattr(data, name)(), longest)
    return torch.from_numpy(imaging.to_planes(array))[None]


def made(content: Tensor, exemplars: list[Tensor], parameters: Parameters) -> Tensor:
    more = tuple(each[0].numpy() for each in exemplars[1:])
    return METHOD.apply(content, exemplars[0], parameters, Run(0, guides=Guides(exemplars=more)))


CENTRED = Parameters(alignment="centred")


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("alignment", ["matching", "centred"])
def test_stylize_when_all_exemplars_are_the_content_returns_it(alignment: str, count: int) -> None:
    """Up to ε: the card's figure for ε = 1e-4 is 7.4e-3 of the lightness's range."""
    content = photograph(64)
    parameters = Parameters(alignment=alignment)
    result = made(content, [content] * count, parameters)
    assert (result - content).abs().max() < 0.03
    exact = made(content, [content] * count, replace(parameters, smallest=1e-6))
    torch.testing.assert_close(exact, content, atol=1e-4, rtol=0)


def test_stylize_moves_light_and_colour_to_the_exemplars() -> None:
    content, exemplar = photograph(80), 0.2 + 0.3 * photograph(80, "coffee")
    result = made(content, [exemplar], Parameters())
    before = (content.mean((2, 3)) - exemplar.mean((2, 3))).abs().max()
    assert (result.mean((2, 3)) - exemplar.mean((2, 3))).abs().max() < 0.5 * before


def test_stylize_when_the_order_of_exemplars_changes_gives_the_same_picture() -> None:
    content = photograph(64)
    exemplars = [photograph(64, name) for name in ("coffee", "chelsea")]
    exemplars = [centred(each, content) for each in exemplars]
    one = made(content, exemplars, Parameters())
    other = made(content, exemplars[::-1], Parameters())
    assert (one - other).abs().mean() < 2e-3


def test_stylize_when_one_exemplar_is_given_twice_equals_single_transfer() -> None:
    content, exemplar = photograph(64), photograph(64, "coffee")
    once = made(content, [exemplar], CENTRED)
    for mode in ("mrf", "average", "single"):
        twice = made(content, [exemplar, exemplar], replace(CENTRED, mode=mode))
        torch.testing.assert_close(once, twice, atol=1e-4, rtol=0)


def halves() -> tuple[Tensor, list[Tensor], Tensor]:
    """A content whose left half is in one exemplar and right half in the other, and the costs."""
    content, other = photograph(96), photograph(96, "coffee")
    other = centred(other, content)
    left, right = content.clone(), content.clone()
    left[..., 48:], right[..., :48] = other[..., 48:], other[..., :48]
    exemplars = [left, right]
    encoder = encoders.get("pyramid", "cpu").fitted(content, torch.cat(exemplars, 3))
    fields = [linear_field((96, 96), (96, 96))] * 2
    return content, exemplars, data_costs(encoder, content, exemplars, fields)


def test_chosen_takes_each_half_from_the_exemplar_that_has_it() -> None:
    _, exemplars, costs = halves()
    labels = chosen(costs, exemplars, Parameters())
    third = labels.shape[1] // 3
    assert (labels[:, :third] == 0).double().mean() > 0.9
    assert (labels[:, -third:] == 1).double().mean() > 0.9
    flipped = chosen(costs.flip(0), exemplars[::-1], Parameters())
    assert torch.equal(flipped, 1 - labels)


def test_chosen_when_smoothness_is_high_or_single_is_asked_has_one_label() -> None:
    _, exemplars, costs = halves()
    for parameters in (Parameters(smoothness=1e4), Parameters(mode="single")):
        labels = chosen(costs, exemplars, parameters)
        assert (labels == int(costs.sum((1, 2)).argmin())).all()
    free = chosen(costs, exemplars, Parameters(smoothness=0.0))
    assert torch.equal(free, costs.argmin(0))


@pytest.mark.parametrize("clean", [True, False])
def test_gains_stay_within_their_bounds(clean: bool) -> None:
    content = photograph(64)
    layers, residual = stack(content.double(), 3)
    strong = [100 * each for each in energies_of(layers)]
    half = [each.clone() for each in strong]
    for each in half:
        each[..., :32] = 0
    parameters = Parameters(clean=clean)
    for energies in (strong, half, [0 * each for each in strong]):
        for gain in gains(content, layers, Energies(energies, residual), parameters):
            assert 0.9 <= gain.min() <= gain.max() <= 2.8
    weak = gains(content, layers, Energies([0 * each for each in strong], residual), parameters)
    assert float(weak[0].max()) == pytest.approx(0.9)


def test_gains_when_cleaned_follow_the_edges_of_the_content() -> None:
    """Energy that jumps where patches meet, in a flat content: the jump is smoothed away."""
    content = torch.full((1, 3, 64, 64), 0.5)
    layers = [0.05 * torch.ones(1, 3, 64, 64, dtype=torch.float64)]
    energy = torch.full((1, 3, 64, 64), 0.0025, dtype=torch.float64)
    energy[..., 32:] = 0.01
    wanted = Energies([energy], content.double())
    sharp = gains(content, layers, wanted, Parameters(clean=False, spread=0.0))[0]
    smooth = gains(content, layers, wanted, Parameters(clean=True, spread=0.0))[0]

    def steepest(gain: Tensor) -> float:
        return float((gain[..., 1:] - gain[..., :-1]).abs().max())

    assert steepest(sharp) > 0.9
    assert steepest(smooth) < 0.2 * steepest(sharp)


def test_stylize_leaves_contrast_alone_where_least_gain_forbids_to_lower_it() -> None:
    content = photograph(64)
    flat = torch.full_like(content, 0.5)

    def contrast(parameters: Parameters) -> float:
        return float(stack(made(content, [flat], parameters), 1)[0][0].std())

    own = float(stack(content, 1)[0][0].std())
    assert contrast(CENTRED) > 0.6 * own
    assert contrast(replace(CENTRED, least_gain=0.0)) < 0.3 * own


def test_centred_covers_the_frame_without_distortion() -> None:
    content = torch.zeros(1, 3, 40, 60)
    wide = torch.rand(1, 3, 40, 100, generator=torch.Generator().manual_seed(0))
    assert torch.equal(centred(wide, content), wide[..., 20:80])
    assert centred(torch.rand(1, 3, 1, 1), content).shape == content.shape
    assert centred(photograph(33)[..., :20, :], content).shape == content.shape


def test_stylize_takes_eight_exemplars_of_any_size() -> None:
    content = photograph(48)
    generator = np.random.default_rng(0)
    more = [
        torch.from_numpy(generator.random((1, 3, *size), dtype=np.float32))
        for size in ((1, 1), (20, 70), (70, 20), (48, 48), (16, 16), (90, 90), (3, 5))
    ]
    result = made(content, [photograph(40, "coffee"), *more], Parameters())
    assert result.shape == content.shape
    assert METHOD.needs.styles == 8

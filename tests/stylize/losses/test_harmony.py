"""Matching an element with a painting, and gradients of one length."""

import pytest
import torch
from torch import Tensor

from stylize.losses.harmony import (
    UnitGradients,
    coherent,
    matched,
    moment_loss,
    moments_of,
    style_set,
)
from stylize.losses.histogram import quantile_loss, quantile_targets
from stylize.solvers.patchmatch import linear_field, patches


def maps(seed: int, channels: int = 6, height: int = 9, width: int = 11) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(channels, height, width, generator=generator)


def element(height: int = 9, width: int = 11) -> Tensor:
    inside = torch.zeros(height, width, dtype=torch.bool)
    inside[2:7, 3:9] = True
    return inside


def test_matched_when_composite_is_the_painting_is_the_identity() -> None:
    painting = maps(0)
    field = matched(painting, painting, element())
    assert torch.equal(field, linear_field((9, 11), (9, 11)))


def test_matched_finds_the_highest_normalised_correlation_one_by_one() -> None:
    composite, painting, inside = maps(0), maps(1), element()
    field = matched(composite, painting, inside)
    own, theirs = patches(composite, 3), patches(painting, 3).flatten(0, 1)
    for row, column in inside.nonzero().tolist():
        scores = [float(own[row, column] @ each / each.norm()) for each in theirs]
        found = int(field[row, column, 0]) * 11 + int(field[row, column, 1])
        assert scores[found] == pytest.approx(max(scores), rel=1e-5)
    outside = ~inside
    assert torch.equal(field[outside], linear_field((9, 11), (9, 11))[outside])


def test_matched_does_not_mind_how_strong_the_element_is() -> None:
    composite, painting = maps(0), maps(1)
    assert torch.equal(
        matched(composite, painting, element()), matched(7 * composite, painting, element())
    )


def test_coherent_when_all_matches_have_one_shift_changes_nothing() -> None:
    painting = maps(2, 3, 16, 18)
    inside = torch.zeros(16, 18, dtype=torch.bool)
    inside[4:10, 4:11] = True
    shift = torch.tensor((3, 4))
    field = (linear_field((16, 18), (16, 18)) + shift).minimum(torch.tensor((15, 17)))
    assert torch.equal(coherent(field, painting, inside), field)


def test_coherent_brings_a_stray_match_back_to_its_neighbours() -> None:
    painting = maps(2, 3, 16, 18)
    inside = torch.zeros(16, 18, dtype=torch.bool)
    inside[4:10, 4:11] = True
    field = (linear_field((16, 18), (16, 18)) + 2).minimum(torch.tensor((15, 17)))
    broken = field.clone()
    broken[7, 7] = torch.tensor((0, 0))
    assert torch.equal(coherent(broken, painting, inside)[7, 7], field[7, 7])
    outside = broken.clone()
    outside[12, 12] = torch.tensor((0, 0))
    assert coherent(outside, painting, inside)[12, 12].tolist() == [0, 0]


def test_style_set_is_the_union_of_matches_dilated_by_one_each_once() -> None:
    inside = torch.zeros(8, 9, dtype=torch.bool)
    inside[3, 3:6] = True
    field = torch.zeros(8, 9, 2, dtype=torch.int64)
    field[3, 3] = field[3, 4] = torch.tensor((5, 5))
    expected = torch.zeros(8, 9, dtype=torch.bool)
    expected[4:7, 4:7] = True
    expected[0:2, 0:2] = True
    assert torch.equal(style_set(field, inside), expected)


def test_moment_loss_is_zero_for_the_same_vectors_in_any_order_and_number() -> None:
    vectors = maps(3).flatten(1).double()
    shuffled = vectors[:, torch.randperm(99, generator=torch.Generator().manual_seed(0))]
    twice = torch.cat([shuffled, shuffled], 1)
    assert float(moment_loss([vectors], [twice])) == pytest.approx(0, abs=1e-20)
    assert float(moment_loss([vectors], [vectors + 0.1])) > 1e-4
    covariance, mean = moments_of(vectors)
    torch.testing.assert_close(covariance, torch.cov(vectors, correction=0))
    torch.testing.assert_close(mean, vectors.mean(1))


def test_moment_loss_and_the_quantile_loss_pass_gradcheck() -> None:
    vectors = torch.rand(3, 7, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    target = torch.rand(3, 5, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    variable = vectors.requires_grad_()
    assert torch.autograd.gradcheck(lambda each: moment_loss([each], [target]), variable)
    goal = quantile_targets(target, 7)
    assert torch.autograd.gradcheck(lambda each: quantile_loss(each, goal), variable)


def balanced(weights: tuple[float, float] = (5.0, 100.0)) -> UnitGradients:
    """A steep and a flat bowl around different places."""
    terms = {
        "steep": (weights[0], lambda planes, features: 1e4 * (planes - 1).square().sum()),
        "flat": (weights[1], lambda planes, features: 1e-3 * (planes + 2).square().sum()),
    }
    return UnitGradients(terms, lambda variable: (variable, {}), torch.full((1, 3, 2, 2), 3.0))


def test_unit_gradients_scale_every_gradient_to_its_weight() -> None:
    total = balanced()
    place = torch.full((1, 3, 2, 2), 0.2)
    total.renew(place)
    for name, (weight, loss) in total.terms.items():
        variable = place.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(
            weight * total.scales[name] * loss(variable, {}), variable
        )
        assert float(gradient.norm()) == pytest.approx(weight, rel=1e-6)


def test_unit_gradients_stand_still_until_they_are_renewed() -> None:
    total = balanced()
    total.renew(torch.full((1, 3, 2, 2), 0.2))
    kept = dict(total.scales)
    total(torch.zeros(1, 3, 2, 2))
    assert total.scales == kept
    total.renew(torch.zeros(1, 3, 2, 2))
    assert total.scales != kept


def test_unit_gradients_do_not_blow_up_a_loss_that_is_met() -> None:
    total = balanced()
    total.renew(torch.full((1, 3, 2, 2), 1.0))
    # At the bottom of the steep bowl the gradient is 0; the one at the distorted place counts.
    assert total.scales["steep"] == pytest.approx(10 / total.references["steep"])
    nothing = UnitGradients(
        {"none": (1.0, lambda planes, features: 0 * planes.sum())},
        lambda variable: (variable, {}),
        torch.ones(1, 3, 2, 2),
    )
    nothing.renew(torch.ones(1, 3, 2, 2))
    assert float(nothing(torch.ones(1, 3, 2, 2))) == 0

"""Painterly harmonization: the painting stays, the element takes its manner."""

import math

import numpy as np
import pytest
import torch
from skimage import data
from torch import Tensor

from stylize import encoders, imaging
from stylize.losses.moments import relative_error
from stylize.methods import harmonization
from stylize.methods.harmonization import (
    METHOD,
    Canvas,
    Parameters,
    noise,
    pass_1,
    pass_2,
    variation_weight,
)
from stylize.painter import PAINTINGS
from stylize.record import Guides, Labels, Run
from stylize.solvers.compositing import dilated

SIDE = 72
QUICK = Parameters(coarse_evaluations=12, fine_evaluations=12)


def painting(side: int = SIDE, name: str = "waves") -> Tensor:
    array = PAINTINGS[name](np.random.default_rng(1), 2 * side)  # 4 : 3
    return torch.from_numpy(imaging.to_planes(array))[None][..., :side, :side].contiguous()


def photograph(side: int) -> Tensor:
    array = imaging.resize_to_longest(data.astronaut(), side)  # type: ignore[no-untyped-call]
    return torch.from_numpy(imaging.to_planes(array))[None]


def labels(side: int = SIDE) -> Labels:
    rows, columns = np.mgrid[:side, :side]
    disc = (rows - side / 2) ** 2 + (columns - side / 2) ** 2 < (side / 4) ** 2
    inside: Labels = disc.astype(np.uint8)
    return inside


def composite() -> Tensor:
    inside = torch.from_numpy(labels() == 1)
    return torch.where(inside, photograph(SIDE), painting())


def run() -> Run:
    return Run(0, guides=Guides(labels(), np.zeros_like(labels())))


def canvas(picture: Tensor, style: Tensor) -> Canvas:
    encoder = encoders.get("pyramid", "cpu").fitted(picture, style)
    tight = torch.from_numpy(labels() == 1)
    return Canvas(encoder, encoder.enter(picture), encoder.enter(style), tight, dilated(tight))


@pytest.fixture(scope="module")
def made() -> Tensor:
    return METHOD.apply(composite(), painting(), QUICK, run())


def test_apply_beyond_the_softened_mask_is_the_painting_bit_for_bit(made: Tensor) -> None:
    near = torch.nn.functional.max_pool2d(torch.from_numpy(labels())[None, None].float(), 7, 1, 3)[
        0, 0
    ]
    assert torch.equal(made[..., near == 0], painting()[..., near == 0])
    inside = torch.from_numpy(labels() == 1)
    assert (made - composite())[..., inside].abs().mean() > 0.03


def test_apply_brings_the_colours_of_the_element_to_the_paintings(made: Tensor) -> None:
    inside = torch.from_numpy(labels() == 1)

    def moments(picture: Tensor) -> list[Tensor]:
        colours = picture[0][:, inside]
        return [torch.cov(colours), colours.mean(1)]

    whole = painting()[0].flatten(1)
    wanted = [torch.cov(whole), whole.mean(1)]
    before = relative_error(moments(composite()), wanted)
    assert relative_error(moments(made), wanted) < 0.4 * before


def test_losses_when_the_composite_is_the_painting_are_zero_or_small() -> None:
    """Pass 2 takes a set that is dilated by one, so that its style is only nearly met."""
    same, other = canvas(painting(), painting()), canvas(composite(), painting())
    with torch.no_grad():
        seen = same.encoder.features(same.composite)
        for _, loss in pass_1(same).values():
            assert float(loss(same.composite, seen)) < 1e-9
        near = pass_2(same, same.composite, 5.0, 1.0)
        far = pass_2(other, other.composite, 5.0, 1.0)
        there = other.encoder.features(other.composite)
        for name in ("style", "histogram"):
            small = float(near[name][1](same.composite, seen))
            assert small < 0.25 * float(far[name][1](other.composite, there))


def test_weights_of_the_second_pass_are_the_cards() -> None:
    terms = pass_2(
        canvas(composite(), painting()), canvas(composite(), painting()).composite, 5.0, 2.0
    )
    assert {name: weight for name, (weight, _) in terms.items()} == {
        "content": 1.0,
        "style": 5.0,
        "histogram": 40.0,
        "variation": pytest.approx(0.0005 * 10.0),
    }


def test_variation_weight_falls_from_10_to_0_as_the_painting_is_rougher() -> None:
    assert variation_weight(0.0) == pytest.approx(10, abs=1e-9)
    assert variation_weight(0.0025) == pytest.approx(5)
    assert variation_weight(0.005) == pytest.approx(0, abs=1e-9)
    assert 0 <= variation_weight(math.pi) < 1e-100  # and no overflow


def test_noise_is_the_median_of_squared_differences() -> None:
    ramp = torch.linspace(0, 1, 11).expand(1, 3, 20, 11)
    assert noise(ramp) == pytest.approx(0.1**2 / 2)
    assert noise(torch.full((1, 3, 9, 9), 0.4)) == 0


def test_placed_moves_only_what_the_dilated_mask_allows() -> None:
    here = canvas(composite(), painting())
    variable = (here.composite + 1).requires_grad_()
    placed = here.placed(variable)
    outside = here.moving == 0
    assert torch.equal(placed[..., outside], here.composite[..., outside])
    placed.sum().backward()  # type: ignore[no-untyped-call]
    assert variable.grad is not None
    assert torch.equal(variable.grad[0, 0], here.moving)


def test_apply_without_evaluations_and_cleaning_is_the_composite_in_the_painting() -> None:
    parameters = Parameters(coarse_evaluations=0, fine_evaluations=0, clean=False)
    result = METHOD.apply(composite(), painting(), parameters, run())
    core = torch.from_numpy(labels() == 1)
    core[: SIDE * 3 // 8], core[SIDE * 5 // 8 :] = False, False
    core[:, : SIDE * 3 // 8], core[:, SIDE * 5 // 8 :] = False, False
    torch.testing.assert_close(result[..., core], composite()[..., core], atol=1e-4, rtol=0)


def test_solved_lowers_the_terms_it_is_given() -> None:
    here = canvas(composite(), painting())
    terms = pass_1(here)
    found = harmonization.solved(here, terms, 15, run())
    with torch.no_grad():
        before = terms["style"][1](here.composite, here.encoder.features(here.composite))
        after = terms["style"][1](found, here.encoder.features(found))
    assert after < 0.8 * before


def test_apply_records_the_movements_level() -> None:
    watched = run()
    METHOD.apply(
        composite(), painting(),
        Parameters(movement="realism", coarse_evaluations=0, fine_evaluations=0), watched,
    )  # fmt: skip
    assert watched.figures["style level"] == 1

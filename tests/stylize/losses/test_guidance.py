"""Spatial guidance: weighted statistics against dense formulas, and what each region is asked."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from stylize.encoders.pyramid import Pyramid
from stylize.losses import guidance, moments
from stylize.losses.base import Sight
from stylize.losses.loop import style_loss
from stylize.record import Guides, Labels, Run

NONE = Guides()


def maps(channels: int, height: int, width: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((1, channels, height, width), generator=generator, dtype=torch.float64)


def picture(height: int, width: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, 3, height, width), generator=generator, dtype=torch.float64)


def sight(content: Tensor, style: Tensor, guides: Guides = NONE) -> Sight:
    encoder = Pyramid("cpu").fitted(content, style)
    return Sight(encoder, encoder.enter(content), encoder.enter(style), guides, 0)


def halves(height: int, width: int, left: int = 1, right: int = 2) -> Labels:
    made = np.full((height, width), right, np.uint8)
    made[:, : width // 2] = left
    return made


def value(loss: object, seen: Sight, planes: Tensor) -> float:
    assert callable(loss)
    return float(loss(planes, seen.encoder.features(planes)))


@pytest.mark.parametrize("box", [(0, 9, 0, 5), (6, 8, 7, 13), (11, 17, 2, 20), (0, 17, 0, 21)])
def test_patch_of_a_region_loses_nothing_that_the_whole_maps_say(
    box: tuple[int, int, int, int],
) -> None:
    top, bottom, left, right = box
    mask = torch.zeros((17, 21))
    mask[top:bottom, left:right] = 1
    fine, coarse = maps(3, 17, 21), maps(2, 9, 11, 1)
    patch = guidance.spread(mask, {"fine": fine})["fine"]
    whole = moments.statistics(fine[0], coarse[0], (mask / mask.sum()).double()[None])
    found = moments.statistics(patch.of(fine), patch.of_coarser(coarse), patch.weights.double())
    torch.testing.assert_close(found, whole, atol=1e-7, rtol=0)
    assert float(patch.weights.sum()) == pytest.approx(1)


def test_spread_when_simple_weighs_cells_by_the_square_of_the_regions_share() -> None:
    mask = torch.zeros((8, 8))
    mask[:, :3] = 1
    patch = guidance.spread(mask, {"coarse": maps(1, 4, 4)})["coarse"]
    row = patch.weights[0, 0] * 4
    torch.testing.assert_close(row, torch.tensor([1, 0.25, 0, 0]).double() / 1.25)


def test_spread_when_inside_keeps_off_other_regions_but_not_off_the_border() -> None:
    mask = torch.zeros((16, 16))
    mask[:, :8] = 1
    found = guidance.spread(mask, {"fine": maps(1, 16, 16), "coarse": maps(1, 4, 4)}, "inside")
    assert set(found) == {"fine"}  # no coarse cell is far enough from the other region
    patch = found["fine"]
    used = torch.zeros(16, 16)
    used[patch.rows, patch.columns] = (patch.weights[0] > 0).float()
    expected = torch.zeros(16, 16)
    expected[:, : 8 - guidance.REACH] = 1
    assert torch.equal(used, expected)


def test_guided_style_loss_with_one_label_everywhere_is_the_unguided_one() -> None:
    content, style = picture(40, 36), picture(33, 48, 1)
    seen = sight(content, style)
    one = Guides(np.full((40, 36), 3, np.uint8), np.full((33, 48), 3, np.uint8))
    expected = value(style_loss(seen), seen, seen.content)
    for guides in (one, Guides()):
        guided = guidance.guided_style_loss(dataclasses.replace(seen, guides=guides), (1.0,))
        assert value(guided, seen, seen.content) == pytest.approx(expected, rel=1e-10)


def test_guided_losses_when_the_picture_is_the_style_are_zero() -> None:
    style = picture(32, 40)
    seen = sight(style, style, Guides(halves(32, 40), halves(32, 40)))
    assert value(guidance.guided_style_loss(seen, (1.0,)), seen, seen.content) < 1e-20
    assert value(guidance.guided_quantile_loss(seen, (1.0,)), seen, seen.content) < 1e-12


def test_guided_losses_ask_every_region_for_its_pair() -> None:
    """The style's halves change sides in the picture: with its labels exchanged it is right."""
    noise = picture(64, 128)
    streaks = functional.avg_pool2d(noise[..., :64], (1, 7), 1, (0, 3))
    blots = 0.3 * functional.avg_pool2d(noise[..., 64:], 7, 1, 3)
    style, turned = torch.cat([streaks, blots], 3), torch.cat([blots, streaks], 3)
    for prepare in (guidance.guided_style_loss, guidance.guided_quantile_loss):
        same = sight(turned, style, Guides(halves(64, 128), halves(64, 128)))
        swapped = sight(turned, style, Guides(halves(64, 128), halves(64, 128, 2, 1)))
        right = value(prepare(swapped, (1.0,)), swapped, swapped.content)
        assert right < 0.2 * value(prepare(same, (1.0,)), same, same.content)


def test_guided_losses_of_equal_styles_are_those_of_one_whatever_their_weights() -> None:
    content, style = picture(32, 36), picture(40, 32, 1).float().double()
    alone = sight(content, style)
    both = dataclasses.replace(alone, guides=Guides(exemplars=(style[0].float().numpy(),)))
    for prepare in (guidance.guided_style_loss, guidance.guided_quantile_loss):
        one = value(prepare(alone, (1.0,)), alone, alone.content)
        two = value(prepare(both, (0.3, 0.7)), both, both.content)
        assert two == pytest.approx(one, rel=1e-9)


def test_guided_losses_when_a_style_weighs_nothing_are_those_of_the_other() -> None:
    content, style, other = picture(32, 36), picture(40, 32, 1), picture(32, 32, 2)
    alone = sight(content, style)
    both = dataclasses.replace(alone, guides=Guides(exemplars=(other[0].float().numpy(),)))
    for prepare in (guidance.guided_style_loss, guidance.guided_quantile_loss):
        one = value(prepare(alone, (1.0,)), alone, alone.content)
        assert value(prepare(both, (1.0, 0.0)), both, both.content) == pytest.approx(one)


def test_guided_losses_take_each_region_from_the_style_that_has_its_label() -> None:
    """The picture is one style on the left and another on the right; swapped labels are wrong."""
    noise = picture(64, 64)
    streaks = functional.avg_pool2d(noise, (1, 7), 1, (0, 3))
    blots = 0.3 * functional.avg_pool2d(noise, 7, 1, 3)
    content, left, right = torch.cat([streaks, blots], 3), streaks, blots
    exemplars = (right[0].float().numpy(),)
    for prepare in (guidance.guided_style_loss, guidance.guided_quantile_loss):
        found = []
        for numbers in ((1, 2), (2, 1)):
            maps = [np.full((64, 64), number, np.uint8) for number in numbers]
            guides = Guides(halves(64, 128), maps[0], exemplars, exemplar_labels=(maps[1],))
            seen = sight(content, left, guides)
            found.append(value(prepare(seen, (0.5, 0.5)), seen, seen.content))
        assert found[0] < 0.2 * found[1]


def test_guided_losses_in_a_region_of_one_style_do_not_depend_on_its_weight() -> None:
    content, style, other = picture(48, 96), picture(40, 40, 1), picture(44, 40, 2)
    maps = np.full((40, 40), 1, np.uint8), np.full((44, 40), 2, np.uint8)
    exemplars = (other[0].float().numpy(),)
    guides = Guides(halves(48, 96), maps[0], exemplars, exemplar_labels=(maps[1],))
    seen = sight(content, style, guides)
    for prepare in (guidance.guided_style_loss, guidance.guided_quantile_loss):
        one, two = (
            value(prepare(seen, weights), seen, seen.content)
            for weights in ((0.5, 0.5), (0.9, 0.1))
        )
        assert one == pytest.approx(two, rel=1e-12)
        # A style of weight 0 asks for nothing: its region is left alone.
        first = value(prepare(seen, (1.0, 0.0)), seen, seen.content)
        alone = sight(content, style, Guides(halves(48, 96, 1, 3), maps[0]))
        alone = dataclasses.replace(alone, encoder=seen.encoder, content=seen.content)
        expected = value(prepare(alone, (1.0,)), alone, seen.content)
        assert first == pytest.approx(expected, rel=1e-9)


def gradients(seen: Sight) -> dict[str, Tensor]:
    """Of the guided style loss by the content's features, at the columns of every style layer."""
    maps = {n: each.clone().requires_grad_() for n, each in seen.content_features.items()}
    loss = guidance.guided_style_loss(seen, (1.0,))(seen.content, maps)
    loss.backward()  # type: ignore[no-untyped-call]
    found = {n: each.grad for n, each in maps.items()}
    return {n: torch.zeros_like(maps[n]) if g is None else g for n, g in found.items()}


def test_guided_style_loss_pulls_at_a_region_for_its_own_pair_alone() -> None:
    """Cells clear of the right half do not notice what the style's right half looks like."""
    content, style = picture(48, 96), picture(48, 96, 1)
    changed = style.clone()
    changed[..., 72:] = changed[..., 72:].flip(1) ** 2
    seen = sight(content, style, Guides(halves(48, 96), halves(48, 96)))
    other = dataclasses.replace(seen, style=seen.encoder.enter(changed))
    # The style's filters see a little of its other half: its left statistics stay as they were.
    features = seen.encoder.features(other.style)
    for name, maps in seen.style_features.items():
        features[name][..., : maps.shape[3] // 2 + 1] = maps[..., : maps.shape[3] // 2 + 1]
    other.__dict__["style_features"] = features
    for name, one in gradients(seen).items():
        two, clear = gradients(other)[name], one.shape[3] // 2 - 1
        assert one.abs().max() > 0
        torch.testing.assert_close(one[..., :clear], two[..., :clear], rtol=1e-6, atol=1e-12)
        assert not torch.allclose(one[..., clear + 2 :], two[..., clear + 2 :], rtol=1e-3)


def test_guided_style_loss_outside_all_masks_does_not_pull() -> None:
    content, style = picture(48, 96), picture(48, 96, 1)
    seen = sight(content, style, Guides(halves(48, 96, 1, 2), halves(48, 96, 3, 2)))
    for maps in gradients(seen).values():
        clear = maps.shape[3] // 2 - 1
        assert maps[..., :clear].abs().max() == 0
        assert maps[..., clear + 2 :].abs().max() > 0
    none = dataclasses.replace(seen, guides=Guides(halves(48, 96, 1, 2), halves(48, 96, 3, 4)))
    planes = seen.content.clone().requires_grad_()
    loss = guidance.guided_style_loss(none, (1.0,))(planes, seen.encoder.features(planes))
    assert loss == 0
    assert torch.autograd.grad(loss, planes)[0].abs().max() == 0


def test_paired_without_masks_is_none_and_notes_what_the_style_lacks() -> None:
    assert guidance.paired(Run(0)) is None
    run = Run(0, guides=Guides(halves(8, 8, 1, 2), halves(8, 8, 1, 3)))
    found = guidance.paired(run)
    assert found is not None
    assert [each.label for each in found] == [1]
    assert len(run.notes) == 1


@pytest.mark.parametrize(
    ("weights", "count", "expected"),
    [("", 2, [0.5, 0.5]), ("3, 1", 2, [0.75, 0.25]), ("1,0", 2, [1, 0]), (" 2 ", 1, [1])],
)
def test_shares_sum_to_one(weights: str, count: int, expected: list[float]) -> None:
    assert guidance.shares(weights, count) == expected


@pytest.mark.parametrize("weights", ["1", "1,2,3", "a,b", "0,0", "-1,2", "nan,1", "inf,1", ","])
def test_shares_when_weights_are_wrong_names_them(weights: str) -> None:
    with pytest.raises(ValueError, match=r"^style_weights: came .*, must be 2 numbers"):
        guidance.shares(weights, 2)

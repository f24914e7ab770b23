"""Patches: matches against the dense table, both forms of the loss, and what cards 7 and 8 promise."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from stylize.losses import patches
from stylize.losses.patches import assembled, by_position, nearest, patch_loss, scores

SIZE = 3


def maps(channels: int, height: int, width: int, seed: int = 0) -> Tensor:
    """Not negative, as features behind a rectifier are."""
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((channels, height, width), generator=generator, dtype=torch.float64)


def windows(features: Tensor, size: int = SIZE) -> Tensor:
    """(N, C · size²), straight from the definition."""
    height, width = features.shape[1:]
    return torch.stack(
        [
            features[:, top : top + size, left : left + size].flatten()
            for top in range(height - size + 1)
            for left in range(width - size + 1)
        ]
    )


def energy(features: Tensor, style: Tensor, overlap: str = "sum") -> Tensor:
    index = nearest(features, [style], SIZE)
    matched = assembled(index, [style], SIZE, *features.shape[1:])
    return patch_loss(features, matched, overlap)


@pytest.mark.parametrize("chunk", [1, 7, 20, 2048])
def test_nearest_in_chunks_equals_the_dense_table(chunk: int) -> None:
    features, style, second = maps(4, 9, 11), maps(4, 8, 7, seed=1), maps(4, 5, 12, seed=2)
    wanted, offered = windows(features), torch.cat([windows(style), windows(second)])
    cosines = functional.cosine_similarity(wanted[:, None], offered[None], dim=2)
    found = nearest(features, [style, second], SIZE, chunk=chunk)
    assert torch.equal(found, cosines.argmax(1))
    torch.testing.assert_close(scores(features, [style, second], SIZE), cosines)


@pytest.mark.parametrize("chunk", [5, 2048])
def test_nearest_when_scores_tie_takes_the_lowest_index(chunk: int) -> None:
    """Windows of one value: exact in floats, and every one as near as the other."""
    flat = torch.full((1, 6, 9), 2.0, dtype=torch.float64)
    assert torch.equal(nearest(flat, [flat, flat], 2, chunk=chunk), torch.zeros(40).long())


def test_nearest_when_a_map_is_scaled_finds_the_same() -> None:
    features, style = maps(4, 9, 11), maps(4, 8, 7, seed=1)
    found = nearest(features, [style], SIZE)
    assert torch.equal(nearest(17.0 * features, [style], SIZE), found)
    assert torch.equal(nearest(features, [0.03 * style], SIZE), found)


def test_nearest_when_style_is_the_picture_finds_the_identity_and_no_energy() -> None:
    features = maps(4, 9, 11)
    index = nearest(features, [features], SIZE)
    assert torch.equal(index, torch.arange(7 * 9))
    own = scores(features, [features], SIZE).diagonal()
    assert (own - 1).abs().max() < 1e-6
    for overlap in ("mean", "sum"):
        assert energy(features, features, overlap) < 1e-24


def test_nearest_with_penalties_avoids_what_is_dear() -> None:
    features = maps(4, 6, 6)
    dear = torch.zeros(16, dtype=torch.float64)
    dear[5] = 2.0
    found = nearest(features, [features], SIZE, penalties=dear)
    assert 5 not in found
    assert torch.equal(found[:5], torch.arange(5))


def test_nearest_when_maps_are_too_small_or_dark_refuses_or_takes_the_first() -> None:
    with pytest.raises(ValueError, match="maps: 2×5, must be at least one window of 3×3"):
        nearest(maps(2, 6, 6), [maps(2, 5, 2)], SIZE)
    dark = torch.zeros(2, 5, 5)
    assert torch.equal(nearest(dark, [dark], SIZE), torch.zeros(9).long())


def test_nearest_at_the_size_of_512_px_holds_a_bounded_table() -> None:
    """128×128 windows against as many: the whole table alone would be 1 GiB."""
    assert patches.CHUNK**2 * 4 <= 16 * 2**20
    seen: list[int] = []
    whole = torch.Tensor.__matmul__

    def watched(one: Tensor, other: Tensor) -> Tensor:
        product = whole(one, other)
        seen.append(product.numel() * product.element_size())
        return product

    features = maps(2, 128, 128).float()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.Tensor, "__matmul__", watched)
        index = nearest(features, [features], SIZE)
    assert len(index) == 126 * 126
    assert sum(seen) == 4 * len(index) ** 2
    assert max(seen) <= 4 * (patches.CHUNK + 128) ** 2


@pytest.mark.parametrize("overlap", ["mean", "sum"])
def test_patch_loss_gradient_with_fixed_matches_is_that_of_finite_differences(
    overlap: str,
) -> None:
    features, style = maps(2, 5, 6).requires_grad_(), maps(2, 6, 5, seed=1)
    index = nearest(features.detach(), [style], SIZE)
    matched = assembled(index, [style], SIZE, 5, 6)
    assert torch.autograd.gradcheck(lambda each: patch_loss(each, matched, overlap), features)


def test_patch_loss_as_sum_equals_the_papers_sum_over_windows() -> None:
    features, style = maps(3, 7, 8), maps(3, 6, 9, seed=1)
    index = nearest(features, [style], SIZE)
    dense = (windows(features) - windows(style)[index]).square().sum()
    torch.testing.assert_close(energy(features, style), dense)


def test_patch_loss_as_mean_has_the_gradient_of_the_authors_code() -> None:
    """F - T, T by fold of the matched windows over fold of ones."""
    features, style = maps(3, 7, 8).requires_grad_(), maps(3, 6, 9, seed=1)
    index = nearest(features.detach(), [style], SIZE)
    columns = windows(style)[index].T[None]
    folded = functional.fold(columns, (7, 8), SIZE)[0]
    count = functional.fold(torch.ones_like(columns), (7, 8), SIZE)[0]
    matched = assembled(index, [style], SIZE, 7, 8)
    torch.testing.assert_close(matched.mean, folded / count)
    torch.testing.assert_close(matched.count, count[0])
    (gradient,) = torch.autograd.grad(patch_loss(features, matched, "mean"), features)
    torch.testing.assert_close(gradient, (features - folded / count).detach(), atol=1e-12, rtol=0)


def test_patch_loss_when_the_style_is_one_window_draws_everything_to_it() -> None:
    features, only = maps(3, 6, 7), maps(3, SIZE, SIZE, seed=1)
    expected = (windows(features) - only.flatten()).square().sum()
    torch.testing.assert_close(energy(features, only), expected)


def test_energy_when_windows_are_listed_twice_or_in_another_order_is_the_same() -> None:
    features, style, second = maps(3, 7, 8), maps(3, 6, 9, seed=1), maps(3, 5, 5, seed=2)

    def of(styles: list[Tensor]) -> Tensor:
        index = nearest(features, styles, SIZE)
        return patch_loss(features, assembled(index, styles, SIZE, 7, 8), "sum")

    once = of([style, second])
    torch.testing.assert_close(of([second, style]), once)
    torch.testing.assert_close(of([style, second, style]), once)


def test_energy_when_positions_are_shuffled_changes_where_gram_does_not() -> None:
    """Card 6, row 10: set apart from Gram."""
    style = maps(3, 8, 8)
    order = torch.randperm(64, generator=torch.Generator().manual_seed(3))
    shuffled = style.flatten(1)[:, order].reshape(style.shape)
    gram, other = (each.flatten(1) @ each.flatten(1).T for each in (style, shuffled))
    torch.testing.assert_close(gram, other)
    assert energy(style, style) < 1e-24
    assert energy(shuffled, style) > 1.0


def test_patch_loss_when_overlap_is_unknown_refuses() -> None:
    features = maps(1, 4, 4)
    matched = assembled(nearest(features, [features], SIZE), [features], SIZE, 4, 4)
    with pytest.raises(ValueError, match="overlap: came 'most', must be mean or sum"):
        patch_loss(features, matched, "most")


# Card 8: matched by position, with labels.


def halves(height: int, width: int) -> Tensor:
    labels = torch.zeros(2, height, width, dtype=torch.float64)
    labels[0, :, : width // 2] = 1
    labels[1, :, width // 2 :] = 1
    return labels


def table(one: Tensor, other: Tensor) -> Tensor:
    return scores(one, [other], SIZE, whole=False)


def test_by_position_scores_are_mean_cosines_of_features_and_weighted_labels() -> None:
    features, style = maps(4, 6, 8), maps(4, 7, 8, seed=1)
    labels, style_labels = halves(6, 8), halves(7, 8)

    def cosines(one: Tensor, other: Tensor) -> Tensor:
        unit = [each / each.norm(dim=0) for each in (one, other)]
        return windows(unit[0]) @ windows(unit[1]).T / SIZE**2

    found = table(
        by_position(features, SIZE, labels, 7.0), by_position(style, SIZE, style_labels, 7.0)
    )
    expected = cosines(features, style) + 7.0 * cosines(labels, style_labels)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


def test_by_position_score_of_a_window_with_itself_is_1_and_the_weight() -> None:
    described = by_position(maps(4, 6, 8), SIZE, halves(6, 8), 2.5)
    own = table(described, described).diagonal()
    torch.testing.assert_close(own, torch.full_like(own, 3.5), atol=1e-6, rtol=0)


def test_by_position_when_labels_weigh_nothing_or_are_constant_finds_the_same() -> None:
    features, style = maps(4, 6, 8), maps(4, 7, 8, seed=1)
    constant = torch.ones(1, 7, 8, dtype=torch.float64)
    plain = table(by_position(features, SIZE), by_position(style, SIZE)).argmax(1)
    for weight, labels, others in (
        (0.0, halves(6, 8), halves(7, 8)),
        (9.0, constant[:, :6], constant),
    ):
        found = table(
            by_position(features, SIZE, labels, weight), by_position(style, SIZE, others, weight)
        )
        assert torch.equal(found.argmax(1), plain)


def test_by_position_can_choose_another_window_than_the_correlation_of_wholes() -> None:
    """Card 8, invariant 1: one loud position rules a whole window, not a mean of cosines."""
    features, style = maps(4, 6, 8), maps(4, 7, 8, seed=1)
    features[:, 2, 3] *= 50
    whole = nearest(features, [style], SIZE)
    each = nearest(by_position(features, SIZE), [by_position(style, SIZE)], SIZE, whole=False)
    assert not torch.equal(whole, each)


def test_by_position_above_a_weight_of_1_forces_the_label_of_pure_windows() -> None:
    """Card 6, row 11, and card 8, invariant 3: features not negative differ by at most 1."""
    features, style = maps(4, 6, 12), maps(4, 6, 12, seed=1)
    style[..., 6:] *= 0.0  # the right half of the style has nothing to offer but its label
    labels = halves(6, 12)
    described = [by_position(each, SIZE, labels, 1.01) for each in (features, style)]
    found = nearest(described[0], [described[1]], SIZE, whole=False).reshape(4, 10) % 10
    assert (found[:, :4] < 4).all()
    assert (found[:, 6:] >= 6).all()
    swapped = [by_position(each, SIZE, labels.flip(0), 1.01) for each in (features, style)]
    assert torch.equal(
        nearest(swapped[0], [swapped[1]], SIZE, whole=False).reshape(4, 10) % 10, found
    )

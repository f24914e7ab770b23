"""STROTSS: the style comes, the content's structure stays, regions and seeds are respected."""

import numpy as np
import pytest
import torch
from skimage import data
from torch import Tensor

from stylize import encoders, imaging
from stylize.losses.strotss import relaxed_emd
from stylize.methods.strotss import METHOD, Parameters, begun, some
from stylize.painter import PAINTINGS
from stylize.record import Guides, Run


def photograph(longest: int, name: str = "astronaut") -> Tensor:
    array = imaging.resize_to_longest(getattr(data, name)(), longest)
    return torch.from_numpy(imaging.to_planes(array))[None]


def painting(longest: int, name: str = "waves") -> Tensor:
    array = PAINTINGS[name](np.random.default_rng(1), longest)
    return torch.from_numpy(imaging.to_planes(array))[None]


def few(**changes: float) -> Parameters:
    values = {"content_weight": 1.0, "coarse_evaluations": 30, "samples": 256, **changes}
    return Parameters(**values)  # type: ignore[arg-type]


def colours(image: Tensor) -> Tensor:
    return image[0].flatten(1).T


def alike(one: Tensor, other: Tensor) -> float:
    both = torch.stack([one.mean(1).flatten(), other.mean(1).flatten()])
    return float(torch.corrcoef(both)[0, 1])


def test_apply_brings_the_styles_colours_and_keeps_the_contents_shapes() -> None:
    content, style = photograph(64), painting(64)
    result = METHOD.apply(content, style, few(), Run(0))
    far = relaxed_emd(colours(content), colours(style), "euclidean")
    near = relaxed_emd(colours(result), colours(style), "euclidean")
    assert float(near) < 0.5 * float(far)
    layers = encoders.get("pyramid", "cpu")
    found, kept = layers.encode(result)["scale1"], layers.encode(content)["scale1"]
    assert float(torch.corrcoef(torch.stack([found.flatten(), kept.flatten()]))[0, 1]) > 0.4


def test_apply_when_the_content_weighs_more_keeps_more_of_it() -> None:
    content, style = photograph(48), painting(48, "stained glass")
    much = METHOD.apply(content, style, few(content_weight=10.0), Run(0))
    little = METHOD.apply(content, style, few(content_weight=0.02), Run(0))
    assert alike(much, content) > alike(little, content) + 0.05


def test_apply_when_guided_takes_each_regions_colours_from_its_own() -> None:
    """Left of the content from the red part of the style, right from the blue one."""
    generator = torch.Generator().manual_seed(0)
    content = 0.4 + 0.2 * torch.rand((1, 3, 40, 48), generator=generator)
    style = 0.1 * torch.rand((1, 3, 40, 40), generator=generator)
    style[:, 0, :20] += 0.8
    style[:, 2, 20:] += 0.8
    labels, style_labels = np.zeros((40, 48), np.uint8), np.zeros((40, 40), np.uint8)
    labels[:, 24:] = 1
    style_labels[20:] = 1
    run = Run(0, guides=Guides(labels, style_labels))
    result = METHOD.apply(content, style, few(content_weight=0.05), run)
    left, right = result[..., 2:22].mean((0, 2, 3)), result[..., 26:46].mean((0, 2, 3))
    assert float(left[0] - left[2]) > 0.4
    assert float(right[2] - right[0]) > 0.4
    assert run.notes == []


def test_apply_when_a_label_is_only_the_contents_says_so_and_takes_the_whole_style() -> None:
    content, style = photograph(32), painting(32)
    labels = np.zeros(content.shape[2:], np.uint8)
    labels[:, 16:] = 3
    run = Run(0, guides=Guides(labels, np.zeros(style.shape[2:], np.uint8)))
    result = METHOD.apply(content, style, few(coarse_evaluations=10), run)
    assert run.notes == [
        "The content's labels 3 are not in the style's mask; there, the whole style was taken."
    ]
    assert float((result - content)[..., 16:].abs().mean()) > 0.03


def test_apply_when_one_mask_covers_all_equals_no_mask() -> None:
    content, style = photograph(32), painting(32)
    whole = Guides(np.ones(content.shape[2:], np.uint8), np.ones(style.shape[2:], np.uint8))
    parameters = few(coarse_evaluations=6)
    guided = METHOD.apply(content, style, parameters, Run(0, guides=whole))
    assert torch.equal(guided, METHOD.apply(content, style, parameters, Run(0)))


def test_apply_when_the_seed_changes_draws_other_positions() -> None:
    content, style = photograph(32), painting(32)
    parameters = few(coarse_evaluations=4, samples=64)
    one = METHOD.apply(content, style, parameters, Run(0))
    assert torch.equal(one, METHOD.apply(content, style, parameters, Run(0)))
    assert not torch.equal(one, METHOD.apply(content, style, parameters, Run(1)))


def test_begun_has_the_styles_mean_colour_and_the_contents_edges() -> None:
    content, style = photograph(48), painting(40)
    start = begun(None, content, style, last=False)
    torch.testing.assert_close(start.mean((2, 3)), style.mean((2, 3)), atol=5e-3, rtol=0)
    fine, kept = start.diff(dim=3), content.diff(dim=3)
    assert float(torch.corrcoef(torch.stack([fine.flatten(), kept.flatten()]))[0, 1]) > 0.7


def test_begun_at_the_full_size_is_the_result_so_far_and_before_it_has_edges_added() -> None:
    content, style = photograph(48), painting(40)
    result = torch.full_like(content, 0.5)
    assert begun(result, content, style, last=True) is result
    assert float((begun(result, content, style, last=False) - result).abs().max()) > 0.05


def test_some_positions_are_drawn_as_pairs_each_once() -> None:
    """The authors' code shuffles rows and columns apart, and leaves the region."""
    inside = torch.zeros(30, 30)
    inside[5:9, 20:26] = 1
    positions = inside.nonzero()
    drawn = some(positions, 10, torch.Generator().manual_seed(0))
    assert drawn.shape == (10, 2)
    assert len({tuple(each) for each in drawn.tolist()}) == 10
    assert bool((inside[drawn[:, 0], drawn[:, 1]] == 1).all())
    assert some(positions, 24, torch.Generator()) is positions


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_apply_with_either_optimizer_moves_towards_the_style(optimizer: str) -> None:
    content, style = photograph(32), painting(32)
    parameters = Parameters(optimizer=optimizer, coarse_evaluations=20, samples=128)
    result = METHOD.apply(content, style, parameters, Run(0))
    before = (content.mean((2, 3)) - style.mean((2, 3))).abs().max()
    assert float((result.mean((2, 3)) - style.mean((2, 3))).abs().max()) < 0.5 * float(before)

"""Losses between frames and between views, on warps that are known and on real ones."""

from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import data
from torch import Tensor

from stylize import imaging
from stylize.encoders.pyramid import Pyramid
from stylize.losses import warp as warps
from stylize.losses.base import Sight
from stylize.losses.warp import disparity_loss, reliable, temporal_loss, warp
from stylize.record import Guides

MEDIA = Path(__file__).parents[4] / "shared" / "data" / "media"
VIDEO, STEREO = MEDIA / "video" / "marple8", MEDIA / "stereo"
with_video = pytest.mark.skipif(
    not VIDEO.is_dir(), reason="reference data is not here: frames with flow"
)
with_stereo = pytest.mark.skipif(
    not STEREO.is_dir(), reason="reference data is not here: a stereo pair with disparity"
)


def image(seed: int = 0, height: int = 10, width: int = 12) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, 3, height, width), generator=generator, dtype=torch.float64)


def constant(right: float, down: float, height: int = 10, width: int = 12) -> Tensor:
    flow = torch.tensor([right, down], dtype=torch.float64)
    return flow[None, :, None, None].expand(1, 2, height, width).clone()


ONES = torch.ones(1, 1, 10, 12, dtype=torch.float64)


def test_warp_by_nothing_is_the_picture() -> None:
    torch.testing.assert_close(warp(image(), constant(0, 0)), image(), rtol=0, atol=1e-12)


def test_warp_by_whole_pixels_fetches_them_and_repeats_the_border() -> None:
    found = warp(image(), constant(2, 1))
    torch.testing.assert_close(found[..., :-1, :-2], image()[..., 1:, 2:], rtol=0, atol=1e-12)
    torch.testing.assert_close(found[..., -1, -1], image()[..., -1, -1], rtol=0, atol=1e-12)


def test_warp_between_pixels_is_their_mean() -> None:
    found = warp(image(), constant(0.5, 0))[..., :-1]
    expected = (image()[..., :-1] + image()[..., 1:]) / 2
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def test_temporal_loss_without_motion_is_the_mean_squared_difference() -> None:
    warped = warp(image(1), constant(0, 0))
    expected = (image() - image(1)).square().mean()
    torch.testing.assert_close(temporal_loss(image(), warped, ONES), expected)


def test_temporal_loss_where_nothing_counts_or_the_picture_is_the_warped_one_is_zero() -> None:
    warped = warp(image(1), constant(1.3, -0.4))
    assert float(temporal_loss(image(), warped, 0 * ONES)) == 0
    values = warped.clone().requires_grad_()
    loss = temporal_loss(values, warped, ONES)
    (gradient,) = torch.autograd.grad(loss, values)
    assert float(loss.detach()) == float(gradient.abs().max()) == 0


def test_temporal_loss_gradient_is_that_of_finite_differences() -> None:
    warped, weights = warp(image(1), constant(1.3, -0.4)), image(2)[:, :1]
    assert torch.autograd.gradcheck(
        lambda values: temporal_loss(values, warped, weights), image().requires_grad_()
    )


def test_reliable_when_all_moves_alike_is_everywhere() -> None:
    assert torch.equal(reliable(constant(-2, 0), constant(2, 0)), ONES)


def moving_square() -> tuple[Tensor, Tensor]:
    """Backward and forward flow of a square that goes 6 px to the right over still ground."""
    backward, forward = constant(0, 0, 32, 48), constant(0, 0, 32, 48)
    forward[:, 0, 8:24, 10:26] = 6.0
    backward[:, 0, 8:24, 16:32] = -6.0
    return backward, forward


def test_reliable_leaves_out_what_was_hidden_and_the_borders_of_motion() -> None:
    found = reliable(*moving_square())[0, 0]
    assert found[8:24, 10:15].max() == 0  # the ground that the square has left
    assert found[8, 18:30].max() == 0  # its upper border
    assert found[10:22, 18:30].min() == 1  # the square itself
    assert found[:6].min() == found[26:].min() == 1  # the ground far from it


def test_long_term_weights_give_each_pixel_to_the_nearest_frame_that_sees_it() -> None:
    near = torch.tensor([1.0, 1.0, 0.0, 0.0]).reshape(1, 1, 2, 2)
    far = torch.tensor([1.0, 0.0, 1.0, 0.0]).reshape(1, 1, 2, 2)
    first, second, third = warps.long_term_weights([near, far, torch.ones(1, 1, 2, 2)])
    assert first.flatten().tolist() == [1, 1, 0, 0]
    assert second.flatten().tolist() == [0, 0, 1, 0]
    assert third.flatten().tolist() == [0, 0, 0, 1]


def test_disparity_loss_without_disparity_is_the_mean_squared_difference() -> None:
    zero = 0 * ONES
    found = disparity_loss(image(), image(1), (zero, zero), (ONES, ONES))
    torch.testing.assert_close(found, (image() - image(1)).square().mean())
    assert float(disparity_loss(image(), image(1), (zero, zero), (zero, zero))) == 0


def test_disparity_loss_when_views_are_swapped_and_mirrored_is_the_same() -> None:
    disparities, masks = (2 * ONES, image(2)[:, :1]), (image(3)[:, :1], ONES)
    found = disparity_loss(image(), image(1), disparities, masks)
    swapped = disparity_loss(
        image(1).flip(3), image().flip(3),
        (disparities[1].flip(3), disparities[0].flip(3)), (masks[1].flip(3), masks[0].flip(3)),
    )  # fmt: skip
    torch.testing.assert_close(found, swapped)


def test_disparity_loss_of_a_shifted_pair_is_zero_where_both_see_it() -> None:
    wide = image(0, 10, 15)
    left, right = wide[..., :12], wide[..., 3:]  # left(x) = right(x - 3)
    masks = ONES.clone(), ONES.clone()
    masks[0][..., :3] = 0
    masks[1][..., 9:] = 0
    found = disparity_loss(left, right, (3 * ONES, 3 * ONES), masks)
    assert float(found) < 1e-24
    assert disparity_loss(left, right, (-3 * ONES, -3 * ONES), masks) > 0.01


def test_disparity_loss_gradient_is_that_of_finite_differences() -> None:
    assert torch.autograd.gradcheck(
        lambda one, other: disparity_loss(one, other, (1.5 * ONES, ONES), (ONES, ONES)),
        (image().requires_grad_(), image(1).requires_grad_()),
    )


def test_temporal_holds_the_picture_in_srgb_at_the_size_at_hand() -> None:
    content, previous = image(0, 24, 32).float(), image(1, 48, 64).float()
    encoder = Pyramid("cpu").fitted(content, content)
    sight = Sight(encoder, encoder.enter(content), encoder.enter(content), Guides(), 0)
    flow, weights = torch.zeros(1, 2, 48, 64), torch.ones(1, 1, 48, 64)
    loss = warps.temporal(previous, flow, weights)(sight)
    small = torch.nn.functional.interpolate(
        previous, size=(24, 32), mode="bilinear", antialias=True
    )
    assert float(loss(encoder.enter(small), {})) < 1e-8
    assert float(loss(sight.content, {})) == pytest.approx(
        float((content - small).square().mean()), rel=1e-3
    )


def test_estimated_flow_of_a_known_warp_finds_it() -> None:
    array = imaging.resize_to_longest(np.stack([data.camera()] * 3, 2), 96)
    there = torch.from_numpy(imaging.to_planes(array))[None]
    rows = torch.linspace(0, np.pi, 96)
    truth = torch.stack([1.5 * torch.sin(rows)[:, None].expand(96, 96), torch.full((96, 96), 0.5)])
    here = warp(there, truth[None])
    found = warps.estimated_flow(here[0].numpy(), there[0].numpy())
    assert found.shape == (1, 2, 96, 96)
    inside = (0, slice(None), slice(8, -8), slice(8, -8))
    ends = (found[inside] - truth[:, 8:-8, 8:-8]).square().sum(0).sqrt()
    assert float(ends.median()) < 0.25


def read(path: Path) -> Tensor:
    return torch.from_numpy(imaging.to_planes(imaging.read(path.read_bytes())))[None]


def flow_of(archive: dict[str, np.ndarray], name: str) -> Tensor:  # type: ignore[type-arg]
    return torch.from_numpy(archive[name].astype(np.float32)).permute(2, 0, 1)[None]


@with_video
@pytest.mark.parametrize("second", [2, 4])
def test_frames_of_a_video_agree_along_their_flow_and_where_the_authors_say(second: int) -> None:
    archive = dict(np.load(VIDEO / "deepflow.npz"))
    first = second - 1
    earlier, later = (read(VIDEO / f"frame_0{number}.png") for number in (first, second))
    backward = flow_of(archive, f"backward_{second}_{first}")
    mask = reliable(backward, flow_of(archive, f"forward_{first}_{second}"))
    moved = temporal_loss(later, warp(earlier, backward), mask)
    assert float(moved) < 0.5 * float(temporal_loss(later, earlier, mask))
    theirs = torch.from_numpy(archive[f"reliable_{second}_{first}"])[None, None] > 127
    assert float((theirs == (mask > 0.5)).float().mean()) > 0.9


@with_stereo
def test_views_of_a_stereo_pair_agree_along_their_disparity() -> None:
    left, right = read(STEREO / "motorcycle_left.png"), read(STEREO / "motorcycle_right.png")
    disparity = torch.from_numpy(np.load(STEREO / "motorcycle_disp.npz")["disp"])[None, None]
    known = torch.isfinite(disparity)
    steps = torch.where(known, disparity, 0.0)
    wrong = temporal_loss(left, right, known.float())
    found = temporal_loss(left, warp(right, warps.across(-steps)), known.float())
    assert float(found) < 0.3 * float(wrong)

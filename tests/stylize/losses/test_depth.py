"""The depth loss and its cue: haze is read, recolouring is not; weights by a depth map."""

import numpy as np
import pytest
import torch
from skimage import data
from torch import Tensor

from stylize import imaging
from stylize.encoders.pyramid import Pyramid
from stylize.losses.base import Sight
from stylize.losses.depth import depth, depth_loss, haze, near_content, nearness
from stylize.losses.loop import content_loss
from stylize.record import Depth, Guides


def image(seed: int = 0, height: int = 24, width: int = 32) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    small = torch.rand((1, 3, 4, 5), generator=generator, dtype=torch.float64)
    return torch.nn.functional.interpolate(small, size=(height, width), mode="bilinear")


def hazy(scene: Tensor, distance: Tensor) -> Tensor:
    """Koschmieder's law with white air: what He, Sun & Tang's equation 1 says."""
    clear = torch.exp(-distance)
    return scene * clear + (1 - clear)


def test_haze_of_black_is_near_and_of_white_is_three() -> None:
    assert float(haze(torch.zeros(1, 3, 16, 16)).abs().max()) == 0
    assert float(haze(torch.ones(1, 3, 16, 16)).min()) == pytest.approx(-np.log(0.05), rel=1e-5)


def test_haze_of_a_dark_scene_in_fog_is_its_distance() -> None:
    """A dark textured scene behind fog that thickens to the right."""
    scene = 0.3 * image(0, 48, 64)
    distance = torch.linspace(0.2, 1.5, 64, dtype=torch.float64).expand(1, 1, 48, 64)
    found = haze(hazy(scene, distance))
    inside = (..., slice(4, -4), slice(4, -4))
    pair = torch.stack([found[inside].flatten(), distance[inside].flatten()])
    assert float(torch.corrcoef(pair)[0, 1]) > 0.95


def test_haze_of_a_photograph_holds_the_sky_for_farther_than_the_man() -> None:
    array = imaging.resize_to_longest(np.stack([data.camera()] * 3, 2), 128)
    found = haze(torch.from_numpy(imaging.to_planes(array))[None])[0, 0]
    assert found[:20, 80:].mean() > 2 * found[60:100, 35:50].mean()


def test_depth_loss_at_the_content_is_zero_and_the_worst_is_four() -> None:
    wanted = haze(image())
    assert float(depth_loss(wanted, wanted)) == 0
    assert float(depth_loss(-wanted, wanted)) == pytest.approx(4, rel=1e-3)


def test_depth_loss_knows_no_scale_and_no_zero() -> None:
    wanted = haze(image())
    assert float(depth_loss(3 * wanted + 2, wanted)) < 1e-8


def test_recolouring_that_keeps_the_darkest_channel_is_free() -> None:
    wanted = haze(image())
    assert float(depth_loss(haze(image()[:, [2, 0, 1]]), wanted)) == 0
    assert depth_loss(haze(image().flip(3)), wanted) > 0.1


def test_depth_loss_gradient_is_that_of_finite_differences() -> None:
    wanted = haze(image(1, 6, 7))
    generator = torch.Generator().manual_seed(0)
    values = torch.rand((1, 3, 6, 7), generator=generator, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda each: depth_loss(haze(each), wanted), (0.1 + 0.8 * values).requires_grad_()
    )


def test_depth_loss_of_a_flat_picture_is_finite() -> None:
    flat = torch.full((1, 3, 16, 16), 0.5, requires_grad=True)
    depth_loss(haze(flat), haze(image().float())[..., :16, :16]).backward()  # type: ignore[no-untyped-call]
    assert flat.grad is not None
    assert torch.isfinite(flat.grad).all()


def seen(depth_map: Depth | None = None) -> Sight:
    content, style = image().float(), image(1).float()
    encoder = Pyramid("cpu").fitted(content, style)
    guides = Guides(depth=depth_map)
    return Sight(encoder, encoder.enter(content), encoder.enter(style), guides, 0)


def slope() -> Depth:
    """Near on the left, far on the right, 0.2 to 0.7."""
    return np.linspace(0.2, 0.7, 32, dtype=np.float32)[None].repeat(24, 0)


def test_depth_holds_the_picture_against_the_content() -> None:
    sight = seen()
    assert float(depth(sight)(sight.content, {})) == pytest.approx(0, abs=1e-8)
    assert float(depth(sight)(sight.style, {})) > 0.1


def test_nearness_has_mean_one_and_the_farthest_a_tenth_of_the_nearest_whatever_the_range() -> None:
    weights = nearness(torch.from_numpy(slope()))
    assert float(weights.mean()) == pytest.approx(1, abs=1e-6)
    assert float(weights[0, -1] / weights[0, 0]) == pytest.approx(0.1, abs=1e-6)
    torch.testing.assert_close(nearness(torch.from_numpy(0.5 + slope() / 3)), weights)


def test_near_content_of_the_content_is_zero_and_of_another_what_content_loss_is_on_average() -> (
    None
):
    """A map of mean a half and its reverse together weigh every position by 2."""
    centred = slope() + np.float32(0.05)
    sight, reverse = seen(centred), seen(1 - centred)
    features = sight.encoder.features(sight.style)
    found = sum(float(near_content(each)(sight.style, features)) for each in (sight, reverse))
    assert found == pytest.approx(2 * float(content_loss(sight)(sight.style, features)), rel=1e-4)
    assert float(near_content(sight)(sight.content, sight.content_features)) == 0


def test_near_content_counts_a_change_nearby_for_more_than_the_same_far_away() -> None:
    sight = seen(slope())
    loss = near_content(sight)
    errors = []
    for columns in (slice(0, 12), slice(20, 32)):
        changed = sight.content.clone()
        changed[..., columns] += 0.3 * torch.rand(24, 12, generator=torch.manual_seed(0))
        errors.append(float(loss(changed, sight.encoder.features(changed))))
    assert errors[0] > 1.5 * errors[1]


def test_near_content_without_a_map_is_refused() -> None:
    with pytest.raises(ValueError, match="depth: came none"):
        near_content(seen())

"""The encoder `pyramid`: layers as announced, invertible, nothing bleeds round the borders."""

import pytest
import torch

from stylize import encoders
from stylize.encoders.base import names
from stylize.encoders.pyramid import MARGIN, Pyramid, continued, rectify, scales_for, unrectify


def pictures(batch: int, height: int, width: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((batch, 3, height, width), generator=generator)


@pytest.mark.parametrize(
    ("height", "width"), [(16, 16), (17, 31), (127, 93), (33, 50), (130, 97), (64, 200)]
)
def test_features_have_the_shapes_that_layers_announce(height: int, width: int) -> None:
    encoder = Pyramid("cpu")
    features = encoder.encode(pictures(2, height, width))
    layers = encoder.layers(height, width)
    assert list(features) == [layer.name for layer in layers]
    for layer in layers:
        size = (-(-height // layer.stride), -(-width // layer.stride))
        assert features[layer.name].shape == (2, layer.channels, *size)


@pytest.mark.parametrize(("height", "width"), [(16, 16), (127, 93), (33, 50), (130, 97)])
def test_reconstruct_inverts_coefficients_at_any_size(height: int, width: int) -> None:
    planes = pictures(1, height, width)
    encoder = Pyramid("cpu")
    restored = encoder.reconstruct(encoder.coefficients(planes), height, width)
    torch.testing.assert_close(restored, planes, atol=1e-5, rtol=0)


def test_unrectify_inverts_rectify() -> None:
    band = torch.complex(torch.randn(2, 3, 8, 5, 6), torch.randn(2, 3, 8, 5, 6))
    maps = rectify(band, 5, 6)
    assert maps.shape == (2, 96, 5, 6)
    assert maps.min() >= 0
    torch.testing.assert_close(unrectify(maps), band)
    torch.testing.assert_close(unrectify(rectify(band, 4, 2)), band[..., :4, :2])


def test_rectify_gradient_is_that_of_finite_differences() -> None:
    generator = torch.Generator().manual_seed(1)
    parts = torch.randn((1, 1, 8, 2, 3, 2), generator=generator, dtype=torch.float64)
    parts.requires_grad_()

    def cropped(each: torch.Tensor) -> torch.Tensor:
        return rectify(torch.view_as_complex(each), 2, 2)

    assert torch.autograd.gradcheck(cropped, parts)


def test_leave_inverts_enter_after_fitting() -> None:
    content, style = pictures(1, 20, 30), pictures(1, 40, 16, seed=1)
    encoder = Pyramid("cpu").fitted(content, style)
    torch.testing.assert_close(encoder.leave(encoder.enter(content)), content, atol=1e-5, rtol=0)


def test_fitted_whitens_the_colours_of_both_pictures_together() -> None:
    content, style = pictures(1, 20, 30), pictures(1, 40, 16, seed=1) * 0.3
    encoder = Pyramid("cpu").fitted(content, style)
    both = torch.cat([encoder.enter(each).flatten(2)[0] for each in (content, style)], 1)
    covariance = both @ both.T / both.shape[1]
    assert both.mean(1).abs().max() < 1e-5
    assert (covariance - torch.eye(3)).abs().max() < 0.02  # the floor of the variances


def test_fitted_takes_the_scales_that_fit_both() -> None:
    encoder = Pyramid("cpu").fitted(pictures(1, 256, 256), pictures(1, 64, 300))
    assert encoder.scales == scales_for(64, 300) == 4
    assert names(encoder, "style", 256, 256) == ("scale0", "scale1", "scale2", "scale3")
    assert names(encoder, "content", 256, 256) == ("scale1", "scale2", "scale3", "lowpass")
    assert names(encoder, "patch", 256, 256) == ("scale2", "scale3")
    assert names(encoder, "base", 256, 256) == ("lowpass",)


@pytest.mark.parametrize(
    ("side", "layers"),
    [(16, ("scale1",)), (32, ("scale2",)), (64, ("scale2", "scale3")), (500, ("scale2", "scale3"))],
)
def test_layers_with_patches_are_scales_2_and_3_or_the_coarsest_there_is(
    side: int, layers: tuple[str, ...]
) -> None:
    assert names(Pyramid("cpu"), "patch", side, 2 * side) == layers


@pytest.mark.parametrize(("side", "scales"), [(16, 2), (31, 2), (32, 3), (128, 5), (171, 5)])
def test_scales_for_leaves_the_coarsest_map_8_steps(side: int, scales: int) -> None:
    assert scales_for(side, 2 * side) == scales


def test_continued_keeps_the_picture_and_meets_itself_without_a_seam() -> None:
    ramp = torch.linspace(0, 1, 100).expand(1, 1, 80, 100)
    longer = continued(ramp, 32)
    assert torch.equal(longer[..., :80, :100], ramp)
    assert longer.shape[2] % 32 == longer.shape[3] % 32 == 0
    assert longer.shape[3] >= 100 + MARGIN
    # Round the border a ramp jumps by 1; continued it never steps much more than its own slope.
    steps = (longer - longer.roll(1, 3)).abs().max()
    assert steps < 0.05


@pytest.mark.parametrize(("scale", "bound"), [(0, 2e-3), (1, 5e-3), (2, 0.06), (3, 0.1)])
def test_features_when_opposite_border_changes_hardly_move(scale: int, bound: float) -> None:
    before = pictures(1, 128, 128)
    after = before.clone()
    after[..., -8:] = 1.0
    encoder = Pyramid("cpu")
    name = f"scale{scale}"
    change = (encoder.encode(after)[name] - encoder.encode(before)[name]).abs()
    columns = 16 // 2**scale
    # Without the continuation the two would be neighbours, and the ratio near 1.
    assert change[..., :columns].max() < bound * change[..., -columns:].max()


def test_features_when_batched_equal_those_one_by_one() -> None:
    batch = pictures(2, 40, 50)
    together = Pyramid("cpu").encode(batch)
    for index in range(2):
        alone = Pyramid("cpu").encode(batch[index : index + 1])
        for name, maps in alone.items():
            torch.testing.assert_close(together[name][index : index + 1], maps)


def test_get_returns_one_encoder_per_process_and_refuses_unknown_keys() -> None:
    assert encoders.get("pyramid", "cpu") is encoders.get("pyramid", "cpu")
    with pytest.raises(ValueError, match="encoder: came 'vgg91', must be one of pyramid"):
        encoders.get("vgg91", "cpu")

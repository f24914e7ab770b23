"""The encoder `vgg19`: torchvision's own features, layers as announced, any size, any depth."""

from collections.abc import Iterator

import pytest
import torch
from skimage import data
from torch import Tensor
from torchvision.models import vgg

from stylize import encoders, imaging
from stylize.encoders.base import names
from stylize.encoders.vgg19 import Vgg19, blocks_for
from stylize.encoders.weights import random_weights, read_path
from stylize.losses.moments import style_error
from stylize.methods.gatys import METHOD, Parameters
from stylize.record import Run
from tests.stylize.encoders import networks


def pictures(batch: int, height: int, width: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((batch, 3, height, width), generator=generator)


@pytest.fixture(scope="module")
def network() -> Vgg19:
    return Vgg19(random_weights(0), "cpu")


@pytest.fixture
def small() -> Iterator[Vgg19]:
    """The distilled network's shapes with random weights, as `get` gives it."""
    encoders.provide("vgg19_16x", networks.loaded(networks.distilled()))
    encoder = encoders.get("vgg19_16x", "cpu")
    assert isinstance(encoder, Vgg19)
    yield encoder
    encoders.provide("vgg19_16x", None)


def _named_as_torchvision(encoder: Vgg19) -> dict[str, Tensor]:
    kernels = zip(networks.TORCHVISION, encoder.weights.kernels.values(), strict=True)
    return {
        f"{index}.{part}": tensor
        for index, kernel in kernels
        for part, tensor in zip(("weight", "bias"), kernel, strict=True)
    }


def test_features_equal_those_of_torchvision_s_network(network: Vgg19) -> None:
    theirs = vgg.make_layers(vgg.cfgs["E"])  # the `features` of `torchvision.models.vgg19`
    theirs.load_state_dict(_named_as_torchvision(network), strict=False)
    ours = Vgg19(networks.loaded(theirs.state_dict()), "cpu")
    images = pictures(2, 64, 96)
    mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
    deviation = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    expected, values = {}, (images - mean) / deviation
    # Where torchvision's list has each ReLU.
    wanted = {1: "1_1", 6: "2_1", 11: "3_1", 20: "4_1", 22: "4_2", 29: "5_1"}
    with torch.no_grad():
        for index, module in enumerate(theirs):
            values = module(values)
            if index in wanted:
                expected[f"relu{wanted[index]}"] = values.clone()
        found = ours.encode(images)
    assert list(found) == list(expected)
    for name, each in found.items():
        assert (each - expected[name]).abs().max() <= 1e-5 * expected[name].max()


@pytest.mark.parametrize(
    ("height", "width"), [(16, 16), (17, 31), (127, 93), (33, 50), (130, 97), (1, 1), (2, 40)]
)
def test_features_have_the_shapes_that_layers_announce(
    small: Vgg19, height: int, width: int
) -> None:
    features = small.encode(pictures(2, height, width))
    layers = small.layers(height, width)
    assert list(features) == [layer.name for layer in layers]
    for layer in layers:
        size = (-(-height // layer.stride), -(-width // layer.stride))
        assert features[layer.name].shape == (2, layer.channels, *size)
        assert features[layer.name].dtype == torch.float32
        assert features[layer.name].min() >= 0


def test_layers_have_the_papers_roles(small: Vgg19) -> None:
    style = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
    assert names(small, "style", 256, 256) == style
    assert names(small, "content", 256, 256) == ("relu4_2",)
    assert names(small, "patch", 256, 256) == ("relu3_1", "relu4_1")
    assert names(small, "base", 256, 256) == ()
    assert [each.stride for each in small.layers(64, 64)] == [1, 2, 4, 8, 8, 16]


@pytest.mark.parametrize(
    ("convolutions", "content", "patch"),
    [
        (13, "relu4_2", ("relu3_1", "relu4_1")),
        (9, "relu4_1", ("relu3_1", "relu4_1")),
        (5, "relu3_1", ("relu3_1",)),
        (3, "relu2_1", ("relu2_1",)),
        (4, "relu2_1", ("relu2_1",)),
        (2, "relu1_1", ("relu1_1",)),
    ],
)
def test_layers_when_the_weights_end_early_give_the_deepest_its_role(
    convolutions: int, content: str, patch: tuple[str, ...]
) -> None:
    encoder = Vgg19(networks.loaded(networks.distilled(convolutions)), "cpu")
    assert names(encoder, "content", 128, 128) == (content,)
    assert names(encoder, "patch", 128, 128) == patch
    assert list(encoder.encode(pictures(1, 64, 64))) == [
        layer.name for layer in encoder.layers(64, 64)
    ]


def test_layers_of_a_small_picture_end_where_four_steps_are_left(small: Vgg19) -> None:
    assert [blocks_for(side, 300) for side in (1, 7, 8, 25, 32, 49, 64)] == [1, 2, 2, 4, 4, 5, 5]
    assert names(small, "style", 16, 40) == ("relu1_1", "relu2_1", "relu3_1")
    assert names(small, "content", 16, 40) == ("relu3_1",)


def test_fitted_is_as_deep_as_the_smaller_picture(small: Vgg19) -> None:
    fitted = small.fitted(pictures(1, 128, 128), pictures(1, 20, 90))
    assert names(fitted, "style", 128, 128) == names(small, "style", 20, 90)
    assert list(fitted.encode(pictures(1, 128, 128))) == list(small.encode(pictures(1, 20, 90)))


def test_colours_of_the_normalised_weights_become_bgr_less_their_mean() -> None:
    """A network that shows what its first convolution gives: its filters pick the centre."""
    state = networks.normalised(1)
    state["2.weight"] = torch.zeros(64, 3, 3, 3)
    for channel in range(3):
        state["2.weight"][channel, channel, 1, 1] = 1.0
        state["2.weight"][channel + 3, channel, 1, 1] = -1.0
    images = torch.arange(256).repeat(3, 1)[None, :, None].div(255) * torch.tensor(
        [1.0, 0.5, 0.25]
    ).reshape(3, 1, 1)
    shown = Vgg19(networks.loaded(state), "cpu").encode(images)["relu1_1"]
    expected = 255 * images.flip(1) - networks.MEAN_BGR[:, None, None]
    assert torch.equal(shown[:, :3] - shown[:, 3:6], expected)


def test_border_of_the_normalised_weights_is_mirrored_and_torchvision_s_is_zero() -> None:
    for state, mirrored in ((networks.normalised(1), True), (networks.torchvision(1), False)):
        names_ = [name for name in state if name.endswith("weight") and state[name].shape[2] == 3]
        state[names_[0]] = torch.zeros(64, 3, 3, 3)
        state[names_[0]][0, 1, 1, 0] = 1.0  # green of the left neighbour
        images = torch.full((1, 3, 3, 4), 0.9)
        images[..., 1] = 1.0
        row = Vgg19(networks.loaded(state), "cpu").encode(images)["relu1_1"][0, 0, 1]
        assert (row[0] == row[2]) if mirrored else (row[0] == 0)


def test_encode_batched_equals_one_by_one_and_twice_the_same_bytes(small: Vgg19) -> None:
    images = pictures(2, 40, 52)
    with torch.no_grad():
        together, again = small.encode(images), small.encode(images)
        alone = small.encode(images[1:])
    for name, each in together.items():
        assert torch.equal(each, again[name])
        assert (each[1:] - alone[name]).abs().max() <= 1e-5 * each.max()


def test_enter_and_leave_are_the_picture_itself(small: Vgg19) -> None:
    images = pictures(1, 20, 20)
    assert torch.equal(small.leave(small.enter(images)), images)


def test_gradient_is_that_of_finite_differences() -> None:
    encoder = Vgg19(networks.loaded(networks.distilled(5)), "cpu")
    planes = pictures(1, 9, 7).double().requires_grad_()
    direction = pictures(1, 9, 7, seed=1).double() - 0.5

    def value(step: float) -> Tensor:
        maps = encoder.features(planes + step * direction)
        return torch.stack([each.square().mean() for each in maps.values()]).sum()

    (gradient,) = torch.autograd.grad(value(0), planes)
    slope = (value(1e-6) - value(-1e-6)) / 2e-6
    torch.testing.assert_close((gradient * direction).sum(), slope, rtol=1e-5, atol=0)


def test_bf16_on_the_cpu_changes_nothing(small: Vgg19) -> None:
    images = pictures(1, 32, 32)
    half = Vgg19(small.weights, "cpu", bf16=True)
    for name, each in half.encode(images).items():
        assert torch.equal(each, small.encode(images)[name])


# With the losses


def test_style_error_of_the_style_is_zero_and_of_another_picture_is_not(small: Vgg19) -> None:
    style, other = pictures(1, 64, 80), pictures(1, 70, 50, seed=1).sqrt()
    fitted = small.fitted(other, style)
    assert style_error(fitted, style, style) == 0
    assert style_error(fitted, other, style) > 0.01


@pytest.mark.parametrize("size", [(20, 24), (33, 70)])
@pytest.mark.parametrize("style_size", [(1, 1), (40, 17), (64, 64)])
def test_gatys_at_odd_sizes_is_finite_and_deterministic(
    small: Vgg19, size: tuple[int, int], style_size: tuple[int, int]
) -> None:
    parameters = Parameters(coarse_evaluations=4)
    content, style = pictures(1, *size), pictures(1, *style_size, seed=1)
    results = [
        METHOD.apply(content, style, parameters, Run(0, encoder="vgg19_16x")) for _ in range(2)
    ]
    assert torch.isfinite(results[0]).all()
    assert torch.equal(*results)


def test_gatys_when_style_is_the_content_returns_it(small: Vgg19) -> None:
    content = torch.from_numpy(imaging.to_planes(imaging.resize_to_longest(data.astronaut(), 48)))[
        None
    ]
    result = METHOD.apply(
        content, content, Parameters(coarse_evaluations=5), Run(0, encoder="vgg19_16x")
    )
    torch.testing.assert_close(result, content, atol=2e-3, rtol=0)


@pytest.mark.parametrize("encoder", ["vgg19_16x", "pyramid"])
def test_gatys_when_bf16_cannot_be_had_says_so_and_changes_nothing(
    small: Vgg19, encoder: str
) -> None:
    content, style = pictures(1, 24, 24), pictures(1, 24, 24, seed=1)
    runs = [Run(0, encoder=encoder) for _ in range(2)]
    results = [
        METHOD.apply(content, style, Parameters(coarse_evaluations=3, bf16=bf16), run)
        for bf16, run in zip((False, True), runs, strict=True)
    ]
    assert torch.equal(*results)
    assert runs[0].notes == []
    assert runs[1].notes == ["bfloat16 is for networks on CUDA; this was computed in float32."]


@pytest.mark.skipif(not networks.REFERENCE.is_dir(), reason=networks.ABSENT)
def test_gatys_with_the_distilled_network_of_the_authors_reaches_its_style() -> None:
    encoders.provide("vgg19_16x", read_path(networks.REFERENCE / "vgg19_16x/5SE.pth"))
    try:
        array = imaging.resize_to_longest(data.astronaut(), 64)
        content = torch.from_numpy(imaging.to_planes(array))[None]
        array = imaging.resize_to_longest(data.coffee(), 64)
        style = torch.from_numpy(imaging.to_planes(array))[None]
        run = Run(0, encoder="vgg19_16x")
        result = METHOD.apply(content, style, Parameters(coarse_evaluations=60), run)
        encoder = encoders.get("vgg19_16x", "cpu").fitted(content, style)
        before, after = (style_error(encoder, each, style) for each in (content, result))
        assert after < 0.1 * before
    finally:
        encoders.provide("vgg19_16x", None)

"""Files of weights: told apart by names and shapes, refused with a sentence, hashed."""

import hashlib
import io
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from torchvision.models import VGG19_Weights

from stylize import encoders, record
from stylize.encoders.weights import MissingWeights, WeightsRefused, random_weights, read, read_path
from tests.stylize.encoders import networks


def refusal(state: Any) -> str:
    with pytest.raises(WeightsRefused) as refused:
        networks.loaded(state)
    assert str(refused.value).endswith(".")
    return str(refused.value)


@pytest.mark.parametrize(
    ("state", "key", "deepest"),
    [
        (networks.torchvision(3), "vgg19", "relu2_1"),
        (networks.torchvision(3, prefix=""), "vgg19", "relu2_1"),
        (networks.torchvision(2) | {"classifier.0.weight": torch.ones(2, 2)}, "vgg19", "relu1_2"),
        (networks.normalised(1), "vgg19_normalised", "relu1_1"),
        (networks.normalised(5), "vgg19_normalised", "relu3_1"),
        (networks.distilled(1), "vgg19_16x", "relu1_1"),
        (networks.distilled(13), "vgg19_16x", "relu5_1"),
        ({"model": networks.distilled(9), "epoch": 20}, "vgg19_16x", "relu4_1"),
    ],
)
def test_read_known_layout_is_recognised_and_goes_as_far_as_the_file(
    state: Any, key: str, deepest: str
) -> None:
    weights = networks.loaded(state)
    assert (weights.key, weights.deepest) == (key, deepest)


def test_read_keeps_every_value_and_the_hash_of_the_file() -> None:
    state = networks.normalised(5)
    data = networks.saved(state)
    weights = read(io.BytesIO(data))
    assert weights.sha256 == hashlib.sha256(data).hexdigest()
    assert list(weights.kernels) == ["1_1", "1_2", "2_1", "2_2", "3_1"]
    for index, kernel in zip(networks.NORMALISED, weights.kernels.values(), strict=False):
        assert torch.equal(kernel[0], state[f"{index}.weight"])
        assert torch.equal(kernel[1], state[f"{index}.bias"])


def test_read_half_precision_becomes_float32() -> None:
    state = {name: each.half() for name, each in networks.torchvision(2).items()}
    assert networks.loaded(state).kernels["1_1"][0].dtype == torch.float32


def test_read_deeper_layers_are_left_aside() -> None:
    state = networks.distilled(13)
    for name in ("conv52", "conv53", "conv54"):
        state |= {f"{name}.weight": torch.ones(128, 128, 3, 3), f"{name}.bias": torch.ones(128)}
    assert networks.loaded(state).deepest == "relu5_1"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\x80\x02",
        pickle.dumps({"0.weight": [1.0]}, protocol=2),
        networks.saved(networks.distilled(1))[:2000],
        networks.saved(pickle.PickleError),  # a class: not safe to load
    ],
)
def test_read_what_torch_cannot_load_safely_is_refused(data: bytes) -> None:
    with pytest.raises(WeightsRefused, match="no weights that torch can read safely"):
        read(io.BytesIO(data))


def test_read_code_in_a_file_is_never_run(tmp_path: Path) -> None:
    touched = tmp_path / "touched"

    class Evil:
        def __reduce__(self) -> Any:
            return Path.touch, (touched,)

    with pytest.raises(WeightsRefused):
        networks.loaded({"0.weight": Evil()})
    assert not touched.exists()


def test_read_wrong_names_say_what_came_and_what_would_be_right() -> None:
    decoder = {"1.weight": torch.ones(3, 64, 3, 3), "1.bias": torch.ones(3)}
    assert refusal(decoder).startswith("The file holds 1.weight, 1.bias …, no encoder of VGG-19:")
    assert "nothing" in refusal({})
    assert refusal([1]) == "The file holds a list, must be a state dict."
    assert refusal({"a": 1}) == "The file's 'a' is no tensor, it must be a state dict."


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("5.weight", torch.ones(64, 32, 3, 3), "5.weight is 64×32×3×3, must be 64×64×3×3."),
        ("5.bias", torch.ones(32), "5.bias is 32, must be 64."),
        ("5.bias", None, "5.bias is missing, must be 64."),
        ("0.weight", torch.ones(4, 3, 1, 1), "0.weight is 4×3×1×1, must be 3×3×1×1."),
        ("9.bias", torch.full((128,), float("nan")), "9.bias has values that are no finite"),
        ("9.bias", torch.ones(128, dtype=torch.int64), "9.bias has values that are no finite"),
        ("5.weight", None, "where 5.weight would be next."),
        ("30.running_mean", torch.ones(3), "30.running_mean cannot follow in VGG-19, normalised,"),
    ],
)
def test_read_wrong_tensor_is_named(name: str, value: Any, message: str) -> None:
    state = networks.normalised(5) | {name: value}
    if value is None:
        del state[name]
    assert message in refusal(state)


def test_read_vgg16_of_torchvision_is_refused() -> None:
    """Alike up to relu3_3; its fourth block begins where VGG-19 has relu3_4."""
    state = networks.torchvision(7)
    state |= {"features.17.weight": torch.ones(512, 256, 3, 3), "features.17.bias": torch.ones(512)}
    assert "where features.16.weight would be next" in refusal(state)


def test_random_weights_are_a_whole_network_and_the_seed_s() -> None:
    weights, again, other = random_weights(3), random_weights(3), random_weights(4)
    assert (weights.key, weights.deepest) == ("vgg19", "relu5_1")
    assert [len(bias) for _, bias in weights.kernels.values()] == list(networks.WIDE)
    assert torch.equal(weights.kernels["3_1"][0], again.kernels["3_1"][0])
    assert not torch.equal(weights.kernels["3_1"][0], other.kernels["3_1"][0])
    assert weights.sha256 == again.sha256 != other.sha256


# What `get` finds


def test_get_without_weights_is_missing_weights_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for key in ("vgg19", "vgg19_16x"):
        with pytest.raises(MissingWeights, match=f"encoder: the weights of {key} are not here"):
            encoders.get(key, "cpu")
    with pytest.raises(ValueError, match="encoder: came 'vgg99', must be one of pyramid, vgg19"):
        encoders.get("vgg99", "cpu")
    assert encoders.weights_of("pyramid") is None


def test_get_is_one_instance_until_other_weights_are_provided() -> None:
    one, other = networks.loaded(networks.distilled(1)), networks.loaded(networks.distilled(3))
    try:
        encoders.provide("vgg19_16x", one)
        first = encoders.get("vgg19_16x", "cpu")
        assert encoders.get("vgg19_16x", "cpu") is first
        encoders.provide("vgg19_16x", other)
        assert encoders.get("vgg19_16x", "cpu") is not first
        assert encoders.weights_of("vgg19_16x") is other
        with pytest.raises(ValueError, match="are those of vgg19_16x, must be of vgg19"):
            encoders.provide("vgg19", one)
    finally:
        encoders.provide("vgg19_16x", None)
    with pytest.raises(MissingWeights):
        encoders.get("vgg19_16x", "cpu")


def test_torchvision_s_own_download_is_found_where_torch_keeps_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable, folder in (("TORCH_HOME", tmp_path / "a"), ("XDG_CACHE_HOME", tmp_path / "b")):
        monkeypatch.delenv("TORCH_HOME", raising=False)
        monkeypatch.setenv(variable, str(folder))
        assert record.torchvision_vgg19() is None
        path = Path(torch.hub.get_dir()) / "checkpoints" / "vgg19-dcbb9e9d.pth"
        path.parent.mkdir(parents=True)
        path.write_bytes(networks.saved(networks.torchvision(2)))
        assert record.torchvision_vgg19() == path
        read_path.cache_clear()
        assert encoders.get("vgg19", "cpu").key == "vgg19"
        assert encoders.weights_of("vgg19") is read_path(path)


def test_torchvision_s_file_has_the_name_that_torchvision_downloads() -> None:
    url = VGG19_Weights.IMAGENET1K_V1.url
    assert url.endswith("/vgg19-dcbb9e9d.pth")


# The authors' files


@pytest.mark.skipif(not networks.REFERENCE.is_dir(), reason=networks.ABSENT)
@pytest.mark.parametrize("deepest", ["1_1", "2_1", "3_1"])
def test_read_normalised_file_of_the_authors(deepest: str) -> None:
    path = networks.REFERENCE / f"vgg19_norm_exact/vgg_normalised_conv{deepest}.pth"
    weights = read_path(path)
    assert (weights.key, weights.deepest) == ("vgg19_normalised", f"relu{deepest}")
    assert torch.equal(weights.first[0], networks.COLOURS)
    torch.testing.assert_close(weights.first[1], -networks.MEAN_BGR, atol=0, rtol=1e-6)


@pytest.mark.skipif(not networks.REFERENCE.is_dir(), reason=networks.ABSENT)
@pytest.mark.parametrize("stage", [1, 2, 3, 4, 5])
def test_read_distilled_file_of_the_authors_and_not_its_decoder(stage: int) -> None:
    weights = read_path(networks.REFERENCE / f"vgg19_16x/{stage}SE.pth")
    assert (weights.key, weights.deepest) == ("vgg19_16x", f"relu{stage}_1")
    with pytest.raises(WeightsRefused, match="no encoder of VGG-19"):
        read_path(networks.REFERENCE / f"vgg19_16x/{stage}SD.pth")

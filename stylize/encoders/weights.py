"""Weights of VGG-19 from a file: names and shapes tell what they are, nothing is guessed.

Simonyan & Zisserman 2015; normalised: Gatys, Ecker & Bethge 2015; distilled: Wang et al. 2020
(Collaborative Distillation).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any, Literal

import torch
from torch import Tensor

Kernel = tuple[Tensor, Tensor]  # weight (C, D, k, k) and bias (C,)

# "block_number" of the convolutions up to the deepest layer anybody asks for, and those after it.
CONVOLUTIONS = ("1_1", "1_2", "2_1", "2_2", *(f"{b}_{n}" for b in (3, 4, 5) for n in (1, 2, 3, 4)))
DEEPEST = "5_1"
CONV11_ALONE = 24  # channels of the distilled network's first stage, which is another one
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class WeightsRefused(ValueError):
    """A file that holds no weights we know; the message is one sentence for people."""


class MissingWeights(ValueError):
    """An encoder is asked for whose weights are not there."""


@dataclass(frozen=True)
class Variant:
    """One of the trainings of VGG-19.

    Args:
        title: for people.
        widths: channels of each of the five blocks.
        padding: how it was trained to see beyond the border.
    """

    title: str
    widths: tuple[int, int, int, int, int]
    padding: Literal["zeros", "mirrored"]


VARIANTS = {
    "vgg19": Variant("VGG-19 (torchvision)", (64, 128, 256, 512, 512), "zeros"),
    "vgg19_normalised": Variant("VGG-19, normalised", (64, 128, 256, 512, 512), "mirrored"),
    "vgg19_16x": Variant("VGG-19, distilled 16×", (16, 32, 64, 128, 128), "mirrored"),
}


@dataclass(frozen=True, eq=False)
class Weights:
    """A network up to relu5_1 or to where its file ends.

    Args:
        key: of `VARIANTS`.
        sha256: of the file.
        first: 1×1 convolution that takes sRGB in [0, 1] to what the network was trained on.
        kernels: by name, "1_1" first, without gaps; float32.
    """

    key: str
    sha256: str
    first: Kernel
    kernels: dict[str, Kernel] = field(repr=False)

    @property
    def deepest(self) -> str:
        """Name of the last layer."""
        return f"relu{list(self.kernels)[-1]}"

    @property
    def variant(self) -> Variant:
        return VARIANTS[self.key]

    def to(self, device: str) -> "Weights":
        def moved(kernel: Kernel) -> Kernel:
            return kernel[0].to(device), kernel[1].to(device)

        kernels = {name: moved(kernel) for name, kernel in self.kernels.items()}
        return Weights(self.key, self.sha256, moved(self.first), kernels)


def read(file: IO[bytes]) -> Weights:
    """Weights from a file that `torch.save` wrote: a state dict, or a dict with one under "model".

    Three layouts are known: torchvision's (`features.0.weight` or `0.weight`), the normalised one
    with its colour convolution first (`0.weight` of 1×1), the distilled one (`conv0.weight`,
    `conv11.weight` …). A network may end early. What is deeper than relu5_1, classifiers and
    `…_aux` are left aside. The original Caffe network without a colour convolution cannot be told
    from torchvision's, and is taken for it.

    Args:
        file: open for reading bytes, with `seek`.

    Raises:
        WeightsRefused: with what came and what would be right.
    """
    digest = hashlib.sha256()
    while chunk := file.read(2**20):
        digest.update(chunk)
    file.seek(0)
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # the unpickler meets whatever bytes came, and raises anything
        raise WeightsRefused("The file holds no weights that torch can read safely.") from error
    if isinstance(state, dict) and isinstance(state.get("model"), dict):
        state = state["model"]
    return _recognised(state, digest.hexdigest())


@cache
def read_path(path: Path) -> Weights:
    """`read` of a file of this machine that does not change, once per process."""
    with path.open("rb") as file:
        return read(file)


def random_weights(seed: int) -> Weights:
    """VGG-19 as it was before any training (He et al. 2015): for tests and measures of speed."""
    generator = torch.Generator().manual_seed(seed)
    kernels: dict[str, Kernel] = {}
    count = 3
    for name in CONVOLUTIONS[: CONVOLUTIONS.index(DEEPEST) + 1]:
        width = VARIANTS["vgg19"].widths[int(name[0]) - 1]
        weight = torch.randn((width, count, 3, 3), generator=generator) * (2 / (9 * count)) ** 0.5
        kernels[name] = weight, torch.zeros(width)
        count = width
    told = hashlib.sha256(f"random VGG-19, seed {seed}".encode()).hexdigest()
    return Weights("vgg19", told, _imagenet(), kernels)


def _recognised(state: object, sha256: str) -> Weights:
    tensors = _tensors(state)
    first = tensors.get("0.weight")
    if "features.0.weight" in tensors or (first is not None and first.shape[2:] == (3, 3)):
        names = [f"{i}" for i in (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)]
        if first is None:
            names = [f"features.{name}" for name in names]
        return Weights("vgg19", sha256, _imagenet(), _kernels(tensors, "vgg19", names))
    if first is not None:
        names = [f"{i}" for i in (2, 5, 9, 12, 16, 19, 22, 25, 29, 32, 35, 38, 42, 45, 48, 51)]
        key, colours = "vgg19_normalised", "0"
    elif "conv0.weight" in tensors:
        names = [f"conv{name.replace('_', '')}" for name in CONVOLUTIONS]
        key, colours = "vgg19_16x", "conv0"
    else:
        raise WeightsRefused(
            f"The file holds {', '.join(list(tensors)[:3]) or 'nothing'} …, no encoder of VGG-19: "
            "features.0.weight, 0.weight or conv0.weight would be its first."
        )
    entered = _kernel(tensors, colours, (3, 3, 1, 1))
    return Weights(key, sha256, entered, _kernels(tensors, key, names, colours))


def _tensors(state: object) -> dict[str, Tensor]:
    """The state dict, if it is one."""
    if not isinstance(state, Mapping):
        raise WeightsRefused(f"The file holds a {type(state).__name__}, must be a state dict.")
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise WeightsRefused(f"The file's {name!r} is no tensor, it must be a state dict.")
    return dict(state)


def _kernels(
    tensors: dict[str, Tensor], key: str, names: list[str], colours: str | None = None
) -> dict[str, Kernel]:
    """The convolutions that are there, in order; refused when one of a deeper layer is missing."""
    kernels: dict[str, Kernel] = {}
    taken = {f"{colours}.weight", f"{colours}.bias"}
    count = 3
    for convolution, name in zip(CONVOLUTIONS, names, strict=True):
        if f"{name}.weight" not in tensors:
            break
        width = VARIANTS[key].widths[int(convolution[0]) - 1]
        if key == "vgg19_16x" and f"{names[1]}.weight" not in tensors:
            width = CONV11_ALONE
        kernel = _kernel(tensors, name, (width, count, 3, 3))
        if len(kernels) <= CONVOLUTIONS.index(DEEPEST):
            kernels[convolution] = kernel
        taken |= {f"{name}.weight", f"{name}.bias"}
        count = width
    left = [name for name in tensors if name not in taken and not _aside(name)]
    if left or not kernels:
        follows = names[(len(taken) - 2) // 2] if len(taken) < 2 * len(names) + 2 else "nothing"
        raise WeightsRefused(
            f"{left[0] if left else 'Nothing'} cannot follow in {VARIANTS[key].title}, "
            f"where {follows}.weight would be next."
        )
    return kernels


def _aside(name: str) -> bool:
    """Names of a classifier, and of maps to the widths of the network that was distilled."""
    return name.startswith("classifier.") or name.partition(".")[0].endswith("_aux")


def _kernel(tensors: dict[str, Tensor], name: str, shape: tuple[int, ...]) -> Kernel:
    parts: list[Any] = []
    for part, wanted in (("weight", shape), ("bias", shape[:1])):
        found = tensors.get(f"{name}.{part}")
        if found is None or tuple(found.shape) != wanted:
            came = "is missing" if found is None else f"is {'×'.join(map(str, found.shape))}"
            raise WeightsRefused(f"{name}.{part} {came}, must be {'×'.join(map(str, wanted))}.")
        if not found.is_floating_point() or not torch.isfinite(found).all():
            raise WeightsRefused(f"{name}.{part} has values that are no finite numbers.")
        parts.append(found.detach().to(torch.float32).contiguous())
    return parts[0], parts[1]


def _imagenet() -> Kernel:
    """torchvision's preprocessing as a 1×1 convolution."""
    mean, deviation = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_DEVIATION)
    return torch.diag(1 / deviation)[..., None, None], -mean / deviation

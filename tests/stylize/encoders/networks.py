"""Small state dicts with the names and shapes of the three known layouts, and files of them."""

import io
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from stylize.encoders.weights import Weights, read

REFERENCE = Path(__file__).parents[4] / "shared/data/weights"
ABSENT = "reference data is not here: trained weights of VGG-19"

# Told here once more, from the authors' files, not from the code: where a convolution is kept.
TORCHVISION = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28)
NORMALISED = (2, 5, 9, 12, 16, 19, 22, 25, 29, 32, 35, 38, 42)
DISTILLED = ("11", "12", "21", "22", "31", "32", "33", "34", "41", "42", "43", "44", "51")
WIDE = (64, 64, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512, 512)
NARROW = (16, 16, 32, 32, 64, 64, 64, 64, 128, 128, 128, 128, 128)
COLOURS = torch.tensor([[0.0, 0, 255], [0, 255, 0], [255, 0, 0]])[..., None, None]
MEAN_BGR = torch.tensor([103.939, 116.779, 123.68])


def torchvision(count: int = 3, prefix: str = "features.") -> dict[str, Tensor]:
    return _state([f"{prefix}{i}" for i in TORCHVISION[:count]], WIDE)


def normalised(count: int = 5) -> dict[str, Tensor]:
    first = {"0.weight": COLOURS.clone(), "0.bias": -MEAN_BGR}
    return first | _state([f"{i}" for i in NORMALISED[:count]], WIDE)


def distilled(count: int = 13) -> dict[str, Tensor]:
    first = {"conv0.weight": COLOURS.clone(), "conv0.bias": -MEAN_BGR}
    widths = NARROW if count > 1 else (24,)
    aside = {"conv11_aux.weight": torch.zeros(64, widths[0], 1, 1)}
    return first | _state([f"conv{i}" for i in DISTILLED[:count]], widths) | aside


def _state(names: list[str], widths: tuple[int, ...]) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    state, before = {}, 3
    for name, width in zip(names, widths, strict=False):
        weight = torch.randn((width, before, 3, 3), generator=generator)
        state[f"{name}.weight"] = weight * (2 / (9 * before)) ** 0.5
        state[f"{name}.bias"] = torch.zeros(width)
        before = width
    return state


def saved(state: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def loaded(state: Any) -> Weights:
    return read(io.BytesIO(saved(state)))

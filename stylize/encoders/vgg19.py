"""VGG-19 (Simonyan & Zisserman 2015): features of a network that learned to classify photographs.

Maximum pooling, as it was trained (Gatys et al. 2016 preferred the average). Odd sides are pooled
to half, rounded up, so that a map covers the whole picture; torchvision drops the last row.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from stylize.encoders.base import Layer, Role
from stylize.encoders.weights import Kernel, Weights

STYLE = ("1_1", "2_1", "3_1", "4_1", "5_1")  # Gatys et al. 2016, section 3
CONTENT = ("4_2",)  # the same
PATCH = ("3_1", "4_1")  # Li & Wand 2016
FEWEST_STEPS = 4  # of a map's short side: statistics of fewer positions tell of single objects


@dataclass(frozen=True, eq=False)
class Vgg19:
    """The encoders `vgg19`, `vgg19_normalised` and `vgg19_16x`; planes are the sRGB picture.

    The preprocessing is the weights' own. Of the distilled network these are its own narrow maps.

    Args:
        weights: on `device`.
        bf16: on CUDA, convolve in bfloat16; features are float32 all the same.
        blocks: at most this many; small pictures have fewer.
    """

    weights: Weights
    device: str
    bf16: bool = False
    blocks: int = 5

    @property
    def key(self) -> str:
        return self.weights.key

    def fitted(self, content: Tensor, style: Tensor) -> "Vgg19":
        """As deep as both pictures allow."""
        blocks = min(blocks_for(*content.shape[2:]), blocks_for(*style.shape[2:]), self.blocks)
        return replace(self, blocks=blocks)

    def layers(self, height: int, width: int) -> tuple[Layer, ...]:
        """`relu1_1`, `relu2_1`, `relu3_1`, `relu4_1`, `relu4_2`, `relu5_1`, as far as they go.

        Where the layer of a role is not there, because the picture is small or the weights end
        early, the deepest one has that role.
        """
        names = self._names(height, width)
        content = [name for name in CONTENT if name in names] or [names[-1]]
        patch = [name for name in PATCH if name in names] or [names[-1]]
        made = []
        for name in names:
            roles: set[Role] = {"style"} if name in STYLE else set()
            roles |= {"content"} if name in content else set()
            roles |= {"patch"} if name in patch else set()
            channels = len(self.weights.kernels[name][1])
            stride = 2 ** (int(name[0]) - 1)
            made.append(Layer(f"relu{name}", stride, channels, frozenset(roles)))
        return tuple(made)

    def _names(self, height: int, width: int) -> list[str]:
        blocks = min(self.blocks, blocks_for(height, width))
        there = (name for name in self.weights.kernels if name in STYLE + CONTENT)
        return [name for name in there if int(name[0]) <= blocks]

    def enter(self, images: Tensor) -> Tensor:
        """The pictures themselves."""
        return images

    def leave(self, planes: Tensor) -> Tensor:
        """The planes themselves."""
        return planes

    def encode(self, images: Tensor) -> dict[str, Tensor]:
        """`features` of sRGB pictures (B, 3, H, W)."""
        return self.features(images)

    def features(self, planes: Tensor) -> dict[str, Tensor]:
        """Maps after the ReLU, (B, C, ⌈H/stride⌉, ⌈W/stride⌉); float64 planes give float64."""
        wanted = self._names(*planes.shape[-2:])
        mirrored = self.weights.variant.padding == "mirrored"
        maps: dict[str, Tensor] = {}
        values = _convolved(planes, self.weights.first)
        with torch.autocast("cuda", torch.bfloat16, enabled=self.bf16 and planes.is_cuda):
            for name, kernel in self.weights.kernels.items():
                if name.endswith("_1") and name != "1_1":
                    values = functional.max_pool2d(values, 2, ceil_mode=True)
                padded = _mirrored(values) if mirrored else values
                values = torch.relu_(_convolved(padded, kernel, 0 if mirrored else 1))
                if name in wanted:
                    maps[f"relu{name}"] = values.to(planes.dtype)
                if name == wanted[-1]:
                    break
        return maps


def blocks_for(height: int, width: int) -> int:
    """Blocks whose maps have at least `FEWEST_STEPS` on the picture's short side; at least 1."""
    short = min(height, width)
    return max(1, len([block for block in range(5) if -(-short // 2**block) >= FEWEST_STEPS]))


def _convolved(values: Tensor, kernel: Kernel, zeros: int = 0) -> Tensor:
    weight, bias = (each.to(values.dtype) for each in kernel)
    return functional.conv2d(values, weight, bias, padding=zeros)


def _mirrored(maps: Tensor) -> Tensor:
    """One step of mirrored border; a side of 1 repeats. Torch's own is not exact twice on CUDA."""
    for axis in (-2, -1):
        count = maps.shape[axis]
        before = maps.narrow(axis, min(1, count - 1), 1)
        after = maps.narrow(axis, max(count - 2, 0), 1)
        maps = torch.cat([before, maps, after], axis)
    return maps

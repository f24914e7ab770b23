"""The style at other sizes: the width of its strokes as a control (Jing et al. 2018)."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from stylize.losses.base import Features, Loss, Prepare, Sight
from stylize.losses.gram import covariance
from stylize.losses.layers import maps_of
from stylize.losses.moments import relative_error


def at_longest(images: Tensor, longest: float) -> Tensor:
    """Resize planes (B, C, H, W) bicubically so that the longer side is `longest` px; unclipped."""
    factor = max(images.shape[2:]) / longest
    size = [max(1, round(side / factor)) for side in images.shape[2:]]
    if size == list(images.shape[2:]):
        return images
    return functional.interpolate(images, size=size, mode="bicubic", antialias=factor > 1)


def mixed(targets: Sequence[Sequence[Tensor]], control: float) -> list[Tensor]:
    """Statistics between those of the branches.

    Args:
        targets: per branch its statistics, of equal shapes.
        control: 0 is the first branch, 1 the second ...; between them linear (their section 4.3).

    Raises:
        ValueError: when there is no such branch.
    """
    _check(control, len(targets))
    low = min(int(control), max(0, len(targets) - 2))
    share = control - low
    if share == 0:
        return list(targets[low])
    pairs = zip(targets[low], targets[low + 1], strict=True)
    return [torch.lerp(one, other, share) for one, other in pairs]


def stroke(ratios: Sequence[float], control: float) -> Prepare:
    """Row 14: the style's statistics at the sizes `ratios`, mixed as `control` says.

    Args:
        ratios: the style's longer side at each branch, in longer sides of the content.
        control: see `mixed`.

    Returns:
        Relative error of means and covariances of the layers that the style has at the sizes mixed.
    """

    _check(control, len(ratios))
    low, share = int(control), control % 1
    used = ratios[low : low + 2] if share else ratios[low : low + 1]

    def prepare(sight: Sight) -> Loss:
        longest = max(sight.content.shape[2:])
        with torch.no_grad():
            sizes = [at_longest(sight.style, max(1.0, ratio * longest)) for ratio in used]
            found = [sight.encoder.features(planes) for planes in sizes]
        layers = [name for name in sight.layers("style") if all(name in each for each in found)]
        wanted = mixed([_statistics(each, layers) for each in found], share)
        return lambda planes, features: relative_error(_statistics(features, layers), wanted)

    return prepare


def _check(control: float, branches: int) -> None:
    if not 0 <= control <= branches - 1:
        raise ValueError(f"control: came {control}, must be from 0 to {branches - 1}")


def _statistics(features: Features, layers: Sequence[str]) -> list[Tensor]:
    maps = maps_of(features, layers)
    return [covariance(each) for each in maps] + [each.mean((1, 2)) for each in maps]

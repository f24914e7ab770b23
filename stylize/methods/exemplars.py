"""Song, Bao, He, Yang & Yang 2017, Stylizing Face Images via Multiple Exemplars.

Every patch of the content takes the local energy of that exemplar which suits it and agrees with
its neighbours' (a Markov random field); energies move on Laplacian stacks (Shih, Paris, Barnes,
Freeman & Durand 2014), whose gains an edge-preserving filter rids of patch borders. Of the 2017
paper only abstract and introduction were at hand: patch sizes, costs and the filter's settings
are ours. Instead of face landmarks, an exemplar is aligned by a dense field over the encoder's
features, or by its centre alone.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from stylize import encoders
from stylize.encoders.base import Encoder, names
from stylize.losses.loop import recoloured
from stylize.methods.base import Method, Needs
from stylize.record import Citation, Run, parameter
from stylize.solvers import belief, patchmatch
from stylize.solvers.blur import blurred
from stylize.solvers.colour import from_cielab, to_cielab
from stylize.solvers.guided import guided
from stylize.solvers.local_energy import energies_of, levels_for, stack

PATCH = 1 / 16  # side of a patch, of the longer side: 32 px of 512; they overlap by half
LIKELIER = 0.1  # λ, of the median data cost
RADIUS, EPSILON = 8, 0.01**2  # of the guided filter
MATCHES = 5  # iterations of PatchMatch
SEARCHED = 48  # px: the features' grid on which exemplars are aligned has no longer side
VECTOR = 32


@dataclass(frozen=True)
class Parameters:
    """Constants of Shih et al. 2014 as in code that credits them, where nothing else is said."""

    mode: str = parameter(
        "mrf", choices=("mrf", "average", "single"),
        help="Patches choose among the exemplars, or all are averaged, or the best one is taken.",
    )  # fmt: skip
    alignment: str = parameter(
        "matching", choices=("matching", "centred"),
        help="Exemplars are matched by features, or laid over the content centred.",
    )  # fmt: skip
    levels: int = parameter(6, low=1, high=8, help="Of the stack; small pictures have fewer.")
    smoothness: float = parameter(
        1.0, low=0.0, high=1e4, help="Of the choice among exemplars; 1 is ours."
    )
    least_gain: float = parameter(
        0.9, low=0.0, high=1.0, help="θ_l; 0.9 hardly ever takes contrast away."
    )
    most_gain: float = parameter(2.8, low=1.0, high=10.0, help="θ_h: noise is not blown up.")
    spread: float = parameter(3.0, low=0.0, high=10.0, help="β: blur of the gains, of a level's.")
    smallest: float = parameter(
        0.01, low=1e-7, high=1.0, help="Root of ε: contrast that counts as none."
    )
    clean: bool = parameter(True, help="Filter the gains along the content's edges.")


@dataclass(frozen=True)
class Energies:
    """What is taken of an exemplar, at the content's size.

    Args:
        levels: per level of the stack the local energy (1, 3, H, W).
        residual: (1, 3, H, W).
    """

    levels: list[Tensor]
    residual: Tensor


def stylize(contents: Tensor, styles: Tensor, parameters: Parameters, run: Run) -> Tensor:
    """The contents with the exemplars' local contrast and colours, (B, 3, H, W), unclipped."""
    more = [torch.from_numpy(each)[None].to(contents.device) for each in run.guides.exemplars]
    results = []
    for index in range(len(contents)):
        part = run.part(index / len(contents), (index + 1) / len(contents))
        content = contents[index : index + 1]
        exemplars = [centred(each, content) for each in (styles[index : index + 1], *more)]
        results.append(_stylized(content, exemplars, parameters, part))
    return torch.cat(results)


def _stylized(content: Tensor, exemplars: list[Tensor], parameters: Parameters, run: Run) -> Tensor:
    encoder = encoders.get(run.encoder, run.device).fitted(content, torch.cat(exemplars, 3))
    levels = levels_for(content, parameters.levels)
    fields = []
    for number, exemplar in enumerate(exemplars):
        fields.append(_aligned(encoder, content, exemplar, parameters.alignment, run.seed))
        run.progress(0.8 * (number + 1) / len(exemplars))
    costs = data_costs(encoder, content, exemplars, fields)
    weights = _weights(costs, exemplars, fields, parameters)  # (K, 1, 1, H, W)
    taken = [
        _energies(exemplar, field, levels)
        for exemplar, field in zip(exemplars, fields, strict=True)
    ]
    mixed = Energies(
        [_mixed([each.levels[level] for each in taken], weights) for level in range(levels)],
        _mixed([each.residual for each in taken], weights),
    )
    return transferred(content, mixed, parameters)


def centred(exemplar: Tensor, content: Tensor) -> Tensor:
    """The exemplar scaled until it covers the content's frame, cut alike on both sides.

    Args:
        exemplar, content: (1, 3, h, w) and (1, 3, H, W) in [0, 1].
    """
    height, width = content.shape[2:]
    scale = max(height / exemplar.shape[2], width / exemplar.shape[3])
    if scale != 1:
        size = [
            max(frame, round(side * scale))
            for side, frame in zip(exemplar.shape[2:], (height, width), strict=True)
        ]
        exemplar = functional.interpolate(exemplar, size=size, mode="bicubic", antialias=True)
    top, left = (exemplar.shape[2] - height) // 2, (exemplar.shape[3] - width) // 2
    return exemplar[..., top : top + height, left : left + width].clamp(0, 1)


def transferred(content: Tensor, wanted: Energies, parameters: Parameters) -> Tensor:
    """The content with the wanted local energies and residual (Shih et al. 2014, section 4).

    Args:
        content: (1, 3, H, W) sRGB.
        wanted: of CIELAB divided by 100.
    """
    layers, residual = stack(_lab(content), len(wanted.levels))
    # A moved residual has seams where the field has; only its smooth change is taken.
    result = residual + blurred(wanted.residual - residual, 2.0 ** (len(layers) - 1))
    for layer, gain in zip(layers, gains(content, layers, wanted, parameters), strict=True):
        result = result + layer * gain
    return from_cielab(100 * result).to(content.dtype)


def gains(
    content: Tensor, layers: list[Tensor], wanted: Energies, parameters: Parameters
) -> list[Tensor]:
    """By which each level is multiplied, (1, 3, H, W) within the two bounds."""
    found = []
    energies = energies_of(layers)
    for level, (own, other) in enumerate(zip(energies, wanted.levels, strict=True)):
        gain = (other / (own + parameters.smallest**2)).sqrt()
        gain = gain.clamp(parameters.least_gain, parameters.most_gain)
        if parameters.spread > 0:
            # An eighth of the picture is as far as a gain may reach.
            gain = blurred(gain, min(parameters.spread * 2.0**level, min(content.shape[2:]) / 8))
        if parameters.clean:
            gain = guided(gain[0], content[0], RADIUS, EPSILON)[None]
        found.append(gain.clamp(parameters.least_gain, parameters.most_gain))
    return found


def _lab(images: Tensor) -> Tensor:
    return to_cielab(images.double()) / 100


def _energies(exemplar: Tensor, field: Tensor, levels: int) -> Energies:
    layers, residual = stack(_lab(exemplar), levels)
    # Energies are moved, not the picture: seams of a moved picture would count as energy.
    moved = [_moved(each, field) for each in energies_of(layers)]
    return Energies(moved, _moved(residual, field))


def _moved(maps: Tensor, field: Tensor) -> Tensor:
    return patchmatch.warped(maps[0].permute(1, 2, 0), field).permute(2, 0, 1)[None]


def _mixed(maps: list[Tensor], weights: Tensor) -> Tensor:
    return (weights * torch.stack(maps)).sum(0)


def _aligned(
    encoder: Encoder, content: Tensor, exemplar: Tensor, alignment: str, seed: int
) -> Tensor:
    """For every pixel of the content one of the exemplar, (H, W, 2)."""
    size = content.shape[2], content.shape[3]
    if alignment == "centred":
        return patchmatch.linear_field(size, size, str(content.device))
    own, step = _features(encoder, recoloured(encoder, content, exemplar))
    other, _ = _features(encoder, exemplar)
    vectors = [patchmatch.patches(maps, 3) for maps in (own, other)]
    first, second = patchmatch.compressed(vectors[0], vectors[1], VECTOR)
    grid = own.shape[1], own.shape[2]
    start = patchmatch.linear_field(grid, grid, str(content.device))
    generator = torch.Generator().manual_seed(seed)
    field, _ = patchmatch.patchmatch(first, second, start, max(grid), MATCHES, generator)
    return patchmatch.enlarged(field, size, size, step)


def _features(encoder: Encoder, image: Tensor) -> tuple[Tensor, int]:
    """Normalised features (C, h, w) of the finest style layer that is small enough, its stride.

    The colours take part: the pyramid's bands have none.
    """
    height, width = image.shape[2:]
    planes = encoder.enter(image)
    style = names(encoder, "style", height, width)
    layers = [each for each in encoder.layers(height, width) if each.name in style]
    small = [each for each in layers if max(height, width) <= SEARCHED * each.stride]
    chosen = small[0] if small else layers[-1]
    maps = encoder.features(planes)[chosen.name][0]
    colours = functional.adaptive_avg_pool2d(planes, (maps.shape[1], maps.shape[2]))[0]
    return torch.cat([maps / (maps.norm(dim=0) + 1e-8), colours]), chosen.stride


def data_costs(
    encoder: Encoder, content: Tensor, exemplars: list[Tensor], fields: list[Tensor]
) -> Tensor:
    """How much each aligned exemplar's features differ from the content's, (K, R, C) patches."""
    found = []
    for exemplar, field in zip(exemplars, fields, strict=True):
        own, _ = _features(encoder, recoloured(encoder, content, exemplar))
        other, _ = _features(encoder, exemplar)
        moved = functional.interpolate(other[None], size=field.shape[:2], mode="nearest")
        here = functional.interpolate(own[None], size=field.shape[:2], mode="nearest")
        error = (_moved(moved, field) - here).square().sum(1, keepdim=True)
        found.append(_per_patch(error)[0, 0])
    return torch.stack(found)


def chosen(costs: Tensor, pictures: list[Tensor], parameters: Parameters) -> Tensor:
    """The number of an exemplar for every patch, (R, C) int64.

    Args:
        costs: (K, R, C), from `data_costs`.
        pictures: aligned exemplars (1, 3, H, W); where neighbours choose differently, they should
            at least look alike around their common border.
    """
    if parameters.mode == "single":
        return torch.full_like(costs[0], int(costs.sum((1, 2)).argmin()), dtype=torch.int64)
    unit = LIKELIER * float(costs.median()) * parameters.smoothness
    count = len(pictures)
    apart = [
        [_per_cell((one - other).square().sum(1, keepdim=True))[0, 0] for other in pictures]
        for one in pictures
    ]
    differences = torch.stack([torch.stack(row) for row in apart]).permute(2, 3, 0, 1)
    differences = differences / differences.mean().clamp(min=1e-12)
    change = 1 - torch.eye(count, device=costs.device)
    disagreement = (unit * (change + differences)).double().cpu().numpy()
    right = (disagreement[:, :-1] + disagreement[:, 1:]) / 2
    down = (disagreement[:-1] + disagreement[1:]) / 2
    data = costs.permute(1, 2, 0).double().cpu().numpy()
    return torch.from_numpy(belief.labelled(data, right, down)).to(costs.device)


def _weights(
    costs: Tensor, exemplars: list[Tensor], fields: list[Tensor], parameters: Parameters
) -> Tensor:
    """The share of every exemplar at every pixel, (K, 1, 1, H, W); they sum to 1."""
    height, width = exemplars[0].shape[2:]
    if parameters.mode == "average":
        return torch.full((len(exemplars), 1, 1, height, width), 1 / len(exemplars)).to(costs)
    pictures = [_moved(each, field) for each, field in zip(exemplars, fields, strict=True)]
    labels = functional.one_hot(chosen(costs, pictures, parameters), len(exemplars))
    # Between the centres of overlapping patches a tent: that is linear interpolation.
    step = step_for(height, width)
    size = labels.shape[0] * step, labels.shape[1] * step
    shares = functional.interpolate(
        labels.permute(2, 0, 1)[:, None].to(costs.dtype), size=size, mode="bilinear"
    )
    return shares[:, :, None, :height, :width]


def step_for(height: int, width: int) -> int:
    """Distance of the patches, half their side, in px."""
    return max(2, round(PATCH * max(height, width) / 2))


def _per_cell(maps: Tensor) -> Tensor:
    """Means over the cells between the patches' centres, (1, 1, R, C)."""
    step = step_for(maps.shape[2], maps.shape[3])
    return functional.avg_pool2d(maps, step, ceil_mode=True)


def _per_patch(maps: Tensor) -> Tensor:
    """Means over patches of two cells' side around every cell's centre, (1, 1, R, C)."""
    cells = _per_cell(maps)
    wide = functional.interpolate(cells, scale_factor=2.0, mode="nearest")
    padded = functional.pad(wide, (1, 1, 1, 1), mode="replicate")
    return functional.avg_pool2d(padded, 4, 2)


METHOD = Method(
    key="exemplars",
    title="Several exemplars",
    citation=Citation(
        authors=("Yibing Song", "Linchao Bao", "Shengfeng He", "Qingxiong Yang", "Ming-Hsuan Yang"),
        year=2017,
        title="Stylizing Face Images via Multiple Exemplars",
        venue="arXiv",
        identifier="arXiv:1708.08288",
    ),
    parameters=Parameters,
    stylize=stylize,
    needs=Needs(encoder=True, styles=8),
    summary="Patches take light, colour and local contrast from the exemplar that suits them.",
)

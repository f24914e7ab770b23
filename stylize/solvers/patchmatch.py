"""Dense correspondence: for every position of one grid a similar vector of another grid.

PatchMatch (Barnes, Shechtman, Finkelstein & Goldman 2009) in whole-array steps: matches spread
from neighbours at distances 8, 4, 2, 1 (the jump flooding of Liao et al. 2017's code, whose
threads race; here every step is the same on every machine), then random search.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

JUMPS = (8, 4, 2, 1)
SAMPLES = 20000  # vectors from which principal axes are learned


def patches(maps: Tensor, size: int) -> Tensor:
    """The vectors of all patches; beyond the borders the outermost values go on.

    Args:
        maps: (C, h, w).
        size: side of a patch, odd.

    Returns:
        (h, w, C·size²), scaled so that a squared distance is the mean over a patch's pixels.
    """
    count, height, width = maps.shape
    reach = size // 2
    padded = functional.pad(maps[None], (reach,) * 4, mode="replicate")
    columns = functional.unfold(padded, size)[0]
    return columns.T.reshape(height, width, count * size**2) / size


def compressed(first: Tensor, second: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Both clouds on the `count` principal axes of their union; distances shrink, never grow.

    Args:
        first, second: (h, w, D) and (H, W, D).

    Returns:
        (h, w, min(count, D)) and (H, W, min(count, D)); unchanged when D is no more.
    """
    if first.shape[-1] <= count:
        return first, second
    cloud = torch.cat([_sampled(first), _sampled(second)]).double()
    centred = cloud - cloud.mean(0)
    axes = torch.linalg.eigh(centred.T @ centred).eigenvectors[:, -count:].to(first.dtype)
    return first @ axes, second @ axes


def _sampled(vectors: Tensor) -> Tensor:
    flat = vectors.flatten(0, 1)
    return flat[:: -(-len(flat) // SAMPLES)]


def linear_field(size: tuple[int, int], other: tuple[int, int], device: str = "cpu") -> Tensor:
    """The field that scales coordinates: identity when both sizes are equal.

    Args:
        size, other: (height, width) of the grid that is matched and of the one that is searched.

    Returns:
        (h, w, 2) int64: row and column in the other grid.
    """
    places = [
        ((torch.arange(own, device=device) + 0.5) * there / own).long()
        for own, there in zip(size, other, strict=True)
    ]
    return torch.stack(torch.meshgrid(*places, indexing="ij"), -1)


def enlarged(field: Tensor, size: tuple[int, int], other: tuple[int, int], step: int) -> Tensor:
    """A field for grids that are finer by `step`: a match and its neighbours move as a block.

    Args:
        field: (h, w, 2).
        size, other: (height, width) of the finer grids, at most `step` times the coarse ones.
        step: 1 or more.

    Returns:
        (height, width, 2), within `other`.
    """
    positions = linear_field(size, size, str(field.device))
    coarse = positions // step
    matches = field[coarse[..., 0], coarse[..., 1]] * step + positions % step
    return _bounded(matches, *other)


def _bounded(field: Tensor, height: int, width: int) -> Tensor:
    return torch.stack([field[..., 0].clamp(0, height - 1), field[..., 1].clamp(0, width - 1)], -1)


def distances(vectors: Tensor, others: Tensor, field: Tensor) -> Tensor:
    """Half the squared distance of every vector to its match, (h, w).

    Args:
        vectors, others: (h, w, D) and (H, W, D).
        field: (h, w, 2).
    """
    return 0.5 * (vectors - warped(others, field)).square().sum(-1)


def warped(values: Tensor, field: Tensor) -> Tensor:
    """The values (H, W, D) at the matches (h, w, 2): (h, w, D)."""
    flat = (field[..., 0] * values.shape[1] + field[..., 1]).flatten()
    # index_select copies whole rows: three times as fast as indexing by two tensors.
    return values.flatten(0, 1).index_select(0, flat).reshape(*field.shape[:-1], values.shape[-1])


def patchmatch(
    vectors: Tensor,
    others: Tensor,
    start: Tensor,
    radius: int,
    iterations: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Improve a field of matches; no position ever gets a worse match.

    Args:
        vectors: (h, w, D), one per position.
        others: (H, W, D), among which matches are searched.
        start: (h, w, 2) int64, clamped into the grid.
        radius: of the random search, at least 1; halved down to 1 in every iteration.
        iterations: 0 keeps the start.
        generator: on the CPU, so that every device draws alike.

    Returns:
        The field (h, w, 2) int64 and its distances (h, w).

    Raises:
        ValueError: when the vectors differ in length, the start in size, or `radius` is below 1.
    """
    if vectors.shape[-1] != others.shape[-1]:
        raise ValueError(
            f"others: vectors of {others.shape[-1]}, must be of {vectors.shape[-1]} as the first"
        )
    if start.shape != (*vectors.shape[:2], 2):
        raise ValueError(
            f"start: shape {tuple(start.shape)}, must be {(*vectors.shape[:2], 2)}: two per vector"
        )
    if radius < 1:
        raise ValueError(f"radius: came {radius}, must be at least 1")
    search = _Search(vectors, others, _bounded(start, *others.shape[:2]))
    for _ in range(iterations):
        for jump in JUMPS:
            for step in ((0, jump), (0, -jump), (jump, 0), (-jump, 0)):
                search.propagate(step)
        reach = radius
        while reach >= 1:
            drawn = torch.randint(-reach, reach + 1, start.shape, generator=generator)
            search.offer(search.field + drawn.to(start.device))
            reach //= 2
    return search.field, search.best.reshape(vectors.shape[:2])


@dataclass
class _Search:
    """The best field so far."""

    vectors: Tensor
    others: Tensor
    field: Tensor

    def __post_init__(self) -> None:
        size = self.vectors.shape[:2]
        self.positions = linear_field(
            (size[0], size[1]), (size[0], size[1]), str(self.field.device)
        )
        self.best = distances(self.vectors, self.others, self.field).flatten()

    def propagate(self, step: tuple[int, int]) -> None:
        """Offer everybody the match of the neighbour at `step`, moved back by the step."""
        shift = torch.tensor(step, device=self.field.device)
        neighbours = _bounded(self.positions + shift, *self.vectors.shape[:2])
        self.offer(warped(self.field, neighbours) - (neighbours - self.positions))

    def offer(self, candidates: Tensor) -> None:
        """Take the candidates (h, w, 2) where they are nearer."""
        bounded = _bounded(candidates, *self.others.shape[:2]).reshape(-1, 2)
        field = self.field.reshape(-1, 2)
        # Most neighbours agree after a few iterations: what is known is not computed again.
        new = (bounded != field).any(1).nonzero()[:, 0]
        places = bounded.index_select(0, new)
        own = self.vectors.flatten(0, 1).index_select(0, new)
        found = 0.5 * (own - warped(self.others, places)).square_().sum(1)
        nearer = found < self.best[new]
        taken = new[nearer]
        field = field.clone()
        field[taken] = places[nearer]
        self.best[taken] = found[nearer]
        self.field = field.reshape(self.field.shape)


def voted(values: Tensor, field: Tensor, size: int) -> Tensor:
    """Every position is the mean of what the overlapping patches around it bring.

    Args:
        values: (H, W, D), the picture or maps that are copied from.
        field: (h, w, 2).
        size: side of a patch, odd.

    Returns:
        (h, w, D), within the range of `values`.
    """
    height, width = field.shape[:2]
    positions = linear_field((height, width), (height, width), str(field.device))
    total = torch.zeros(height, width, values.shape[-1], dtype=values.dtype, device=values.device)
    reach = size // 2
    for down in range(-reach, reach + 1):
        for across in range(-reach, reach + 1):
            shift = torch.tensor((down, across), device=field.device)
            neighbours = _bounded(positions + shift, height, width)
            matches = warped(field, neighbours) - (neighbours - positions)
            total += warped(values, _bounded(matches, *values.shape[:2]))
    return total / size**2

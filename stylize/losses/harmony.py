"""What Deep Painterly Harmonization compares (Luan, Paris, Shechtman & Bala 2018).

An element in a painting is held against those parts of the painting that its features match.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from stylize.losses.base import Features, Loss
from stylize.losses.moments import relative_error
from stylize.solvers.patchmatch import linear_field, patches, warped

CHUNK = 512  # patches whose correlations with the whole painting are held at once
PATCH = 3
SMALLEST_NORM = 1e-8
COHERENT = 2  # neighbours to either side that propose matches: 5 × 5
FAINTEST = 0.1  # of a gradient at a distorted picture: a smaller one is not blown up further


def matched(maps: Tensor, painting: Tensor, inside: Tensor) -> Tensor:
    """Pass 1: for every patch inside the painting's patch of highest normalised correlation.

    Args:
        maps, painting: features (C, h, w) of one layer.
        inside: (h, w) bool.

    Returns:
        (h, w, 2) int64: row and column; the position itself where nothing is matched.
    """
    height, width = maps.shape[1:]
    result = linear_field((height, width), (height, width), str(maps.device)).clone()
    wanted = patches(maps, PATCH)[inside]
    offered = patches(painting, PATCH).flatten(0, 1)
    offered = offered / (offered.norm(dim=1, keepdim=True) + SMALLEST_NORM)
    best = [(rows @ offered.T).argmax(1) for rows in torch.split(wanted, CHUNK)]
    if best:
        places = torch.cat(best)
        result[inside] = torch.stack([places // width, places % width], 1)
    return result


def coherent(matches: Tensor, painting: Tensor, inside: Tensor) -> Tensor:
    """Pass 2: of the matches that the neighbours propose, the one that looks as they do.

    A neighbour proposes its own match, moved back by the step to it; a proposal costs the squared
    difference, in the painting, between its surroundings and the matches of the neighbours.

    Args:
        matches: (h, w, 2).
        painting: (3, h, w) colours, reduced to the layer's grid.
        inside: (h, w) bool; other positions keep their match.

    Returns:
        (h, w, 2).
    """
    height, width = matches.shape[:2]
    places = linear_field((height, width), (height, width), str(matches.device))
    most = torch.tensor((height - 1, width - 1), device=matches.device)
    colours = painting.permute(1, 2, 0)
    steps = [
        torch.tensor((down, across), device=matches.device)
        for down in range(-COHERENT, COHERENT + 1)
        for across in range(-COHERENT, COHERENT + 1)
    ]
    # A neighbour beyond the border is the last one within; the step to it is then shorter.
    neighbours = [(places + step).clamp(min=0).minimum(most) for step in steps]
    proposed = [warped(matches, each) for each in neighbours]
    moves = [each - places for each in neighbours]
    best, cheapest = matches, torch.full((height, width), torch.inf, device=matches.device)
    # The own match comes first: on a tie it stays.
    order = sorted(range(len(steps)), key=lambda number: int(steps[number].abs().sum()))
    for number in order:
        offer = (proposed[number] - moves[number]).clamp(min=0).minimum(most)
        cost = torch.zeros_like(cheapest)
        for other, move in zip(proposed, moves, strict=True):
            around = (offer + move).clamp(min=0).minimum(most)
            cost += (warped(colours, around) - warped(colours, other)).square().sum(-1)
        better = inside & (cost < cheapest)
        cheapest = torch.where(better, cost, cheapest)
        best = torch.where(better[..., None], offer, best)
    return best


def style_set(matches: Tensor, inside: Tensor) -> Tensor:
    """The painting's positions that are matches, dilated by one; each once. (h, w) bool."""
    chosen = torch.zeros(inside.shape, device=inside.device)
    places = matches[inside]
    chosen[places[:, 0], places[:, 1]] = 1
    return functional.max_pool2d(chosen[None, None], 3, 1, 1)[0, 0] > 0


def moments_of(vectors: Tensor) -> list[Tensor]:
    """Covariance (C, C) and mean (C,) of vectors (C, N)."""
    mean = vectors.mean(1)
    centred = vectors - mean[:, None]
    return [centred @ centred.T / vectors.shape[1], mean]


def moment_loss(vectors: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
    """Relative error of the moments of vectors (C, N) per layer against those of the targets.

    The centred moments of this library instead of the paper's Gram matrix; the numbers of
    vectors may differ.
    """
    found = [moment for each in vectors for moment in moments_of(each)]
    return relative_error(found, [moment for each in targets for moment in moments_of(each)])


@dataclass
class UnitGradients:
    """A weighted sum of losses whose gradients are first scaled to length 1, as in the code.

    The authors rescale at every evaluation, which leaves a line search without an energy; here
    the scales stand still until `renew`.

    Args:
        terms: per name a weight and a loss.
        look: from the variable to the planes and features that the losses are of.
        distorted: a variable where every loss has a gradient; one that is below a tenth of the
            gradient there is scaled as if it were a tenth, so that what is met is not blown up.
    """

    terms: dict[str, tuple[float, Loss]]
    look: Callable[[Tensor], tuple[Tensor, Features]]
    distorted: Tensor
    scales: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.references = self._norms(self.distorted)

    def renew(self, variable: Tensor) -> None:
        """Take the gradients' lengths at `variable`."""
        for name, norm in self._norms(variable).items():
            least = max(norm, FAINTEST * self.references[name])
            self.scales[name] = 1 / least if least > 0 else 0.0

    def __call__(self, variable: Tensor) -> Tensor:
        """The sum at `variable`, after `renew`."""
        seen = self.look(variable)
        values = [
            weight * self.scales[name] * loss(*seen) for name, (weight, loss) in self.terms.items()
        ]
        return torch.stack(values).sum()

    def _norms(self, variable: Tensor) -> dict[str, float]:
        place = variable.detach().clone().requires_grad_()
        seen = self.look(place)
        return {
            name: float(torch.autograd.grad(loss(*seen), place, retain_graph=True)[0].norm())
            for name, (_, loss) in self.terms.items()
        }

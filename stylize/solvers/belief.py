"""Labels on a grid that agree with their data and with their neighbours: min-sum belief propagation.

A Markov random field with 4 neighbours (Felzenszwalb & Huttenlocher 2006 for the messages).
"""

import numpy as np
from numpy.typing import NDArray

Costs = NDArray[np.float64]
Labelling = NDArray[np.int64]


def energy(labels: Labelling, data: Costs, right: Costs, down: Costs) -> float:
    """The sum of all costs of a labelling; arguments as in `labelled`."""
    rows, columns = np.mgrid[: labels.shape[0], : labels.shape[1]]
    total = data[rows, columns, labels].sum()
    total += right[rows[:, :-1], columns[:, :-1], labels[:, :-1], labels[:, 1:]].sum()
    return float(total + down[rows[:-1], columns[:-1], labels[:-1], labels[1:]].sum())


def labelled(data: Costs, right: Costs, down: Costs, iterations: int = 30) -> Labelling:
    """The labelling of least energy that min-sum belief propagation meets.

    On a grid the messages need not settle, so every iteration's labelling is weighed, as are those
    with a single label and the one that ignores all neighbours; the best of all is returned.

    Args:
        data: (R, C, K), cost of each of K labels at each cell.
        right: (R, C - 1, K, K), cost of a label beside the label of the right neighbour.
        down: (R - 1, C, K, K), likewise for the lower neighbour.
        iterations: in each all messages are sent once.

    Returns:
        (R, C) int64 in 0..K-1; on ties the lower label.

    Raises:
        ValueError: when the shapes do not fit.
    """
    rows, columns, count = data.shape
    for name, costs, shape in (
        ("right", right, (rows, columns - 1, count, count)),
        ("down", down, (rows - 1, columns, count, count)),
    ):
        if costs.shape != shape:
            raise ValueError(f"{name}: shape {costs.shape}, must be {shape}")
    best: Labelling = data.argmin(2)
    least = energy(best, data, right, down)
    for label in range(count):
        best, least = _better(np.full((rows, columns), label), best, least, data, right, down)
    # Messages into a cell from its left, right, upper and lower neighbour.
    messages = np.zeros((4, rows, columns, count))
    for _ in range(iterations):
        belief = data + messages.sum(0)
        sent = np.zeros_like(messages)
        sent[0, :, 1:] = _sent((belief - messages[1])[:, :-1], right)
        sent[1, :, :-1] = _sent((belief - messages[0])[:, 1:], right.swapaxes(2, 3))
        sent[2, 1:] = _sent((belief - messages[3])[:-1], down)
        sent[3, :-1] = _sent((belief - messages[2])[1:], down.swapaxes(2, 3))
        messages = sent
        found = (data + messages.sum(0)).argmin(2)
        best, least = _better(found, best, least, data, right, down)
    return best


def _better(
    labels: Labelling, best: Labelling, least: float, data: Costs, right: Costs, down: Costs
) -> tuple[Labelling, float]:
    found = energy(labels, data, right, down)
    return (labels, found) if found < least else (best, least)


def _sent(belief: Costs, pairwise: Costs) -> Costs:
    """The least cost of each label of the receiver, over the sender's labels; its minimum is 0."""
    costs: Costs = (belief[..., :, None] + pairwise).min(-2)
    settled: Costs = costs - costs.min(-1, keepdims=True)
    return settled

"""Spatial guidance (Gatys et al. 2017, section 4): the statistics of a region come from its pair's."""

import math

from stylize.losses.regions import Region, dropped, regions
from stylize.record import Run
from stylize.solvers.recolour import Masks


def paired(run: Run) -> list[Region] | None:
    """The regions of the run's masks, None without masks; labels left out are noted."""
    if run.guides.content_labels is None:
        return None
    if left := dropped(run.guides):
        names = ", ".join(str(label) for label in left)
        run.notes.append(f"The style's mask lacks these labels, the content stays there: {names}.")
    return regions(run.guides, run.device)


def paired_masks(run: Run) -> Masks | None:
    """`paired`, as transfers of colour take it."""
    found = paired(run)
    return None if found is None else [(each.content > 0, each.style > 0) for each in found]


def shares(weights: str, count: int) -> list[float]:
    """Weights of several styles with sum 1.

    Args:
        weights: numbers of at least 0, one per style, with commas between; empty: all equal.
        count: of the styles.

    Raises:
        ValueError: naming `style_weights`.
    """
    if not weights.strip():
        return [1 / count] * count
    wanted = f"must be {count} numbers of at least 0 with commas between, not all 0"
    try:
        values = [float(each) for each in weights.split(",")]
    except ValueError:
        raise ValueError(f"style_weights: came {weights!r}, {wanted}") from None
    if len(values) != count or not all(0 <= each < math.inf for each in values) or not any(values):
        raise ValueError(f"style_weights: came {weights!r}, {wanted}")
    return [each / sum(values) for each in values]

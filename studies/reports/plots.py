"""Figures as SVG text: the same bytes from the same numbers, readable in print and colour-blind safe."""

import io
import re
from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np

from studies.analysis.result import Item, Ranking

# Replaced by the page's own text colour where a figure is set into a page (see `inline`).
INK = "#1d1b18"
RULE = "#9a9488"
MARK = "#0072b2"  # Okabe & Ito's blue and vermilion
FEW = "#d55e00"
WIDTH = 4.8  # inches: on a phone the type is still about 10 px
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "paragone",
    "font.family": "sans-serif",
    "font.size": 10.0,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.parse_math": False,
    "axes.formatter.use_mathtext": False,
}
_LOCK = Lock()  # matplotlib's settings belong to the process, its threads share them
# Names of groups, which several figures on one page would have in common.
_GROUP_ID = re.compile(r' id="[A-Za-z0-9.]+_\d+"')


def forest(items: Sequence[Item], *, logits: bool) -> str:
    """Estimates with their 95 % intervals, best on top.

    Args:
        items: in rank order, each with estimate, low and high.
        logits: log-odds (a second axis gives win probabilities); otherwise standard deviations.
    """
    return _drawn(lambda figure: _forest(figure, items, logits), 1.25 + 0.34 * len(items))


def win_matrix(ranking: Ranking, *, ranked: bool = True) -> str:
    """How often the row was preferred to the column: shares as colour, counts as numbers.

    Args:
        ranking: its pairs are drawn.
        ranked: best first; False keeps the study's order, where no ranking can be given.
    """
    shown = ranking.ranked() if ranked else ranking.items
    order = [ranking.items.index(item) for item in shown]
    wins = np.array(ranking.pairs, dtype=np.float64)[np.ix_(order, order)]
    names = [item.name for item in shown]
    return _drawn(lambda figure: _matrix(figure, names, wins), 1.1 + 0.46 * len(names))


def progress(counts: Sequence[int], label: str) -> str:
    """Cumulated answers by day, small."""
    return _drawn(lambda figure: _progress(figure, counts, label), 1.7)


def inline(svg: str) -> str:
    """For a page: no XML head, ink and marks in the page's own colours."""
    body = svg[svg.index("<svg") :]
    return body.replace(INK, "currentColor").replace(MARK, f"var(--plot-mark, {MARK})")


def _forest(figure: Any, items: Sequence[Item], logits: bool) -> None:
    axes = figure.add_subplot()
    rows = np.arange(len(items))[::-1]
    axes.axvline(0.0, color=RULE, linewidth=0.8, dashes=(4, 3))
    for row, item in zip(rows, items, strict=True):
        colour = FEW if item.few_reversals else MARK
        axes.plot([item.low, item.high], [row, row], color=colour, linewidth=2.2)
        face = "white" if item.few_reversals else colour
        axes.plot([item.estimate], [row], "o", color=colour, markerfacecolor=face, markersize=6.5)
    axes.set_yticks(rows, [_short(item.name) for item in items], parse_math=False)
    axes.set_ylim(-0.6, len(items) - 0.4)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(
        "log-odds against the average recipe"
        if logits
        else "standard deviations of all pictures, 0 = their mean"
    )
    _open_frame(axes, "left", "right", *([] if logits else ["top"]))
    if logits:
        above = axes.secondary_xaxis("top", functions=(_logistic, _logit))
        low, high = axes.get_xlim()
        shares = [p for p in (1, 5, 10, 25, 50, 75, 90, 95, 99) if low < _logit(p / 100) < high]
        above.set_xticks([p / 100 for p in shares], [f"{p} %" for p in shares])
        above.set_xlabel("preferred to the average recipe in")


def _matrix(figure: Any, names: Sequence[str], wins: Any) -> None:
    axes = figure.add_subplot()
    both = wins + wins.T
    shares = np.divide(wins, both, out=np.full_like(wins, np.nan), where=both > 0)
    axes.pcolormesh(
        np.ma.masked_invalid(shares), cmap="PuOr", vmin=0, vmax=1, edgecolors="white", linewidth=1.5
    )
    for row, column in np.argwhere(both > 0):
        dark = abs(shares[row, column] - 0.5) > 0.32
        axes.text(
            column + 0.5,
            row + 0.5,
            f"{int(wins[row, column])}",
            ha="center",
            va="center",
            color="#ffffff" if dark else "#000000",
            fontsize=9,
        )
    short = [_short(name) for name in names]
    places = np.arange(len(names)) + 0.5
    axes.invert_yaxis()
    axes.set_yticks(places, short, parse_math=False)
    axes.set_xticks(places, short, rotation=35, ha="right", parse_math=False)
    axes.tick_params(length=0)
    axes.set_xlabel("… over this one")
    axes.set_ylabel("times this one was preferred …")
    _open_frame(axes, "left", "right", "top", "bottom")


def _progress(figure: Any, counts: Sequence[int], label: str) -> None:
    axes = figure.add_subplot()
    days = np.arange(len(counts))
    axes.fill_between(days, counts, step="post", color=MARK, alpha=0.25, linewidth=0)
    axes.step(days, counts, where="post", color=MARK, linewidth=1.8)
    axes.set_ylim(bottom=0)
    axes.margins(x=0)
    axes.set_xlabel(label)
    axes.locator_params(axis="both", integer=True, nbins=5)
    _open_frame(axes, "right", "top")


def _drawn(draw: Any, height: float) -> str:
    import matplotlib
    from matplotlib.figure import Figure

    target = io.StringIO()
    nothing = {"Date": None, "Creator": None, "Type": None, "Format": None}
    with _LOCK, matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        draw(figure)
        figure.savefig(target, format="svg", transparent=True, metadata=nothing)
    return _GROUP_ID.sub("", target.getvalue())


def _open_frame(axes: Any, *sides: str) -> None:
    for side in sides:
        axes.spines[side].set_visible(False)


def _short(name: str, longest: int = 26) -> str:
    return name if len(name) <= longest else name[: longest - 1] + "…"


def _logistic(value: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-np.asarray(value, dtype=np.float64)))


def _logit(share: Any) -> Any:
    clipped = np.clip(np.asarray(share, dtype=np.float64), 1e-9, 1 - 1e-9)
    return np.log(clipped / (1.0 - clipped))

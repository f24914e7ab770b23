"""What an analysis concludes: one frozen record for every protocol, and its JSON; light to import."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

Protocol = Literal["two-up", "single-choice", "rating-scale"]


@dataclass(frozen=True)
class Counts:
    """How much was answered.

    `participants`, `scenes` and `items` are those named in the data; `trials` the answers that were used (a scroll
    is one trial); `skips`, `ties` and `nones` stand beside them and in no fit.
    """

    participants: int
    trials: int
    scenes: int
    items: int
    skips: int = 0
    ties: int = 0
    nones: int = 0


@dataclass(frozen=True)
class Item:
    """One row of a ranking: a recipe over all scenes, or one image (then `scene` and `recipe` are set).

    n: trials in which it was shown. wins, losses: how often it was preferred, or another in its place (for the
    rating scale: scrolls in which it beat, or was beaten by, another). estimate: log-odds, or units of standard deviation
    of the images for the rating scale; sum zero within a component; None where it cannot be ranked. se, low, high:
    of the estimate, 95 %, clustered by participant; None below five participants. rank: 1 is best, anew within each
    component (1, 2, ...: items that were compared with each other, directly or not). few_reversals: fewer than ten
    wins or ten losses, so the interval is the wider one (statistics.md 1.4). mle, mle_se_naive,
    mle_se_clustered: the unpenalised fit, None where it has no finite maximum. share: wins per showing.
    no_slots: the Luce fit of choix without slot effects. thin: too few answers to lean on. estimators: by name.
    """

    name: str
    n: int
    wins: int
    losses: int
    estimate: float | None = None
    se: float | None = None
    low: float | None = None
    high: float | None = None
    rank: int | None = None
    few_reversals: bool = False
    component: int = 1
    mle: float | None = None
    mle_se_naive: float | None = None
    mle_se_clustered: float | None = None
    share: float | None = None
    no_slots: float | None = None
    scene: str | None = None
    recipe: str | None = None
    thin: bool = False
    estimators: Mapping[str, float | None] | None = None


@dataclass(frozen=True)
class SideEffect:
    """The pull of the left side in logits (positive: left is chosen more often), with its clustered t-test.

    low, high, se_clustered and p are None below five participants; mle and its errors where it has no finite value.
    """

    estimate: float
    se_naive: float
    se_clustered: float | None
    low: float | None
    high: float | None
    p: float | None
    mle: float | None = None
    mle_se_naive: float | None = None
    mle_se_clustered: float | None = None


@dataclass(frozen=True)
class SlotEffect:
    """The pull of a place in the list in logits against slot 1, which is 0; slots count from 1."""

    slot: int
    estimate: float
    se_naive: float | None
    se_clustered: float | None


@dataclass(frozen=True)
class Connectivity:
    """Which items were compared at all: groups of names, largest first (statistics.md 3.0).

    weak: linked by any comparison. strong: linked by wins in both directions, without which the maximum likelihood
    fit is infinite. never_won, never_lost: items that were shown and never won, or never lost.
    """

    weak: tuple[tuple[str, ...], ...] = ()
    strong: tuple[tuple[str, ...], ...] = ()
    never_won: tuple[str, ...] = ()
    never_lost: tuple[str, ...] = ()


@dataclass(frozen=True)
class BradleyTerry:
    """The Firth Bradley-Terry ranking through choix that every protocol has; derived: from pairs nobody was asked.

    ties: pairs without a preference, left out.
    """

    derived: bool
    items: tuple[Item, ...]
    ties: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ranking:
    """The outcome of one study and question.

    items: the recipes, in the data's order (see `ranked`). images: scene by scene, the recipes' pictures. pairs:
    wins of items[i] over items[j], counts (of the derived pairs, where the protocol asks no pairs). warnings: plain
    sentences, to be shown where the ranking is shown.
    """

    protocol: Protocol
    items: tuple[Item, ...]
    n: Counts
    pairs: tuple[tuple[int, ...], ...]
    connectivity: Connectivity
    bradley_terry: BradleyTerry
    images: tuple[Item, ...] = ()
    side_effect: SideEffect | None = None
    slot_effects: tuple[SlotEffect, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    def ranked(self) -> tuple[Item, ...]:
        """The items from best to worst, component by component; those without a rank come last."""
        return in_rank_order(self.items)

    def scene_images(self, scene: str) -> tuple[Item, ...]:
        """One scene's pictures from best to worst.

        Args:
            scene: its name; one that has no image gives nothing.
        Returns:
            The images of that scene, those without an estimate last.
        """
        return in_rank_order(tuple(image for image in self.images if image.scene == scene))

    def to_json(self) -> dict[str, object]:
        """The record in plain types for JSON: keys in a fixed order, None for what is missing, never NaN.

        `items` are the study's items as its protocol ranks them: the recipes, for the rating scale the images;
        `recipes` and `images` are there for every protocol.
        """
        recipes = [asdict(item) for item in self.items]
        images = [asdict(item) for item in self.images]
        return {
            "protocol": self.protocol,
            "n": asdict(self.n),
            "items": images if self.protocol == "rating-scale" else recipes,
            "recipes": recipes,
            "images": images,
            "bradley_terry": _plain(asdict(self.bradley_terry)),
            "win_matrix": {
                "names": [item.name for item in self.items],
                "wins": [list(row) for row in self.pairs],
            },
            "side_effect": None if self.side_effect is None else asdict(self.side_effect),
            "slot_effects": [asdict(effect) for effect in self.slot_effects],
            "connectivity": _plain(asdict(self.connectivity)),
            "warnings": list(self.warnings),
        }


def in_rank_order(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Items from best to worst.

    Args:
        items: of one table.
    Returns:
        Sorted by component, then by rank (equal ranks by name); those without an estimate last.
    """

    def key(item: Item) -> tuple[bool, int, float, str]:
        missing = item.estimate is None
        return missing, item.component, -(item.estimate or 0.0), item.name

    return tuple(sorted(items, key=key))


def number(value: float) -> float | None:
    """A Python float, or None for NaN and infinity, which JSON does not know.

    Args:
        value: any real number, numpy's among them.
    Returns:
        The value, or None.
    """
    return float(value) if math.isfinite(value) else None


def _plain(value: object) -> object:
    """Tuples as lists, all the way down: what json would make of them, so that a round trip compares equal."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value

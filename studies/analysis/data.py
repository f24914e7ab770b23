"""The answers of a study as arrays, one record per protocol; light to import (numpy only) and checked when made."""

from dataclasses import dataclass, replace

import numpy as np

from studies.analysis import checks
from studies.analysis.checks import Flags, Indices, Reals


@dataclass(frozen=True, eq=False)
class Votes:
    """Two pictures shown, one preferred: n answers of the two-up protocol, or pairs derived from another one.

    Args:
        items: the recipes compared, K names.
        participants: who answered, names; a cluster each.
        scenes: where, names.
        participant, scene: intp[n], indices into the names.
        left, right: intp[n], indices into items; never the same item twice.
        left_won: bool[n], true where the left one was preferred.
        skips, ties: answers that are counted here and stand in no row.
        sided: False where left and right have no meaning (derived pairs): no side effect is fitted.
        trial: intp[n], the answer that a derived pair comes from, any number; None where each row is an answer.
    Raises:
        ValueError: naming the argument, what came and what would be right.
    """

    items: tuple[str, ...]
    participants: tuple[str, ...]
    scenes: tuple[str, ...]
    participant: Indices
    scene: Indices
    left: Indices
    right: Indices
    left_won: Flags
    skips: int = 0
    ties: int = 0
    sided: bool = True
    trial: Indices | None = None

    def __post_init__(self) -> None:
        _check_names(self, "items")
        _check_rows(self)
        for name in ("left", "right"):
            _set(self, name, checks.indices(name, getattr(self, name), len(self.items)))
        _set(self, "left_won", checks.flags("left_won", self.left_won))
        checks.counts(skips=self.skips, ties=self.ties)
        if self.trial is not None:
            _set(self, "trial", checks.indices("trial", self.trial, np.iinfo(np.intp).max))
        checks.same_length(**{name: getattr(self, name) for name in self._columns()})
        same = np.flatnonzero(self.left == self.right)
        if same.size:
            item = self.items[self.left[same[0]]]
            raise ValueError(f"left, right: must differ, row {same[0]} shows {item!r} twice")

    def without(self, name: str) -> "Votes":
        """The same votes without one item: every vote that showed it is left out.

        Args:
            name: one of items.
        Returns:
            Votes over K - 1 items; participants, scenes and the counts stay.
        Raises:
            ValueError: for a name that is no item.
        """
        dropped, moved = _removal("items", self.items, name)
        kept = (self.left != dropped) & (self.right != dropped)
        return replace(
            self.rows(kept),
            items=_less(self.items, dropped),
            left=moved[self.left[kept]],
            right=moved[self.right[kept]],
        )

    def rows(self, kept: Flags) -> "Votes":
        """The votes of some rows.

        Args:
            kept: bool[n], true for the rows that stay.
        Returns:
            Votes with the same names and counts.
        """
        return replace(self, **{name: getattr(self, name)[kept] for name in self._columns()})

    def _columns(self) -> tuple[str, ...]:
        columns = ("participant", "scene", "left", "right", "left_won")
        return columns if self.trial is None else (*columns, "trial")


@dataclass(frozen=True, eq=False)
class Choices:
    """Several pictures shown, one chosen: n answers of the single-choice protocol.

    Args:
        items, participants, scenes: names, as in `Votes`.
        participant, scene: intp[n], indices into the names.
        options: intp[n, m], the items in the order shown (slot order); -1 is an empty slot.
        chosen: intp[n], index into the slot axis of the picture chosen.
        skips, nones: answers "skip" and "none of these", counted here and in no row.
        dropped: answers that `without` had to leave out.
    Raises:
        ValueError: naming the argument, what came and what would be right.
    """

    items: tuple[str, ...]
    participants: tuple[str, ...]
    scenes: tuple[str, ...]
    participant: Indices
    scene: Indices
    options: Indices
    chosen: Indices
    skips: int = 0
    nones: int = 0
    dropped: int = 0

    def __post_init__(self) -> None:
        _check_names(self, "items")
        _check_rows(self)
        options = checks.indices("options", self.options, len(self.items), lowest=-1)
        if options.size == 0:
            options = checks.frozen(np.empty((len(options), 0), dtype=np.intp))
        if options.ndim != 2:
            raise ValueError(f"options: must have the shape (answers, slots), got {options.shape}")
        _set(self, "options", options)
        _set(self, "chosen", checks.indices("chosen", self.chosen, options.shape[1]))
        checks.counts(skips=self.skips, nones=self.nones, dropped=self.dropped)
        columns = ("participant", "scene", "options", "chosen")
        checks.same_length(**{name: getattr(self, name) for name in columns})
        self._check_slates()

    def _check_slates(self) -> None:
        shown = self.options >= 0
        few = np.flatnonzero(shown.sum(axis=1) < 2)
        if few.size:
            raise ValueError(f"options: at least two must be shown, row {few[0]} has fewer")
        ordered = np.sort(self.options, axis=1)
        twice = np.flatnonzero(
            ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any(axis=1)
        )
        if twice.size:
            raise ValueError(f"options: must differ, row {twice[0]} shows an item twice")
        empty = np.flatnonzero(~shown[np.arange(len(self.chosen)), self.chosen])
        if empty.size:
            raise ValueError(f"chosen: must be a filled slot, row {empty[0]} chose an empty one")

    def without(self, name: str) -> "Choices":
        """The same choices as if one item had not been shown (independence of irrelevant alternatives).

        Its slot becomes empty, so that the others keep the slots in which they were seen. Answers that chose it,
        or that have fewer than two options left, are left out and counted in `dropped`.

        Args:
            name: one of items.
        Returns:
            Choices over K - 1 items.
        Raises:
            ValueError: for a name that is no item.
        """
        dropped, moved = _removal("items", self.items, name)
        options = np.where(self.options == dropped, -1, moved[self.options])
        rows = np.arange(len(self.chosen))
        kept = (options[rows, self.chosen] >= 0) & ((options >= 0).sum(axis=1) >= 2)
        return replace(
            self,
            items=_less(self.items, dropped),
            participant=self.participant[kept],
            scene=self.scene[kept],
            options=options[kept],
            chosen=self.chosen[kept],
            dropped=self.dropped + int((~kept).sum()),
        )


@dataclass(frozen=True, eq=False)
class Placements:
    """Pictures placed on a line without ends: n placements of the rating-scale protocol; an image is (scene, recipe).

    Args:
        recipes, participants, scenes: names.
        participant, scene, recipe: intp[n], indices into the names.
        scroll: intp[n], any number that is one participant's one scroll.
        agreement: bool[n], true in the agreement scrolls, which show pictures of several scenes.
        position: float64[n], growing toward better, in line units (any origin and unit per scroll).
    Raises:
        ValueError: naming the argument, what came and what would be right.
    """

    recipes: tuple[str, ...]
    participants: tuple[str, ...]
    scenes: tuple[str, ...]
    participant: Indices
    scene: Indices
    recipe: Indices
    scroll: Indices
    agreement: Flags
    position: Reals

    def __post_init__(self) -> None:
        _check_names(self, "recipes")
        _check_rows(self)
        _set(self, "recipe", checks.indices("recipe", self.recipe, len(self.recipes)))
        _set(self, "scroll", checks.indices("scroll", self.scroll, np.iinfo(np.intp).max))
        _set(self, "agreement", checks.flags("agreement", self.agreement))
        _set(self, "position", checks.reals("position", self.position))
        columns = ("participant", "scene", "recipe", "scroll", "agreement", "position")
        checks.same_length(**{name: getattr(self, name) for name in columns})
        self._check_scrolls()

    def _check_scrolls(self) -> None:
        _, first, scroll = np.unique(self.scroll, return_index=True, return_inverse=True)
        for name in ("participant", "agreement"):
            column = getattr(self, name)
            mixed = np.flatnonzero(column != column[first][scroll])
            if mixed.size:
                raise ValueError(f"scroll: one scroll has one {name}, row {mixed[0]} has another")
        mixed = np.flatnonzero(~self.agreement & (self.scene != self.scene[first][scroll]))
        if mixed.size:
            raise ValueError(f"scroll: a scene's scroll has one scene, row {mixed[0]} has another")
        image = self.scene * len(self.recipes) + self.recipe
        _, index = np.unique(np.stack([scroll, image]), axis=1, return_index=True)
        if len(index) < len(image):
            row = np.setdiff1d(np.arange(len(image)), index)[0]
            raise ValueError(f"scroll: an image stands once in a scroll, row {row} repeats one")

    def without(self, name: str) -> "Placements":
        """The same placements without one recipe's pictures.

        Args:
            name: one of recipes.
        Returns:
            Placements over one recipe less; the positions of the others stay as they were given.
        Raises:
            ValueError: for a name that is no recipe.
        """
        dropped, moved = _removal("recipes", self.recipes, name)
        kept = self.recipe != dropped
        columns = ("participant", "scene", "scroll", "agreement", "position")
        return replace(
            self,
            recipes=_less(self.recipes, dropped),
            recipe=moved[self.recipe[kept]],
            **{column: getattr(self, column)[kept] for column in columns},
        )


def _check_names(data: Votes | Choices | Placements, items: str) -> None:
    for name in (items, "participants", "scenes"):
        _set(data, name, checks.names(name, getattr(data, name)))


def _check_rows(data: Votes | Choices | Placements) -> None:
    for name, names in (("participant", data.participants), ("scene", data.scenes)):
        _set(data, name, checks.indices(name, getattr(data, name), len(names)))


def _set(data: Votes | Choices | Placements, name: str, value: object) -> None:
    # The one place where a frozen record is written: while it is made, by its checked value.
    object.__setattr__(data, name, value)


def _removal(argument: str, items: tuple[str, ...], name: str) -> tuple[int, Indices]:
    """The index of the item that goes, and for each old index the new one (-1 for the item that goes)."""
    if name not in items:
        raise ValueError(f"{argument}: {name!r} is none of {', '.join(items)}")
    dropped = items.index(name)
    moved = np.arange(len(items) + 1, dtype=np.intp)
    moved[dropped + 1 :] -= 1
    moved[dropped] = moved[-1] = -1  # the last place serves the index -1 of an empty slot
    return dropped, moved


def _less(items: tuple[str, ...], dropped: int) -> tuple[str, ...]:
    return items[:dropped] + items[dropped + 1 :]

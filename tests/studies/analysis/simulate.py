"""Answers from known truths, and answers typed in, as the arrays that the analysis reads."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.random import Generator
from scipy.special import expit

from studies.analysis.data import Choices, Placements, Votes
from studies.analysis.result import Item, Ranking


def names(prefix: str, number: int) -> tuple[str, ...]:
    return tuple(f"{prefix}{index}" for index in range(number))


def votes_from_wins(wins: Sequence[Sequence[int]], participants: int = 1) -> Votes:
    """Votes without sides from a matrix of wins of row over column, dealt out to participants in turn."""
    table = np.asarray(wins, dtype=np.intp)
    winner, loser = np.nonzero(table)
    count = table[winner, loser]
    left, right = np.repeat(winner, count), np.repeat(loser, count)
    return Votes(
        items=names("item", len(table)),
        participants=names("p", participants),
        scenes=("scene",),
        participant=np.arange(len(left)) % participants,
        scene=np.zeros(len(left), dtype=np.intp),
        left=left,
        right=right,
        left_won=np.ones(len(left), dtype=np.bool_),
        sided=False,
    )


def votes(
    rng: Generator,
    truth: Sequence[float],
    participants: int,
    each: int,
    *,
    side: float = 0.0,
    taste: float = 0.0,
    scenes: int = 1,
) -> Votes:
    """Random pairs, sides at random; `taste` is the spread of the participants' own strengths, in logits."""
    size, n = len(truth), participants * each
    own = np.asarray(truth) + taste * rng.standard_normal((participants, size))
    participant = np.repeat(np.arange(participants), each)
    left = rng.integers(0, size, n)
    right = (left + rng.integers(1, size, n)) % size
    logit = own[participant, left] - own[participant, right] + side
    return Votes(
        items=names("item", size),
        participants=names("p", participants),
        scenes=names("scene", scenes),
        participant=participant,
        scene=rng.integers(0, scenes, n),
        left=left,
        right=right,
        left_won=rng.random(n) < expit(logit),
    )


def choices(
    rng: Generator,
    truth: Sequence[float],
    participants: int,
    each: int,
    *,
    shown: int | None = None,
    slots: Sequence[float] | None = None,
    taste: float = 0.0,
    scenes: int = 1,
) -> Choices:
    """Slates of `shown` items in random order, chosen by Luce's rule with slot effects."""
    size, n = len(truth), participants * each
    width = shown or size
    participant = np.repeat(np.arange(participants), each)
    options = np.argsort(rng.random((n, size)), axis=1)[:, :width]
    own = np.asarray(truth) + taste * rng.standard_normal((participants, size))
    worth = own[participant[:, None], options] + (np.zeros(width) if slots is None else slots)
    return Choices(
        items=names("item", size),
        participants=names("p", participants),
        scenes=names("scene", scenes),
        participant=participant,
        scene=rng.integers(0, scenes, n),
        options=options,
        chosen=np.argmax(worth + rng.gumbel(size=(n, width)), axis=1),
    )


def drawn_placements(
    seed: int, scenes: int, recipes: int, participants: int, **changes: Any
) -> Placements:
    """`placements` of drawn qualities; `changes` are its own arguments."""
    rng = np.random.default_rng(seed)
    quality = rng.standard_normal((scenes, recipes)) + rng.standard_normal((scenes, 1))
    return placements(rng, quality, participants, **changes)


def placements(
    rng: Generator,
    quality: np.ndarray,
    participants: int,
    *,
    noise: float = 0.2,
    shared: Sequence[int] | None = (0, -1),
) -> Placements:
    """Scene scrolls of all recipes, then an agreement scroll of some recipes of every scene.

    quality: [scenes, recipes]. Every scroll has its own origin and unit. shared: the agreement recipes, None for
    no agreement scroll.
    """
    scenes, recipes = quality.shape
    rows: list[tuple[int, int, int, int, bool, float]] = []
    for person in range(participants):
        first = person * (scenes + 1)
        for scene in range(scenes):
            cells = [(scene, recipe) for recipe in range(recipes)]
            rows += _scroll(rng, quality, person, first + scene, cells, noise)
        if shared is not None:
            cells = [(scene, recipe % recipes) for scene in range(scenes) for recipe in shared]
            rows += _scroll(rng, quality, person, first + scenes, cells, noise, agreement=True)
    participant, scene_, recipe_, scroll, agreement, position = zip(*rows, strict=True)
    return Placements(
        recipes=names("recipe", recipes),
        participants=names("p", participants),
        scenes=names("scene", scenes),
        participant=np.array(participant),
        scene=np.array(scene_),
        recipe=np.array(recipe_),
        scroll=np.array(scroll),
        agreement=np.array(agreement),
        position=np.array(position),
    )


def _scroll(
    rng: Generator,
    quality: np.ndarray,
    person: int,
    scroll: int,
    cells: list[tuple[int, int]],
    noise: float,
    *,
    agreement: bool = False,
) -> list[tuple[int, int, int, int, bool, float]]:
    origin, unit = 500 * rng.standard_normal(), 200 * np.exp(0.3 * rng.standard_normal())
    return [
        (
            person,
            scene,
            recipe,
            scroll,
            agreement,
            float(origin + unit * (quality[scene, recipe] + noise * rng.standard_normal())),
        )
        for scene, recipe in cells
    ]


def column(table: Ranking | Sequence[Item], name: str) -> np.ndarray:
    """One field of all rows as numbers, NaN for what is missing."""
    items = table.items if isinstance(table, Ranking) else table
    return np.array([getattr(item, name) for item in items], dtype=float)

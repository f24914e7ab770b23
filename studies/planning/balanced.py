"""The balanced schedule: round after round, which scene is shown with which stimuli where.

Every function of the seed, the question's position and the round's number alone, so that rounds
can be added at any time and are the same whoever adds them.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, gcd

import numpy as np

from studies.models import Question, Slot, Study

# Scene id → recipe id → stimulus id. A cell may be missing.
Design = Mapping[int, Mapping[int, int]]
Paired = tuple[int, int, int]  # scene, recipe on side a, recipe on side b

# Slots written per question when a study opens; the rest follows as participants come.
LAID_OUT_AT_ONCE = 50_000


@dataclass(frozen=True)
class Showing:
    """One scene with stimuli in the order shown: a (left or top) first."""

    scene: int
    stimuli: tuple[int, ...]

    @property
    def cell(self) -> Hashable:
        """What a participant must not get twice for one question: the same stimuli, any order."""
        return cell(self.scene, self.stimuli)


def cell(scene: int, stimuli: Sequence[int]) -> Hashable:
    return scene, frozenset(stimuli)


def design(study: Study) -> Design:
    cells: dict[int, dict[int, int]] = {}
    rows = study.stimuli.order_by("scene_id", "recipe_id")
    for scene, recipe, stimulus in rows.values_list("scene_id", "recipe_id", "pk"):
        cells.setdefault(scene, {})[recipe] = stimulus
    return cells


def lay_out(study: Study) -> None:
    """Write the slots that the planned participants need, in whole rounds."""
    cells = design(study)
    for question in study.questions.all():
        size = len(showings(study, question, cells, 0))
        wanted = study.participants_planned * min(study.trials_per_participant, size)
        for number in range(ceil(min(wanted, LAID_OUT_AT_ONCE) / max(size, 1))):
            _write(study, question, cells, number)


def add_round(study: Study, question: Question, cells: Design) -> None:
    """Write the round after the last one; two who do so at once write the same rows once."""
    size = len(showings(study, question, cells, 0))
    _write(study, question, cells, question.slots.count() // size)


def _write(study: Study, question: Question, cells: Design, number: int) -> None:
    shown = showings(study, question, cells, number)
    slots = (
        Slot(
            study=study,
            question=question,
            scene_id=showing.scene,
            position=number * len(shown) + index,
            stimuli=showing.stimuli,
        )
        for index, showing in enumerate(shown)
    )
    Slot.objects.bulk_create(slots, ignore_conflicts=True)


def showings(study: Study, question: Question, cells: Design, number: int) -> list[Showing]:
    """One round of a study's question, as its protocol wants it."""
    make = pairs if study.asking.stimuli == 2 else arrangements
    return make(cells, study.seed, question.position, number)


def pairs(cells: Design, seed: int, question: int, number: int) -> list[Showing]:
    """A round of two-up: every pair of recipes once in every scene.

    Any run of consecutive showings goes through the scenes and through the pairs in turn; a pair
    changes sides each time it comes, and an odd round mirrors every cell of the one before it.

    Args:
        cells: the design.
        seed: the study's.
        question: the question's position, 1 to 3.
        number: the round's number, from 0.
    """
    shown = _paired(cells, _generator(seed, question, number))
    if number % 2:
        before = _paired(cells, _generator(seed, question, number - 1))
        sides = {(scene, frozenset((a, b))): (b, a) for scene, a, b in before}
        shown = [(scene, *sides[scene, frozenset((a, b))]) for scene, a, b in shown]
    return [Showing(scene, (cells[scene][a], cells[scene][b])) for scene, a, b in shown]


def _paired(cells: Design, rng: np.random.Generator) -> list[Paired]:
    scenes = _shuffled(sorted(cells), rng)
    tournament = _tournament(_shuffled(_recipes(cells), rng))
    seen: dict[tuple[int, int], int] = {}
    made: list[Paired] = []
    for scene, (a, b) in _diagonals(scenes, tournament):
        if a in cells[scene] and b in cells[scene]:
            times = seen[a, b] = seen.get((a, b), -1) + 1
            made.append((scene, b, a) if times % 2 else (scene, a, b))
    return made


def _diagonals(
    scenes: Sequence[int], tournament: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, tuple[int, int]]]:
    """Every scene × pair once, both going round; a shift where they would meet again too early."""
    across, down = len(scenes), len(tournament)
    lap = down // gcd(across, down) if down else 1
    for layer in range(down):
        for index, scene in enumerate(scenes):
            yield scene, tournament[(layer * across + index + layer // lap) % down]


def _tournament(recipes: Sequence[int]) -> list[tuple[int, int]]:
    """All pairs by the circle method, neighbours in the list mostly without a recipe in common.

    The first of a pair stands on side a. From one turn of the circle to the next a recipe changes
    sides, as teams play at home and away, so that it has as many of each, give or take one.
    """
    seats: list[int | None] = [*([None] if len(recipes) % 2 else []), *recipes]
    made = []
    for turn in range(len(seats) - 1):
        for seat in range(len(seats) // 2):
            a, b = seats[seat], seats[-1 - seat]
            if a is not None and b is not None:
                swap = turn % 2 if seat == 0 else seat % 2
                made.append((b, a) if swap else (a, b))
        seats = [seats[0], seats[-1], *seats[1:-1]]
    return made


def arrangements(cells: Design, seed: int, question: int, number: int) -> list[Showing]:
    """A round of single choice or rating scale: every scene once, with all its stimuli.

    Their order goes through the rows of a Williams square: over a cycle of n rounds (2n if n is
    odd) every recipe of a scene lies equally often in every place, and after every other one.

    Args:
        cells: the design.
        seed: the study's.
        question: the question's position, 1 to 3.
        number: the round's number, from 0.
    """
    made = []
    for index, scene in enumerate(sorted(cells)):
        rows = williams(len(cells[scene]))
        cycle, turn = divmod(number, len(rows))
        labels = _shuffled(_recipes(cells), _generator(seed, question, cycle, 1))
        here = [cells[scene][recipe] for recipe in labels if recipe in cells[scene]]
        row = rows[(turn + index) % len(rows)]
        made.append(Showing(scene, tuple(here[place] for place in row)))
    order = _generator(seed, question, number).permutation(len(made))
    return [made[index] for index in order]


def williams(count: int) -> list[list[int]]:
    """A square balanced for places and for neighbours (Williams 1949): n rows, 2n if n is odd."""
    first = [(place + 1) // 2 if place % 2 else -(place // 2) % count for place in range(count)]
    rows = [[(start + row) % count for start in first] for row in range(count)]
    return rows + [row[::-1] for row in rows] if count % 2 else rows


def spread(scenes: Sequence[int], rng: np.random.Generator) -> list[int]:
    """A random order of the indices in which no scene follows itself, if there is one.

    Args:
        scenes: the scene of each trial.
        rng: draws the order.
    """
    left: dict[int, list[int]] = {}
    for index in _shuffled(range(len(scenes)), rng):
        left.setdefault(scenes[index], []).append(index)
    order: list[int] = []
    last: int | None = None
    while left:
        fullest = max(left, key=lambda scene: len(left[scene]))
        allowed = [scene for scene in left if scene != last] or [fullest]
        if fullest in allowed and 2 * len(left[fullest]) > len(scenes) - len(order):
            allowed = [fullest]  # now, or it would have to follow itself later
        drawn = [scene for scene in allowed for _ in left[scene]]
        last = drawn[int(rng.integers(len(drawn)))]
        order.append(left[last].pop())
        if not left[last]:
            del left[last]
    return order


def generator_of(study: Study, question: Question, first: int) -> np.random.Generator:
    """Draws the order of one participant's block, who holds the slots from position `first`."""
    return _generator(study.seed, question.position, first, 2)


def _generator(*key: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(key))


def _recipes(cells: Design) -> list[int]:
    return sorted({recipe for row in cells.values() for recipe in row})


def _shuffled(values: Sequence[int], rng: np.random.Generator) -> list[int]:
    return [values[index] for index in rng.permutation(len(values))]

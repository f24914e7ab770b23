"""One result object per study, from which the page, the plots, the tables and the JSON are made."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any, cast

from studies import dataset
from studies.analysis.data import Placements
from studies.analysis.result import Item, Ranking
from studies.dataset import Data, Exclusions
from studies.models import Question, Study

# By name: these load scipy and choix, which a web process does without until a report is read.
ANALYSES = {
    "two_up": "studies.analysis.bradley_terry",
    "single_choice": "studies.analysis.luce",
    "rating_scale": "studies.analysis.placement",
}
ANCHOR_METHOD = "identity"  # shows the content itself


@dataclass(frozen=True)
class Compared:
    """A recipe as a report names it."""

    name: str
    method: str
    title: str
    citation: str
    size: int
    anchor: bool


@dataclass(frozen=True)
class Finding:
    """What was found for one question.

    `ranking` always holds counts and wins; where `reason` is not empty it says why nothing is
    ranked, and no estimate is shown.
    """

    position: int
    text: str
    ranking: Ranking
    without_anchor: Ranking | None
    exclusions: Exclusions
    reason: str

    @property
    def ranked(self) -> tuple[Item, ...]:
        return () if self.reason else self.ranking.ranked()

    def to_json(self) -> dict[str, Any]:
        whole = self.ranking.to_json()
        kept = ("n", "win_matrix", "connectivity", "warnings")
        apart = None if self.without_anchor is None else self.without_anchor.to_json()
        return {
            "position": self.position,
            "text": self.text,
            "reason": self.reason or None,
            "exclusions": asdict(self.exclusions),
            "ranking": None if self.reason else whole,
            "without_anchor": None if self.reason else apart,
            "counted": {name: whole[name] for name in kept},
        }


@dataclass(frozen=True)
class Report:
    """A study's findings with what a reader must know about the study."""

    public_id: str
    title: str
    protocol: str
    protocol_title: str
    state: str
    seed: int
    simulated: bool
    unfinished: bool
    recipes: tuple[Compared, ...]
    findings: tuple[Finding, ...]
    data_hash: str

    @property
    def anchors(self) -> tuple[str, ...]:
        return tuple(recipe.name for recipe in self.recipes if recipe.anchor)

    def to_json(self) -> dict[str, Any]:
        study = {
            name: getattr(self, name)
            for name in ("public_id", "title", "protocol", "state", "seed", "simulated")
        }
        return {
            "format": 1,
            "study": study,
            "unfinished_visits_included": self.unfinished,
            "data_hash": self.data_hash,
            "recipes": [asdict(recipe) for recipe in self.recipes],
            "anchors": list(self.anchors),
            "questions": [finding.to_json() for finding in self.findings],
        }


def report(study: Study, *, unfinished: bool = False) -> Report:
    """Read the answers and rank; `unfinished` puts visits back that were not finished."""
    recipes = _compared(study)
    anchors = [recipe.name for recipe in recipes if recipe.anchor]
    questions = list(study.questions.all())
    data = [dataset.read(study, question, unfinished=unfinished) for question in questions]
    return Report(
        public_id=study.public_id,
        title=study.title,
        protocol=study.protocol,
        protocol_title=study.asking.title,
        state=study.state,
        seed=study.seed,
        simulated=study.simulated,
        unfinished=unfinished,
        recipes=recipes,
        findings=tuple(
            _finding(study, question, one, anchors)
            for question, one in zip(questions, data, strict=True)
        ),
        data_hash=_hash(data),
    )


def _compared(study: Study) -> tuple[Compared, ...]:
    return tuple(
        Compared(
            name=recipe.name,
            method=recipe.method,
            title=recipe.method_title or ("made elsewhere" if not recipe.method else ""),
            citation=recipe.citation,
            size=recipe.size,
            anchor=recipe.method == ANCHOR_METHOD,
        )
        for recipe in study.recipes.order_by("pk")
    )


def _finding(study: Study, question: Question, data: Data, anchors: list[str]) -> Finding:
    fit = _fit_of(study)
    ranking = fit(data)
    return Finding(
        position=question.position,
        text=question.text,
        ranking=ranking,
        without_anchor=_without(fit, data, anchors),
        exclusions=dataset.exclusions(study, question),
        reason=why_not(ranking),
    )


def _fit_of(study: Study) -> Callable[[Data], Ranking]:
    return cast("Callable[[Data], Ranking]", import_module(ANALYSES[study.protocol]).fit)


def _without(fit: Callable[[Data], Ranking], data: Data, anchors: list[str]) -> Ranking | None:
    """The ranking as if the anchor had not been shown, where two recipes remain to be ranked."""
    names = data.recipes if isinstance(data, Placements) else data.items
    if not anchors or len(names) - len(anchors) < 2:
        return None
    for name in anchors:
        data = data.without(name)
    ranking = fit(data)
    return None if why_not(ranking) else ranking


def why_not(ranking: Ranking) -> str:
    """Why these answers give no ranking; empty where they do."""
    if not ranking.n.trials:
        return "There are no counted answers yet, so there is nothing to rank."
    groups = ranking.connectivity.weak
    if len(groups) > 1:
        told = "; ".join(", ".join(group) for group in groups)
        return (
            f"The answers do not connect all recipes: {told} were never compared across these "
            "groups. One ranking of all would be made up."
        )
    without = [item.name for item in ranking.items if item.estimate is None]
    if without:
        return f"There are too few answers to estimate {', '.join(without)}."
    if any(item.low is None for item in ranking.items):
        people = ranking.n.participants
        return (
            f"Only {people} participant{' has' if people == 1 else 's have'} finished: too few to "
            "say how sure a ranking is, so none is shown."
        )
    return ""


def _hash(data: list[Data]) -> str:
    """SHA-256 of every array and name that was analysed: equal data, equal hash."""
    digest = hashlib.sha256()
    for one in data:
        for name, value in sorted(vars(one).items()):
            listed = value.tolist() if hasattr(value, "tolist") else value
            digest.update(f"{type(one).__name__}.{name}={json.dumps(listed)}\n".encode())
    return digest.hexdigest()

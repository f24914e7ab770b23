"""What the report's template shows, made from the result object."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from studies.analysis.result import Item, Ranking, in_rank_order
from studies.models import Reference, Stimulus, Study
from studies.reports import plots, sentences
from studies.reports.build import Compared, Finding, Report


@dataclass(frozen=True)
class Row:
    """One line of the ranking table; `chance` is the win probability against the average."""

    item: Item
    recipe: Compared
    chance: str
    chance_interval: str
    without_anchor: Item | None


@dataclass(frozen=True)
class Picture:
    """A scene's picture with its place in the scene; `item` is None where nothing is ranked."""

    item: Item | None
    recipe: str
    stimulus: int
    width: int
    height: int


@dataclass(frozen=True)
class Scene:
    name: str
    references: tuple[Reference, ...]
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Section:
    """One question on the page."""

    finding: Finding
    headline: str
    rows: tuple[Row, ...]
    bradley_terry: tuple[Item, ...]
    forest: SafeString
    matrix: SafeString
    effect: str
    counts: list[tuple[str, int]]
    left_out: list[tuple[str, int]]
    warnings: tuple[str, ...]
    scenes: tuple[Scene, ...]


def sections(study: Study, report: Report) -> list[Section]:
    stimuli = list(
        study.stimuli.select_related("scene", "recipe").order_by("scene_id", "recipe_id")
    )
    references = list(
        study.references.filter(damage=0).select_related("scene", "image").order_by("pk")
    )
    return [_section(report, finding, stimuli, references) for finding in report.findings]


def _section(
    report: Report,
    finding: Finding,
    stimuli: Sequence[Stimulus],
    references: Sequence[Reference],
) -> Section:
    ranking, logits = finding.ranking, report.protocol != "rating_scale"
    forest = "" if finding.reason else plots.forest(finding.ranked, logits=logits)
    matrix = plots.win_matrix(ranking, ranked=not finding.reason) if ranking.n.trials else ""
    return Section(
        finding=finding,
        headline=sentences.headline(report, finding),
        rows=_rows(report, finding),
        bradley_terry=() if finding.reason else in_rank_order(ranking.bradley_terry.items),
        forest=_inline(forest),
        matrix=_inline(matrix),
        effect="" if finding.reason else sentences.effect(finding),
        counts=sentences.counts(finding),
        left_out=sentences.left_out(report, finding),
        warnings=() if finding.reason else ranking.warnings,
        scenes=_scenes(ranking, stimuli, references),
    )


def _inline(svg: str) -> SafeString:
    # Every name in it was escaped by matplotlib's SVG writer (tested).
    return mark_safe(plots.inline(svg)) if svg else SafeString("")


def _rows(report: Report, finding: Finding) -> tuple[Row, ...]:
    compared = {recipe.name: recipe for recipe in report.recipes}
    apart = finding.without_anchor
    without = {} if apart is None else {item.name: item for item in apart.items}
    logits = report.protocol != "rating_scale"
    return tuple(
        Row(
            item=item,
            recipe=compared[item.name],
            chance=sentences.chance(item.estimate) if logits else "",
            chance_interval=sentences.interval(item) if logits else "",
            without_anchor=without.get(item.name),
        )
        for item in finding.ranked
    )


def _scenes(
    ranking: Ranking, stimuli: Sequence[Stimulus], references: Sequence[Reference]
) -> tuple[Scene, ...]:
    """Each scene's pictures in rank order; in the recipes' order where nothing is ranked."""
    made = []
    for scene in dict.fromkeys(one.scene for one in stimuli):
        ranked = [item for item in ranking.scene_images(scene.name) if item.estimate is not None]
        places = {item.recipe: place for place, item in enumerate(ranked)}
        shown = [one for one in stimuli if one.scene_id == scene.pk]
        shown.sort(key=lambda one, places=places: places.get(one.recipe.name, len(places)))  # type: ignore[misc]
        by_recipe = {item.recipe: item for item in ranked}
        pictures = tuple(
            Picture(by_recipe.get(one.recipe.name), one.recipe.name, one.pk, one.width, one.height)
            for one in shown
        )
        shown_with = tuple(one for one in references if one.scene_id == scene.pk)
        made.append(Scene(scene.name, shown_with, pictures))
    return tuple(made)

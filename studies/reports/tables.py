"""CSV: the ranking, the raw answers, and a codebook that says what every column is."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from studies import dataset
from studies.analysis.result import Item, Ranking
from studies.models import Answer, Study
from studies.reports.build import Report
from studies.reports.codebook import ANSWER_COLUMNS, RANKING_COLUMNS

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def ranking_rows(report: Report) -> Iterator[dict[str, Any]]:
    """The numbers of a report, one row per item, model and question."""
    for finding in report.findings:
        if finding.reason:
            continue
        ranking = finding.ranking
        question = {"question": finding.position}
        yield from _items(question | {"model": "headline"}, ranking.ranked())
        yield from _items(question | {"model": "bradley_terry"}, ranking.bradley_terry.items)
        if finding.without_anchor is not None:
            without = finding.without_anchor.ranked()
            yield from _items(question | {"model": "without_anchor"}, without)
        yield from _items(question | {"model": "image"}, _by_scene(ranking))


def _by_scene(ranking: Ranking) -> Iterator[Item]:
    for scene in dict.fromkeys(image.scene or "" for image in ranking.images):
        yield from ranking.scene_images(scene)


def _items(head: Mapping[str, Any], items: Iterable[Item]) -> Iterator[dict[str, Any]]:
    columns = [name for name in RANKING_COLUMNS if name not in ("question", "model", "recipe")]
    for item in items:
        yield {
            **head,
            "recipe": item.recipe or item.name,
            **{name: getattr(item, name) for name in columns},
        }


def answer_rows(study: Study) -> Iterator[dict[str, Any]]:
    """The raw answers in the columns of the study's protocol (see the codebook)."""
    codes = _codes(study)
    for row in dataset.raw_rows(study):
        for values in EXPORTS[study.protocol](row, codes):
            merged = {**row, **values}
            yield {name: _plain(merged.get(name)) for name in ANSWER_COLUMNS[study.protocol]}


def _two_up(row: Mapping[str, Any], codes: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    (_, left), (_, right) = row["shown"]
    chosen = row["content"]["chosen"]
    word = {"a": "left", "b": "right"}.get(chosen, chosen)
    yield {"left": left, "right": right, "choice": word}


def _single_choice(row: Mapping[str, Any], codes: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    chosen = row["content"]["chosen"]
    shown = [codes.get(recipe, recipe) for _, recipe in row["shown"]]
    if chosen in row["addresses"]:
        chosen = shown[row["addresses"].index(chosen)]
    yield {"options": " ".join(shown), "choice": chosen}


def _rating_scale(row: Mapping[str, Any], codes: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    positions = row["content"].get("positions")
    common = {"scroll": row["kind"], "choice": None if positions else "skip"}
    if not positions:
        yield common | {"recipe": None, "position": None}
        return
    moves, window = row["content"].get("moves"), row["content"].get("window", {})
    common |= {f"window_{name}": value for name, value in window.items()}
    for place, ((scene, recipe), address) in enumerate(
        zip(row["shown"], row["addresses"], strict=True)
    ):
        own = [move[1] for move in moves or () if move[0] == place]
        yield common | {
            "scene": scene,
            "recipe": recipe,
            "position": positions[address],
            "moves": None if moves is None else len(own),
            "placed_ms": own[-1] if own else None,
        }


def answer_objects(study: Study, answers: Iterable[Answer]) -> Iterator[dict[str, Any]]:
    """Some raw answers for JSON: one object each, pictures by scene and recipe."""
    for row in dataset.raw_rows(study, answers):
        content, kept = row["content"], {**row}
        for name in ("content", "addresses", "shown"):
            del kept[name]
        placed = content.get("positions", {})
        named = dict(zip(row["addresses"], row["shown"], strict=True))
        yield kept | {
            "shown": [{"scene": scene, "recipe": recipe} for scene, recipe in row["shown"]],
            "choice": _word(content.get("chosen"), row),
            "positions": [
                {"scene": named[address][0], "recipe": named[address][1], "position": position}
                for address, position in placed.items()
            ],
            "moves": [
                {"scene": scene, "recipe": recipe, "ms": ms, "position": position}
                for place, ms, position in content.get("moves", ())
                for scene, recipe in [row["shown"][place]]
            ],
            "window": content.get("window"),
        }


def _word(chosen: str | None, row: Mapping[str, Any]) -> str | None:
    """left, right, tie, skip, none, or the recipe that was chosen from a list."""
    if chosen in row["addresses"]:
        return str(row["shown"][row["addresses"].index(chosen)][1])
    return {"a": "left", "b": "right"}.get(chosen or "", chosen)


EXPORTS = {
    "two_up": _two_up,
    "single_choice": _single_choice,
    "rating_scale": _rating_scale,
}


def _codes(study: Study) -> dict[str, str]:
    """Recipe names without blanks, which part the options of a list; no two alike."""
    made: dict[str, str] = {}
    for name in study.recipes.order_by("pk").values_list("name", flat=True):
        code = "_".join(name.split())
        while code in made.values():
            code += "_"
        made[name] = code
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if hasattr(value, "isoformat") else value


def lines(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """CSV line by line, so that a large export is never held whole."""
    yield _line(columns)
    for row in rows:
        yield _line([row.get(name) for name in columns])


def _line(cells: Iterable[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow([safe(cell) for cell in cells])
    return buffer.getvalue()


def safe(cell: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: text like one gets an apostrophe in front."""
    if isinstance(cell, str) and cell.startswith(DANGEROUS):
        return "'" + cell
    return "" if cell is None else cell

"""The text of docs/methods.md: what the registry says, and what was measured."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stylize.rendering import MethodInfo

CLOSE = 4.0  # levels of 255: two methods nearer than this are named
# Why two methods may come that close; a pair that is not here is a question.
EXPLAINED: dict[tuple[str, str], str] = {}

HEAD = """# Methods

Made by `manage.py document_methods` from the registry; a test holds the text to it. Examples are the cat of
scikit-image with the demo's brush strokes, {size} px on the longer side, default parameters, the encoder `pyramid`;
methods that lay one picture over the other got the painting with an ellipse of the photograph pasted into it.
Seconds are those of this picture on a CPU ({machine}).
"""
MEASURED = "## Measured"
AUTHORS = """### Against an author's own pictures

Pitié's pair "Scotland" (github.com/frcs/colour-transfer); IDT draws random rotations.

| ours | PSNR to his |
| --- | --- |
"""
DISTANCES = """### Distances

Root of the mean squared difference between the pictures of two methods over the four scenes, in levels of 255.
"""


@dataclass(frozen=True)
class Measured:
    """Of the methods that were rendered on every scene.

    Args:
        seconds: of the example, by key.
        distances: levels of 255, by two keys in the order of the registry.
        authors: PSNR in dB to an author's own picture, by what made ours.
        machine: in words.
        size: longer side of the pictures, px.
    """

    seconds: Mapping[str, float]
    distances: Mapping[tuple[str, str], float]
    authors: Mapping[str, float]
    machine: str
    size: int

    def as_json(self) -> str:
        distances = [[*pair, round(levels, 2)] for pair, levels in self.distances.items()]
        return json.dumps({**vars(self), "distances": distances}, indent=1) + "\n"

    def close(self) -> list[tuple[str, str, float]]:
        found = [(*pair, levels) for pair, levels in self.distances.items() if levels < CLOSE]
        return sorted(found, key=lambda each: each[2])


def page(methods: Sequence[MethodInfo], measured: Measured) -> str:
    """The whole page."""
    parts = [HEAD.format(size=measured.size, machine=measured.machine)]
    for method in methods:
        parts += [f"## {method.title}\n", *_example(method, measured), section(method)]
    return "\n".join([*parts, f"{MEASURED}\n", *_authors(measured), *_distances(measured)])


def section(method: MethodInfo) -> str:
    """What the registry says of a method, in Markdown."""
    needs = ", ".join(method.needs) or "nothing"
    lines = [
        f"`{method.key}` · {method.citation}",
        "",
        *([method.summary, ""] if method.summary else []),
        f"Needs: {needs}. Queue: {method.queue}.",
        "",
    ]
    if method.parameters:
        lines += ["| parameter | default | bounds | |", "| --- | --- | --- | --- |"]
        lines += [_row(parameter) for parameter in method.parameters]
    else:
        lines.append("No parameters.")
    return "\n".join([*lines, ""])


def _row(parameter: Mapping[str, Any]) -> str:
    told = parameter["help"].replace("|", "\\|")
    default = parameter["default"] if parameter["default"] != "" else "empty"
    return f"| {parameter['name']} | {default} | {_bounds(parameter)} | {told} |"


def _bounds(parameter: Mapping[str, Any]) -> str:
    low, high = parameter["low"], parameter["high"]
    if parameter["choices"]:
        return ", ".join(parameter["choices"])
    if parameter["type"] == "bool":
        return "True, False"
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    if low is not None:
        return f"at least {low:g}"
    return "" if high is None else f"at most {high:g}"


def _example(method: MethodInfo, measured: Measured) -> list[str]:
    if method.key not in measured.seconds:
        return []
    seconds = measured.seconds[method.key]
    return [f"![{method.title}](images/methods/{method.key}.jpg) {seconds:.1f} s\n"]


def _authors(measured: Measured) -> list[str]:
    rows = [f"| {name} | {decibel:.1f} dB |\n" for name, decibel in measured.authors.items()]
    return ["".join([AUTHORS, *rows])] if rows else []


def _distances(measured: Measured) -> list[str]:
    """Who is close to whom, then all of them."""
    keys = list(measured.seconds)
    if len(keys) < 2:
        return []
    close = [
        f"- **{first}** and **{second}**, {levels:.1f}: "
        + EXPLAINED.get((first, second), "not explained yet.")
        for first, second, levels in measured.close()
    ]
    told = f"Below {CLOSE:g}:" if close else f"No two are nearer than {CLOSE:g}."
    numbers = " | ".join(str(number) for number in range(1, len(keys) + 1))
    table = [f"| | {numbers} |", "| --- |" + " --- |" * len(keys)]
    for number, first in enumerate(keys, start=1):
        cells = [_levels(measured, first, second) for second in keys]
        table.append(f"| {number} {first} | " + " | ".join(cells) + " |")
    return [DISTANCES, told, "", *close, *([""] if close else []), *table, ""]


def _levels(measured: Measured, first: str, second: str) -> str:
    levels = measured.distances.get((first, second), measured.distances.get((second, first)))
    return "–" if levels is None else f"{levels:.0f}" if levels >= 10 else f"{levels:.1f}"

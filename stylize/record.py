"""What every room of stylize may use: citations, the run of a method, and parameter fields.

Imports neither torch nor Django, so that a web process can describe and check parameters.
"""

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Labels = NDArray[np.uint8]  # (H, W) label numbers of a mask
Depth = NDArray[np.float32]  # (H, W) in [0, 1], 0 near and 1 far

TYPE_NAMES: dict[type, str] = {int: "int", float: "float", bool: "bool", str: "str"}


@dataclass(frozen=True)
class Citation:
    """Where a method was published.

    Args:
        authors: full names, first author first.
        year: of the publication that the method follows.
        title: of that publication.
        venue: journal, conference or standard.
        identifier: DOI or arXiv number, empty when there is none.
    """

    authors: tuple[str, ...]
    year: int
    title: str
    venue: str
    identifier: str = ""

    @property
    def first_author(self) -> str:
        return self.authors[0]


class Cancelled(Exception):
    """Raised by the caller's `progress` to stop a method; methods let it pass."""


def _no_progress(fraction: float) -> None:
    """Progress of a run that nobody watches."""


@dataclass(frozen=True)
class Guides:
    """What a scene may bring beside a content and a style.

    Args:
        content_labels: at the content's size; None without masks.
        style_labels: of the first style, at its size; None without masks, and when only further
            styles have some.
        exemplars: the style pictures after the first, each (3, ·, ·) float32 sRGB in [0, 1].
        exemplar_labels: of each exemplar, at its size, None for one without a mask; empty when
            none has any.
        depth: of the content, at its size; None without a depth map.
    """

    content_labels: Labels | None = None
    style_labels: Labels | None = None
    exemplars: tuple[NDArray[np.float32], ...] = ()
    depth: Depth | None = None
    exemplar_labels: tuple[Labels | None, ...] = ()


@dataclass(frozen=True)
class Run:
    """One call of a method: what is not a parameter of the method itself.

    Args:
        seed: of every random number the method draws.
        device: torch device the pictures are on.
        encoder: key of the encoder for methods that need one.
        progress: called often with the fraction done, 0 to 1; may raise `Cancelled`.
        notes: receives one plain sentence for every fallback taken; kept in provenance.
        guides: the scene's masks, depth map and further styles; they hold for every picture of the batch.
        figures: receives numbers worth keeping with the picture; kept in provenance.
    """

    seed: int
    device: str = "cpu"
    encoder: str = "pyramid"
    progress: Callable[[float], None] = _no_progress
    notes: list[str] = field(default_factory=list)
    guides: Guides = Guides()
    figures: dict[str, float] = field(default_factory=dict)

    def part(self, start: float, end: float) -> "Run":
        """The same run whose progress 0..1 fills `start..end` of this one's."""

        def progress(fraction: float) -> None:
            self.progress(start + (end - start) * fraction)

        return replace(self, progress=progress)


def torchvision_vgg19() -> Path | None:
    """The VGG-19 that torchvision downloaded on this machine, where it keeps it; None if it has not.

    As `torch.hub.get_dir` finds it, without loading torch.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "torch"
    hub = Path(os.environ.get("TORCH_HOME") or cache).expanduser() / "hub"
    path = hub / "checkpoints" / "vgg19-dcbb9e9d.pth"
    return path if path.is_file() else None


def parameter(
    default: T,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] | None = None,
    help: str = "",
) -> T:
    """A dataclass field that knows its bounds, choices and help.

    Args:
        default: an int, float, bool or str.
        low, high: bounds of a number, both included; None for none.
        choices: the values a str may have; None for any.
        help: one sentence for forms and docs, with the source of the default.

    Returns:
        A `dataclasses.field`, typed as its default so that `name: float = parameter(1.0)` checks.
    """
    metadata = {"low": low, "high": high, "choices": choices, "help": help}
    made: T = field(default=default, metadata=metadata)
    return made


def describe(parameters_class: type) -> list[dict[str, Any]]:
    """The parameters of a method, for forms, the API schema and the docs.

    Args:
        parameters_class: a frozen dataclass whose fields have defaults and plain types.

    Returns:
        One dict per field, in order: name, type ("int", "float", "bool", "str"), default,
        low, high, choices (list or None), help.

    Raises:
        ValueError: when a field has no default or another type.
    """
    hints = get_type_hints(parameters_class)
    return [_describe_field(each, hints[each.name]) for each in fields(parameters_class)]


def _describe_field(each: Field[Any], kind: type) -> dict[str, Any]:
    if kind not in TYPE_NAMES:
        raise ValueError(f"{each.name}: has type {kind}, must be int, float, bool or str")
    if each.default is MISSING:
        raise ValueError(f"{each.name}: has no default, every parameter needs one")
    choices = each.metadata.get("choices")
    return {
        "name": each.name,
        "type": TYPE_NAMES[kind],
        "default": each.default,
        "low": each.metadata.get("low"),
        "high": each.metadata.get("high"),
        "choices": None if choices is None else list(choices),
        "help": each.metadata.get("help", ""),
    }


def validated(parameters_class: type[T], values: Mapping[str, object]) -> T:
    """Make a parameter object from values that came from a form, a file or the API.

    Args:
        parameters_class: a frozen dataclass made with `parameter`.
        values: by name; a name left out keeps its default.

    Returns:
        An instance of `parameters_class`.

    Raises:
        ValueError: one sentence that names the first wrong parameter, what came and what
            would be right: an unknown name, a wrong type, NaN, out of bounds, no such choice.
    """
    described = {each["name"]: each for each in describe(parameters_class)}
    for name in values:
        if name not in described:
            known = ", ".join(sorted(described)) or "nothing: there are no parameters"
            raise ValueError(f"{name}: is no parameter here, must be one of {known}")
    checked = {name: _checked(described[name], value) for name, value in values.items()}
    return parameters_class(**checked)


def _checked(described: dict[str, Any], value: object) -> object:
    wanted = described["type"]
    if wanted == "float" and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    # type(...) and not isinstance: True is an int to isinstance, and must not pass as one.
    if TYPE_NAMES.get(type(value)) != wanted or (
        isinstance(value, float) and not math.isfinite(value)
    ):
        raise ValueError(_refusal(described, value))
    low, high, choices = described["low"], described["high"], described["choices"]
    if isinstance(value, int | float) and not isinstance(value, bool):
        if (low is not None and value < low) or (high is not None and value > high):
            raise ValueError(_refusal(described, value))
    elif choices is not None and value not in choices:
        raise ValueError(_refusal(described, value))
    return value


def _refusal(described: dict[str, Any], value: object) -> str:
    words = {
        "int": "a whole number",
        "float": "a finite number",
        "bool": "true or false",
        "str": "a text",
    }
    right = words[described["type"]]
    if described["choices"] is not None:
        right = "one of " + ", ".join(described["choices"])
    elif described["low"] is not None and described["high"] is not None:
        right += f" from {described['low']} to {described['high']}"
    elif described["low"] is not None:
        right += f" of at least {described['low']}"
    elif described["high"] is not None:
        right += f" of at most {described['high']}"
    return f"{described['name']}: came {value!r}, must be {right}"

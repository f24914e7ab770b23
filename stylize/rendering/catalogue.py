"""What can be rendered: the methods described, recipes checked and filled, all methods asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from stylize import record
from stylize.models import Batch, Recipe, Scene
from stylize.rendering.door import method_of, numeric


@dataclass(frozen=True)
class MethodInfo:
    """What forms, the API and the terminal show of a method."""

    key: str
    title: str
    summary: str
    citation: str
    first_author: str
    year: int
    needs: tuple[str, ...]
    queue: str
    state: str
    parameters: list[dict[str, Any]]


def describe(imported: Collection[str] | None = None) -> list[MethodInfo]:
    """Every method in the order of the registry.

    Args:
        imported: keys of the weights that are there; None: that could not be looked up.
    """
    return [_info(method, imported) for method in numeric().methods.registry().values()]


def _info(method: Any, imported: Collection[str] | None) -> MethodInfo:
    needs = method.needs
    words = [
        (needs.encoder, "an encoder"),
        (needs.masks, "masks"),
        (needs.guided and not needs.masks, "masks if there are any"),
        (needs.depth, "a depth map if there is one"),
        (needs.styles > 1, f"up to {needs.styles} styles"),
        (needs.weights, f"the weights {needs.weights}"),
    ]
    state = "ready"
    if needs.weights and imported is None:
        state = f"imports of {needs.weights} were not looked up"
    elif needs.weights and needs.weights not in (imported or ()):
        state = f"{needs.weights} is missing"
    return MethodInfo(
        key=method.key,
        title=method.title,
        summary=method.summary,
        citation=_citation(method.citation),
        first_author=method.citation.first_author,
        year=method.citation.year,
        needs=tuple(word for true, word in words if true),
        queue=method.queue,
        state=state,
        parameters=[
            {**each, "default": method.defaults.get(each["name"], each["default"])}
            for each in record.describe(method.parameters)
        ],
    )


def _citation(citation: record.Citation) -> str:
    parts = [f"{citation.title}. {citation.venue}", citation.identifier]
    text = ". ".join(part for part in parts if part)
    return f"{', '.join(citation.authors)} ({citation.year}): {text}"


def encoders() -> tuple[str, ...]:
    """Keys of the encoders that methods with an encoder may read."""
    return tuple(numeric().encoders.TITLES)


def postprocesses() -> tuple[str, ...]:
    """Keys of what may follow a method."""
    return tuple(numeric().postprocess.registry())


def check_recipe(
    method: str,
    parameters: Mapping[str, object],
    encoder: str = "pyramid",
    postprocess: Sequence[str] = (),
) -> dict[str, Any]:
    """The method's parameters, complete and checked.

    Raises:
        ValueError: one sentence that begins with what is wrong: method, encoder, postprocess or
            the name of a parameter.
    """
    found = method_of(method)
    if found.needs.encoder and encoder not in encoders():
        raise ValueError(f"encoder: came {encoder!r}, must be one of {', '.join(encoders())}")
    for key in postprocess:
        if key not in postprocesses():
            raise ValueError(
                f"postprocess: came {key!r}, must be one of {', '.join(postprocesses())}"
            )
    if len(set(postprocess)) != len(postprocess):
        raise ValueError("postprocess: each may be named once")
    return asdict(record.validated(found.parameters, {**found.defaults, **parameters}))


def fill(recipe: Recipe, queue: str = "") -> Recipe:
    """Check a recipe and copy onto it what reports, forms and batches read without the registry.

    Args:
        recipe: not rendered yet.
        queue: cpu or gpu; empty: the method's own.

    Raises:
        ValueError: see `check_recipe`.
    """
    recipe.parameters = check_recipe(
        recipe.method, recipe.parameters, recipe.encoder, recipe.postprocess
    )
    method = method_of(recipe.method)
    recipe.method_title = method.title
    recipe.citation = _citation(method.citation)
    recipe.queue = queue or method.queue
    recipe.needs = asdict(method.needs)
    if not method.needs.encoder:
        recipe.encoder = ""
    return recipe


def default_recipe(owner: Any, method: str, size: int) -> Recipe:
    """The owner's default recipe of a method at this size, made where it is not there."""
    fresh = fill(Recipe(method=method, size=size))
    values = {name: getattr(fresh, name) for name in (*Recipe.FIXED, *Recipe.COPIED)}
    recipe: Recipe = Recipe.objects.get_or_create(
        owner=owner, name=f"{fresh.method_title}, {size} px", defaults=values
    )[0]
    return recipe


def render_all(owner: Any, scenes: Iterable[Scene], size: int = 512, seed: int = 0) -> Batch:
    """Ask for the default recipe of every method on these scenes."""
    recipes = [default_recipe(owner, method, size) for method in numeric().methods.registry()]
    return Batch.objects.ask(owner, scenes, recipes, seed, name=f"All methods, {size} px")

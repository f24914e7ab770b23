"""Weights of encoders: imported from a file, described, and handed to the encoder that asks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.core.files.base import File

from stylize.models import Recipe, Weights, Worker
from stylize.record import torchvision_vgg19
from stylize.rendering.door import numeric

MAX_BYTES = 2**30  # VGG-19 with its classifier has half of it


@dataclass(frozen=True)
class EncoderInfo:
    """What forms, the API and the terminal show of an encoder."""

    key: str
    title: str
    state: str


def imported_weights() -> set[str]:
    """Keys of the weights that were imported."""
    return set(Weights.objects.values_list("key", flat=True))


def describe_encoders(imported: Collection[str] | None = None) -> list[EncoderInfo]:
    """Every encoder and whether it can be used.

    Args:
        imported: see `describe`; None: neither imports nor workers could be looked up.
    """
    rooms = numeric()
    states = {key: _state(key, imported) for key in rooms.encoders.VARIANTS}
    titles = rooms.encoders.TITLES
    return [EncoderInfo(key, titles[key], states.get(key, "ready")) for key in titles]


def _state(key: str, imported: Collection[str] | None) -> str:
    here = key == "vgg19" and torchvision_vgg19() is not None
    if imported is None:
        told = "imports were not looked up"
        if key == "vgg19":
            return f"{'' if here else 'not '}in torchvision's cache on this machine; {told}"
        return told
    if key in imported:
        return "ready"
    if key == "vgg19" and Worker.objects.have_vgg19():
        where = "every live worker" if Worker.objects.alive().exists() else "this machine"
        return f"ready: in torchvision's cache of {where}"
    return "weights missing"


def import_weights(owner: Any, file: File[bytes]) -> tuple[Weights, bool]:
    """Keep a file of weights under the key of what it holds, and whether it is new.

    Raises:
        ValueError: one sentence, when it holds nothing we know; nothing is kept then.
    """
    if file.size > MAX_BYTES:
        raise ValueError(f"The file is larger than {MAX_BYTES / 2**20:g} MiB.")
    file.seek(0)
    found = numeric().encoders.read(file)
    said = {"key": found.key, "variant": found.variant.title, "deepest": found.deepest}
    return Weights.objects.take(owner, found.sha256, file, **said)


def provide(recipe: Recipe) -> str | None:
    """Hand the recipe's encoder its imported weights, once per process.

    Returns:
        SHA-256 of the weights it will use, None where it needs none.

    Raises:
        ValueError: when they are not there, or the stored file is not the one imported.
    """
    key, encoders = recipe.encoder, numeric().encoders
    if key not in encoders.VARIANTS:
        return None
    row = Weights.objects.chosen(key, recipe.owner)
    if row is None:
        encoders.provide(key, None)
    elif (there := encoders.provided(key)) is None or there.sha256 != row.sha256:
        with row.file.open("rb") as file:
            found = encoders.read(file)
        if found.sha256 != row.sha256:
            raise ValueError(f"encoder: the stored weights of {key} are not those imported")
        encoders.provide(key, found)
    return str(encoders.weights_of(key).sha256)

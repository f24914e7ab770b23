"""Rows in, one picture and its provenance out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stylize import imaging, record
from stylize.models import Image, Rendering, Scene
from stylize.rendering.catalogue import check_recipe
from stylize.rendering.door import method_of, numeric
from stylize.rendering.machine import (
    code_version,
    described,
    device_for,
    forget_peak,
    peak_memory,
)
from stylize.rendering.weights import provide


@dataclass(frozen=True)
class Picture:
    """What `render` made."""

    png: bytes
    thumbnail: bytes
    said: dict[str, Any]  # columns of the rendering: sha256, width, height, provenance


def render(rendering: Rendering, progress: Callable[[float], None], process: int = 0) -> Picture:
    """Make one picture.

    Args:
        rendering: its scene and recipe say what.
        progress: told the fraction done; may raise `Cancelled`, which passes through.
        process: number of this process in its worker: the GPU it uses.

    Raises:
        ValueError: the recipe or its pictures cannot be rendered.
    """
    scene, recipe = rendering.scene, rendering.recipe
    device, notes = device_for(recipe, process)
    parameters = check_recipe(recipe.method, recipe.parameters, recipe.encoder, recipe.postprocess)
    method = method_of(recipe.method)
    weights_sha256 = provide(recipe)
    content = _tensor(scene.content, recipe.size, device, enlarge=False)
    style, *more = (
        _tensor(image, recipe.size, device, enlarge=True) for image in _styles(scene, method)
    )
    run = record.Run(
        rendering.seed,
        device,
        recipe.encoder or "pyramid",
        progress,
        notes,
        _guides(scene, content, style, more, notes),
    )
    begun = time.perf_counter()
    forget_peak(device)
    result = method.apply(content, style, method.parameters(**parameters), run)
    for key in recipe.postprocess:
        result = numeric().postprocess.registry()[key](result, content, run)
    seconds = time.perf_counter() - begun
    array = imaging.from_planes(result[0].cpu().numpy())
    made = described(device) | {"seconds": round(seconds, 3), "peak_memory": peak_memory(device)}
    asked = _asked(rendering, parameters) | {"weights_sha256": weights_sha256}
    return _picture(array, asked | made | _noted(run))


def _styles(scene: Scene, method: Any) -> list[Image]:
    styles = scene.style_images
    if not 1 <= len(styles) <= method.needs.styles:
        raise ValueError(
            f"styles: the scene has {len(styles)}, the method takes {method.needs.styles}"
        )
    return styles


def _guides(
    scene: Scene, content: Any, style: Any, more: list[Any], notes: list[str]
) -> record.Guides:
    """Masks count in pairs: without its other half one says nothing, and none is handed over."""
    of_content = _labels(scene.content_mask, content)
    of_styles = [
        _labels(mask, picture)
        for mask, picture in zip(scene.style_masks, [style, *more], strict=True)
    ]
    there = [labels is not None for labels in of_styles]
    if (of_content is None) == any(there):
        notes.append("Only one side of the scene has a mask: it was not used.")
    if of_content is None or not any(there):
        of_content, of_styles = None, [None] * len(of_styles)
    return record.Guides(
        content_labels=of_content,
        style_labels=of_styles[0],
        exemplars=tuple(each[0].cpu().numpy() for each in more),
        depth=_depth(scene.depth_map, content),
        exemplar_labels=tuple(of_styles[1:]),
    )


def _labels(mask: Image | None, picture: Any) -> Any:
    """(H, W) uint8 labels at the size of `picture`; a size between two labels takes the nearest."""
    if mask is None:
        return None
    with mask.file.open("rb") as file:
        labels = imaging.read_label_png(file.read())
    return imaging.resize_labels(labels, *picture.shape[2:])


def _depth(depth_map: Image | None, content: Any) -> record.Depth | None:
    """(H, W) at the size of the content."""
    if depth_map is None:
        return None
    with depth_map.file.open("rb") as file:
        depth = imaging.read_depth_png(file.read())
    return imaging.resize_depth(depth, *content.shape[2:])


def _tensor(image: Image, size: int, device: str, enlarge: bool) -> Any:
    """(1, 3, H, W) float32 of a stored picture, its longer side at most (or exactly) `size`."""
    import torch

    with image.file.open("rb") as file:
        array = imaging.read(file.read())
    array = imaging.resize_to_longest(array, size, enlarge=enlarge)
    return torch.from_numpy(imaging.to_planes(array))[None].to(device)


def _noted(run: record.Run) -> dict[str, Any]:
    return {"notes": run.notes, "figures": run.figures}


def _asked(rendering: Rendering, parameters: dict[str, Any]) -> dict[str, Any]:
    recipe = rendering.recipe
    return {
        "code_version": code_version(),
        "method": recipe.method,
        "parameters": parameters,
        "postprocess": recipe.postprocess,
        "size": recipe.size,
        "seed": rendering.seed,
        "encoder": recipe.encoder,
    }


def _picture(array: imaging.Array, provenance: dict[str, Any]) -> Picture:
    png = imaging.encode_png(array)
    sha256 = imaging.sha256(png)
    said = {
        "sha256": sha256,
        "width": array.shape[1],
        "height": array.shape[0],
        "provenance": provenance | {"sha256": sha256, "bytes": len(png)},
    }
    return Picture(png, imaging.thumbnail(array), said)

"""The only door to the methods: describe them, check a recipe, render a scene.

Rows come in, pictures and their provenance go out. Torch is loaded by the first call that needs
a method, in a worker's child or in the web process of who edits recipes, never at a start.
"""

from stylize.rendering.catalogue import (
    ENCODERS,
    MethodInfo,
    check_recipe,
    default_recipes,
    describe,
    fill,
    imported_weights,
    postprocesses,
    render_all,
)
from stylize.rendering.machine import code_version
from stylize.rendering.making import Picture, render

__all__ = [
    "ENCODERS",
    "MethodInfo",
    "Picture",
    "check_recipe",
    "code_version",
    "default_recipes",
    "describe",
    "fill",
    "imported_weights",
    "postprocesses",
    "render",
    "render_all",
]

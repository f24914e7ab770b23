"""The only door to the methods: describe them, check a recipe, render a scene.

Rows come in, pictures and their provenance go out. Torch is loaded by the first call that needs
a method, in a worker's child or in the web process of who edits recipes, never at a start.
"""

from stylize.rendering.catalogue import (
    MethodInfo,
    check_recipe,
    default_recipe,
    describe,
    encoders,
    fill,
    postprocesses,
    render_all,
)
from stylize.rendering.machine import code_version
from stylize.rendering.making import Picture, render
from stylize.rendering.weights import (
    EncoderInfo,
    describe_encoders,
    import_weights,
    imported_weights,
)

__all__ = [
    "EncoderInfo",
    "MethodInfo",
    "Picture",
    "check_recipe",
    "code_version",
    "default_recipe",
    "describe",
    "describe_encoders",
    "encoders",
    "fill",
    "import_weights",
    "imported_weights",
    "postprocesses",
    "render",
    "render_all",
]

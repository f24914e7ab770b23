"""The methods: one file per method or close family, found by the registry.

Adding a method is adding a file that holds a `Method`; nothing else changes.
"""

import importlib
import pkgutil
from functools import cache
from typing import Any

from stylize.methods.base import Method


@cache
def registry() -> dict[str, Method[Any]]:
    """Every method by key, sorted by file, then by order in the file.

    Imports all modules of this folder (and of any folder added to `stylize.methods.__path__`).
    A module that fails to import stops here: a method that is missing silently would be
    missing from a study.

    Raises:
        ValueError: when two methods have one key, or a module holds no method.
    """
    found: dict[str, Method[Any]] = {}
    for name in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        if name == "base":
            continue
        module = importlib.import_module(f"{__name__}.{name}")
        methods = [value for value in vars(module).values() if isinstance(value, Method)]
        if not methods:
            raise ValueError(f"{module.__name__}: holds no Method, every file here must")
        for method in methods:
            if method.key in found:
                raise ValueError(f"{module.__name__}: the key {method.key} is already taken")
            found[method.key] = method
    return found

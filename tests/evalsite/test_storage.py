"""Collected static files: our modules import each other by one hashed name; others' stay as they came."""

import json
import re
from collections import defaultdict
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

# Every form in which a module names another, comments left out.
IMPORT = re.compile(
    r"""(?:\bimport\b|\bexport\b)(?:[\s\w{},*$]*?\bfrom)?\s*\(?\s*["']([^"']+)["']""", re.S
)
COMMENT = re.compile(r"/\*.*?\*/|^\s*//[^\n]*", re.S | re.M)
HASHED = re.compile(r"\.[0-9a-f]{12}\.js$")
OURS = sorted(
    str(path.relative_to(settings.BASE_DIR / "static"))
    for path in (settings.BASE_DIR / "static/js").rglob("*.js")
)


@pytest.fixture(scope="module")
def root() -> Path:
    return Path(settings.STATIC_ROOT)


@pytest.fixture(scope="module")
def hashed(root: Path) -> dict[str, str]:
    """The hashed name of each script."""
    manifest = json.loads((root / "staticfiles.json").read_text())
    return {name: there for name, there in manifest["paths"].items() if name.endswith(".js")}


def imports(file: Path) -> list[Path]:
    """The files that a module names, resolved as a browser would."""
    named = IMPORT.findall(COMMENT.sub("", file.read_text()))
    return [(file.parent / name).resolve() for name in named]


@pytest.mark.parametrize("module", OURS)
def test_imports_of_our_modules_name_hashed_files_that_exist(
    root: Path, hashed: dict[str, str], module: str
) -> None:
    source = imports(settings.BASE_DIR / "static" / module)
    served = imports(root / hashed[module])
    static = (settings.BASE_DIR / "static").resolve()
    wanted = [hashed[str(path.relative_to(static))] for path in source]
    assert [str(path.relative_to(root.resolve())) for path in served] == wanted
    assert all(HASHED.search(path.name) and path.is_file() for path in served)


def test_modules_are_each_named_and_kept_under_one_hashed_name_only(
    root: Path, hashed: dict[str, str]
) -> None:
    named: dict[str, set[str]] = defaultdict(set)
    for module in OURS:
        for path in imports(root / hashed[module]):
            named[HASHED.sub(".js", path.name)].add(path.name)
    assert {"queue.js", "backoff.js", "fit.js", "line.js"} <= set(named)
    assert {module for module, names in named.items() if len(names) > 1} == set()
    for module in OURS:
        kept = (root / module).parent.glob(f"{Path(module).stem}.*.js")
        assert [path.name for path in kept] == [Path(hashed[module]).name]


def test_scripts_of_third_parties_are_served_as_they_came(
    root: Path, hashed: dict[str, str]
) -> None:
    others = set(hashed) - set(OURS)
    assert any("htmx" in name for name in others)
    for name in others:
        found = finders.find(name)
        assert isinstance(found, str)
        assert (root / hashed[name]).read_bytes() == Path(found).read_bytes(), name

"""Reference results that lie beside the repository; tests of them skip by name where the folder is absent."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[3].parent / "shared" / "data" / "verification"


def path(name: str) -> Path:
    file = FOLDER / name
    if not file.exists():
        pytest.skip(f"reference data is not here: {name}")
    return file


def rows(name: str) -> list[dict[str, str]]:
    with path(name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def results(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path(name).read_text(encoding="utf-8"))
    return loaded

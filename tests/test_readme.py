"""What the README claims, held to the code."""

import io
import re
from pathlib import Path

from django.core.management import call_command

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_table_of_methods_is_that_of_the_registry(db: None) -> None:
    said = io.StringIO()
    call_command("methods", markdown=True, stdout=said)
    assert said.getvalue().strip() in README


def test_links_and_pictures_of_the_readme_are_there() -> None:
    named = re.findall(r"\]\(([^)#]+)\)", README)
    missing = [name for name in named if "://" not in name and not (ROOT / name).exists()]
    assert named
    assert not missing


def test_variables_of_the_operation_page_are_those_of_the_settings() -> None:
    settings = (ROOT / "evalsite/settings.py").read_text(encoding="utf-8")
    page = (ROOT / "docs/operation.md").read_text(encoding="utf-8")
    read = set(re.findall(r'(?:env\.\w+|_positive|_flag)\("([A-Z0-9_]+)"', settings))
    told = {
        word
        for row in re.findall(r"^\| (`[^|]+) \|", page, re.M)
        for word in re.findall(r"`(\w+)`", row)
    }
    assert read - told == {"DEBUG"}
    assert told - read == set()

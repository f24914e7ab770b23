"""Settings come from the environment, and a wrong value stops the start by name."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def manage(tmp_path: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    bare = {"PATH": os.environ["PATH"], "PARAGONE_VAR": str(tmp_path)}
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=bare | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_check_without_any_variable_passes_and_draws_a_private_key(tmp_path: Path) -> None:
    assert manage(tmp_path, "check").returncode == 0
    key = tmp_path / "secret_key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    first = key.read_text()
    manage(tmp_path, "check")
    assert key.read_text() == first


def test_key_drawn_by_many_processes_at_once_is_one(tmp_path: Path) -> None:
    bare = {"PATH": os.environ["PATH"], "PARAGONE_VAR": str(tmp_path)}
    code = "import evalsite.settings as s; print(s.SECRET_KEY)"
    started = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=bare, stdout=subprocess.PIPE)
        for _ in range(8)
    ]
    keys = {process.communicate()[0] for process in started}
    assert len(keys) == 1
    assert len(keys.pop()) > 50
    assert [path.name for path in tmp_path.glob("secret_key*")] == ["secret_key"]


def test_start_with_a_wrong_value_names_the_variable(tmp_path: Path) -> None:
    result = manage(tmp_path, "check", IMAGE_MAX_PIXELS="-3")
    assert result.returncode != 0
    assert "IMAGE_MAX_PIXELS" in result.stderr
    assert "1 or more" in result.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTPS", "ture"),
        ("GPU_RECIPES_ON_CPU", "2"),
        ("RECIPE_MAX_SIZE", "big"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_start_with_a_misspelt_value_names_it_and_the_variable(
    tmp_path: Path, name: str, value: str
) -> None:
    result = manage(tmp_path, "check", **{name: value})
    assert result.returncode != 0
    last = result.stderr.strip().splitlines()[-1]
    assert name in last
    assert repr(value) in last


def test_start_with_no_database_url_but_a_word_names_the_variable(tmp_path: Path) -> None:
    result = manage(tmp_path, "check", DATABASE_URL="postgres")
    assert "DATABASE_URL: must be like" in result.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    "words",
    ["first_admin", "render --all", "import_images . --role style", "contact_sheet --out x"],
)
def test_command_before_migrate_says_what_to_run(tmp_path: Path, words: str) -> None:
    result = manage(tmp_path, *words.split())
    assert result.returncode != 0
    assert "run manage.py migrate first" in result.stderr
    assert "Traceback" not in result.stderr


def test_deploy_check_under_https_is_clean(tmp_path: Path) -> None:
    result = manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING", HTTPS="1")
    assert result.returncode == 0, result.stderr


def test_first_admin_prints_a_password_once_and_refuses_a_second(tmp_path: Path) -> None:
    manage(tmp_path, "migrate", "--verbosity", "0")
    first = manage(tmp_path, "first_admin")
    assert "password" in first.stdout
    second = manage(tmp_path, "first_admin")
    assert second.returncode != 0
    assert "administrator already" in second.stderr
    assert "Traceback" not in second.stderr


def test_sqlite_by_default_is_durable_and_in_wal_mode(tmp_path: Path) -> None:
    code = (
        "from django.db import connection as c; k = c.cursor();"
        "print([k.execute('PRAGMA ' + p).fetchone()[0] for p in "
        "('journal_mode', 'synchronous', 'busy_timeout')])"
    )
    shown = manage(tmp_path, "shell", "--verbosity", "0", "-c", code)
    assert "['wal', 2, 20000]" in shown.stdout

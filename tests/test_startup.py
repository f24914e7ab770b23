"""A web process loads neither torch nor the other heavy libraries until a page needs them."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAVY = ["torch", "matplotlib", "scipy", "choix", "skimage", "sklearn"]
CODE = f"""
import sys
import evalsite.wsgi
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
call_command("collectstatic", "--noinput", verbosity=0)
user = get_user_model().objects.create_superuser("root", password="x")
client = Client(SERVER_NAME="127.0.0.1")
assert client.get("/s/nothing-here/").status_code == 404
client.force_login(user)
assert client.get("/admin/").status_code == 200
print([name for name in {HEAVY!r} if name in sys.modules])
"""


def test_web_process_after_serving_its_first_pages_has_no_heavy_library(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PARAGONE_VAR": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=ROOT,
        env=environment | {"DJANGO_SETTINGS_MODULE": "evalsite.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "[]"

"""Does the demo find the known truth for other seeds too? python bench/recovery.py

20 seeds other than the demo's: for each a study per protocol with the demo's design, answered by 40
simulated participants over HTTP, ranked, and compared with their tastes. The peer measured in the
same run is a shuffled ranking. The pictures are noise: simulated people look at recipes only.

Target: at least 19 of 20 seeds with Spearman >= 0.9 in all three protocols.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import django
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / "var" / "bench" / "recovery"
os.environ |= {"PARAGONE_VAR": str(HOME), "DJANGO_SETTINGS_MODULE": "evalsite.settings"}
os.environ.pop("DATABASE_URL", None)
sys.path.insert(0, str(ROOT))
shutil.rmtree(HOME, ignore_errors=True)
django.setup()

from evalsite import demo  # noqa: E402  settings are read from the lines above
from studies import bots  # noqa: E402
from tests import factories  # noqa: E402

SEEDS = range(101, 121)
WANTED, TARGET = 0.9, 19


def main() -> int:
    for words in (["migrate", "-v", "0"], ["collectstatic", "--noinput", "-v", "0"]):
        subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "evalsite.wsgi", "--bind", f"127.0.0.1:{port}"]
    web = subprocess.Popen(
        [*command, "--workers", "2", "--threads", "4", "--log-level", "error"], cwd=ROOT
    )
    try:
        return _all_seeds(f"http://127.0.0.1:{port}")
    finally:
        web.terminate()
        web.wait(timeout=30)


def _all_seeds(base: str) -> int:
    owner = factories.UserFactory(username="owner")
    recipes = [factories.RecipeFactory(owner=owner, method=m, method_title=m) for m in demo.TASTES]
    scenes = [factories.SceneFactory(owner=owner) for _ in demo.PAIRS]
    for scene in scenes:
        for recipe in recipes:
            factories.RenderingFactory(scene=scene, recipe=recipe)
    passed, shuffled = 0, 0
    for seed in SEEDS:
        found = []
        for study in demo.studies(owner, seed, scenes, recipes):
            while True:  # the web server may still be starting
                try:
                    bots.run(study, base, demo.tastes(recipes), demo.PARTICIPANTS, seed)
                    break
                except bots.BotFailed:
                    time.sleep(1)
            compared = demo.against_truth(study)
            found.append(min(compared.spearman, compared.spearman_choix))
        passed += min(found) >= WANTED
        shuffled += _by_chance(len(found), len(recipes), seed)
        print(f"seed {seed}: " + "  ".join(f"{value:.3f}" for value in found), flush=True)
    good = passed >= TARGET
    print(
        f"{'ok' if good else 'MISSED'}: {passed} of {len(SEEDS)} seeds find the truth "
        f"(Spearman >= {WANTED} in all three protocols), {shuffled} of {len(SEEDS)} by chance"
    )
    return 0 if good else 1


def _by_chance(protocols: int, recipes: int, seed: int) -> bool:
    rng = np.random.default_rng(seed)
    order = np.arange(recipes)
    return all(
        np.corrcoef(order, rng.permutation(recipes))[0, 1] >= WANTED for _ in range(protocols)
    )


if __name__ == "__main__":
    sys.exit(main())

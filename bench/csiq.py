"""A rating-scale study of CSIQ's size, planned, answered over HTTP and analysed: python bench/csiq.py

CSIQ: 30 scenes, 866 images, 35 participants who each saw a subset, about 5,000 placements (Larson & Chandler 2010, JEI
19(1) 011006). Here everybody places 3 scenes and the agreement scrolls, on lines with an origin and a unit of their own;
a placement's noise is a quarter of the spread of the truth, and everybody has a bias of their own for every scene, half
as large. A pilot of 10, who place every scene once between them, chooses the agreement images from low to high. The peer
measured in the same run is the mean z-score of the scene scrolls, which nothing realigns.

Target: correlation of the images' scale with the truth >= 0.98, the report in under 2 minutes.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import django
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / "var" / "bench" / "csiq"
os.environ |= {"PARAGONE_VAR": str(HOME), "DJANGO_SETTINGS_MODULE": "evalsite.settings"}
os.environ.pop("DATABASE_URL", None)
sys.path.insert(0, str(ROOT))
shutil.rmtree(HOME, ignore_errors=True)
HOME.mkdir(parents=True)
django.setup()

from studies import bots, dataset, lifecycle  # noqa: E402  settings are read from the lines above
from studies.analysis import alignment  # noqa: E402
from studies.analysis.data import Placements  # noqa: E402
from studies.models import Participant, Study  # noqa: E402
from studies.planning import balanced, leases  # noqa: E402
from studies.reports import build  # noqa: E402
from tests import factories  # noqa: E402
from tests.served import Site  # noqa: E402

SCENES, RECIPES, IMAGES = 30, 29, 866
PARTICIPANTS, PILOTS, SCENES_EACH = 35, 10, 3
NOISE = 0.8  # of one placement, as `rating_scale.simulate` draws it
SPREAD = 4 * NOISE  # of the truth
BIAS = 0.4  # of a person for a scene
SEED = 7
WANTED, SECONDS = 0.98, 120.0

Truth = Mapping[tuple[int, int], float]  # by scene id and recipe id


def designed() -> Study:
    return factories.study(
        scenes=SCENES,
        recipes=RECIPES,
        protocol="rating_scale",
        simulated=True,
        seed=SEED,
        trials_per_participant=SCENES_EACH,
        participants_planned=PARTICIPANTS,
        agreement_per_scene=2,
    )


def opened(study: Study) -> Study:
    """Live; the four images by which 30 × 29 exceeds CSIQ are taken out again, which no form can do."""
    lifecycle.open_study(study)
    extra = study.stimuli.filter(agreement=False, recipe=study.recipes.order_by("pk").last())
    gone = extra.values_list("pk", flat=True)[: SCENES * RECIPES - IMAGES]
    study.stimuli.filter(pk__in=list(gone)).delete()
    study.slots.all().delete()
    balanced.lay_out(study)
    return study


def truth_of(study: Study, rng: np.random.Generator) -> Truth:
    """Scenes differ, recipes differ, and every picture differs from what the two say."""
    shape = (SCENES, RECIPES)
    values = rng.normal(0, 0.5, (SCENES, 1)) + rng.normal(0, 1, RECIPES) + rng.normal(0, 0.4, shape)
    values = SPREAD * (values - values.mean()) / values.std()
    scenes = study.scenes.order_by("pk").values_list("pk", flat=True)
    recipes = study.recipes.order_by("pk").values_list("pk", flat=True)
    cells = [(scene, recipe) for scene in scenes for recipe in recipes]
    return dict(zip(cells, values.ravel().tolist(), strict=True))


def answered(study: Study, base: str, truth: Truth, people: int, seed: int) -> int:
    """Everybody over HTTP, four at a time; how many answers."""
    shown = list(study.stimuli.values_list("address", "scene_id", "recipe_id"))
    visits = []
    for number in range(people):
        rng = np.random.Generator(np.random.PCG64([seed, number]))
        bias = {scene: rng.normal(0.0, BIAS) for scene in sorted({scene for _, scene, _ in shown})}
        utility = {address: truth[scene, recipe] + bias[scene] for address, scene, recipe in shown}
        visit, secret = leases.start(study, Participant.Kind.SIMULATED)
        visits.append(bots.Bot(urlsplit(base), visit.public_id, secret, study.asking, utility, rng))
    with ThreadPoolExecutor(4) as pool:
        return sum(pool.map(bots.Bot.take_part, visits))


def main() -> int:
    site = Site(HOME)
    site.manage("migrate", "-v", "0")
    site.manage("collectstatic", "--noinput", "-v", "0")
    pilot = opened(designed())
    truth = truth_of(pilot, np.random.default_rng(SEED))
    try:
        base = f"http://127.0.0.1:{site.start().port}"
        answered(pilot, base, truth, PILOTS, SEED + 1)
        study = lifecycle.copy_study(pilot)
        study.pilot = pilot
        study.save()
        answers = answered(opened(study), base, truth, PARTICIPANTS, SEED)
    finally:
        site.end()
    return judged(study, truth, answers)


def judged(study: Study, truth: Truth, answers: int) -> int:
    """The report, compared with the truth; the figures in a line, and the exit status."""
    placed = dataset.placements(study, study.questions.get())
    begun = time.perf_counter()
    report = build.report(study)
    seconds = time.perf_counter() - begun
    rows = study.stimuli.values_list("scene__name", "recipe__name", "scene_id", "recipe_id")
    true = {f"{scene}/{recipe}": truth[cell[0], cell[1]] for scene, recipe, *cell in rows}
    images = report.findings[0].ranking.images
    values = [(image.estimate or np.nan, true[image.name]) for image in images]
    correlation = float(np.corrcoef(np.array(values).T)[0, 1])
    passed = correlation >= WANTED and seconds < SECONDS and len(images) == IMAGES
    print(
        f"{'ok' if passed else 'MISSED'}: {SCENES} scenes, {len(images)} images, {PARTICIPANTS} participants, "
        f"{answers} answers, {len(placed.position)} placements: r {correlation:.4f} "
        f"(without realignment {_unaligned(placed, true):.4f}), report in {seconds:.1f} s "
        f"(targets {WANTED}, {SECONDS:g} s)"
    )
    return 0 if passed else 1


def _unaligned(placed: Placements, true: Mapping[str, float]) -> float:
    scores = alignment.scores(placed)
    mean = alignment.means(scores.within.sum(axis=0), scores.within_n.sum(axis=0))
    names = [f"{scene}/{recipe}" for scene in placed.scenes for recipe in placed.recipes]
    pairs = [(m, true[name]) for m, name in zip(mean, names, strict=True) if np.isfinite(m)]
    return float(np.corrcoef(np.array(pairs).T)[0, 1])


if __name__ == "__main__":
    sys.exit(main())

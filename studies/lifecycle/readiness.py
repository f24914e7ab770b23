"""What a draft still lacks, named piece by piece."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from studies.exhibits import pictures, told_by_pilot, wanted_size
from studies.models import Demographic, Study
from studies.planning import agreement
from studies.protocols import PROTOCOLS
from stylize.models import Recipe, Scene

NAMED = 12  # missing pictures that a sentence names before it counts


@dataclass(frozen=True)
class Check:
    """One line of the checklist; `problem` is empty where all is well.

    `structural`: without it not even a preview can be shown.
    """

    label: str
    problem: str = ""
    structural: bool = True

    @property
    def ok(self) -> bool:
        return not self.problem


class NotReady(ValueError):
    """A draft that cannot be opened (or previewed) yet; the message names all that is missing."""

    def __init__(self, study: Study, checks: Sequence[Check]) -> None:
        self.problems = [check.problem for check in checks]
        super().__init__(f"“{study.title}” is not ready: " + " ".join(self.problems))


def checklist(study: Study) -> list[Check]:
    """Every condition of opening, met or not, in the order in which a form is filled."""
    scenes, recipes = list(study.scenes.select_related("content")), list(study.recipes.all())
    return [
        _questions(study),
        _scenes(scenes),
        _recipes(recipes),
        _sizes(recipes),
        _names(scenes, recipes),
        _pictures(study, scenes, recipes),
        _agreement(study, scenes, recipes),
        _references(study),
        _consent(study),
        _demographics(study),
        _window(study),
        _redirect(study),
    ]


def require(study: Study, *, preview: bool = False) -> None:
    """Raise NotReady with everything that stands in the way."""
    checks = [check for check in checklist(study) if not check.ok]
    if preview:
        checks = [check for check in checks if check.structural]
    if checks:
        raise NotReady(study, checks)


def _questions(study: Study) -> Check:
    count = study.questions.count()
    problem = "" if 1 <= count <= 3 else f"It has {count} questions; it needs one to three."
    return Check("One to three questions", problem)


def _scenes(scenes: Sequence[Scene]) -> Check:
    return Check("At least one scene", "" if scenes else "No scene is chosen; it needs one.")


def _recipes(recipes: Sequence[Recipe]) -> Check:
    count = len(recipes)
    problem = "" if count >= 2 else f"{_counted(count, 'recipe')} chosen; it compares two or more."
    return Check("At least two recipes", problem)


def _sizes(recipes: Sequence[Recipe]) -> Check:
    sizes = sorted({recipe.size for recipe in recipes})
    problem = ""
    if len(sizes) > 1:
        by_size = "; ".join(
            f"{size} px: " + ", ".join(r.name for r in recipes if r.size == size) for size in sizes
        )
        problem = f"All recipes of a study have one size, but these differ: {by_size}."
    return Check("All recipes have one size", problem)


def _names(scenes: Sequence[Scene], recipes: Sequence[Recipe]) -> Check:
    """Names are what a report knows things by; those of several owners may coincide."""
    twice = _twice(scene.name for scene in scenes) + _twice(recipe.name for recipe in recipes)
    problem = f"Two carry the same name: {', '.join(twice)}. Rename one." if twice else ""
    return Check("All names differ", problem)


def _twice(names: Iterable[str]) -> list[str]:
    listed = list(names)
    return sorted({name for name in listed if listed.count(name) > 1})


def _pictures(study: Study, scenes: Sequence[Scene], recipes: Sequence[Recipe]) -> Check:
    found = pictures(study)
    lacking = []
    for scene in scenes:
        for recipe in recipes:
            picture = found.get((scene.pk, recipe.pk))
            wanted = wanted_size(scene, recipe)
            if picture is None:
                what = "not rendered" if recipe.method else "not uploaded"
                lacking.append(f"{recipe.name} on {scene.name} ({what})")
            elif picture.size != wanted:
                lacking.append(
                    f"{recipe.name} on {scene.name} (is {picture.size[0]}×{picture.size[1]} px, "
                    f"must be {wanted[0]}×{wanted[1]})"
                )
    return Check("Every recipe has its picture of every scene", _listed(lacking))


def _listed(lacking: Sequence[str]) -> str:
    if not lacking:
        return ""
    named = ", ".join(lacking[:NAMED])
    more = f" and {len(lacking) - NAMED} more" if len(lacking) > NAMED else ""
    return f"{_counted(len(lacking), 'picture')} missing: {named}{more}."


def _agreement(study: Study, scenes: Sequence[Scene], recipes: Sequence[Recipe]) -> Check:
    if not PROTOCOLS[study.protocol].agreement:
        return Check("No agreement scroll is needed")
    ids = [scene.pk for scene in scenes]
    label = "Agreement scrolls join all scenes"
    if study.agreement_own:
        ids = ids[: study.trials_per_participant]
        label = "Agreement scrolls of their own join each participant's scenes"
    images = dict.fromkeys(ids, min(study.agreement_per_scene, len(recipes)))
    made = agreement.scrolls(images)
    if len(made) > 1:
        longest = max(sum(images[scene] for scene in scroll) for scroll in made)
        label += f": {len(made)} of up to {longest} images, each with two scenes of the one before"
    if study.pilot and not study.agreement_own:
        told = told_by_pilot(study)
        known = sum(len(told.get(scene, ())) >= images[scene] for scene in images)
        label += f"; the pilot tells low from high in {known} of {len(images)} scenes"
    return Check(label, agreement.fault(images, made))


def _references(study: Study) -> Check:
    problem = ""
    if study.references_on_hold and not study.show_references:
        problem = "Content and style are to be shown while held, but not to be shown at all."
    return Check("What is held to be seen is shown at all", problem)


def _consent(study: Study) -> Check:
    problem = "" if study.consent.strip() else "The consent text is empty."
    return Check("A consent text", problem, structural=False)


def _demographics(study: Study) -> Check:
    """A list to choose from needs two entries, all of them different."""
    short = [
        asked.label
        for asked in study.demographics.filter(kind=Demographic.Kind.CHOICE)
        if len(set(asked.choice_list)) < max(2, len(asked.choice_list))
    ]
    named = ", ".join(f"“{label}”" for label in short)
    problem = f"{named}: a list to choose from needs two or more, all different." if short else ""
    return Check("What is asked about participants can be answered", problem, structural=False)


def _window(study: Study) -> Check:
    asked = study.screen_window != "off" and not (study.minimum_width and study.minimum_height)
    problem = "The window is checked, but one of its sides needs no size: both must be above 0."
    return Check("The window's least size is named", problem if asked else "", structural=False)


def _redirect(study: Study) -> Check:
    label = "The way back to the panel is https, to a host named here"
    if not study.redirect_url:
        return Check(label, structural=False)
    parts, problem = urlsplit(study.redirect_url), ""
    if parts.scheme != "https":
        problem = f"The redirect address begins with {parts.scheme}://; it must be https://."
    elif "@" in parts.netloc:
        problem = "The redirect address names a user before its host; leave out what ends in @."
    elif (parts.hostname or "") not in study.redirect_host_list:
        named = ", ".join(study.redirect_host_list) or "none"
        problem = f"The redirect leads to {parts.hostname}, which is none of its hosts ({named})."
    return Check(label, problem, structural=False)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun} is" if count == 1 else f"{count} {noun}s are"

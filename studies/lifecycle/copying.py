"""A new draft with a study's design and uploads, but none of its answers."""

from django.core.files.base import ContentFile
from django.db import transaction

from studies.models import Demographic, Question, Stimulus, Study

NEW = {"id", "public_id", "state", "seed", "created_at", "opened_at", "closed_at", "title"}


def copy_study(study: Study) -> Study:
    """Copy from any state; the copy draws its own id, seed and, when it opens, addresses."""
    kept = {
        field.attname: getattr(study, field.attname)
        for field in Study._meta.concrete_fields
        if field.attname not in NEW
    }
    longest = Study._meta.get_field("title").max_length or 0
    with transaction.atomic():
        made = Study.objects.create(**kept, title=f"Copy of {study.title}"[:longest])
        made.scenes.set(study.scenes.all())
        made.recipes.set(study.recipes.all())
        for question in study.questions.all():
            _copy_question(question, made)
        for asked in study.demographics.all():
            _copy_demographic(asked, made)
        for stimulus in study.stimuli.exclude(upload=""):
            _copy_upload(stimulus, made)
    return made


def _copy_question(question: Question, study: Study) -> None:
    Question.objects.create(
        study=study,
        position=question.position,
        text=question.text,
        low_label=question.low_label,
        high_label=question.high_label,
    )


def _copy_demographic(asked: Demographic, study: Study) -> None:
    Demographic.objects.create(
        study=study,
        position=asked.position,
        label=asked.label,
        kind=asked.kind,
        choices=asked.choices,
        optional=asked.optional,
    )


def _copy_upload(stimulus: Stimulus, study: Study) -> None:
    with stimulus.upload.open("rb") as file:
        data = ContentFile(file.read(), name="upload.png")
    Stimulus.objects.create(
        study=study,
        scene=stimulus.scene,
        recipe=stimulus.recipe,
        upload=data,
        sha256=stimulus.sha256,
        width=stimulus.width,
        height=stimulus.height,
    )

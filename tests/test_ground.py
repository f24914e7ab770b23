"""The ground everything stands on: settings, migrations, the two models' constraints."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError

from studies.models import Stimulus
from tests import factories


def test_migrations_when_models_are_unchanged_are_complete(db: None) -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_stimulus_with_neither_rendering_nor_upload_is_refused_by_the_database(db: None) -> None:
    study = factories.study(scenes=1, recipes=1)
    with pytest.raises(IntegrityError, match="stimulus_rendering_or_upload"):
        Stimulus.objects.create(
            study=study,
            scene=study.scenes.get(),
            recipe=study.recipes.get(),
            sha256="0" * 64,
            width=48,
            height=32,
        )

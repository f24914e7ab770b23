"""The ground everything stands on: settings, migrations, the two models' constraints."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError

from studies.models import Stimulus
from tests import factories


def test_state_of_the_tests_lies_in_a_folder_of_its_own() -> None:
    """Else they would fill the site's media, wake its workers and collect its static files."""
    assert settings.VAR.name.startswith("paragone-test-")
    assert not settings.VAR.is_relative_to(settings.BASE_DIR)
    for folder in (
        settings.STATIC_ROOT,
        settings.STORAGES["default"]["OPTIONS"]["location"],
        settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_out"],
    ):
        assert Path(folder).is_relative_to(settings.VAR)


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

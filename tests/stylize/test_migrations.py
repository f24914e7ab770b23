"""Migrations that move data keep it, there and back."""

import hashlib
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE, AFTER = ("stylize", "0003_depth_map"), ("stylize", "0004_masks_of_styles")


def _migrated(*targets: tuple[str, str]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(list(targets))
    return MigrationExecutor(connection).loader.project_state(list(targets)).apps


@pytest.mark.django_db(transaction=True)
def test_masks_of_styles_keep_the_first_style_s_mask_and_the_order_and_go_back() -> None:
    newest = list(MigrationExecutor(connection).loader.graph.leaf_nodes())
    try:
        old = _migrated(BEFORE)
        owner = old.get_model("auth", "User").objects.create(username="owner")
        images = [
            old.get_model("stylize", "Image").objects.create(
                owner_id=owner.pk, role=role, name=role, file="x", thumbnail="x", width=48,
                height=32, sha256=hashlib.sha256(bytes([number])).hexdigest(),
            )
            for number, role in enumerate(("content", "style", "style", "mask", "mask"))
        ]  # fmt: skip
        content, first, second, of_content, of_style = images
        scene = old.get_model("stylize", "Scene").objects.create(
            owner_id=owner.pk, name="s", content=content, content_mask=of_content,
            style_mask=of_style,
        )  # fmt: skip
        scene.styles.add(second)
        scene.styles.add(first)  # they counted by the order of the images all the same

        new = _migrated(AFTER).get_model("stylize", "SceneStyle")
        rows = new.objects.filter(scene=scene.pk).order_by("pk")
        assert list(rows.values_list("image", "mask")) == [
            (first.pk, of_style.pk),
            (second.pk, None),
        ]

        back = _migrated(BEFORE).get_model("stylize", "Scene").objects.get()
        assert (back.content_mask_id, back.style_mask_id) == (of_content.pk, of_style.pk)
        assert {each.pk for each in back.styles.all()} == {first.pk, second.pk}
    finally:
        _migrated(*newest)

"""Every style of a scene may have a mask; until now only the first one could, kept on the scene."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def forwards(apps: Any, schema_editor: Any) -> None:
    """Styles counted in the order of their images; from now on in that of their rows."""
    rows = apps.get_model("stylize", "SceneStyle").objects
    for scene in apps.get_model("stylize", "Scene").objects.all():
        images = list(rows.filter(scene=scene).order_by("image_id").values_list("image", flat=True))
        if list(rows.filter(scene=scene).order_by("pk").values_list("image", flat=True)) != images:
            rows.filter(scene=scene).delete()
            for image in images:
                rows.create(scene=scene, image_id=image)
        if scene.style_mask_id is not None and images:
            rows.filter(scene=scene, image_id=images[0]).update(mask=scene.style_mask_id)
    _settle(schema_editor)


def _settle(schema_editor: Any) -> None:
    """PostgreSQL alters no table whose foreign keys wait to be checked at the transaction's end."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def backwards(apps: Any, schema_editor: Any) -> None:
    """The mask of the style that counts first there; those of the others have no place."""
    rows = apps.get_model("stylize", "SceneStyle").objects
    for scene in apps.get_model("stylize", "Scene").objects.all():
        first = rows.filter(scene=scene).order_by("image_id").first()
        if first is not None and first.mask_id is not None:
            type(scene).objects.filter(pk=scene.pk).update(style_mask=first.mask_id)
    _settle(schema_editor)


class Migration(migrations.Migration):
    dependencies = [
        ("stylize", "0003_depth_map"),
    ]

    operations = [
        # The table that Django made for the many-to-many becomes that of a model of our own.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="SceneStyle",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "image",
                            models.ForeignKey(
                                limit_choices_to={"role": "style"},
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="stylize.image",
                                verbose_name="style",
                            ),
                        ),
                        (
                            "scene",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="style_rows",
                                to="stylize.scene",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "stylize_scene_styles",
                        "ordering": ["pk"],
                        "unique_together": {("scene", "image")},
                        "verbose_name": "style",
                    },
                ),
                migrations.AlterField(
                    model_name="scene",
                    name="styles",
                    field=models.ManyToManyField(
                        related_name="+",
                        through="stylize.SceneStyle",
                        through_fields=("scene", "image"),
                        to="stylize.image",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="scenestyle",
            name="mask",
            field=models.ForeignKey(
                blank=True,
                help_text="Optional; it is drawn on the page of masks, too.",
                limit_choices_to={"role": "mask"},
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="stylize.image",
            ),
        ),
        migrations.RunPython(forwards, backwards),
        migrations.RemoveField(model_name="scene", name="style_mask"),
    ]

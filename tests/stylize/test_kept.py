"""What was rendered stays as it was: a scene's pictures, and what a newer rendering superseded."""

import pytest

from stylize.models import Scene, SceneNotEditable, SceneStyle
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("field", ["content", "content_mask", "depth_map"])
def test_scene_that_was_rendered_refuses_another_picture(field: str) -> None:
    scene = factories.RenderingFactory().scene
    setattr(scene, field, factories.ImageFactory(owner=scene.owner))
    with pytest.raises(SceneNotEditable, match=f"its {field.replace('_', ' ')} cannot be changed"):
        scene.save()


def test_scene_that_was_rendered_refuses_another_style_and_another_mask_of_a_style() -> None:
    scene = factories.RenderingFactory().scene
    row = scene.style_rows.get()
    row.mask = factories.ImageFactory(owner=scene.owner, role="mask")
    other = factories.ImageFactory(owner=scene.owner, role="style")
    for each in (row, SceneStyle(scene=scene, image=other)):
        with pytest.raises(SceneNotEditable, match="its styles and their masks cannot be changed"):
            each.save()


def test_scene_that_was_rendered_when_renamed_is_saved() -> None:
    scene = factories.RenderingFactory().scene
    scene.name = "renamed"
    scene.save()
    assert Scene.objects.get(pk=scene.pk).name == "renamed"


def test_retry_of_what_was_rendered_again_since_is_not_queued() -> None:
    failed = factories.RenderingFactory(state="failed")
    new = failed.again()
    assert not failed.retry()
    failed.refresh_from_db()
    assert (failed.state, new.state) == ("failed", "queued")

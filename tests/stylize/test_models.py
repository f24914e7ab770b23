"""What is made: taking images, crossing scenes, asking for batches, claims, sweeps, superseding."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.core.files.storage import default_storage
from django.db import IntegrityError
from django.utils import timezone
from PIL import Image as Pillow
from pytest_django import DjangoCaptureOnCommitCallbacks

from stylize.imaging import ImageRefused
from stylize.models import Batch, Image, Recipe, RecipeNotEditable, Rendering, Scene, Worker, sweep
from stylize.models.rendering import LOST
from tests import factories

Sent = list[tuple[int, str]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Messages to workers, as (rendering, queue)."""
    messages: Sent = []

    def send_task(name: str, args: list[int], queue: str, **_: Any) -> None:
        assert name == "stylize.tasks.render"
        messages.append((args[0], queue))

    monkeypatch.setattr("stylize.models.rendering.current_app.send_task", send_task)
    return messages


def running(token: str = "t", lease: float = 20, **values: Any) -> Rendering:
    made: Rendering = factories.RenderingFactory(
        state="running",
        claim=token,
        lease_until=timezone.now() + timedelta(seconds=lease),
        file="",
        thumbnail="",
        sha256="",
        **values,
    )
    return made


# Images


def test_take_same_picture_again_returns_the_row_that_is_there(owner: AbstractUser) -> None:
    first = Image.objects.take(owner, "content", "a", factories.png(1))
    again, created = Image.objects.get_or_take(owner, "content", "b", factories.png(1))
    assert (again, created) == (first, False)
    assert Image.objects.take(owner, "style", "a", factories.png(1)) != first


def test_take_same_picture_of_another_owner_is_a_row_of_its_own(
    owner: AbstractUser, stranger: AbstractUser
) -> None:
    mine = Image.objects.take(owner, "content", "a", factories.png(1))
    assert Image.objects.take(stranger, "content", "a", factories.png(1)) != mine


def test_take_stores_png_without_metadata_and_a_thumbnail(owner: AbstractUser) -> None:
    buffer = io.BytesIO()
    exif = Pillow.Exif()
    exif[0x0112] = 6  # to be turned by 90°
    Pillow.new("RGB", (64, 32), "red").save(buffer, "JPEG", exif=exif)
    image = Image.objects.take(owner, "content", "phone", buffer.getvalue())
    assert (image.width, image.height) == (32, 64)
    with image.file.open() as file:
        stored = Pillow.open(file)
        assert (stored.format, stored.size, dict(stored.getexif())) == ("PNG", (32, 64), {})
    assert image.thumbnail.name.endswith(".webp")
    assert "phone" not in image.file.name


def test_take_larger_than_any_recipe_is_reduced(owner: AbstractUser, settings: Any) -> None:
    settings.RECIPE_MAX_SIZE = 40
    image = Image.objects.take(owner, "content", "a", factories.png(1, 80, 60))
    assert (image.width, image.height) == (40, 30)


def test_take_picture_over_the_pixel_limit_is_refused(owner: AbstractUser, settings: Any) -> None:
    settings.IMAGE_MAX_PIXELS = 80 * 60 - 1
    with pytest.raises(ImageRefused, match=r"80×60 px; it may have at most 0\.004799 million"):
        Image.objects.take(owner, "content", "a", factories.png(1, 80, 60))


def test_take_file_over_the_byte_limit_is_refused(owner: AbstractUser, settings: Any) -> None:
    settings.IMAGE_MAX_BYTES = 2**10
    with pytest.raises(ImageRefused, match="larger than"):
        Image.objects.take(owner, "content", "a", factories.png(1))
    assert not Image.objects.exists()


def test_take_mask_keeps_its_labels(owner: AbstractUser) -> None:
    buffer = io.BytesIO()
    Pillow.new("L", (32, 32), 3).save(buffer, "PNG")
    image = Image.objects.take(owner, "mask", "m", buffer.getvalue())
    with image.file.open() as file:
        assert Pillow.open(file).getextrema() == (3, 3)


def test_take_race_of_the_same_picture_returns_the_winner_and_keeps_no_file(
    owner: AbstractUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    winner = Image.objects.take(owner, "content", "a", factories.png(1))
    stored = set(default_storage.listdir("images")[1])
    manager = Image.objects.all()
    monkeypatch.setattr(type(manager), "first", lambda self: None)  # not seen: the gap of the race
    again, created = manager.get_or_take(owner, "content", "b", factories.png(1))
    assert (again, created) == (winner, False)
    assert set(default_storage.listdir("images")[1]) == stored


# Scenes


def test_cross_makes_every_pair_once(owner: AbstractUser) -> None:
    contents = [factories.ImageFactory(owner=owner) for _ in range(2)]
    styles = [factories.ImageFactory(owner=owner, role="style") for _ in range(3)]
    made = Scene.objects.cross(owner, contents, styles, tags="photo")
    assert len(made) == 6
    assert Scene.objects.cross(owner, contents, styles) == made


def test_cross_images_of_equal_names_gives_scenes_of_different_names(owner: AbstractUser) -> None:
    contents = [factories.ImageFactory(owner=owner, name="same") for _ in range(2)]
    style = factories.ImageFactory(owner=owner, role="style", name="style")
    assert len({scene.name for scene in Scene.objects.cross(owner, contents, [style])}) == 2


# Recipes


@pytest.mark.parametrize(
    ("field", "value"),
    [("size", 64), ("parameters", {"strength": 0.5}), ("encoder", "other"), ("method", "mkl")],
)
def test_recipe_that_was_rendered_refuses_change(db: None, field: str, value: object) -> None:
    recipe = factories.RenderingFactory().recipe
    setattr(recipe, field, value)
    with pytest.raises(RecipeNotEditable, match=f"its {field} cannot be changed"):
        recipe.save()


def test_recipe_that_was_rendered_may_be_renamed_and_copied(owner: AbstractUser) -> None:
    recipe = factories.RenderingFactory(recipe__owner=owner).recipe
    recipe.name = "Better name"
    recipe.save()
    first, second = recipe.copy(owner), recipe.copy(owner)
    assert [first.name, second.name] == ["Better name copy", "Better name copy1"]
    first.size = 32
    first.save()
    assert Recipe.objects.get(pk=recipe.pk).size == 48


# Batches


def test_ask_queues_one_message_per_rendering_after_the_commit(
    owner: AbstractUser,
    sent: Sent,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    scenes = [factories.SceneFactory(owner=owner) for _ in range(2)]
    recipes = [
        factories.RecipeFactory(owner=owner),
        factories.RecipeFactory(owner=owner, queue="gpu"),
    ]
    with django_capture_on_commit_callbacks(execute=True):
        batch = Batch.objects.ask(owner, scenes, recipes)
        assert sent == []
    assert sorted(queue for _, queue in sent) == ["cpu", "cpu", "gpu", "gpu"]
    assert {pk for pk, _ in sent} == set(batch.renderings.values_list("pk", flat=True))
    assert not Rendering.objects.filter(woken_at=None).exists()


def test_ask_gpu_recipe_where_settings_allow_goes_to_the_cpu_queue(
    owner: AbstractUser,
    sent: Sent,
    settings: Any,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.GPU_RECIPES_ON_CPU = True
    recipe = factories.RecipeFactory(owner=owner, queue="gpu")
    with django_capture_on_commit_callbacks(execute=True):
        Batch.objects.ask(owner, [factories.SceneFactory(owner=owner)], [recipe])
    assert [queue for _, queue in sent] == ["cpu"]


def test_ask_twice_takes_the_same_renderings_and_sends_nothing_new(
    owner: AbstractUser,
    sent: Sent,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    scene, recipe = factories.SceneFactory(owner=owner), factories.RecipeFactory(owner=owner)
    with django_capture_on_commit_callbacks(execute=True):
        first = Batch.objects.ask(owner, [scene], [recipe])
    with django_capture_on_commit_callbacks(execute=True):
        second = Batch.objects.ask(owner, [scene], [recipe])
    assert first.renderings.get() == second.renderings.get()
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("state", "after"), [("failed", "queued"), ("cancelled", "queued"), ("done", "done")]
)
def test_ask_for_what_is_there_queues_failed_and_cancelled_again(
    owner: AbstractUser, sent: Sent, state: str, after: str
) -> None:
    there = factories.RenderingFactory(state=state, attempts=3)
    batch = Batch.objects.ask(owner, [there.scene], [there.recipe])
    assert batch.renderings.get() == there
    assert batch.renderings.get().state == after


def test_ask_never_resets_what_a_worker_is_making(owner: AbstractUser) -> None:
    there = running()
    Batch.objects.ask(owner, [there.scene], [there.recipe])
    there.refresh_from_db()
    assert (there.state, there.claim) == ("running", "t")


def test_ask_leaves_out_what_cannot_be_made_with_the_reason(owner: AbstractUser) -> None:
    one, two = factories.SceneFactory(owner=owner, name="one"), factories.SceneFactory(owner=owner)
    two.styles.add(factories.ImageFactory(role="style", owner=owner))
    two.name = "two"
    two.save()
    masked = factories.RecipeFactory(owner=owner, name="masked", needs={"masks": True})
    weighted = factories.RecipeFactory(owner=owner, name="weighted", needs={"weights": "vgg19"})
    outside = factories.RecipeFactory(owner=owner, name="outside", method="")
    plain = factories.RecipeFactory(owner=owner, name="plain")
    batch = Batch.objects.ask(owner, [one, two], [masked, weighted, outside, plain])
    assert [cell.scene for cell in batch.renderings.all()] == [one]
    said = {(left["method"], left["scene"]): left["reason"] for left in batch.left_out}
    assert "masks" in said["masked", "one"]
    assert "vgg19" in said["weighted", ""]
    assert "made elsewhere" in said["outside", ""]
    assert said["plain", "two"] == "takes 1 style, the scene has 2"


def test_current_rendering_of_a_cell_twice_is_refused_by_the_database(db: None) -> None:
    there = factories.RenderingFactory()
    with pytest.raises(IntegrityError, match=r"UNIQUE|rendering_current_once"):
        Rendering.objects.create(scene=there.scene, recipe=there.recipe, seed=there.seed)


def test_cancel_batch_spares_what_another_live_batch_wants(owner: AbstractUser) -> None:
    scenes = [factories.SceneFactory(owner=owner) for _ in range(2)]
    recipe = factories.RecipeFactory(owner=owner)
    batch = Batch.objects.ask(owner, scenes, [recipe])
    Batch.objects.ask(owner, scenes[:1], [recipe])
    assert batch.cancel() == 1
    states = dict(batch.renderings.values_list("scene", "state"))
    assert states == {scenes[0].pk: "queued", scenes[1].pk: "cancelled"}
    batch.refresh_from_db()
    assert batch.cancelled_at is not None


def test_progress_counts_states_and_rate(owner: AbstractUser) -> None:
    batch = Batch.objects.create(owner=owner)
    begun = timezone.now() - timedelta(seconds=30)
    Batch.objects.update(created_at=begun)
    batch.refresh_from_db()
    times = {"started_at": begun, "finished_at": begun + timedelta(seconds=1)}
    done = [factories.RenderingFactory(**times) for _ in range(2)]
    batch.renderings.set([*done, running(progress=0.5), factories.RenderingFactory(state="queued")])
    progress = batch.progress()
    assert (progress.total, progress.done, progress.left) == (4, 2, 2)
    assert progress.fraction == pytest.approx(2.5 / 4)
    assert progress.per_minute == pytest.approx(4, rel=0.05)
    assert progress.seconds_left == pytest.approx(1.5 * 15, rel=0.05)
    assert progress.time_left in ("22 s", "23 s")


def test_progress_of_an_empty_batch_is_complete(owner: AbstractUser) -> None:
    progress = Batch.objects.create(owner=owner).progress()
    assert (progress.fraction, progress.per_minute, progress.time_left) == (1.0, None, "–")


# Claims


def test_claim_second_worker_gets_nothing(db: None) -> None:
    queued = factories.RenderingFactory(state="queued")
    assert Rendering.objects.claim(queued.pk, "one", "1")
    assert not Rendering.objects.claim(queued.pk, "two", "2")
    queued.refresh_from_db()
    assert (queued.worker, queued.claim, queued.attempts) == ("one", "1", 1)


@pytest.mark.parametrize("state", ["running", "done", "failed", "cancelled"])
def test_claim_of_what_is_not_queued_fails(db: None, state: str) -> None:
    assert not Rendering.objects.claim(factories.RenderingFactory(state=state).pk, "one", "1")


def test_renew_prolongs_the_lease_and_is_refused_after_cancelling(db: None) -> None:
    rendering = running(lease=1)
    assert rendering.renew("t", 0.25)
    rendering.refresh_from_db()
    assert rendering.progress == 0.25
    assert rendering.lease_until is not None
    assert rendering.lease_until > timezone.now() + timedelta(seconds=15)
    Rendering.objects.filter(pk=rendering.pk).cancel()
    assert not rendering.renew("t", 0.5)


def test_finish_with_a_lost_claim_keeps_nothing(db: None) -> None:
    rendering = running(token="lost-claim")
    Rendering.objects.filter(pk=rendering.pk).update(claim="another")
    assert not rendering.finish("lost-claim", b"png", b"webp", {})
    rendering.refresh_from_db()
    assert (rendering.state, rendering.file.name) == ("running", "")
    assert not default_storage.exists("renderings/lost-claim.png")


# Sweep


def test_sweep_lost_rendering_is_queued_again_and_the_dead_worker_s_file_goes(
    db: None, sent: Sent
) -> None:
    rendering = running(token="dead", lease=-1, attempts=1)
    with default_storage.open("renderings/dead.png", "wb") as file:
        file.write(b"half")
    assert sweep("one", ["cpu"], 1) == 1
    rendering.refresh_from_db()
    assert (rendering.state, rendering.claim) == ("queued", "")
    assert sent == [(rendering.pk, "cpu")]
    assert not default_storage.exists("renderings/dead.png")


def test_sweep_rendering_under_lease_is_left_alone(db: None, sent: Sent) -> None:
    rendering = running(lease=5)
    assert sweep("one", ["cpu"], 1) == 0
    rendering.refresh_from_db()
    assert rendering.state == "running"


def test_sweep_worker_lost_three_times_fails_with_the_reason(db: None, sent: Sent) -> None:
    rendering = running(lease=-1, attempts=3)
    assert sweep("one", ["cpu"], 1) == 0
    rendering.refresh_from_db()
    assert (rendering.state, rendering.error) == ("failed", LOST)


@pytest.mark.parametrize(("seconds", "messages"), [(5, 0), (40, 1)])
def test_sweep_queued_for_long_is_woken_once_in_thirty_seconds(
    db: None, sent: Sent, seconds: int, messages: int
) -> None:
    woken = timezone.now() - timedelta(seconds=seconds)
    factories.RenderingFactory(state="queued", woken_at=woken)
    assert sweep("one", ["cpu"], 1) == messages
    assert sweep("one", ["cpu"], 1) == 0
    assert len(sent) == messages


def test_sweep_busy_worker_wakes_nothing_for_it_could_not_take_it(db: None, sent: Sent) -> None:
    running(worker="one")
    factories.RenderingFactory(state="queued", woken_at=timezone.now() - timedelta(minutes=5))
    assert sweep("one", ["cpu"], 1) == 0
    assert sweep("one", ["cpu"], 2) == 1


def test_sweep_wakes_only_what_its_queues_hold(db: None, sent: Sent) -> None:
    factories.RenderingFactory(state="queued", recipe__queue="gpu")
    assert sweep("one", ["cpu"], 1) == 0
    assert sweep("one", ["gpu"], 1) == 1


def test_sweep_gpu_recipe_where_settings_allow_is_woken_by_a_cpu_worker(
    db: None, sent: Sent, settings: Any
) -> None:
    settings.GPU_RECIPES_ON_CPU = True
    factories.RenderingFactory(state="queued", recipe__queue="gpu")
    assert sweep("one", ["cpu"], 1) == 1


def test_wake_broker_unreachable_is_left_to_the_next_sweep(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError("broker")

    monkeypatch.setattr("stylize.models.rendering.current_app.send_task", down)
    factories.RenderingFactory(state="queued")
    assert Rendering.objects.all().wake() == 0
    assert Rendering.objects.get().state == "queued"


# Render again


def test_again_new_row_supersedes_and_the_old_one_is_kept(db: None, sent: Sent) -> None:
    old = factories.RenderingFactory()
    new = old.again()
    old.refresh_from_db()
    assert (new.supersedes, new.state) == (old, "queued")
    assert (old.state, bool(old.file), old.superseded_at is not None) == ("done", True, True)
    assert list(Rendering.objects.current()) == [new]


def test_again_twice_or_while_it_is_made_is_refused(db: None) -> None:
    old = factories.RenderingFactory()
    old.again()
    for rendering in (old, running()):
        with pytest.raises(ValueError, match="still being made or has been rendered again"):
            rendering.again()


def test_retry_failed_is_queued_with_fresh_attempts(db: None) -> None:
    failed = factories.RenderingFactory(state="failed", error="why", attempts=3)
    assert failed.retry()
    failed.refresh_from_db()
    assert (failed.state, failed.error, failed.attempts) == ("queued", "", 0)
    assert not failed.retry()


# Workers


def test_beat_twice_is_one_row_with_its_first_start(db: None) -> None:
    Worker.objects.beat("one", queues="cpu", processes=1)
    begun = Worker.objects.get().started_at
    Worker.objects.beat("one", queues="cpu,gpu", processes=2)
    worker = Worker.objects.get()
    assert (worker.queues, worker.started_at, worker.alive) == ("cpu,gpu", begun, True)


def test_worker_silent_for_half_a_minute_is_not_alive(db: None) -> None:
    Worker.objects.beat("one", queues="cpu", processes=1)
    Worker.objects.update(seen_at=timezone.now() - timedelta(seconds=31))
    assert not Worker.objects.alive().exists()


@pytest.mark.parametrize("model", [Image, Scene, Recipe, Batch])
def test_visible_to_stranger_nothing_to_superuser_everything(
    owner: AbstractUser, stranger: AbstractUser, model: Any
) -> None:
    there = factories.RenderingFactory(scene__owner=owner, recipe__owner=owner)
    Batch.objects.ask(owner, [there.scene], [there.recipe])
    root = factories.UserFactory(username="root", is_superuser=True)
    count: Callable[[Any], int] = lambda user: model.objects.visible_to(user).count()  # noqa: E731
    assert count(owner) == count(root) > 0
    assert count(stranger) == 0
    assert not Rendering.objects.visible_to(stranger).exists()

"""Weights from a file to a picture: imported, described, lacking, handed over, in the provenance."""

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AbstractUser
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from evalsite import worker
from stylize import encoders, rendering
from stylize.models import Batch, Image, Recipe, Rendering, Weights, Worker
from tests import factories
from tests.stylize.encoders import networks

DISTILLED = networks.saved({"model": networks.distilled(13)})
ENDING_EARLY = networks.saved(networks.normalised(5))
WRONG = networks.saved({"1.weight": networks.COLOURS})


@pytest.fixture(autouse=True)
def _nothing_on_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    yield
    for key in encoders.VARIANTS:
        encoders.provide(key, None)


@pytest.fixture
def browser(owner: AbstractUser) -> Client:
    client = Client()
    client.force_login(owner)
    return client


def imported(owner: Any, data: bytes = DISTILLED) -> Weights:
    return rendering.import_weights(owner, ContentFile(data))[0]


def downloaded(tmp_path: Path, count: int = 3) -> bytes:
    """As if torchvision had downloaded VGG-19 on this machine."""
    path = tmp_path / "torch/hub/checkpoints/vgg19-dcbb9e9d.pth"
    path.parent.mkdir(parents=True)
    path.write_bytes(networks.saved(networks.torchvision(count)))
    return path.read_bytes()


def recipe_with(owner: Any, encoder: str, **parameters: Any) -> Recipe:
    few = {"coarse_evaluations": 2, "fine_evaluations": 1}
    recipe = Recipe(
        owner=owner, name=f"with {encoder}", method="gatys", encoder=encoder, size=32,
        parameters=few | parameters,
    )  # fmt: skip
    rendering.fill(recipe).save()
    return recipe


def asked(owner: Any, recipe: Recipe) -> Batch:
    content = Image.objects.take(owner, "content", "content", factories.png(1, 40, 32))
    style = Image.objects.take(owner, "style", "style", factories.png(2, 40, 30))
    scene = factories.SceneFactory(owner=owner, content=content, styles=[style])
    return Batch.objects.ask(owner, [scene], [recipe])


def rendered(owner: Any, recipe: Recipe) -> dict[str, Any]:
    """What the provenance says of a rendering of this recipe."""
    content = factories.ImageFactory(owner=owner)
    scene = factories.SceneFactory(owner=owner, content=content)
    one = Rendering.objects.create(scene=scene, recipe=recipe)
    told: dict[str, Any] = rendering.render(one, lambda fraction: None).said["provenance"]
    return told


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, stderr=out)
    return out.getvalue()


# Importing


def test_import_keeps_the_file_under_the_key_of_what_it_holds(owner: AbstractUser) -> None:
    weights = imported(owner)
    assert (weights.key, weights.deepest) == ("vgg19_16x", "relu5_1")
    assert weights.variant == "VGG-19, distilled 16×"
    assert weights.sha256 == hashlib.sha256(DISTILLED).hexdigest()
    assert weights.note == ""
    with weights.file.open() as file:
        assert file.read() == DISTILLED


def test_import_of_a_network_that_ends_early_says_where_content_is_taken(
    owner: AbstractUser,
) -> None:
    weights = imported(owner, ENDING_EARLY)
    assert (weights.key, weights.deepest) == ("vgg19_normalised", "relu3_1")
    assert weights.note == "The file ends at relu3_1, which also stands for the content."


def test_import_twice_is_the_same_row(owner: AbstractUser, stranger: AbstractUser) -> None:
    first, created = rendering.import_weights(owner, ContentFile(DISTILLED))
    second, again = rendering.import_weights(owner, ContentFile(DISTILLED))
    assert (created, again) == (True, False)
    assert first == second
    assert imported(stranger) != first


@pytest.mark.parametrize("data", [b"", b"hello", WRONG, DISTILLED[:5000]])
def test_import_of_a_wrong_file_loses_nothing_and_keeps_nothing(
    owner: AbstractUser, data: bytes
) -> None:
    weights = imported(owner)
    before = set(default_storage.listdir("weights")[1])
    with pytest.raises(ValueError, match=r"^The file holds .*\.$"):
        imported(owner, data)
    assert list(Weights.objects.all()) == [weights]
    assert set(default_storage.listdir("weights")[1]) == before


def test_import_of_a_file_that_is_too_large_is_refused_unread(
    owner: AbstractUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stylize.rendering.weights.MAX_BYTES", 2**20)
    with pytest.raises(ValueError, match=r"The file is larger than 1 MiB\."):
        imported(owner)


def test_import_of_the_same_file_at_once_is_one_row_and_one_file(
    owner: AbstractUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = imported(owner)
    before = set(default_storage.listdir("weights")[1])
    rows = Weights.objects.all()
    looked = [Weights.objects.none()]  # too early: the other one has not been saved yet
    find = rows.filter
    monkeypatch.setattr(rows, "filter", lambda **what: looked.pop() if looked else find(**what))
    said = {"key": first.key, "variant": first.variant, "deepest": first.deepest}
    assert rows.take(owner, first.sha256, ContentFile(DISTILLED), **said) == (first, False)
    assert set(default_storage.listdir("weights")[1]) == before


def test_chosen_are_the_owner_s_then_the_deepest_then_the_oldest(
    owner: AbstractUser, stranger: AbstractUser
) -> None:
    shallow, deep = imported(stranger, networks.saved(networks.distilled(5))), imported(stranger)
    assert Weights.objects.chosen("vgg19_16x", owner) == deep
    mine = imported(owner, networks.saved(networks.distilled(3)))
    assert Weights.objects.chosen("vgg19_16x", owner) == mine
    other = imported(stranger, networks.saved({"model": networks.distilled(13), "epoch": 2}))
    assert other.deepest == deep.deepest
    assert Weights.objects.chosen("vgg19_16x", stranger) == deep
    assert Weights.objects.chosen("vgg19", owner) is None
    assert shallow.note


# Described


def states(imports: Any) -> dict[str, str]:
    return {one.key: one.state for one in rendering.describe_encoders(imports)}


def test_describe_encoders_says_ready_missing_or_not_looked_up(owner: AbstractUser) -> None:
    imported(owner)
    assert states(rendering.imported_weights()) == {
        "pyramid": "ready",
        "vgg19": "weights missing",
        "vgg19_normalised": "weights missing",
        "vgg19_16x": "ready",
    }


def test_describe_encoders_without_a_database_says_what_this_machine_has(tmp_path: Path) -> None:
    told = "in torchvision's cache on this machine; imports were not looked up"
    assert states(None)["vgg19"] == f"not {told}"
    assert states(None)["vgg19_16x"] == "imports were not looked up"
    downloaded(tmp_path)
    assert states(None)["vgg19"] == told
    assert states(None)["pyramid"] == "ready"


def test_vgg19_is_ready_where_every_live_worker_has_it(db: None, tmp_path: Path) -> None:
    assert not Weights.objects.ready("vgg19")
    downloaded(tmp_path)
    assert Weights.objects.ready("vgg19")
    assert not Weights.objects.ready("vgg19_16x")
    assert states(())["vgg19"] == "ready: in torchvision's cache of this machine"
    Worker.objects.beat("one", queues="cpu", vgg19_cached=True)
    assert states(())["vgg19"] == "ready: in torchvision's cache of every live worker"
    Worker.objects.beat("two", queues="cpu")
    assert not Weights.objects.ready("vgg19")
    assert states(())["vgg19"] == "weights missing"


def test_worker_reports_what_torchvision_has_there(db: None, tmp_path: Path) -> None:
    worker.beat("one", ["cpu"], 1)
    assert not Worker.objects.get().vgg19_cached
    downloaded(tmp_path)
    worker.beat("one", ["cpu"], 1)
    assert Worker.objects.get().vgg19_cached


# Recipes whose weights are missing


@pytest.mark.parametrize("encoder", ["vgg19", "vgg19_normalised", "vgg19_16x"])
def test_recipe_without_its_weights_is_left_out_with_the_reason(
    owner: AbstractUser, encoder: str
) -> None:
    recipe = recipe_with(owner, encoder)
    reason = f"needs the weights {encoder}, which were not imported"
    assert recipe.lacks() == reason
    batch = asked(owner, recipe)
    assert batch.left_out == [{"method": recipe.name, "scene": "", "reason": reason}]
    assert not batch.renderings.exists()


def test_recipe_lacks_nothing_once_its_weights_are_imported(owner: AbstractUser) -> None:
    recipe = recipe_with(owner, "vgg19_16x")
    imported(owner)
    assert recipe.lacks() == ""
    assert asked(owner, recipe).renderings.count() == 1
    assert recipe_with(owner, "pyramid").lacks() == ""


def test_method_that_reads_no_encoder_lacks_none(owner: AbstractUser) -> None:
    recipe = rendering.fill(Recipe(owner=owner, method="mkl", encoder="vgg19"))
    assert recipe.lacks() == ""


# In a rendering


def test_provenance_has_the_hash_of_the_weights_that_were_used(owner: AbstractUser) -> None:
    recipe = recipe_with(owner, "vgg19_16x")
    imported(owner, networks.saved(networks.distilled(3)))
    before = rendered(owner, recipe)
    assert before["weights_sha256"] == Weights.objects.get().sha256
    imported(owner)
    after = rendered(owner, recipe)
    assert after["weights_sha256"] == hashlib.sha256(DISTILLED).hexdigest()
    assert after["encoder"] == "vgg19_16x"


def test_provenance_of_the_pyramid_and_of_no_encoder_has_none(owner: AbstractUser) -> None:
    plain = rendering.fill(Recipe(owner=owner, name="plain", method="identity", size=32))
    plain.save()
    for recipe in (plain, recipe_with(owner, "pyramid")):
        assert rendered(owner, recipe)["weights_sha256"] is None


def test_weights_are_read_once_per_process(
    owner: AbstractUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(owner)
    recipe = recipe_with(owner, "vgg19_16x")
    rendered(owner, recipe)

    def read(file: Any) -> Any:
        raise AssertionError("read again")

    monkeypatch.setattr(encoders, "read", read)
    rendered(owner, recipe)


def test_torchvision_s_own_download_will_do_and_its_hash_is_told(
    owner: AbstractUser, tmp_path: Path
) -> None:
    data = downloaded(tmp_path)
    recipe = recipe_with(owner, "vgg19")
    assert rendered(owner, recipe)["weights_sha256"] == hashlib.sha256(data).hexdigest()
    own = networks.saved(networks.torchvision(2))
    imported(owner, own)  # an import goes before the cache, and when it goes the cache is back
    assert rendered(owner, recipe)["weights_sha256"] == hashlib.sha256(own).hexdigest()
    Weights.objects.all().delete()
    assert rendered(owner, recipe)["weights_sha256"] == hashlib.sha256(data).hexdigest()


def test_rendering_without_weights_fails_with_a_sentence(owner: AbstractUser) -> None:
    with pytest.raises(encoders.MissingWeights, match="the weights of vgg19_16x are not here"):
        rendered(owner, recipe_with(owner, "vgg19_16x"))


def test_stored_file_that_was_exchanged_is_not_used(owner: AbstractUser) -> None:
    imported(owner)
    Weights.objects.update(sha256="0" * 64)
    with pytest.raises(ValueError, match="encoder: the stored weights of vgg19_16x are not those"):
        rendered(owner, recipe_with(owner, "vgg19_16x"))


# The command


def test_import_weights_command_names_what_it_found(owner: AbstractUser, tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(ENDING_EARLY)
    told = run("import_weights", str(path), "--owner", owner.username)
    assert "vgg19_normalised (VGG-19, normalised): imported, SHA-256 " in told
    assert hashlib.sha256(ENDING_EARLY).hexdigest() in told
    assert "ends at relu3_1" in told
    assert "was there" in run("import_weights", str(path), "--owner", owner.username)


@pytest.mark.parametrize("data", [WRONG, None])
def test_import_weights_command_refuses_with_the_file_s_name(
    owner: AbstractUser, tmp_path: Path, data: bytes | None
) -> None:
    path = tmp_path / "weights.pth"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(CommandError, match=r"weights\.pth: (The file holds|.*No such file)"):
        run("import_weights", str(path), "--owner", owner.username)
    assert not Weights.objects.exists()


def test_methods_command_ends_with_the_encoders_and_their_state(owner: AbstractUser) -> None:
    imported(owner)
    lines = run("methods").splitlines()
    encoders_told = lines[lines.index("") + 1 :]
    assert [line.split()[0] for line in encoders_told] == list(encoders.TITLES)
    assert encoders_told[-1].endswith("ready")
    assert encoders_told[1].endswith("weights missing")


def test_methods_command_without_a_database_says_what_was_not_looked_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_database() -> set[str]:
        raise OperationalError("unable to open database file")

    monkeypatch.setattr("stylize.management.commands.methods.imported_weights", no_database)
    told = run("methods")
    assert "not in torchvision's cache on this machine; imports were not looked up" in told


# The admin's pages and the API


def test_import_page_shows_every_encoder_s_state_and_imports(
    browser: Client, owner: AbstractUser
) -> None:
    address = reverse("admin:stylize_weights_add")
    page = browser.get(address).content.decode()
    assert page.count("weights missing") == 3
    file = SimpleUploadedFile("5SE.pth", DISTILLED)
    page = browser.post(address, {"file": file}, follow=True).content.decode()
    assert "vgg19_16x (VGG-19, distilled 16×) imported." in page
    weights = Weights.objects.get()
    assert (weights.owner, weights.key) == (owner, "vgg19_16x")
    assert f"{weights.sha256[:12]}…" in page
    assert browser.get(address).content.decode().count("weights missing") == 2
    shown = browser.get(reverse("admin:stylize_weights_change", args=[weights.pk]))
    assert "relu5_1" in shown.content.decode()
    assert weights.sha256 in shown.content.decode()


@pytest.mark.parametrize(
    ("data", "message"), [(WRONG, "no encoder of VGG-19"), (b"", "no weights that torch can read")]
)
def test_import_page_wrong_file_is_an_error_at_the_field(
    browser: Client, data: bytes, message: str
) -> None:
    file = SimpleUploadedFile("decoder.pth", data)
    page = browser.post(reverse("admin:stylize_weights_add"), {"file": file})
    assert page.status_code == 200
    assert message in page.content.decode()
    assert not Weights.objects.exists()


def test_import_page_without_a_file_says_so_and_is_for_who_may_add(browser: Client) -> None:
    address = reverse("admin:stylize_weights_add")
    assert "This field is required" in browser.post(address).content.decode()
    visitor = Client()
    visitor.force_login(factories.UserFactory(username="visitor", is_staff=True))
    assert visitor.get(address).status_code == 403


def test_deleted_weights_take_their_file_with_them(browser: Client, owner: AbstractUser) -> None:
    rows = [imported(owner), imported(owner, ENDING_EARLY), imported(owner, DISTILLED + b"\0")]
    browser.post(reverse("admin:stylize_weights_delete", args=[rows[0].pk]), {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": [each.pk for each in rows[1:]]}
    browser.post(reverse("admin:stylize_weights_changelist"), chosen | {"post": "yes"})
    assert not Weights.objects.exists()
    assert not any(default_storage.exists(each.file.name) for each in rows)


def test_recipe_form_offers_the_encoders_with_their_state(
    browser: Client, owner: AbstractUser
) -> None:
    imported(owner)
    address = reverse("admin:stylize_recipe_add") + "?method=gatys"
    page = browser.get(address).content.decode()
    assert "VGG-19, distilled 16× (ready)" in page
    assert "VGG-19 (torchvision) (weights missing)" in page
    default = rendering.default_recipe(owner, "gatys", 32).parameters
    said = {f"parameter_{name}": value for name, value in default.items()}
    asked_for = {"name": "mine", "size": 64, "encoder": "vgg19_16x", **said}
    browser.post(address, asked_for)
    assert Recipe.objects.get(name="mine").encoder == "vgg19_16x"


def test_api_lists_the_encoders_and_takes_a_recipe_with_one(
    browser: Client, owner: AbstractUser
) -> None:
    imported(owner)
    told = {one["key"]: one for one in browser.get("/api/encoders/").json()}
    assert told["vgg19_16x"] == {
        "key": "vgg19_16x",
        "title": "VGG-19, distilled 16×",
        "state": "ready",
    }
    said = {"name": "mine", "method": "gatys", "encoder": "vgg19_16x", "size": 64}
    made = browser.post("/api/recipes/", json.dumps(said), content_type="application/json")
    assert made.status_code == 201
    assert made.json()["encoder"] == "vgg19_16x"

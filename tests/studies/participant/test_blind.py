"""The curious participant: nothing that reaches the browser tells a method, except the pixels."""

import struct
from collections.abc import Iterator

import pytest
from django.core.files.base import ContentFile
from django.http import HttpResponse
from django.test import Client

from studies import lifecycle
from studies.models import Study
from stylize import imaging
from stylize.models import Image, Recipe, Scene
from tests import factories
from tests.studies.participant.visitor import Visitor, live

pytestmark = pytest.mark.django_db
PROTOCOLS = ["two_up", "single_choice", "rating_scale"]
ANSWERS = {"chosen": "skip"}


def named_study(protocol: str) -> Study:
    """Names, keys and parameters that could not occur in a page by chance."""
    study = factories.study(protocol=protocol, scenes=2, recipes=3, practice_trials=1)
    for number, recipe in enumerate(study.recipes.all()):
        Recipe.objects.filter(pk=recipe.pk).update(
            name=f"covertrecipe{number}",
            method=f"covertmethod{number}",
            method_title=f"Covert Title {number}",
            citation=f"Covertauthor {number}",
            encoder="covertencoder",
            parameters={"covertparameter": 0.123},
        )
    for number, scene in enumerate(study.scenes.all()):
        Scene.objects.filter(pk=scene.pk).update(name=f"covertscene{number}", tags="coverttag")
        Image.objects.filter(pk=scene.content_id).update(name=f"covertcontent{number}")
    lifecycle.open_study(study)
    return study


def forbidden(study: Study) -> set[bytes]:
    """Everything by which a method could be known: names, keys, and where the files lie."""
    words = {"covert", "Covert"}
    for shown in [*study.stimuli.all(), *study.references.all()]:
        words |= {shown.file.name, shown.file.name.rsplit("/")[-1].removesuffix(".png")}
    for recipe in study.recipes.all():
        words |= {recipe.name, recipe.method, recipe.method_title, recipe.citation}
    for scene in study.scenes.all():
        words |= {scene.name, scene.content.file.name, scene.content.name}
    return {word.encode() for word in words}


def responses(study: Study) -> Iterator[tuple[str, HttpResponse]]:
    """Every response of a whole visit, images and refusals included."""
    client = Client()
    yield "start", client.get(f"/s/{study.public_id}/")
    yield (
        "begin",
        client.post(f"/s/{study.public_id}/start", headers={"X-Visit-Secret": "x" * 32}),
    )
    visitor = Visitor.come(study, agree=False)
    visitor.client = client
    yield "visit", client.get(f"/v/{visitor.participant.public_id}/")
    yield "state", visitor.get("state")
    yield "consent", visitor.post("consent", {"agree": True})
    yield "state", visitor.get("state")
    trials = visitor.trials()
    for trial in trials:
        for shown in [*trial["stimuli"], *trial["references"]]:
            yield "image", client.get(f"/i/{shown['address']}")
        yield "bad answer", visitor.answer(trial["id"], {"chosen": "zzz"})
        yield "early finish", visitor.post("finish")
        yield "answer", visitor.answer(trial["id"], ANSWERS)
        yield "revision", visitor.answer(trial["id"], ANSWERS)
    yield "finish", visitor.post("finish")
    yield "unknown image", client.get("/i/unknown")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nothing_in_any_response_names_a_method_a_scene_or_a_file(protocol: str) -> None:
    study = named_study(protocol)
    words = forbidden(study)
    seen = set()
    for name, response in responses(study):
        seen.add(name)
        head = "\n".join(f"{key}: {value}" for key, value in response.items()).encode()
        for word in words:
            assert word not in response.content, (name, word)
            assert word not in head, (name, word)
    assert seen == {
        *("start", "begin", "visit", "state", "consent", "image", "answer", "bad answer"),
        *("revision", "early finish", "finish", "unknown image"),
    }


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_state_holds_no_id_of_the_database(protocol: str) -> None:
    visitor = Visitor.come(live(protocol=protocol))
    allowed = {
        *("id", "position", "kind", "question", "stimuli", "references", "answered"),
        *("text", "low_label", "high_label", "address", "sha256", "width", "height", "role"),
    }

    def keys(value: object) -> set[str]:
        if isinstance(value, dict):
            return set(value).union(*map(keys, value.values()))
        return set().union(*map(keys, value)) if isinstance(value, list) else set()

    trials = visitor.trials()
    assert keys(trials) == allowed
    for trial in trials:
        for shown in [*trial["stimuli"], *trial["references"]]:
            assert len(shown["address"]) == 22


def test_headers_of_all_images_are_equal_but_for_the_length() -> None:
    study = live(scenes=2, recipes=4)
    shown = [*study.stimuli.all(), *study.references.all()]
    heads = set()
    for one in shown:
        response = Client().get(f"/i/{one.address}")
        assert int(response["Content-Length"]) == len(response.content)
        head = {key: value for key, value in response.items() if key != "Content-Length"}
        for validator in ("Last-Modified", "ETag", "Content-Disposition", "Set-Cookie"):
            assert validator not in head
        heads.add(tuple(head.items()))
    assert len(heads) == 1


def test_images_differ_in_pixels_alone() -> None:
    """Same chunks in the same order, same size, no text chunk: as `encode_png` writes them."""
    study = live(scenes=1, recipes=3)
    for stimulus in study.stimuli.all():
        name = stimulus.rendering.file.name
        storage = stimulus.rendering.file.storage
        with storage.open(name) as file:
            data = imaging.encode_png(imaging.read(file.read()))
        storage.delete(name)
        storage.save(name, ContentFile(data))
    layouts = set()
    for stimulus in study.stimuli.all():
        data = Client().get(f"/i/{stimulus.address}").content
        layouts.add(tuple(chunks(data)))
        assert struct.unpack(">II", data[16:24]) == (stimulus.width, stimulus.height)
    assert layouts == {("IHDR", "IDAT", "IEND")}


def chunks(data: bytes) -> Iterator[str]:
    at = 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        yield data[at + 4 : at + 8].decode()
        at += 12 + length


def test_addresses_of_the_same_picture_in_two_studies_differ() -> None:
    first = live()
    second = lifecycle.copy_study(first)
    lifecycle.open_study(second)
    assert set(first.stimuli.values_list("sha256")) == set(second.stimuli.values_list("sha256"))
    before = set(first.stimuli.values_list("address", flat=True))
    assert before.isdisjoint(second.stimuli.values_list("address", flat=True))


def test_order_of_stimuli_does_not_follow_the_recipes() -> None:
    study = live(protocol="single_choice", scenes=6, recipes=4, trials_per_participant=6)
    recipe = dict(study.stimuli.values_list("pk", "recipe_id"))
    visitor = Visitor.come(study)
    orders = {
        tuple(recipe[pk] for pk in trial.stimuli) for trial in visitor.participant.trials.all()
    }
    assert len(orders) > 2

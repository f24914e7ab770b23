"""Masks drawn in a real browser by mouse, finger and keys; what was drawn is what is stored."""

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from PIL import Image as Pillow
from playwright.sync_api import BrowserContext, Page, expect

from stylize import imaging
from stylize.models import Image, Scene
from stylize.rendering import masks
from tests import factories
from tests.browser.conftest import DESKTOP, PHONE, Visitor
from tests.browser.test_touch import Fingers

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("SHOTS")  # a folder: leave pictures of the pages there


def _picture(seed: int, width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Pillow.effect_mandelbrot((width, height), (-2 + seed, -1.2, 1, 1.2), 40).convert("RGB").save(
        buffer, "PNG"
    )
    return buffer.getvalue()


@pytest.fixture
def scene(transactional_db: None) -> Scene:
    """A content of 480 × 320 px and a style of 300 × 400 px."""
    user = factories.researcher("drawer")
    content = factories.ImageFactory(owner=user, name="hill", data=_picture(0, 480, 320))
    style = factories.ImageFactory(
        owner=user, role="style", name="paint", data=_picture(1, 300, 400)
    )
    made: Scene = factories.SceneFactory(owner=user, name="drawn", content=content, styles=[style])
    return made


def _opened(visitor: Visitor, scene: Scene, **options: Any) -> Page:
    client = Client()
    client.force_login(scene.owner)
    context: BrowserContext = visitor.context(**options)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": visitor.site}]
    )
    page = visitor.page(context)
    page.set_default_timeout(60_000)
    page.goto(visitor.site + reverse("admin:stylize_scene_masks", args=[scene.pk]))
    expect(page.locator("[data-masks][data-ready]")).to_be_attached(timeout=60_000)
    return page


def _shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def _canvas(page: Page, side: str) -> dict[str, float]:
    canvas = page.locator(f"[data-side={side}] canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    return dict(box)


def _at(box: dict[str, float], x: float, y: float) -> tuple[float, float]:
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def _choose(page: Page, name: str, value: str) -> None:
    page.locator(f"input[name={name}][value='{value}']").check(force=True)


def _size(page: Page, pixels: int) -> None:
    page.locator("input[name=size]").fill(str(pixels))


def _save(page: Page) -> None:
    page.get_by_role("button", name="Save drawing").click()
    expect(page.get_by_text("Saved: the mask of the")).to_be_visible(timeout=60_000)


def _stored(mask: Image | None) -> np.ndarray:
    assert mask is not None
    with mask.file.open() as file:
        return imaging.read_label_png(file.read())


def test_mouse_draws_fills_and_takes_back_and_the_labels_are_stored(
    visitor: Visitor, scene: Scene
) -> None:
    page = _opened(visitor, scene, **DESKTOP)
    box = _canvas(page, "content")
    _size(page, 20)
    _choose(page, "label", "3")
    page.mouse.move(*_at(box, 0.5, 0))
    page.mouse.down()
    page.mouse.move(*_at(box, 0.5, 0.999), steps=6)
    page.mouse.up()
    _choose(page, "tool", "fill")
    _choose(page, "label", "4")
    page.mouse.click(*_at(box, 0.9, 0.5))
    page.mouse.click(*_at(box, 0.1, 0.5))  # too much: taken back
    page.get_by_role("button", name="Undo").click()
    box = _canvas(page, "style")
    page.mouse.click(*_at(box, 0.5, 0.5))
    expect(page.locator("[data-state]")).to_have_text("Not saved yet: content and style.")
    _shot(page, "drawing")
    _save(page)
    scene.refresh_from_db()
    labels = _stored(scene.content_mask)
    assert labels.shape == (320, 480)
    assert (labels[:, 231:249] == 3).all()
    assert (labels[:, 252:] == 4).all()
    assert (labels[:, :228] == 0).all()
    style = _stored(scene.style_masks[0])
    assert style.shape == (400, 300)
    assert (style == 4).all()
    expect(page.get_by_text("missing in the style")).to_have_count(2)
    _shot(page, "desktop")


def test_finger_draws_a_stroke_and_two_fingers_draw_nothing(visitor: Visitor, scene: Scene) -> None:
    page = _opened(visitor, scene, **PHONE)
    _size(page, 40)
    box = _canvas(page, "content")
    fingers = Fingers(page)
    fingers.move((_at(box, 0.3, 0.3), _at(box, 0.4, 0.5)), (_at(box, 0.7, 0.3), _at(box, 0.8, 0.5)))
    expect(page.locator("[data-undo]")).to_be_disabled()
    box = _canvas(page, "content")
    fingers.move((_at(box, 0.1, 0.5), _at(box, 0.9, 0.5)))
    expect(page.locator("[data-state]")).to_have_text("Not saved yet: content.")
    _shot(page, "phone-drawing")
    _save(page)
    scene.refresh_from_db()
    labels = _stored(scene.content_mask)
    assert (labels[150:170, 60:420] == 1).all()
    assert (labels[:130] == 0).all()
    assert (labels[190:] == 0).all()
    _shot(page, "phone")


def test_keys_alone_choose_draw_take_back_and_save(visitor: Visitor, scene: Scene) -> None:
    page = _opened(visitor, scene, **DESKTOP)
    _size(page, 60)
    page.locator("input[name=label][value='1']").focus()
    page.keyboard.press("ArrowRight")
    page.locator("[data-side=content] canvas").focus()
    for key in ("ArrowLeft", "ArrowLeft", "Space", "ArrowRight", "Enter", "Control+z"):
        page.keyboard.press(key)
    _shot(page, "keys")
    page.get_by_role("button", name="Save drawing").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved: the mask of the content")).to_be_visible(timeout=60_000)
    scene.refresh_from_db()
    labels = _stored(scene.content_mask)
    assert labels[160, 180] == 2
    assert labels[160, 225] == 0
    assert (labels == 2).sum() == pytest.approx(np.pi * 30**2, rel=0.03)


def test_eraser_takes_labels_away_from_a_stored_mask_of_another_size(
    visitor: Visitor, scene: Scene
) -> None:
    whole = np.full((160, 240), 5, np.uint8)
    scene.content_mask = Image.objects.take(
        scene.owner, "mask", "half size", imaging.encode_label_png(whole)
    )
    scene.save()
    page = _opened(visitor, scene, **DESKTOP)
    box = _canvas(page, "content")
    _size(page, 100)
    _choose(page, "tool", "eraser")
    page.mouse.click(*_at(box, 0.5, 0.5))
    _save(page)
    scene.refresh_from_db()
    labels = _stored(scene.content_mask)
    assert labels.shape == (320, 480)
    assert labels[160, 240] == 0
    assert set(np.unique(labels)) == {0, 5}
    assert (labels == 0).sum() == pytest.approx(np.pi * 50**2, rel=0.03)


def test_rendered_scene_shows_its_labels_and_takes_no_stroke(
    visitor: Visitor, scene: Scene
) -> None:
    labels = np.zeros((320, 480), np.uint8)
    labels[:, 240:] = 1
    data = imaging.encode_label_png(labels)
    masks.take(scene, {"content": data})
    factories.RenderingFactory(scene=scene, recipe__owner=scene.owner)
    page = _opened(visitor, scene, **DESKTOP)
    box = _canvas(page, "content")
    page.mouse.click(*_at(box, 0.25, 0.5))
    read = """canvas => [...canvas.getContext("2d").getImageData(0, 160, 480, 1).data]"""
    row = page.locator("[data-side=content] canvas").evaluate(read)
    pixels = np.array(row).reshape(480, 4)
    assert (pixels[:240] == [0, 0, 0, 255]).all()
    assert (pixels[240:] == [255, 0, 0, 255]).all()
    assert page.locator("[data-tools]").count() == 0

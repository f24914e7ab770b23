"""Choosing scenes and recipes: lists of boxes with what one must know of each."""

from typing import Any

from django import forms

from stylize.models import Recipe, Scene


class ScenePicker(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        scene: Scene = obj
        return f"{scene.name} · {scene.tags}" if scene.tags else scene.name


class RecipePicker(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        recipe: Recipe = obj
        made = recipe.method_title or recipe.method or "images made elsewhere"
        return f"{recipe.name} · {made} · {recipe.size} px"


PICKERS: dict[str, type[forms.ModelMultipleChoiceField[Any]]] = {
    "scenes": ScenePicker,
    "recipes": RecipePicker,
}

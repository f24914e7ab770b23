"""A recipe's form, built from the parameters of its method."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from stylize.admin.owned import OwnedForm
from stylize.models import Recipe
from stylize.rendering import (
    MethodInfo,
    describe_encoders,
    fill,
    imported_weights,
    postprocesses,
)

PREFIX = "parameter_"  # a parameter may be called `size` or `name`, as the recipe's own fields are


class RecipeForm(OwnedForm):
    """Collects the method's parameters and has `rendering.fill` check them."""

    info: MethodInfo

    class Meta:
        model = Recipe
        fields = ["name", "size", "queue", "encoder", "postprocess"]

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        recipe = self.instance
        recipe.method = self.info.key
        recipe.encoder = said.get("encoder") or "pyramid"
        recipe.postprocess = said.get("postprocess") or []
        recipe.parameters = {
            name.removeprefix(PREFIX): value
            for name, value in said.items()
            if name.startswith(PREFIX)
        }
        if not self.errors:
            try:
                fill(recipe, said.get("queue", ""))
            except ValueError as error:
                name = PREFIX + str(error).partition(":")[0]
                self.add_error(name if name in self.fields else None, str(error))
        # What `fill` set must not be overwritten by what the form collected.
        filled = {name: getattr(recipe, name) for name in ("queue", "encoder", "postprocess")}
        return {**said, **filled}


def form_for(info: MethodInfo, recipe: Recipe | None) -> type[RecipeForm]:
    """The form of a new recipe with this method, or of an existing one."""
    values = {} if recipe is None else recipe.parameters
    fields: dict[str, Any] = {
        "name": forms.CharField(max_length=120, widget=UnfoldAdminTextInputWidget),
        "size": forms.IntegerField(
            min_value=16,
            initial=512,
            widget=UnfoldAdminIntegerFieldWidget,
            help_text=Recipe._meta.get_field("size").help_text,
        ),
        "queue": _queue(info.queue),
    }
    for parameter in info.parameters:
        name = parameter["name"]
        fields[PREFIX + name] = _field(parameter, values.get(name, parameter["default"]))
    if "an encoder" in info.needs:
        fields["encoder"] = _encoder()
    else:
        fields["encoder"] = forms.CharField(required=False, widget=forms.HiddenInput)
    fields["postprocess"] = forms.MultipleChoiceField(
        choices=[(key, key.replace("_", " ")) for key in postprocesses()],
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What follows the method.",
    )
    return type("RecipeForm", (RecipeForm,), {"info": info, **fields})


def _queue(initial: str) -> forms.Field:
    return forms.ChoiceField(
        choices=[("cpu", "cpu"), ("gpu", "gpu")],
        initial=initial,
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="Of the workers that render it: gpu needs a worker with a GPU.",
    )


def _encoder() -> forms.Field:
    """Every encoder with its state; weights that are missing may still be imported later."""
    found = describe_encoders(imported_weights())
    return forms.ChoiceField(
        choices=[(each.key, f"{each.title} ({each.state})") for each in found],
        widget=UnfoldAdminSelectWidget,
        help_text="Whose features are compared. While its weights are missing, nothing is rendered.",
    )


def _field(parameter: dict[str, Any], initial: object) -> forms.Field:
    common: dict[str, Any] = {
        "label": parameter["name"].replace("_", " ").capitalize(),
        "initial": initial,
        "help_text": _help(parameter),
    }
    bounds = {"min_value": parameter["low"], "max_value": parameter["high"]}
    if parameter["type"] == "bool":
        return forms.BooleanField(required=False, widget=UnfoldBooleanSwitchWidget, **common)
    if parameter["type"] == "int":
        return forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget, **bounds, **common)
    if parameter["type"] == "float":
        step = UnfoldAdminDecimalFieldWidget({"step": "any"})
        return forms.FloatField(widget=step, **bounds, **common)
    if parameter["choices"]:
        choices = [(choice, choice) for choice in parameter["choices"]]
        return forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget, **common)
    may_be_empty = parameter["default"] == ""
    return forms.CharField(required=not may_be_empty, widget=UnfoldAdminTextInputWidget, **common)


def _help(parameter: dict[str, Any]) -> str:
    low, high = parameter["low"], parameter["high"]
    bounds = ""
    if low is not None and high is not None:
        bounds = f"{low:g} to {high:g}"
    elif low is not None:
        bounds = f"at least {low:g}"
    elif high is not None:
        bounds = f"at most {high:g}"
    default = "empty" if parameter["default"] == "" else parameter["default"]
    told = [parameter["help"], bounds, f"default {default}"]
    return " · ".join(part for part in told if part)

"""What a study wants to know about its participants, asked after the last trial."""

from __future__ import annotations

import math
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from studies.models.study import Study

TEXT_MAX = 200


class Demographic(models.Model):
    class Kind(models.TextChoices):
        CHOICE = "choice", "one of a list"
        NUMBER = "number"
        TEXT = "text", "free text"

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="demographics")
    position = models.PositiveSmallIntegerField(default=1)
    label = models.CharField(max_length=120, help_text="As participants read it, such as “Age”.")
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.CHOICE)
    choices = models.CharField(
        max_length=400, blank=True, help_text="Comma-separated; for one of a list."
    )
    optional = models.BooleanField(default=True)

    class Meta:
        ordering = ["study", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "label"], name="demographic_label_once_per_study"
            )
        ]

    def __str__(self) -> str:
        return self.label

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.study.require_editable()
        super().save(*args, **kwargs)

    @property
    def choice_list(self) -> list[str]:
        return [choice.strip() for choice in self.choices.split(",") if choice.strip()]

    def read(self, value: Any) -> str | float | None:
        """What to store of what a participant sent; None where nothing was said.

        Raises:
            ValueError: in the participant's language, what would be right.
        """
        said = str(value).strip() if isinstance(value, str | int | float) else ""
        if not said:
            if not self.optional:
                raise ValueError(_("Please answer this one."))
            return None
        if self.kind == self.Kind.NUMBER:
            return _number(said)
        if self.kind == self.Kind.CHOICE and said not in self.choice_list:
            raise ValueError(_("Please choose one of the list."))
        if len(said) > TEXT_MAX or not said.isprintable():
            raise ValueError(
                _("Please write at most %(most)d characters, in one line.") % {"most": TEXT_MAX}
            )
        return said


def _number(said: str) -> float:
    try:
        number = float(said.replace(",", "."))
    except ValueError:
        number = math.nan
    if not 0 <= number < 1e9:
        raise ValueError(_("Please write a number."))
    return int(number) if number.is_integer() else number

"""A study's settings for what stands before, between and after its trials."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


def _gate(name: str, help_text: str) -> models.CharField[str, str]:
    """A check before the trials: none, noted, or one that ends the visit."""
    choices = [("off", "off"), ("soft", "soft: noted"), ("hard", "hard: ends the visit")]
    return models.CharField(name, max_length=4, choices=choices, default="off", help_text=help_text)


class BeforeAfter(models.Model):
    screen_window = _gate("window size", "At least the size below.")
    screen_colour_vision = _gate("colour vision", "Six plates of dots, drawn anew for everybody.")
    screen_brightness = _gate("brightness steps", "Faint squares on black and on white.")
    screen_card = _gate("card size", "A card held against the screen; stores pixels per mm.")
    minimum_width = models.PositiveSmallIntegerField(
        default=1000, validators=[MaxValueValidator(4000)], help_text="CSS px"
    )
    minimum_height = models.PositiveSmallIntegerField(
        default=600, validators=[MaxValueValidator(3000)], help_text="CSS px"
    )
    screening_hours = models.PositiveSmallIntegerField(
        "checks expire after",
        default=24,
        validators=[MinValueValidator(1)],
        help_text="Hours; whoever returns later is checked again.",
    )
    practice_trials = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(5)],
        help_text="Before the first trial, with feedback: an intact photo against damaged copies, "
        "which our own code makes. Never counted.",
    )
    break_every = models.PositiveSmallIntegerField(
        "break after every", default=0, help_text="Trials; 0: no breaks."
    )
    debriefing = models.TextField(
        blank=True, help_text="Markdown, shown after the last trial and before the code."
    )

    class Meta:
        abstract = True

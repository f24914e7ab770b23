"""What a participant's eyes and screen were checked for, and how each check came out."""

from __future__ import annotations

from django.db import models

from studies.models.participant import Participant


class Screening(models.Model):
    class Kind(models.TextChoices):
        WINDOW = "window"
        COLOUR_VISION = "colour_vision", "colour vision"
        BRIGHTNESS = "brightness"
        CARD = "card"

    participant = models.ForeignKey(
        Participant, on_delete=models.CASCADE, related_name="screenings"
    )
    kind = models.CharField(max_length=13, choices=Kind)
    passed = models.BooleanField()
    result = models.JSONField(help_text="What was shown, said or measured.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["participant", "pk"]

    def __str__(self) -> str:
        return f"{self.kind}: {'passed' if self.passed else 'failed'}"

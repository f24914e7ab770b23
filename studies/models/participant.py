"""Who takes part: participants, and panels' ids for them."""

from __future__ import annotations

import hashlib
import hmac
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from studies.models.study import Study, public_id

# What a visit's page and every answer need of the study.
ASKING = (
    "protocol",
    "allow_tie",
    "allow_none",
    "allow_undo",
    "show_references",
    "references_on_hold",
    "surround",
    "blank_ms",
    "minimum_view_ms",
    "phone_layout",
    "agreement_own",
    "break_every",
    "seed",
    "screen_window",
    "screen_colour_vision",
    "screen_brightness",
    "screen_card",
    "minimum_width",
    "minimum_height",
    "screening_hours",
)


class ParticipantQuerySet(models.QuerySet["Participant"]):
    def counted(self, study: Study) -> Self:
        """Whose answers a report counts: persons, and simulated ones where the study says so."""
        kinds = [Participant.Kind.PERSON]
        if study.simulated:
            kinds.append(Participant.Kind.SIMULATED)
        return self.filter(study=study, kind__in=kinds)

    def visiting(self, public_id: str) -> Participant | None:
        """The participant with what every answer needs of the study; the rest loads when asked."""
        own = ("public_id", "secret_sha256", "state", "kind", "demographics")
        found = self.select_related("study").only(*own, *(f"study__{name}" for name in ASKING))
        try:
            return found.get(public_id=public_id)
        except Participant.DoesNotExist:
            return None

    def withdrawing(self, token: str) -> Participant | None:
        """Whoever the link that deletes was given to; None once it was used."""
        digest = Participant.digest(token)
        return self.select_related("study").filter(withdrawal_sha256=digest).first()


class Participant(models.Model):
    """One person's visit to one study; its secret is stored as a hash only."""

    class Kind(models.TextChoices):
        PERSON = "person"
        PREVIEW = "preview"
        SIMULATED = "simulated"

    class State(models.TextChoices):
        STARTED = "started"
        CONSENTED = "consented"
        DECLINED = "declined"
        FINISHED = "finished"
        SCREENED = "screened"  # turned away by a hard check
        WITHDRAWN = "withdrawn"  # its row stays with this word and nothing else

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="participants")
    public_id = models.CharField(max_length=32, unique=True, default=public_id)
    secret_sha256 = models.CharField(max_length=64)
    # Of the token that deletes: not the secret, which opens the visit.
    withdrawal_sha256 = models.CharField(max_length=64, unique=True, null=True, blank=True)
    kind = models.CharField(max_length=9, choices=Kind, default=Kind.PERSON)
    state = models.CharField(max_length=9, choices=State, default=State.STARTED)
    started_at = models.DateTimeField(auto_now_add=True, null=True)
    consented_at = models.DateTimeField(null=True, blank=True)
    consent_version = models.CharField(max_length=12, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    demographics = models.JSONField(
        null=True, blank=True, help_text="What the study asked about them, by label."
    )

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["study", "kind", "state"], name="participant_by_state")]
        constraints = [
            # A browser that sends its Start twice gets the same visit twice.
            models.UniqueConstraint(
                fields=["study", "secret_sha256"],
                condition=~models.Q(secret_sha256=""),
                name="participant_once_per_secret",
            )
        ]

    def __str__(self) -> str:
        return self.public_id

    @staticmethod
    def digest(secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()

    def withdrawal_token(self, secret: str) -> str:
        """What the link that deletes holds: made from the secret, which it does not give away."""
        return self.digest(f"withdraw {self.public_id} {secret}")

    def knows(self, secret: str) -> bool:
        return hmac.compare_digest(self.digest(secret), self.secret_sha256)

    def agree(self) -> None:
        """Consent to the text as it stands; whoever declined before stays out."""
        self._move(
            self.State.STARTED,
            self.State.CONSENTED,
            consented_at=timezone.now(),
            consent_version=self.study.consent_version,
        )

    def decline(self) -> bool:
        """An end state; False if the participant consented before."""
        return self._move(self.State.STARTED, self.State.DECLINED)

    def turn_away(self) -> bool:
        """The end after a hard check; False if it came otherwise meanwhile."""
        return self._move(self.State.CONSENTED, self.State.SCREENED)

    @property
    def demographics_due(self) -> bool:
        """Whether the study's questions about its participants are still to be put."""
        asked = self.demographics is None and self.kind != self.Kind.SIMULATED
        return asked and self.study.demographics.exists()

    def describe(self, told: dict[str, object]) -> None:
        """Keep what they said about themselves; the first time stands."""
        silent = Participant.objects.filter(pk=self.pk, demographics__isnull=True)
        silent.update(demographics=told)

    def finish(self) -> int:
        """Finish if every trial is answered and nothing else is due; return how much is missing."""
        missing = self.trials.filter(answer=None).count() + self.demographics_due
        if not missing:
            self._move(self.State.CONSENTED, self.State.FINISHED, finished_at=timezone.now())
        return missing

    def _move(self, before: State, after: State, **values: object) -> bool:
        """Take a step unless another request was faster; then know where it led."""
        rows = Participant.objects.filter(pk=self.pk, state=before)
        moved = rows.update(state=after, **values) == 1
        self.refresh_from_db(fields=["state", *values])
        return moved


class ExternalId(models.Model):
    """A panel's id for a participant: here and nowhere else, in no export, log or report."""

    participant = models.OneToOneField(
        Participant, on_delete=models.CASCADE, related_name="external_id"
    )
    parameters = models.JSONField(help_text="The panel's parameters as they came in the address.")
    # Unique, and of study and id together: one id begins one visit to a study, at any race.
    keyed_hash = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return self.keyed_hash[:12]

    @staticmethod
    def hash(study: Study, value: str) -> str:
        key = settings.SECRET_KEY.encode()
        return hmac.new(key, f"{study.pk}:{value}".encode(), hashlib.sha256).hexdigest()

"""Who took part and what they answered: to be read only. A panel's ids are shown nowhere."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from studies.models import Answer, Participant


class ReadOnlyAdmin(ModelAdmin):
    """Lists what lies in the user's own studies; nothing is added, changed or deleted here."""

    owner_path = ""
    actions = None
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        if getattr(request.user, "is_superuser", False):
            return rows
        return rows.filter(**{self.owner_path: request.user})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Participant)
class ParticipantAdmin(ReadOnlyAdmin):
    owner_path = "study__owner"
    list_display = ("public_id", "study", "kind", "state", "answered", "started_at", "finished_at")
    list_select_related = ("study",)
    list_filter = ("kind", "state")
    search_fields = ("public_id", "study__title")
    fields = (
        "public_id",
        "study",
        "kind",
        "state",
        "started_at",
        "consented_at",
        "consent_version",
        "finished_at",
        "demographics",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        counts = {"trials_made": Count("trials"), "answers": Count("trials__answer")}
        counted: QuerySet[Any] = rows.annotate(**counts)
        return counted

    @admin.display(description="Answered")
    def answered(self, participant: Any) -> str:
        return f"{participant.answers} of {participant.trials_made}"


@admin.register(Answer)
class AnswerAdmin(ReadOnlyAdmin):
    owner_path = "trial__participant__study__owner"
    list_display = ("received_at", "study", "participant", "kind", "scene", "answer")
    list_select_related = ("trial__participant__study", "trial__scene")
    list_filter = ("trial__kind", "trial__participant__kind")
    search_fields = ("trial__participant__public_id", "trial__participant__study__title")
    fields = (
        "uuid",
        "study",
        "participant",
        "kind",
        "scene",
        "content",
        "reaction_ms",
        "viewing",
        "received_at",
    )

    @admin.display(description="Study")
    def study(self, answer: Answer) -> str:
        return answer.trial.participant.study.title

    @admin.display(description="Participant")
    def participant(self, answer: Answer) -> str:
        return answer.trial.participant.public_id

    @admin.display(description="Kind")
    def kind(self, answer: Answer) -> str:
        return answer.trial.kind

    @admin.display(description="Scene")
    def scene(self, answer: Answer) -> str:
        return answer.trial.scene.name if answer.trial.scene else "–"

    @admin.display(description="Answer")
    def answer(self, answer: Answer) -> str:
        """A side, a place in the list, a word, or how many pictures were placed."""
        placed = answer.content.get("positions")
        if placed:
            return f"{len(placed)} placed"
        chosen = str(answer.content.get("chosen", ""))
        if chosen in answer.trial.addresses:
            return (
                f"place {answer.trial.addresses.index(chosen) + 1} of {len(answer.trial.addresses)}"
            )
        return {"a": "left", "b": "right"}.get(chosen, chosen)

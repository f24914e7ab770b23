"""The design form, with what is still missing, the buttons and the progress above it."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Field, ManyToManyField, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from unfold.admin import TabularInline
from unfold.decorators import display

from studies import lifecycle
from studies.admin.pickers import PICKERS
from studies.admin.steps import STEPS, StepsMixin
from studies.admin.uploads import UploadsMixin
from studies.models import Demographic, Question, Study, StudyNotEditable
from studies.reports.progress import progress
from stylize.admin import OwnedAdmin

STATE_COLOURS = {
    "draft": "info",
    "pilot": "warning",
    "live": "success",
    "paused": "warning",
    "closed": "danger",
}


class DraftInline(TabularInline):
    """Rows of a study's design: changed while it is a draft only."""

    extra = 0

    def has_change_permission(self, request: HttpRequest, obj: Study | None = None) -> bool:
        return (obj is None or obj.editable) and bool(super().has_change_permission(request, obj))

    def has_add_permission(self, request: HttpRequest, obj: Study | None = None) -> bool:
        return (obj is None or obj.editable) and bool(super().has_add_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Study | None = None) -> bool:
        return (obj is None or obj.editable) and bool(super().has_delete_permission(request, obj))


class QuestionInline(DraftInline):
    model = Question
    min_num = 1
    max_num = 3
    fields = ("position", "text", "low_label", "high_label")


class DemographicInline(DraftInline):
    model = Demographic
    verbose_name = "question about the participant"
    verbose_name_plural = "Asked about the participants, after the last trial"
    fields = ("position", "label", "kind", "choices", "optional")


@admin.register(Study)
class StudyAdmin(StepsMixin, UploadsMixin, OwnedAdmin):
    list_display = ("title", "protocol", "state_badge", "visits", "created_at")
    list_filter = ("state", "protocol")
    search_fields = ("title",)
    actions = None
    inlines = (QuestionInline, DemographicInline)
    change_form_outer_before_template = "admin/studies/study/_panel.html"
    fieldsets = (
        ("What is asked", {"fields": ("title", "protocol")}),
        ("What is shown", {"fields": ("scenes", "recipes")}),
        (
            "How a trial looks",
            {
                "fields": (
                    ("show_references", "references_on_hold"),
                    ("surround", "phone_layout"),
                    ("blank_ms", "minimum_view_ms"),
                    "allow_undo",
                )
            },
        ),
        (
            "How much",
            {
                "fields": (
                    ("trials_per_participant", "participants_planned"),
                    ("agreement_per_scene", "agreement_own"),
                    "pilot",
                    ("allow_tie", "allow_none"),
                    "seed",
                    "simulated",
                )
            },
        ),
        (
            "What participants read",
            {
                "fields": (
                    ("duration_minutes", "pay"),
                    ("device", "contact"),
                    "consent",
                    "instructions",
                )
            },
        ),
        (
            "Checks of eyes and screen, before the trials",
            {
                "fields": (
                    ("screen_window", "minimum_width", "minimum_height"),
                    ("screen_colour_vision", "screen_brightness", "screen_card"),
                    "screening_hours",
                )
            },
        ),
        (
            "Before and after the trials",
            {"fields": (("practice_trials", "break_every"), "debriefing")},
        ),
        (
            "The way back to a panel",
            {"fields": ("completion_code", "redirect_url", "redirect_hosts")},
        ),
    )

    class Media:
        css = {"all": ("css/study_admin.css",)}
        js = ("js/study_admin.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        counted = Q(participants__kind="person") | Q(participants__kind="simulated", simulated=True)
        finished = Q(participants__state="finished") & counted
        rows: QuerySet[Any] = super().get_queryset(request)
        shown: QuerySet[Any] = rows.annotate(finished=Count("participants", filter=finished))
        return shown

    @display(description="State", label=STATE_COLOURS, ordering="state")  # type: ignore[untyped-decorator]
    def state_badge(self, study: Study) -> tuple[str, str]:
        return study.state, study.get_state_display()

    @admin.display(description="Finished", ordering="finished")
    def visits(self, study: Any) -> str:
        return f"{study.finished} of {study.participants_planned}"

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.ModelMultipleChoiceField[Any] | None:
        if db_field.name in PICKERS:
            kwargs |= {
                "form_class": PICKERS[db_field.name],
                "widget": forms.CheckboxSelectMultiple(attrs={"class": "picker"}),
                "help_text": "",
            }
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if db_field.name == "redirect_url":
            kwargs["assume_scheme"] = "https"
        field: forms.Field | None = super().formfield_for_dbfield(db_field, request, **kwargs)
        return field

    def has_change_permission(self, request: HttpRequest, obj: Study | None = None) -> bool:
        return (obj is None or obj.editable) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Study | None = None) -> bool:
        return (obj is None or obj.editable) and bool(super().has_delete_permission(request, obj))

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                "<int:pk>/uploads/",
                self.admin_site.admin_view(self.uploads_view),
                name="studies_study_uploads",
            ),
            path(
                "<int:pk>/<str:step>/now/",
                self.admin_site.admin_view(self.step_view),
                name="studies_study_step",
            ),
        ]
        return own + list(super().get_urls())

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        study = self.get_object(request, object_id) if object_id else None
        if study is not None and request.method == "POST":
            if not study.editable:
                messages.error(request, str(StudyNotEditable(study)))
                return HttpResponseRedirect(request.path)
            lifecycle.discard_previews(study)  # a trial would hold on to its question
        context = (extra_context or {}) | (self._panel(request, study) if study else {})
        response: HttpResponse = super().changeform_view(request, object_id, form_url, context)
        return response

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        study = self.get_object(request, object_id)
        if study is not None and study.editable:
            lifecycle.discard_previews(study)
        response: HttpResponse = super().delete_view(request, object_id, extra_context)
        return response

    def _panel(self, request: HttpRequest, study: Study) -> dict[str, Any]:
        start = reverse("participant:start", args=[study.public_id])
        return {
            "study": study,
            "checklist": lifecycle.checklist(study) if study.editable else (),
            "why_read_only": "" if study.editable else str(StudyNotEditable(study)),
            "progress": None if study.editable else progress(study),
            "link": request.build_absolute_uri(start),
            "steps": [step for step in STEPS.values() if step.shown(study)],
            "uploads": study.editable and study.recipes.filter(method="").exists(),
        }

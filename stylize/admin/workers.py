"""Workers: what is there, as they reported it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display

from stylize.models import Worker


@admin.register(Worker)
class WorkerAdmin(ModelAdmin):
    list_display = [
        "name",
        "state",
        "queues",
        "processes",
        "device",
        "free",
        "vgg19_cached",
        "code_version",
        "seen_at",
    ]

    @display(description="State", label={"alive": "success", "silent": "danger"})  # type: ignore[untyped-decorator]
    def state(self, worker: Worker) -> str:
        return "alive" if worker.alive else "silent"

    @admin.display(description="Free memory", ordering="memory_free")
    def free(self, worker: Worker) -> str:
        return f"{worker.memory_free / 2**30:.1f} GiB" if worker.memory_free else "–"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

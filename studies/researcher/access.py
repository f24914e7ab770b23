"""Who may see a study here: its owner and a superuser; to everybody else it does not exist."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404

from studies.models import Study

View = Callable[Concatenate[HttpRequest, Study, ...], HttpResponseBase]


def own_study(view: View) -> Callable[..., HttpResponseBase]:
    """Hand the view the study of the address if the user may see it; 404 otherwise."""

    @wraps(view)
    def looked_up(request: HttpRequest, public_id: str, **kwargs: Any) -> HttpResponseBase:
        visible = Study.objects.visible_to(request.user)
        return view(request, get_object_or_404(visible, public_id=public_id), **kwargs)

    return staff_member_required(looked_up)

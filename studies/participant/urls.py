"""The participant's addresses: /s/ a study, /v/ a visit, /i/ an image."""

from django.urls import path

from studies.participant import views

app_name = "participant"
urlpatterns = [
    path("s/<slug:public_id>/", views.start, name="start"),
    path("s/<slug:public_id>/start", views.begin, name="begin"),
    path("v/<slug:public_id>/", views.visit, name="visit"),
    path("v/<slug:public_id>/state", views.state, name="state"),
    path("v/<slug:public_id>/consent", views.consent, name="consent"),
    path("v/<slug:public_id>/check", views.check, name="check"),
    path("v/<slug:public_id>/checked", views.checked, name="checked"),
    path("v/<slug:public_id>/answers", views.answer, name="answers"),
    path("v/<slug:public_id>/events", views.event, name="events"),
    path("v/<slug:public_id>/demographics", views.demographics, name="demographics"),
    path("v/<slug:public_id>/finish", views.finish, name="finish"),
    path("w/<slug:token>/", views.withdraw, name="withdraw"),
    path("i/<slug:address>", views.image, name="image"),
]

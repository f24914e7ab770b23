"""Addresses of the researcher's pages."""

from django.urls import path

from studies.researcher import downloads, views

app_name = "researcher"
_STUDY = "studies/<str:public_id>/"
urlpatterns = [
    path(_STUDY, views.dashboard, name="dashboard"),
    path(_STUDY + "progress/", views.progress, name="progress"),
    path(_STUDY + "report/", views.report, name="report"),
    path(_STUDY + "pictures/<int:pk>/", views.picture, name="picture"),
    path(_STUDY + "references/<int:pk>/", views.reference, name="reference"),
    path(_STUDY + "report.json", downloads.report_json, name="report_json"),
    path(_STUDY + "ranking.csv", downloads.ranking_csv, name="ranking_csv"),
    path(_STUDY + "answers.csv", downloads.answers_csv, name="answers_csv"),
    path(_STUDY + "participants.csv", downloads.participants_csv, name="participants_csv"),
    path(_STUDY + "codebook.csv", downloads.codebook_csv, name="codebook_csv"),
    path(_STUDY + "question-<int:position>/<str:name>.svg", downloads.plot_svg, name="plot_svg"),
]

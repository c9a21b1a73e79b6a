"""The start page, the scan box, and pages that span the packages."""

from __future__ import annotations

from django.urls import path

from lims.workspace.views import competences, start

app_name = "workspace"
urlpatterns = [
    path("", start.Home.as_view(), name="home"),
    path("scan/", start.Scan.as_view(), name="scan"),
    path("competences/", competences.CompetenceList.as_view(), name="competences"),
    path("competences/record/", competences.RecordCompetence.as_view(), name="record_competence"),
    path("competences/<uuid:pk>/end/", competences.EndCompetence.as_view(), name="end_competence"),
]

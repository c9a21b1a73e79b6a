"""Addresses of provenance."""

from __future__ import annotations

from django.urls import path

from samples.provenance.api import views

urlpatterns = [
    path("provenance/", views.Records.as_view(), name="api-provenance"),
    path("provenance/<str:code>/", views.RecordView.as_view(), name="api-provenance-record"),
    path("provenance/<str:code>/parties/", views.PartiesView.as_view(), name="api-provenance-parties"),
    path("provenance/<str:code>/evidence/", views.EvidenceView.as_view(), name="api-provenance-evidence"),
    path("provenance/<str:code>/assess/", views.AssessView.as_view(), name="api-provenance-assess"),
    path("provenance/<str:code>/<str:part>/", views.PartView.as_view(), name="api-provenance-part"),
]

"""Addresses of provenance."""

from __future__ import annotations

from django.urls import path

from samples.provenance.views import flags, records

app_name = "provenance"

urlpatterns = [
    path("provenance/", records.ProvenanceList.as_view(), name="list"),
    path("provenance/new/", records.NewRecord.as_view(), name="new"),
    path("provenance/<str:code>/", records.RecordPage.as_view(), name="record"),
    path("provenance/<str:code>/parties/", records.Parties.as_view(), name="parties"),
    path("provenance/<str:code>/change/", records.ChangeRecord.as_view(), name="change"),
    path("provenance/<str:code>/evidence/", records.AddEvidence.as_view(), name="evidence"),
    path("provenance/<str:code>/evidence/<uuid:pk>/", flags.EvidenceFile.as_view(), name="evidence-file"),
    path("provenance/<str:code>/flags/<slug:flag>/", flags.FlagPage.as_view(), name="flag"),
    path("provenance/<str:code>/<str:part>/new/", records.RecordPart.as_view(), name="part-new"),
    path("provenance/<str:code>/<str:part>/<int:number>/change/", records.RecordPart.as_view(), name="part-change"),
    path("mines/<str:code>/profile/", flags.MineProfilePage.as_view(), name="profile"),
]

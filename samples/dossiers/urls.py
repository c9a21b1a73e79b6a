"""Addresses of dossiers, and of the verifier for anybody."""

from __future__ import annotations

from django.urls import path

from samples.dossiers import views

app_name = "dossiers"
urlpatterns = [
    path("dossiers/", views.DossierList.as_view(), name="dossiers"),
    path("dossiers/samples/<str:code>/", views.RequestSampleDossier.as_view(), name="of-sample"),
    path("dossiers/consignments/<str:code>/", views.RequestConsignmentDossier.as_view(), name="of-consignment"),
    path("dossiers/<slug:number>/", views.DossierPage.as_view(), name="dossier"),
    path("dossiers/<slug:number>/pdf/", views.DossierFile.as_view(), {"kind": "pdf"}, name="pdf"),
    path("dossiers/<slug:number>/json/", views.DossierFile.as_view(), {"kind": "json"}, name="json"),
    path("dossiers/<slug:number>/zip/", views.DossierFile.as_view(), {"kind": "zip"}, name="zip"),
    path("dossiers/<slug:number>/retry/", views.RetryDossier.as_view(), name="retry"),
    path("custody/verifier/", views.VerifierPage.as_view(), name="verifier"),
    path("custody/verifier/verify_custody_dossier.py", views.VerifierFile.as_view(), name="verifier-file"),
]

"""API addresses of dossiers."""

from __future__ import annotations

from django.urls import path

from samples.dossiers.api import views

urlpatterns = [
    path("dossiers/", views.Dossiers.as_view(), name="api-dossiers"),
    path("dossiers/<slug:number>/", views.DossierView.as_view(), name="api-dossier"),
    path("dossiers/<slug:number>/retry/", views.RetryView.as_view(), name="api-dossier-retry"),
    path("dossiers/<slug:number>/pdf/", views.PdfView.as_view(), name="api-dossier-pdf"),
    path("dossiers/<slug:number>/data/", views.DataView.as_view(), name="api-dossier-data"),
    path("dossiers/<slug:number>/zip/", views.ZipView.as_view(), name="api-dossier-zip"),
]

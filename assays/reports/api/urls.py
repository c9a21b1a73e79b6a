"""API addresses of certificates."""

from __future__ import annotations

from django.urls import path

from assays.reports.api import views

urlpatterns = [
    path("certificates/", views.Certificates.as_view(), name="api-certificates"),
    path("certificates/<slug:number>/", views.CertificateView.as_view(), name="api-certificate"),
    path("certificates/<slug:number>/pdf/", views.PdfView.as_view(), name="api-certificate-pdf"),
    path("certificates/<slug:number>/data/", views.DataView.as_view(), name="api-certificate-data"),
    path("certificates/<slug:number>/amend/", views.AmendView.as_view(), name="api-certificate-amend"),
    path("certificates/<slug:number>/retry/", views.RetryView.as_view(), name="api-certificate-retry"),
    path("certificates/<slug:number>/withdraw/", views.WithdrawView.as_view(), name="api-certificate-withdraw"),
]

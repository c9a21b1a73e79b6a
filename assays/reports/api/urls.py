"""API addresses of certificates."""

from __future__ import annotations

from django.urls import path

from assays.reports.api import views

urlpatterns = [
    path("certificates/", views.Certificates.as_view(), name="api-certificates"),
    path("certificates/<str:number>/", views.CertificateView.as_view(), name="api-certificate"),
    path("certificates/<str:number>/pdf/", views.PdfView.as_view(), name="api-certificate-pdf"),
    path("certificates/<str:number>/data/", views.DataView.as_view(), name="api-certificate-data"),
    path("certificates/<str:number>/amend/", views.AmendView.as_view(), name="api-certificate-amend"),
    path("certificates/<str:number>/retry/", views.RetryView.as_view(), name="api-certificate-retry"),
    path("certificates/<str:number>/withdraw/", views.WithdrawView.as_view(), name="api-certificate-withdraw"),
]

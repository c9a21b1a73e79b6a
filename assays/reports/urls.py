"""Addresses of certificates, and of their verification by anybody."""

from __future__ import annotations

from django.urls import path

from assays.reports import views

app_name = "reports"
urlpatterns = [
    path("certificates/", views.CertificateList.as_view(), name="certificates"),
    path("certificates/issue/<slug:code>/", views.IssueCertificate.as_view(), name="issue"),
    path("certificates/<slug:number>/", views.CertificatePage.as_view(), name="certificate"),
    path("certificates/<slug:number>/pdf/", views.CertificatePaper.as_view(), name="pdf"),
    path("certificates/<slug:number>/amend/", views.AmendCertificate.as_view(), name="amend"),
    path("certificates/<slug:number>/retry/", views.RetryCertificate.as_view(), name="retry"),
    path("certificates/<slug:number>/withdraw/", views.WithdrawCertificate.as_view(), name="withdraw"),
    path("verify/<str:token>/", views.Verify.as_view(), name="verify"),
]

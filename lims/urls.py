"""Addresses of the whole product."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

handler400 = "lims.core.error_pages.bad_request"
handler403 = "lims.core.error_pages.forbidden"
handler404 = "lims.core.error_pages.not_found"
handler500 = "lims.core.error_pages.server_error"

api = [
    path("", include("lims.core.api.urls")),
    path("", include("lims.jobs.api.urls")),
    path("", include("lims.webhooks.api.urls")),
    path("", include("samples.api.urls")),
    path("", include("samples.dossiers.api.urls")),
    path("", include("samples.provenance.api.urls")),
    path("", include("samples.storage.api_urls")),
    path("", include("assays.api.urls")),
    path("", include("assays.instruments.api.urls")),
    path("", include("assays.control_charts.api_urls")),
    path("", include("assays.reports.api.urls")),
    path("", include("assays.nonconformities.api.urls")),
    path("", include("lims.dashboards.api.urls")),
    path("", include("lims.backups.api.urls")),
]

urlpatterns = [
    path("api/v1/", include(api)),
    path("", include("lims.workspace.urls")),
    path("", include("lims.accounts.urls")),
    path("", include("lims.jobs.urls")),
    path("", include("lims.webhooks.urls")),
    path("", include("samples.urls")),
    path("", include("samples.dossiers.urls")),
    path("", include("samples.provenance.urls")),
    path("", include("samples.storage.urls")),
    path("", include("assays.urls")),
    path("", include("assays.instruments.urls")),
    path("", include("assays.control_charts.urls")),
    path("", include("assays.reports.urls")),
    path("", include("assays.nonconformities.urls")),
    path("", include("lims.dashboards.urls")),
    path("", include("lims.backups.urls")),
    path("", include("lims.core.urls")),
    path("admin/", admin.site.urls),
]

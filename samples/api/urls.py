"""Addresses of the field's API; consignments have their own list."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("samples.api.field_urls")),
    path("", include("samples.api.consignment_urls")),
    path("", include("samples.api.route_urls")),
    path("", include("samples.api.custody_urls")),
    path("", include("samples.api.safety_urls")),
]

"""Addresses of the field: places, visits, samples, imports; consignments have their own list."""

from __future__ import annotations

from django.urls import include, path

app_name = "samples"

urlpatterns = [
    path("", include("samples.field_urls")),
    path("", include("samples.consignment_urls")),
    path("", include("samples.safety_urls")),
    path("", include("samples.route_urls")),
]

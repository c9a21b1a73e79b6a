"""Addresses of the bench: reference data, submissions, preparation, weighing, planning. Those of runs stand in `run_urls`."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

app_name = "assays"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("assays.run_urls")),
]

"""API addresses of the bench: reference data, submissions, preparation, aliquots, planning. Those of runs stand in `run_urls`."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("assays.api.run_urls")),
]

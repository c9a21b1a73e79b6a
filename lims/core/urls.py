"""Operations: is the process alive, is it ready."""

from __future__ import annotations

from django.urls import path

from lims.core import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]

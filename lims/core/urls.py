"""Operations: is the process alive, is it ready; and every component of the pages, for signed-in people."""

from __future__ import annotations

from django.urls import path

from lims.core import health
from lims.core.styleguide import StyleGuide

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("styleguide/", StyleGuide.as_view(), name="styleguide"),
]

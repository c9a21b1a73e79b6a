"""Operations: is the process alive, is it ready; and every component of the pages, for signed-in people."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.urls import path

from lims.core import health
from lims.core.styleguide import styleguide

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("styleguide/", login_required(styleguide), name="styleguide"),
]

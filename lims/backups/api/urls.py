"""API addresses of restorations."""

from __future__ import annotations

from django.urls import path

from lims.backups.api import views

urlpatterns = [path("custody/restorations/", views.Restorations.as_view(), name="api-restorations")]

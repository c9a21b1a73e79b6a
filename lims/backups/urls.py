"""Addresses of restorations."""

from __future__ import annotations

from django.urls import path

from lims.backups import views

app_name = "backups"
urlpatterns = [path("custody/restorations/", views.RestorationList.as_view(), name="restorations")]

"""The start page and the scan box."""

from __future__ import annotations

from django.urls import path

from lims.workspace import views

app_name = "workspace"
urlpatterns = [
    path("", views.Home.as_view(), name="home"),
    path("scan/", views.Scan.as_view(), name="scan"),
]

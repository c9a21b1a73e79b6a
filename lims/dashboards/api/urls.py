"""The API of grades and the overview."""

from __future__ import annotations

from django.urls import path

from lims.dashboards.api import views

urlpatterns = [
    path("grades/", views.Grades.as_view(), name="api-grades"),
    path("dashboards/overview/", views.OverviewView.as_view(), name="api-overview"),
]

"""The overview."""

from __future__ import annotations

from django.urls import path

from lims.dashboards import views

app_name = "dashboards"
urlpatterns = [path("overview/", views.OverviewPage.as_view(), name="overview")]

"""Addresses of control charts."""

from __future__ import annotations

from django.urls import path

from assays.control_charts import views

app_name = "control_charts"

urlpatterns = [
    path("control-charts/", views.Charts.as_view(), name="charts"),
    path("control-charts/paper/", views.ChartPaper.as_view(), name="paper"),
    path("control-charts/monthly/", views.MonthPage.as_view(), name="month"),
    path("control-charts/<uuid:series>/limits/", views.LimitsPage.as_view(), name="limits"),
    path("control-charts/<uuid:series>/points/<uuid:position>/", views.PointPage.as_view(), name="point"),
]

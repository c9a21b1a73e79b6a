"""Addresses of control charts in the API."""

from __future__ import annotations

from django.urls import path

from assays.control_charts import api

urlpatterns = [path("qc/charts/", api.ControlCharts.as_view(), name="api-qc-charts")]

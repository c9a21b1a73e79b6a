"""The API of jobs."""

from __future__ import annotations

from django.urls import path

from lims.jobs.api.views import JobView

urlpatterns = [path("jobs/<uuid:pk>/", JobView.as_view(), name="api-job")]

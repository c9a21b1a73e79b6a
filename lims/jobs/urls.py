"""Pages of jobs."""

from __future__ import annotations

from django.urls import path

from lims.jobs import views

app_name = "jobs"
urlpatterns = [
    path("jobs/", views.JobList.as_view(), name="jobs"),
    path("jobs/<uuid:pk>/", views.JobPage.as_view(), name="job"),
    path("jobs/<uuid:pk>/progress/", views.JobProgress.as_view(), name="progress"),
    path("jobs/<uuid:pk>/retry/", views.RetryJob.as_view(), name="retry"),
]

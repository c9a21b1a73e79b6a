"""A job's page: a bar that moves, and its end."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from lims.core.pages import Page
from lims.core.roles import Action
from lims.core.scope import fetch_visible
from lims.jobs.models import Job


class JobPage(Page):
    """One job."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.JOB_VIEW}
    template = "jobs/job.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self.render({"job": fetch_visible(Job, request.user, pk=pk)})


class JobProgress(JobPage):
    """The bar alone, polled until the end."""

    template = "jobs/progress.html"

"""Pages of jobs: a bar that moves, and its end; what failed, to be sent again."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import django_filters
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lims.core.errors import DomainError
from lims.core.listing import RecordList
from lims.core.pages import Page
from lims.core.roles import Action, allowed
from lims.core.scope import fetch_visible
from lims.jobs.dispatch import send_on_commit
from lims.jobs.models import Job, JobState
from lims.jobs.services import restart_job


def may_open(viewer: Any, address: str) -> bool:
    """Whether the viewer's role opens the page at the address: who sees all jobs need not see all they made."""
    try:
        page = getattr(resolve(address).func, "view_class", None)
    except Resolver404:
        return False
    return page is None or allowed(viewer, page.actions["GET"])


class JobPage(Page):
    """One job."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.JOB_VIEW}
    template = "jobs/job.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        job = fetch_visible(Job, request.user, pk=pk)
        return self.render({"job": job, "result_url": job.result_url if may_open(request.user, job.result_url) else ""})


class JobProgress(JobPage):
    """The bar alone, polled until the end."""

    template = "jobs/progress.html"


class JobFilter(django_filters.FilterSet):
    """By state, kind and what they say."""

    q = django_filters.CharFilter(label=gettext_lazy("Kind, message or person"), method="search")
    state = django_filters.ChoiceFilter(label=gettext_lazy("State"), choices=JobState.choices, empty_label=gettext_lazy("all"))

    class Meta:
        model = Job
        fields: list[str] = []

    def search(self, rows: QuerySet[Job], name: str, value: str) -> QuerySet[Job]:
        """Part of any of them."""
        named = Q(requested_by__full_name__icontains=value)
        return rows.filter(Q(kind__icontains=value) | Q(message__icontains=value) | Q(error_code__icontains=value) | named)


class JobList(RecordList):
    """Everybody's jobs, for administrators."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.ACCOUNT_EDIT}
    template = "jobs/jobs.html"
    filterset_class = JobFilter
    orderings: ClassVar[dict[str, str]] = {"created_at": "created_at", "finished_at": "finished_at", "kind": "kind", "state": "state"}
    default_ordering = "-created_at"
    file_name = "jobs.csv"

    def select(self, viewer: Any) -> QuerySet[Job]:
        return Job.objects.visible_to(viewer).select_related("requested_by__organisation")

    def row(self, found: Job) -> dict[str, Any]:
        person = found.requested_by
        return {
            "id": str(found.pk),
            "kind": found.kind,
            "state": found.state,
            "message": found.message,
            "error_code": found.error_code,
            "attempts": found.attempts,
            "asked_by": person.username if person else "",
            "organisation": person.organisation.code if person else "",
            "created_at": found.created_at.isoformat(),
            "finished_at": found.finished_at.isoformat() if found.finished_at else "",
        }


class RetryJob(Page):
    """A failed job once more."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.ACCOUNT_EDIT}

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        job = fetch_visible(Job, request.user, pk=pk)
        back = redirect("jobs:job", pk=pk)
        try:
            send_on_commit(restart_job(job))
        except DomainError as error:
            return self.refuse(error, back.url)
        messages.success(request, _("It waits for a worker again."))
        return back

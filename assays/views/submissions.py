"""Submissions: the list, a new one, and the page of one with its tests, its clock and the steps its viewer may take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assays.forms.bench_filters import SUBMISSION_ORDERINGS, SubmissionFilter
from assays.forms.problems import add_problems
from assays.forms.submissions import ReasonForm, SubmissionForm
from assays.lifecycle import SUBMISSION
from assays.models import Submission
from assays.selectors.badges import deadline_badge, submission_badge, test_badge
from assays.selectors.bench_rows import submission_data
from assays.selectors.lookup import find_versions
from assays.selectors.submissions import count_by_state, deadline_of, samples_without_request, submission_list, tests_of
from assays.services import submitting
from assays.views.lists import ListPage
from lims.core.codes import normalise
from lims.core.errors import DomainError, Forbidden
from lims.core.pages import Page
from lims.core.panels import render_panels
from lims.core.roles import Action, Role, allowed
from lims.core.scope import fetch_visible
from samples.selectors.scanned import find_scanned


class SubmissionList(ListPage):
    """Submissions within the viewer's scope."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SUBMISSION_VIEW}
    template = "assays/submissions/list.html"
    filterset = SubmissionFilter
    orderings = SUBMISSION_ORDERINGS
    file_name = "submissions.csv"

    def queryset(self) -> QuerySet[Submission]:
        return submission_list(self.request.user)

    def data(self, found: Submission) -> dict[str, Any]:
        return submission_data(found)

    def shown(self, found: Submission) -> dict[str, Any]:
        return {"submission": found, "badge": submission_badge(found.state), "deadline": deadline_badge(deadline_of(found))}

    def more(self) -> dict[str, Any]:
        return {"may_edit": allowed(self.request.user, Action.SUBMISSION_EDIT)}


class NewSubmission(Page):
    """Asking for tests."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SUBMISSION_EDIT, "POST": Action.SUBMISSION_EDIT}
    template = "assays/submissions/new.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        waiting = samples_without_request(request.user)
        chosen = next((group for group in waiting if group.owner.code == request.GET.get("owner")), None)
        codes = chosen.codes if chosen else request.GET.getlist("sample")
        initial: dict[str, Any] = {"samples": "\n".join(codes)}
        if chosen:
            initial["customer"] = chosen.owner.pk
        return self.render({"form": SubmissionForm(viewer=request.user, initial=initial), "waiting": waiting})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SubmissionForm(request.POST, viewer=request.user)
        if form.is_valid():
            try:
                submission = self._create(form, request.user)
                messages.success(
                    request,
                    _("%(code)s is recorded; it is due on %(day)s.") % {"code": submission.code, "day": f"{submission.due_on:%d %b %Y}"},
                )
                return redirect("assays:submission", submission.code)
            except DomainError as error:
                add_problems(form, error)
        return self.render({"form": form, "waiting": samples_without_request(request.user)}, status=422)

    def _create(self, form: SubmissionForm, by: Any) -> Submission:
        words = {
            name: form.cleaned_data[name] for name in ("laboratory", "customer", "basis", "turnaround", "customer_reference", "remark")
        }
        texts = form.cleaned_data["methods"]
        return submitting.create_submission(
            samples=find_scanned(form.codes(), by, pointer="/samples/{index}"),
            method_versions=find_versions(texts, places=["/methods"] * len(texts)),
            by=by,
            **words,
        )


class SubmissionPage(Page):
    """One submission."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SUBMISSION_VIEW}
    template = "assays/submissions/submission.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        submission = fetch_visible(Submission, request.user, queryset=submission_list(request.user), code=normalise(code))
        tests = list(tests_of(submission))
        return self.render(
            {
                "submission": submission,
                "badge": submission_badge(submission.state),
                "deadline": deadline_badge(deadline_of(submission)),
                "lines": _lines(tests, request.user),
                "methods": sorted({test.method_version.method.code for test in tests}),
                "counts": [(test_badge(state), count) for state, _label, count in count_by_state(tests)],
                "stops": submission.clock_stops.order_by("started_at"),
                "steps": _steps(submission, request.user),
                "hold_form": ReasonForm(auto_id="hold_%s"),
                "cancel_form": ReasonForm(auto_id="cancel_%s"),
                "panels": render_panels("submission", submission, request),
            }
        )


def _lines(tests: list[Any], viewer: Any) -> list[dict[str, Any]]:
    """One line a sample, one cell a method."""
    methods = sorted({test.method_version.method.code for test in tests})
    lines: dict[Any, dict[str, Any]] = {}
    for test in tests:
        line = lines.setdefault(
            test.sample_id, {"sample": test.sample, "code": test.sample.code_for(viewer), "cells": dict.fromkeys(methods)}
        )
        line["cells"][test.method_version.method.code] = {
            "version": test.method_version,
            "badge": test_badge(test.state),
            "at": test.changed_at,
        }
    return list(lines.values())


def _steps(submission: Submission, viewer: Any) -> dict[str, Any]:
    """The steps this viewer may take, each with what keeps it from being taken."""
    if not allowed(viewer, Action.SUBMISSION_EDIT):
        issuing = viewer.role == Role.SIGNATORY and submission.state == "open"
        return {"complete": submitting.completion_blockers(submission)} if issuing else {}
    available = [step for step in ("hold", "resume", "cancel") if not SUBMISSION.blockers(submission, step)]
    steps: dict[str, Any] = {step: [] for step in available}
    if submission.state == "open":
        steps["complete"] = submitting.completion_blockers(submission)
    return steps


class SubmissionStep(Page):
    """A step of one submission; subclasses name the service and what to say once it is done."""

    service: ClassVar[Callable[..., Submission]]
    done: ClassVar[Any]
    needs_reason: ClassVar[bool] = False
    actions: ClassVar[dict[str, Action]] = {"POST": Action.SUBMISSION_EDIT}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        submission = fetch_visible(Submission, request.user, code=normalise(code))
        back = reverse("assays:submission", args=[submission.code])
        words = {"reason": request.POST.get("reason", "")} if self.needs_reason else {}
        try:
            type(self).service(submission=submission, by=request.user, **words)
        except Forbidden:
            raise
        except DomainError as error:
            return self.refuse(error, back)
        messages.success(request, self.done)
        return redirect(back)


class Hold(SubmissionStep):
    """Stopping the clock."""

    service = submitting.hold_submission
    done = gettext_lazy("The clock stands. Nothing is weighed or loaded until it runs again.")
    needs_reason = True


class Resume(SubmissionStep):
    """Letting the clock run again."""

    service = submitting.resume_submission
    done = gettext_lazy("The clock runs again; the due day has moved by the working days it stood.")


class Cancel(SubmissionStep):
    """Withdrawing a request."""

    service = submitting.cancel_submission
    done = gettext_lazy("The submission is cancelled.")
    needs_reason = True


class Complete(SubmissionStep):
    """Closing it: by whoever records submissions, or the signatory."""

    service = submitting.complete_submission
    done = gettext_lazy("The submission is complete.")
    actions: ClassVar[dict[str, Action]] = {"POST": Action.SUBMISSION_VIEW}

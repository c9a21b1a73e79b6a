"""Submissions: asked for, listed, held, resumed, completed, cancelled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assays.api import bench_schemas as schemas
from assays.api import bodies
from assays.forms.bench_filters import SUBMISSION_ORDERINGS, SubmissionFilter
from assays.models import Submission
from assays.selectors.bench_rows import submission_data, submission_detail
from assays.selectors.lookup import find_versions
from assays.selectors.submissions import submission_list
from assays.services import submitting
from lims.accounts.models import Organisation
from lims.core.api.views import ActionView, ListView, decode
from lims.core.codes import normalise
from lims.core.roles import LABORATORY_ROLES, Action
from lims.core.scope import fetch_visible
from samples.models import Sample
from samples.selectors.parties import find_party
from samples.selectors.scanned import find_scanned


class Submissions(ListView):
    """Those the caller may see, and new ones."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SUBMISSION_VIEW, "POST": Action.SUBMISSION_EDIT}
    filterset_class = SubmissionFilter
    orderings: ClassVar[dict[str, str]] = SUBMISSION_ORDERINGS

    def queryset(self, request: Request) -> QuerySet[Submission]:
        return submission_list(request.user)

    def row(self, found: Submission, request: Request) -> dict[str, Any]:
        return submission_data(found)

    @extend_schema(operation_id="submissions_list", filters=True, responses=schemas.SubmissionPage)
    def get(self, request: Request) -> Any:
        """What was asked for, until when, and how much of it is certified."""
        return super().get(request)

    @extend_schema(operation_id="submissions_create", request=schemas.NewSubmissionSchema, responses={201: schemas.SubmissionDetailSchema})
    def post(self, request: Request) -> Response:
        """Ask for every method on every sample; all or nothing."""
        body: bodies.NewSubmission = decode(request, bodies.NewSubmission)
        samples = find_scanned(body.samples, request.user, pointer="/samples/{index}")
        submission = submitting.create_submission(
            laboratory=find_party(body.laboratory, "/laboratory") if body.laboratory else _own_organisation(request.user),
            customer=find_party(body.customer, "/customer") if body.customer else _default_customer(request.user, samples),
            samples=samples,
            method_versions=find_versions(body.methods, places=[f"/methods/{index}" for index in range(len(body.methods))]),
            basis=body.basis,
            turnaround=body.turnaround,
            customer_reference=body.customer_reference,
            remark=body.remark,
            by=request.user,
        )
        response = _detail(request, submission.code, status=201)
        response["Location"] = reverse("api-submission", args=[submission.code])
        return response


def _default_customer(viewer: Any, samples: list[Sample]) -> Organisation:
    """At a laboratory the owner of the samples, else the caller's own organisation."""
    if viewer.role in LABORATORY_ROLES and samples:
        return samples[0].owner
    return _own_organisation(viewer)


def _own_organisation(viewer: Any) -> Organisation:
    own: Organisation = viewer.organisation
    return own


def _detail(request: Request, code: str, status: int = 200) -> Response:
    submission = fetch_visible(Submission, request.user, queryset=submission_list(request.user), code=normalise(code))
    return Response(submission_detail(submission, request.user), status=status)


class SubmissionView(ActionView):
    """One submission."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SUBMISSION_VIEW}

    @extend_schema(operation_id="submissions_retrieve", responses=schemas.SubmissionDetailSchema)
    def get(self, request: Request, code: str) -> Response:
        """Its tests, due day and clock stops."""
        return _detail(request, code)


class SubmissionStep(ActionView):
    """A step of one submission; subclasses name the service."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.SUBMISSION_EDIT}
    service: ClassVar[Callable[..., Submission]]

    def take(self, request: Request, code: str, **words: Any) -> Response:
        """Take the step and answer with the submission as it stands then."""
        submission = fetch_visible(Submission, request.user, code=normalise(code))
        type(self).service(submission=submission, by=request.user, **words)
        return _detail(request, code)


class HoldView(SubmissionStep):
    """Stopping the clock."""

    service = submitting.hold_submission

    @extend_schema(operation_id="submissions_hold", request=schemas.BenchReasonSchema, responses=schemas.SubmissionDetailSchema)
    def post(self, request: Request, code: str) -> Response:
        """The clock stands; nothing is weighed or loaded."""
        body: bodies.Reason = decode(request, bodies.Reason)
        return self.take(request, code, reason=body.reason)


class ResumeView(SubmissionStep):
    """Letting the clock run again."""

    service = submitting.resume_submission

    @extend_schema(operation_id="submissions_resume", request=None, responses=schemas.SubmissionDetailSchema)
    def post(self, request: Request, code: str) -> Response:
        """The due day moves by the working days the clock stood."""
        return self.take(request, code)


class CompleteView(SubmissionStep):
    """Closing it."""

    service = submitting.complete_submission

    @extend_schema(operation_id="submissions_complete", request=None, responses=schemas.SubmissionDetailSchema)
    def post(self, request: Request, code: str) -> Response:
        """Once every test is certified or cancelled."""
        return self.take(request, code)


class CancelView(SubmissionStep):
    """Withdrawing it."""

    service = submitting.cancel_submission

    @extend_schema(operation_id="submissions_cancel", request=schemas.BenchReasonSchema, responses=schemas.SubmissionDetailSchema)
    def post(self, request: Request, code: str) -> Response:
        """As long as nothing of it is in a run or further."""
        body: bodies.Reason = decode(request, bodies.Reason)
        return self.take(request, code, reason=body.reason)

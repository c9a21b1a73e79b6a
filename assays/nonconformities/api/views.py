"""Nonconforming work in the API: the override of a failed run, and each step of a nonconformity."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assays.api.planning import fetch_run
from assays.nonconformities.api import schemas
from assays.nonconformities.forms import ORDERINGS, NonconformityFilter
from assays.nonconformities.models import Nonconformity
from assays.nonconformities.selectors import fetch_nonconformity, nonconformity_detail, nonconformity_row, select_nonconformities
from assays.nonconformities.services import handling, reporting
from assays.nonconformities.services.overriding import override_blockers, override_content, override_run
from assays.nonconformities.services.reopening import reopen_run
from assays.nonconformities.touching import find_touched
from lims.accounts.models import User
from lims.accounts.signing import content_hash
from lims.core.api.views import ActionView, ListView, Struct, decode
from lims.core.errors import Invalid, Problem
from lims.core.roles import Action


class OverrideBody(Struct):
    """Why, and the signature."""

    reason: str
    password: str
    content_hash: str | None = None


class NewNonconformity(Struct):
    """What was found; `touches` are codes."""

    source: str
    title: str
    what_happened: str
    found_on: date
    touches: list[str] = []


class EvaluateBody(Struct):
    """What it means."""

    significance: str
    evaluation: str
    may_recur: bool
    stop_work: bool
    notify_customers: bool


class ActionBody(Struct):
    """What is done about it; the owner by username."""

    root_cause: str
    action: str
    owner: str
    due: date


class EffectBody(Struct):
    """Whether it worked."""

    effective: bool
    effect: str


class TextBody(Struct):
    """One text."""

    text: str


class CloseBody(Struct):
    """The signature."""

    password: str
    reason: str = ""
    content_hash: str | None = None


class OverrideView(ActionView):
    """The override of a failed run."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.QC_OVERRIDE, "POST": Action.QC_OVERRIDE}

    @extend_schema(operation_id="runs_override_retrieve", responses=schemas.OverrideOptionsSchema)
    def get(self, request: Request, key: str) -> Response:
        """What the caller would sign, its hash, and why it cannot be signed now."""
        run = fetch_run(request.user, key)
        content = override_content(run)
        blockers = [{"code": one.code, "sentence": one.sentence} for one in override_blockers(run, request.user)]
        return Response({"content_hash": content_hash(content), "blockers": blockers, "content": content})

    @extend_schema(operation_id="runs_override", request=schemas.OverrideInSchema, responses=schemas.OverrideOutSchema)
    def post(self, request: Request, key: str) -> Response:
        """Let a run whose controls failed go on to review, signed, with a reason. Opens nonconforming work; certificates over its results
        say so and claim no accreditation."""
        run = fetch_run(request.user, key)
        body: OverrideBody = decode(request, OverrideBody)
        user: Any = request.user
        opened = override_run(run=run, reason=body.reason, password=body.password, shown_hash=body.content_hash, by=user)
        run.refresh_from_db()
        return Response({"run": run.code, "state": run.state, "nonconformity": opened.code})


class ReopenBody(Struct):
    """Because of what, why, and the signature."""

    nonconformity: str
    reason: str
    password: str
    content_hash: str | None = None


class ReopenView(ActionView):
    """Taking an authorised run back."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.NONCONFORMITY_MANAGE}

    @extend_schema(operation_id="runs_reopen", request=schemas.ReopenInSchema, responses=schemas.OverrideOutSchema)
    def post(self, request: Request, key: str) -> Response:
        """Take an authorised run back for correction, signed. What was authorised stays in force until new versions are."""
        run = fetch_run(request.user, key)
        body: ReopenBody = decode(request, ReopenBody)
        record = fetch_nonconformity(request.user, body.nonconformity)
        signer: Any = request.user
        reopen_run(record=record, run=run, reason=body.reason, password=body.password, shown_hash=body.content_hash, by=signer)
        run.refresh_from_db()
        return Response({"run": run.code, "state": run.state, "nonconformity": record.code})


class Nonconformities(ListView):
    """The laboratory's nonconforming work."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.NONCONFORMITY_VIEW, "POST": Action.NONCONFORMITY_REPORT}
    filterset_class = NonconformityFilter
    orderings: ClassVar[dict[str, str]] = ORDERINGS
    default_ordering = "rank"

    def queryset(self, request: Request) -> QuerySet[Nonconformity]:
        return select_nonconformities(request.user)

    def row(self, found: Nonconformity, request: Request) -> dict[str, Any]:
        return nonconformity_row(found)

    @extend_schema(operation_id="nonconformities_list", filters=True, responses=schemas.NonconformityListSchema)
    def get(self, request: Request) -> Any:
        """What is overdue first, then what is open, the oldest first."""
        return super().get(request)

    @extend_schema(
        operation_id="nonconformities_create", request=schemas.NewNonconformitySchema, responses={201: schemas.NonconformitySchema}
    )
    def post(self, request: Request) -> Response:
        """Report nonconforming work with what it touches."""
        body: NewNonconformity = decode(request, NewNonconformity)
        things = find_touched(body.touches, request.user)
        finding = reporting.Finding(body.source, body.title, body.what_happened, body.found_on, tuple(things))
        made = reporting.report_nonconformity(finding=finding, by=request.user)
        response = _shown(request, made.code, status=201)
        response["Location"] = reverse("api-nonconformity", args=[made.code])
        return response


def _shown(request: Request, code: str, status: int = 200) -> Response:
    return Response(nonconformity_detail(fetch_nonconformity(request.user, code), request.user), status=status)


class NonconformityView(ActionView):
    """One nonconformity."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.NONCONFORMITY_VIEW}

    @extend_schema(operation_id="nonconformities_retrieve", responses=schemas.NonconformitySchema)
    def get(self, request: Request, code: str) -> Response:
        """In full, with its links, notes and notices."""
        return _shown(request, code)


class EvaluateView(ActionView):
    """Evaluation."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.NONCONFORMITY_MANAGE}

    @extend_schema(operation_id="nonconformities_evaluate", request=schemas.EvaluateSchema, responses=schemas.NonconformitySchema)
    def post(self, request: Request, code: str) -> Response:
        """Its significance, whether work stops, whether customers are told, whether it could recur."""
        record = fetch_nonconformity(request.user, code)
        body: EvaluateBody = decode(request, EvaluateBody)
        found = handling.Evaluation(body.significance, body.evaluation, body.may_recur, body.stop_work, body.notify_customers)
        handling.evaluate_nonconformity(record=record, found=found, by=request.user)
        return _shown(request, code)


class ActionPlanView(ActionView):
    """Corrective action."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.NONCONFORMITY_MANAGE}

    @extend_schema(operation_id="nonconformities_action", request=schemas.ActionSchema, responses=schemas.NonconformitySchema)
    def post(self, request: Request, code: str) -> Response:
        """Agree root cause, action, who does it and until when."""
        record = fetch_nonconformity(request.user, code)
        body: ActionBody = decode(request, ActionBody)
        owner = User.objects.filter(organisation=record.laboratory_id, username__iexact=body.owner.strip(), is_active=True).first()
        if owner is None:
            detail = f"Nobody of this laboratory with an open account is called “{body.owner}”."
            raise Invalid("owner", detail, problems=[Problem("/owner", "owner", detail)])
        plan = handling.CorrectiveAction(body.root_cause, body.action, owner, body.due)
        handling.plan_action(record=record, plan=plan, by=request.user)
        return _shown(request, code)


class FinishView(ActionView):
    """The action is taken."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.NONCONFORMITY_REPORT}

    @extend_schema(operation_id="nonconformities_finish", request=schemas.TextSchema, responses=schemas.NonconformitySchema)
    def post(self, request: Request, code: str) -> Response:
        """The owner says what was done."""
        record = fetch_nonconformity(request.user, code)
        handling.finish_action(record=record, note=decode(request, TextBody).text, by=request.user)
        return _shown(request, code)


class EffectView(ActionView):
    """The check of its effect."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.NONCONFORMITY_MANAGE}

    @extend_schema(operation_id="nonconformities_effect", request=schemas.EffectSchema, responses=schemas.NonconformitySchema)
    def post(self, request: Request, code: str) -> Response:
        """Whether the action worked; one that did not is taken up again."""
        record = fetch_nonconformity(request.user, code)
        body: EffectBody = decode(request, EffectBody)
        handling.check_effect(record=record, effective=body.effective, effect=body.effect, by=request.user)
        return _shown(request, code)


class ResumeView(ActionView):
    """Resumption of stopped work."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.NONCONFORMITY_MANAGE}

    @extend_schema(operation_id="nonconformities_resume", request=schemas.TextSchema, responses=schemas.NonconformitySchema)
    def post(self, request: Request, code: str) -> Response:
        """Authorise that work goes on, with the reason."""
        record = fetch_nonconformity(request.user, code)
        handling.resume_work(record=record, reason=decode(request, TextBody).text, by=request.user)
        return _shown(request, code)


class NotesView(ActionView):
    """Notes."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.NONCONFORMITY_REPORT}

    @extend_schema(operation_id="nonconformities_note", request=schemas.TextSchema, responses={201: schemas.NonconformitySchema})
    def post(self, request: Request, code: str) -> Response:
        """Write down what was found or done; it stays as written."""
        record = fetch_nonconformity(request.user, code)
        reporting.add_note(record=record, text=decode(request, TextBody).text, by=request.user)
        return _shown(request, code, status=201)


class CloseView(ActionView):
    """Closing."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.NONCONFORMITY_MANAGE}

    @extend_schema(operation_id="nonconformities_close", request=schemas.CloseSchema, responses=schemas.NonconformitySchema)
    def post(self, request: Request, code: str) -> Response:
        """With a signature over the whole record. 409 with everything that is still missing."""
        record = fetch_nonconformity(request.user, code)
        body: CloseBody = decode(request, CloseBody)
        user: Any = request.user
        handling.close_nonconformity(record=record, password=body.password, reason=body.reason, shown_hash=body.content_hash, by=user)
        return _shown(request, code)

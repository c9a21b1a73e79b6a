"""Review and authorisation in the API: what would be signed, and the signature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assays.api import measured_schemas as schemas
from assays.api.planning import fetch_run
from assays.services.authorising import authorisation_content, authorise_blockers, authorise_results
from assays.services.reviewing import APPROVE, SEND_BACK, review_blockers, review_content, review_run
from lims.accounts.models import Signature
from lims.accounts.signing import content_hash
from lims.core.api.views import ActionView, Struct, decode
from lims.core.errors import Blocker
from lims.core.roles import Action


class ReviewBody(Struct):
    """A reviewer's decision with the signature."""

    decision: str
    password: str
    reason: str = ""
    content_hash: str | None = None
    meaning: str = ""
    otp: str = ""


class AuthoriseBody(Struct):
    """A signatory's release with the signature."""

    run: str
    password: str
    content_hash: str | None = None
    meaning: str = ""
    otp: str = ""


def signature_data(signature: Signature) -> dict[str, Any]:
    """A signature as it appears everywhere: who, what for, when, over what."""
    return {
        "id": str(signature.pk),
        "printed_name": signature.printed_name,
        "organisation": signature.organisation_name,
        "meaning": str(signature.get_meaning_display()),
        "signed_at": signature.signed_at.isoformat(),
        "content_hash": signature.content_hash,
    }


def _signable(content: dict[str, Any], blockers: Sequence[Blocker]) -> dict[str, Any]:
    return {
        "content_hash": content_hash(content),
        "blockers": [{"code": one.code, "sentence": one.sentence} for one in blockers],
        "content": content,
    }


class ReviewView(ActionView):
    """Review of a run."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RESULT_DRAFT, "POST": Action.RUN_REVIEW}

    @extend_schema(operation_id="runs_review_retrieve", responses=schemas.ReviewOptionsSchema)
    def get(self, request: Request, key: str) -> Response:
        """What the caller would sign with each decision, its hash, and why it cannot be signed now."""
        run = fetch_run(request.user, key)
        return Response({one: _signable(review_content(run, one), review_blockers(run, request.user, one)) for one in (APPROVE, SEND_BACK)})

    @extend_schema(operation_id="runs_review", request=schemas.ReviewInSchema, responses=schemas.ReviewOutSchema)
    def post(self, request: Request, key: str) -> Response:
        """Approve the run or send it back, with an electronic signature. Nobody reviews work they had a hand in."""
        run = fetch_run(request.user, key)
        body: ReviewBody = decode(request, ReviewBody)
        reviewer: Any = request.user
        made = review_run(
            run=run,
            decision=body.decision,
            reason=body.reason or body.meaning,
            password=body.password,
            shown_hash=body.content_hash,
            by=reviewer,
        )
        return Response(
            {
                "run": made.run.code,
                "state": made.run.state,
                "decision": made.decision,
                "reason": made.reason,
                "decided_at": made.decided_at.isoformat(),
                "signature": signature_data(made.signature),
            }
        )


class AuthoriseView(ActionView):
    """Release of a run's results."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RESULT_DRAFT, "POST": Action.RESULT_AUTHORISE}

    @extend_schema(
        operation_id="results_authorise_retrieve",
        parameters=[OpenApiParameter("run", str, required=True, description="Code or id of the run")],
        responses=schemas.SignableSchema,
    )
    def get(self, request: Request) -> Response:
        """What the caller would sign, its hash, and why it cannot be signed now."""
        run = fetch_run(request.user, request.query_params.get("run", ""))
        return Response(_signable(authorisation_content(run), authorise_blockers(run, request.user)))

    @extend_schema(operation_id="results_authorise", request=schemas.AuthoriseInSchema, responses=schemas.AuthoriseOutSchema)
    def post(self, request: Request) -> Response:
        """Authorise every current result of a reviewed run, with an electronic signature over each number. Nobody authorises own work."""
        body: AuthoriseBody = decode(request, AuthoriseBody)
        signatory: Any = request.user
        made = authorise_results(
            run=fetch_run(signatory, body.run), password=body.password, shown_hash=body.content_hash, statement=body.meaning, by=signatory
        )
        return Response(
            {
                "id": str(made.pk),
                "run": made.run.code,
                "state": made.run.state,
                "results": made.results.count(),
                "authorised_at": made.authorised_at.isoformat(),
                "signature": signature_data(made.signature),
            }
        )

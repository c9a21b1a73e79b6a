"""Provenance: recorded, listed, read, changed; names on request; evidence; signed assessments."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

import msgspec
from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from lims.core.api.description import list_parameters
from lims.core.api.views import ActionView, ListView, Malformed, Struct, decode
from lims.core.checking import refuse_member
from lims.core.codes import normalise
from lims.core.errors import NotFound
from lims.core.roles import Action
from lims.core.scope import fetch_visible
from samples.api.records import if_match
from samples.looks.looking import Door, Shown, glance_at, record_looks
from samples.models import Consignment, Mine, Visit
from samples.provenance.api import schemas
from samples.provenance.forms import RecordFilter
from samples.provenance.models import Evidence, ProvenanceRecord
from samples.provenance.selectors import (
    assessment_data,
    evidence_of,
    find_record,
    flag_data,
    parties_data,
    record_data,
    select_records,
    standing_of,
)
from samples.provenance.services import assessing, evidence, recording

_ORDERINGS = {"id": "id", "code": "code"}


class IntermediaryBody(Struct):
    name: str
    role: str
    jurisdiction: str = ""
    identified_by: str = ""
    identifier: str = ""
    beneficial_owner: str = ""
    remark: str = ""


class StageBody(Struct):
    kind: str
    place: str
    jurisdiction: str = ""
    conflict_area: str = "unknown"
    arrived_on: date | None = None
    left_on: date | None = None
    remark: str = ""


class PaymentBody(Struct):
    payer: str
    payee: str
    payee_kind: str
    reason: str
    amount: Decimal | None = None
    currency: str = ""
    paid_on: date | None = None
    place: str = ""
    basis: str = ""
    remark: str = ""


class LotBody(Struct):
    quantity_kg: Decimal | None = None
    extraction_method: str = ""
    extracted_from: date | None = None
    extracted_until: date | None = None
    acquired_on: date | None = None
    sent_on: date | None = None
    permits: str = ""
    no_intermediary: bool = False
    no_payment: bool = False
    remark: str = ""


class NewBody(LotBody, kw_only=True):
    mine: str
    consignment: str = ""
    visit: str = ""
    intermediaries: list[IntermediaryBody] = []
    route: list[StageBody] = []
    payments: list[PaymentBody] = []


class ChangeBody(LotBody, kw_only=True):
    reason: str


_PARTS: dict[str, Any] = {"intermediaries": IntermediaryBody, "route": StageBody, "payments": PaymentBody}


def _detail(record: ProvenanceRecord) -> dict[str, Any]:
    standing = standing_of(record)
    return {
        **record_data(standing),
        "requirements": [{"code": one.code, "sentence": str(one.sentence), "source": one.source} for one in standing.missing],
        "flag_details": [flag_data(one) for one in standing.flags],
        "evidence": [evidence_data(one) for one in evidence_of(record)],
    }


def evidence_data(one: Evidence) -> dict[str, Any]:
    """One file, without its caption, which may name people."""
    return {
        "id": str(one.pk),
        "kind": one.kind,
        "payment": one.payment.number if one.payment else None,
        "sha256": one.sha256,
        "size": one.size,
        "content_type": one.content_type,
    }


def _tagged(record: ProvenanceRecord, viewer: Any, status: int = 200) -> Response:
    fresh = find_record(record.code, viewer)
    response = Response(_detail(fresh), status=status)
    response["ETag"] = f'"{fresh.version}"'
    return response


class Records(ListView):
    """The caller's records, and new ones."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.PROVENANCE_VIEW, "POST": Action.PROVENANCE_EDIT}
    filterset_class = RecordFilter
    orderings: ClassVar[dict[str, str]] = _ORDERINGS

    def queryset(self, request: Request) -> QuerySet[ProvenanceRecord]:
        return select_records(request.user)

    def row(self, found: ProvenanceRecord, request: Request) -> dict[str, Any]:
        return record_data(standing_of(found))

    @extend_schema(
        operation_id="provenance_list", parameters=list_parameters(RecordFilter, _ORDERINGS), responses=schemas.ProvenancePageSchema
    )
    def get(self, request: Request) -> Any:
        """Where each lot's record stands: what is missing, which flags are raised and which wait. Names: `…/parties/`."""
        return super().get(request)

    @extend_schema(operation_id="provenance_record", request=schemas.NewProvenanceSchema, responses={201: schemas.ProvenanceDetailSchema})
    def post(self, request: Request) -> Response:
        """Record the provenance of what a consignment or a visit brought from a mine, whole or not yet."""
        body: NewBody = decode(request, NewBody)
        values = {name: getattr(body, name) for name in recording.MEMBERS}
        values["mine"] = fetch_visible(Mine, request.user, code__iexact=body.mine.strip())
        if body.consignment:
            values["consignment"] = fetch_visible(Consignment, request.user, code=normalise(body.consignment))
        if body.visit:
            values["visit"] = fetch_visible(Visit, request.user, code=normalise(body.visit))
        parts = {name: [msgspec.structs.asdict(row) for row in getattr(body, name)] for name in _PARTS}
        record = recording.record_provenance(values=values, parts=parts, by=request.user)
        response = _tagged(record, request.user, 201)
        response["Location"] = reverse("api-provenance-record", args=[record.code])
        return response


class RecordView(ActionView):
    """One record."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.PROVENANCE_VIEW, "PATCH": Action.PROVENANCE_EDIT}

    @extend_schema(operation_id="provenance_retrieve", responses=schemas.ProvenanceDetailSchema)
    def get(self, request: Request, code: str) -> Response:
        """With what is missing, its flags and evidence; without names. The `ETag` counts changes."""
        return _tagged(find_record(code, request.user), request.user)

    @extend_schema(
        operation_id="provenance_change",
        parameters=[OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description="The ETag that was read; 412 when stale.")],
        request=schemas.ProvenanceChangeSchema,
        responses=schemas.ProvenanceDetailSchema,
    )
    def patch(self, request: Request, code: str) -> Response:
        """Change members of the record, with a `reason`; every version stays."""
        record = find_record(code, request.user)
        body: ChangeBody = decode(request, ChangeBody)
        values = {name: getattr(body, name) for name in recording.MEMBERS if name in request.data}
        recording.change_provenance(record=record, values=values, reason=body.reason, by=request.user, version=if_match(request))
        return _tagged(record, request.user)


class PartView(ActionView):
    """Lines of a record."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.PROVENANCE_EDIT}

    @extend_schema(
        operation_id="provenance_add_part",
        parameters=[OpenApiParameter("part", str, OpenApiParameter.PATH, enum=list(_PARTS))],
        request=PolymorphicProxySerializer(
            "ProvenancePart", [schemas.IntermediarySchema, schemas.StageSchema, schemas.PaymentSchema], None, many=False
        ),
        responses={201: schemas.AddedPartSchema},
    )
    def post(self, request: Request, code: str, part: str) -> Response:
        """Add an intermediary, a place of the route or a payment."""
        record = find_record(code, request.user)
        if part not in _PARTS:
            raise NotFound()
        row = recording.add_part(record=record, part=part, values=msgspec.structs.asdict(decode(request, _PARTS[part])), by=request.user)
        return Response({"number": row.number, "version": row.record.version}, status=201)


class PurposeBody(Struct):
    purpose: str


class PartiesView(ActionView):
    """Names, route and payments."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.PLACE_EXACT}

    @extend_schema(operation_id="provenance_parties", request=schemas.PurposeSchema, responses=schemas.PartiesSchema)
    def post(self, request: Request, code: str) -> Response:
        """Intermediaries, route and payments in full. This is a look, recorded with its purpose for good."""
        record = find_record(code, request.user)
        body: PurposeBody = decode(request, PurposeBody)
        glances = [glance_at(record, Shown.PARTIES)]
        record_looks(glances=glances, purpose=body.purpose, door=Door.API, address=request.path, by=request.user)
        return Response(parties_data(record))


class EvidenceView(ActionView):
    """Evidence."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.PROVENANCE_EDIT}
    parser_classes = (MultiPartParser,)

    @extend_schema(
        operation_id="provenance_add_evidence",
        request={"multipart/form-data": schemas.NewEvidenceSchema},
        responses={201: schemas.EvidenceSchema},
    )
    def post(self, request: Request, code: str) -> Response:
        """Keep a picture or PDF that shows something of the record. What it is, its bytes tell, not its name."""
        record = find_record(code, request.user)
        file = request.FILES.get("file")
        if file is None:
            raise Malformed("file_missing", "Send the file in the form's member `file`.")
        number = str(request.data.get("payment", ""))
        payment = record.payments.filter(number=int(number)).first() if number.isdecimal() and len(number) < 5 else None
        if number and payment is None:
            raise refuse_member("payment", "unknown_payment", "This record has no payment of that number.")
        one = evidence.add_evidence(
            record=record,
            data=file.read(),
            kind=str(request.data.get("kind", "other")),
            caption=str(request.data.get("caption", "")),
            file_name=str(file.name),
            payment=payment,
            by=request.user,
        )
        return Response(evidence_data(one), status=201)


class AssessBody(Struct):
    flag: str
    decision: str
    reason: str
    content_hash: str
    password: str
    mitigation: str = ""


class AssessView(ActionView):
    """Assessments."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.PROVENANCE_ASSESS}

    @extend_schema(operation_id="provenance_assess", request=schemas.AssessSchema, responses={201: schemas.AssessmentSchema})
    def post(self, request: Request, code: str) -> Response:
        """Sign what is done about a flag: suspend, disengage, or continue with mitigation. 409 when its facts are no longer those read."""
        record = find_record(code, request.user)
        body: AssessBody = decode(request, AssessBody)
        made = assessing.assess_flag(
            record=record,
            flag=body.flag,
            decision=body.decision,
            reason=body.reason,
            mitigation=body.mitigation,
            shown_hash=body.content_hash,
            password=body.password,
            by=request.user,
        )
        return Response(assessment_data(made), status=201)

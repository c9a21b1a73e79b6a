"""Samples: registered, listed, read, corrected, split, held, disposed of; their custody with its proofs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import msgspec
from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, PolymorphicProxySerializer, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from lims.core.api.description import list_parameters
from lims.core.api.views import ActionView, ListView, Struct, decode, read_flag
from lims.core.errors import Blocked, Blocker, Invalid, NotFound, Problem
from lims.core.roles import Action
from samples.api import sample_schemas as schemas
from samples.api.records import if_match, read_changes, register_rows
from samples.custody.proving import latest_checkpoint, proof_data, prove_inclusion
from samples.custody.reading import TimelineEvent, read_timeline
from samples.forms.sample_filters import SampleFilter
from samples.models import Hold, Sample
from samples.selectors.departures import find_colleague
from samples.selectors.samples import ORDERINGS, find_sample, hold_data, orderings_for, sample_data, sample_detail, select_samples
from samples.selectors.scanned import find_scanned
from samples.services.compositing import Share, composite_samples
from samples.services.correcting import correct_sample
from samples.services.disposing import MOST_AT_ONCE, dispose_sample, let_go_samples, return_sample
from samples.services.holding import hold_sample, release_hold
from samples.services.sealing import seal_warnings
from samples.services.splitting import Part, split_sample


def _tagged(response: Response, sample: Sample) -> Response:
    response["ETag"] = f'"{sample.version}"'
    return response


class Samples(ListView):
    """The caller's samples, and new ones."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SAMPLE_VIEW, "POST": Action.SAMPLE_REGISTER}
    filterset_class = SampleFilter
    orderings: ClassVar[dict[str, str]] = ORDERINGS

    def queryset(self, request: Request) -> QuerySet[Sample]:
        return select_samples(request.user)

    def row(self, found: Sample, request: Request) -> dict[str, Any]:
        return sample_data(found, request.user)

    @extend_schema(operation_id="samples_list", parameters=list_parameters(SampleFilter, ORDERINGS), responses=schemas.SamplePageSchema)
    def get(self, request: Request) -> Any:
        """Where each sample is and in which state. Members that are not the caller's to know are absent."""
        known = orderings_for(request.user)
        if request.query_params.get("ordering", "id").lstrip("-") not in known:
            raise Invalid("ordering", f"This list is ordered by one of: {', '.join(known)} (a leading '-' turns the order).")
        return super().get(request)

    @extend_schema(
        operation_id="samples_register",
        parameters=[OpenApiParameter("dry_run", int, enum=[0, 1], description="1 checks and registers nothing.")],
        request=PolymorphicProxySerializer(
            "SamplingRecords", [schemas.SamplingRecordSchema, schemas.SamplingRecordSchema(many=True)], None, many=False
        ),
        responses={
            200: OpenApiResponse(schemas.RegistrationSchema, "Dry run: every record could be registered."),
            201: OpenApiResponse(
                PolymorphicProxySerializer("Registered", [schemas.SampleDetailSchema, schemas.RegistrationSchema], None, many=False),
                "Registered. For one object, its sample; for a list, one outcome per record.",
            ),
            422: OpenApiResponse(schemas.RegistrationProblemSchema, "Nothing was registered: all problems, and one outcome per record."),
        },
    )
    def post(self, request: Request) -> Response:
        """Register one sample (an object) or up to 1,000 (a list), all or nothing."""
        dry_run = read_flag(request, "dry_run")
        if isinstance(request.data, list):
            return self._register_list(request, dry_run)
        try:
            samples = register_rows([request.data], by=request.user, dry_run=dry_run)
        except Invalid as error:
            problems = [Problem(problem.pointer.removeprefix("/0"), problem.code, problem.detail) for problem in error.problems]
            raise Invalid(error.code, error.message.replace("Record 1, ", ""), problems=problems) from error
        if dry_run:
            return Response({"dry_run": True, "results": [{"index": 0, "outcome": "valid"}]})
        (sample,) = samples
        # Who registers has just given the place: that is no look.
        told = sample_detail(sample, request.user, exact=True) | {"warnings": seal_warnings(sample)}
        response = Response(told, status=201)
        response["Location"] = reverse("api-sample", args=[sample.code])
        return _tagged(response, sample)

    def _register_list(self, request: Request, dry_run: bool) -> Response:
        rows: list[Any] = list(request.data)
        samples = register_rows(rows, by=request.user, dry_run=dry_run)
        if dry_run:
            results = [{"index": index, "outcome": "valid"} for index in range(len(rows))]
            return Response({"dry_run": True, "results": results})
        outcomes = [
            {
                "index": index,
                "outcome": "registered",
                "id": str(sample.pk),
                "code": sample.code,
                "blind_code": sample.blind_code,
                "field_id": sample.field_id,
                "warnings": seal_warnings(sample),
            }
            for index, sample in enumerate(samples)
        ]
        return Response({"dry_run": False, "results": outcomes}, status=201)


class SampleView(ActionView):
    """One sample."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SAMPLE_VIEW, "PATCH": Action.SAMPLE_EDIT}

    @extend_schema(operation_id="samples_retrieve", responses=schemas.SampleDetailSchema)
    def get(self, request: Request, code: str) -> Response:
        """By human code, blind code or UUID. The `ETag` counts corrections."""
        sample = find_sample(code, request.user)
        return _tagged(Response(sample_detail(sample, request.user)), sample)

    @extend_schema(
        operation_id="samples_correct",
        parameters=[OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description="The ETag that was read; 412 when stale.")],
        request=schemas.CorrectionSchema,
        responses=schemas.SampleDetailSchema,
    )
    def patch(self, request: Request, code: str) -> Response:
        """Correct members of the sampling record, with a `reason`; the ledger says what was corrected and the old version stays."""
        sample = find_sample(code, request.user)
        if not isinstance(request.data, dict):
            raise Invalid("validation", "A correction is an object with the members to correct and a reason.")
        body = dict(request.data)
        reason = body.pop("reason", "")
        corrected = correct_sample(
            sample=sample,
            changes=read_changes(body),
            reason=reason if isinstance(reason, str) else "",
            by=request.user,
            version=if_match(request),
        )
        sample = find_sample(str(corrected.pk), request.user)
        # Both given just now: the answer tells the caller nothing of the place.
        given = {"latitude", "longitude"} <= body.keys()
        return _tagged(Response(sample_detail(sample, request.user, exact=given)), sample)


class PartBody(Struct):
    mass_g: Decimal
    kind: str = "subsample"
    container: str = ""
    seal_number: str = ""


class SplitBody(Struct):
    parts: list[PartBody]
    remaining_g: Decimal
    reason: str = ""


class SplitView(ActionView):
    """Splitting."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.SAMPLE_SPLIT}

    @extend_schema(operation_id="samples_split", request=schemas.SplitSchema, responses={201: schemas.SplitResultSchema})
    def post(self, request: Request, code: str) -> Response:
        """Split into sub-samples, pulps or rejects; parent = parts + remaining + loss."""
        sample = find_sample(code, request.user)
        body: SplitBody = decode(request, SplitBody)
        parts = [Part(mass_g=part.mass_g, kind=part.kind, container=part.container, seal_number=part.seal_number) for part in body.parts]
        made = split_sample(sample=sample, parts=parts, remaining_g=body.remaining_g, reason=body.reason, by=request.user)
        ids = [part.pk for part in made]
        rows = {row.pk: row for row in select_samples(request.user).filter(pk__in=[sample.pk, *ids])}
        results = [sample_data(rows[pk], request.user) for pk in ids]
        return Response({"sample": sample_data(rows[sample.pk], request.user), "parts": results}, status=201)


class HoldBody(Struct):
    kind: str
    reason: str


class HoldView(ActionView):
    """Putting on hold."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.SAMPLE_HOLD}

    @extend_schema(operation_id="samples_hold", request=schemas.NewHoldSchema, responses={201: schemas.HoldSchema})
    def post(self, request: Request, code: str) -> Response:
        """Put the sample on hold, with a reason; work on it stands still until every hold is released."""
        sample = find_sample(code, request.user)
        body: HoldBody = decode(request, HoldBody)
        hold = hold_sample(sample=sample, kind=body.kind, reason=body.reason, by=request.user)
        return Response(hold_data(hold, request.user), status=201)


class ReleaseBody(Struct):
    reason: str
    hold: UUID | None = None
    kind: str | None = None
    password: str = ""
    place: str = ""


class ReleaseView(ActionView):
    """Releasing a hold."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.SAMPLE_RELEASE}

    @extend_schema(operation_id="samples_release", request=schemas.ReleaseSchema, responses=schemas.HoldSchema)
    def post(self, request: Request, code: str) -> Response:
        """Release a hold, with a reason: the only open one, or the one named by `hold` (its id) or `kind`. A hold for safety ends only when
        a measurement made since clears the sample, and signed with the password."""
        sample = find_sample(code, request.user)
        body: ReleaseBody = decode(request, ReleaseBody)
        hold = _named_hold(sample, body)
        hold = release_hold(hold=hold, reason=body.reason, password=body.password, place=body.place, by=request.user)
        return Response(hold_data(hold, request.user))


def _named_hold(sample: Sample, body: ReleaseBody) -> Hold:
    holds = sample.holds.filter(released_at=None)
    if body.hold is not None:
        holds = sample.holds.filter(pk=body.hold)
    elif body.kind is not None:
        holds = holds.filter(kind=body.kind)
    found = list(holds[:2])
    if len(found) == 1:
        return found[0]
    if found:
        raise Blocked([Blocker("several_holds", "Several holds lie over this sample. Say which, by its id in `hold` or its `kind`.")])
    if body.hold is not None:
        raise NotFound("unknown_hold", "This sample has no such hold.")
    raise Blocked([Blocker("not_on_hold", "No such hold lies over this sample now; there is nothing to release.")])


class ReturnBody(Struct):
    reason: str
    witness: str
    witness_password: str
    password: str


class DisposalBody(ReturnBody):
    early: bool = False


class DeparturesBody(DisposalBody, kw_only=True):
    samples: Annotated[list[str], msgspec.Meta(max_length=MOST_AT_ONCE)]
    kind: Literal["disposed", "returned"]


class ShareBody(Struct):
    sample: str
    mass_g: Decimal


class CompositeBody(Struct):
    shares: list[ShareBody]
    mass_g: Decimal
    container: str = ""
    seal_number: str = ""
    reason: str = ""


class CompositeView(ActionView):
    """Mixing."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.SAMPLE_SPLIT}

    @extend_schema(operation_id="samples_composite", request=schemas.CompositeSchema, responses={201: schemas.SampleDetailSchema})
    def post(self, request: Request) -> Response:
        """Mix shares of at least two samples into a new one; shares = composite + loss. It speaks for every mine of its sources."""
        body: CompositeBody = decode(request, CompositeBody)
        found = find_scanned([share.sample for share in body.shares], request.user, pointer="/shares/{index}/sample")
        made = composite_samples(
            shares=[Share(sample=sample, mass_g=share.mass_g) for sample, share in zip(found, body.shares, strict=True)],
            mass_g=body.mass_g,
            container=body.container,
            seal_number=body.seal_number,
            reason=body.reason,
            by=request.user,
        )
        return Response(sample_detail(find_sample(str(made.pk), request.user), request.user), status=201)


class DisposeView(ActionView):
    """Disposal."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.SAMPLE_DISPOSE}

    @extend_schema(operation_id="samples_dispose", request=schemas.DisposalSchema, responses=schemas.SampleDetailSchema)
    def post(self, request: Request, code: str) -> Response:
        """Dispose of all that is left, for good, before a witness of the same laboratory, who signs too; `early` before its day."""
        sample = find_sample(code, request.user)
        body: DisposalBody = decode(request, DisposalBody)
        dispose_sample(
            sample=sample,
            reason=body.reason,
            witness=find_colleague(body.witness, request.user),
            witness_password=body.witness_password,
            password=body.password,
            early=body.early,
            by=request.user,
        )
        return Response(sample_detail(find_sample(str(sample.pk), request.user), request.user))


class DeparturesView(ActionView):
    """Several that leave at once."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.SAMPLE_DISPOSE}

    @extend_schema(operation_id="samples_let_go", request=schemas.DeparturesSchema, responses=schemas.DepartedSchema)
    def post(self, request: Request) -> Response:
        """Dispose of several samples, or give them back, all or none; the caller and a witness sign once, over all of them."""
        body: DeparturesBody = decode(request, DeparturesBody)
        gone = let_go_samples(
            samples=find_scanned(body.samples, request.user, pointer="/samples/{index}"),
            kind=body.kind,
            reason=body.reason,
            witness=find_colleague(body.witness, request.user),
            witness_password=body.witness_password,
            password=body.password,
            early=body.early,
            by=request.user,
        )
        return Response({"kind": body.kind, "samples": [sample.code_for(request.user) for sample in gone]})


class ReturnView(ActionView):
    """Giving back."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.SAMPLE_DISPOSE}

    @extend_schema(operation_id="samples_return", request=schemas.ReturnSchema, responses=schemas.SampleDetailSchema)
    def post(self, request: Request, code: str) -> Response:
        """Give all that is left back to its owner in person, before a witness, who signs too."""
        sample = find_sample(code, request.user)
        body: ReturnBody = decode(request, ReturnBody)
        return_sample(
            sample=sample,
            reason=body.reason,
            witness=find_colleague(body.witness, request.user),
            witness_password=body.witness_password,
            password=body.password,
            by=request.user,
        )
        return Response(sample_detail(find_sample(str(sample.pk), request.user), request.user))


class CustodyView(ActionView):
    """Custody."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CUSTODY_VIEW}

    @extend_schema(
        operation_id="samples_custody",
        parameters=[OpenApiParameter("proof", int, enum=[0, 1], description="1 adds the exact hashed bytes, salts and log proofs.")],
        responses=schemas.CustodySchema,
    )
    def get(self, request: Request, code: str) -> Response:
        """What happened to the sample, in order, with hashes. `disclosed` holds the restricted fields the caller may see; with `proof=1`,
        SHA-256(salt ‖ value) of each equals its commitment in `canonical`. Coordinates: `POST /origins/`."""
        sample = find_sample(code, request.user)
        events = read_timeline(sample, request.user)
        found = {"sample": sample.code_for(request.user), "id": str(sample.pk)}
        if not read_flag(request, "proof"):
            return Response(found | {"events": [event_data(event) for event in events], "checkpoint": None})
        checkpoint = latest_checkpoint()
        size = checkpoint.size if checkpoint else 0
        proofs = prove_inclusion([event.leaf_index for event in events if event.leaf_index is not None], size)
        proved = [event_data(event) | proof_of(event, size, proofs) for event in events]
        return Response(found | {"events": proved, "checkpoint": checkpoint.note if checkpoint else None})


def event_data(event: TimelineEvent) -> dict[str, Any]:
    """One custody event."""
    content = event.content
    return {
        "seq": event.seq,
        "kind": event.kind,
        "occurred_at": event.occurred_at.isoformat(),
        "recorded_at": event.recorded_at.isoformat(),
        "previous": event.previous,
        "hash": event.hash,
        "seal_number": content["seal_number"],
        "seal_condition": content["seal_condition"],
        "mass_g": content["mass_g"],
        "container_count": content["container_count"],
        "purpose": content["purpose"],
        "consignment": content["consignment"],
        "corrects": content["corrects"],
        "detail": content["detail"],
        "disclosed": dict(event.disclosed),
    }


def proof_of(event: TimelineEvent, size: int, proofs: Mapping[int, Sequence[bytes]]) -> dict[str, Any]:
    """What proves the event to an outsider. `leaf_index` is null until it has its place, `proof` until the checkpoint covers it."""
    return {
        "canonical": event.canonical_base64,
        "salts": dict(event.salts),
        "leaf_index": event.leaf_index,
        "leaf_hash": event.leaf_hash,
        "proof": proof_data(size, proofs.get(event.leaf_index)) if event.leaf_index is not None else None,
    }

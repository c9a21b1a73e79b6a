"""What instruments send and ask for, and what people decide about it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from assays.forms.upload_filters import UPLOAD_ORDERINGS, UploadFilter
from assays.instruments import ingest, recording, sequences
from assays.instruments.api import parsing, schemas
from assays.instruments.edge import send_reading
from assays.instruments.keeping import note_heartbeat
from assays.instruments.models import Reading, Upload, UploadState
from assays.instruments.parsers.model import ParseError
from assays.instruments.replaying import keep_refused
from assays.models import Run
from assays.selectors.bench_rows import sample_list, sequence_rows
from assays.selectors.instruments import is_clock_wrong
from assays.selectors.uploads import (
    instrument_worklist,
    reading_data,
    readings_of,
    upload_data,
    upload_detail,
    upload_list,
    waiting_runs,
)
from lims.core.api.permissions import MatrixPermission
from lims.core.api.problems import problem
from lims.core.api.views import ActionView, CsvRenderer, ListView, Struct, decode, renderer_for, stream_csv
from lims.core.codes import normalise
from lims.core.errors import DomainError, Forbidden, Invalid, NotFound, Problem
from lims.core.roles import INSTRUMENT, Action, require
from lims.core.scope import fetch_visible


class SenderOrReader(MatrixPermission):
    """An instrument may look at what it sent itself; people by the matrix as everywhere."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if getattr(request.user, "role", "") != INSTRUMENT:
            return super().has_permission(request, view)
        require(request.user, Action.INSTRUMENT_SEND)
        return True


def answer(upload: Upload, viewer: Any, status: int = 200) -> Response:
    """The upload in full, as it stands after what was done to it."""
    return tell(fetch_upload(viewer, upload.pk), status)


def tell(found: Upload, status: int = 200) -> Response:
    """An upload that was fetched or stored just now, in full."""
    blockers = [{"code": one.code, "sentence": one.sentence} for one in recording.confirm_blockers(found)]
    address = reverse("api-instrument-upload", args=[found.pk])
    body = upload_detail(found) | {"blockers": blockers, "readings_url": reverse("api-instrument-upload-readings", args=[found.pk])}
    response = Response(body, status=status)
    if status in {201, 202}:
        response["Location"] = address
    return response


def fetch_upload(viewer: Any, pk: UUID) -> Upload:
    """An upload within the viewer's scope."""
    return fetch_visible(Upload, viewer, queryset=upload_list(viewer), pk=pk)


def answer_unreadable(upload: Upload, error: ParseError) -> Response:
    """422 with the place; the bytes are kept under the upload's id."""
    place = error.place
    line = place.row if place.row is not None else place.line
    column = place.column or (str(place.character) if place.character is not None else None)
    response = problem(
        422, error.code, f"{error.message} ({place})", error.errors, upload=str(upload.pk), line=line, column=column, details=error.details
    )
    response["Location"] = reverse("api-instrument-upload", args=[upload.pk])
    return response


class InstrumentUploads(ActionView):
    """Raw exports."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.INSTRUMENT_SEND}
    parser_classes = (parsing.FormParser, parsing.RawFileParser)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        parsing.refuse_long_body(request)

    @extend_schema(
        operation_id="instruments_me_uploads_create",
        parameters=[
            OpenApiParameter("run", str, description="Code or id of the run; without it the run is found by the labels"),
            OpenApiParameter("X-Filename", str, OpenApiParameter.HEADER, description="The name of a raw body, or use Content-Disposition"),
        ],
        request={"multipart/form-data": schemas.FileSchema, "application/octet-stream": bytes},
        responses={
            201: schemas.UploadDetailSchema,
            200: schemas.UploadDetailSchema,
            202: schemas.UploadDetailSchema,
            413: schemas.UploadProblemSchema,
            415: schemas.UploadProblemSchema,
            422: schemas.UnreadableSchema,
        },
    )
    def post(self, request: Request) -> Response:
        """Send a raw export, any supported format, as form data or as the raw body. It is always kept; recorded at once only when every row
        matches without a warning. 200 when the same bytes came before. 202 for a file that is too large to wait for: a worker reads it, and
        `GET` of the address in `Location` says how far it is until its `state` is no longer `reading`."""
        name, data, code = parsing.read_file(request)
        instrument: Any = request.user
        run = ingest.find_named_run(code, instrument) if code else None
        stored = ingest.store_upload(instrument=instrument, file_name=name, data=data, run=run, by=instrument)
        if stored.problem is not None:
            return answer_unreadable(stored.upload, stored.problem)
        if send_reading(stored.upload).state == UploadState.READING:
            return tell(stored.upload, 202)
        return tell(stored.upload, 201 if stored.created else 200)


class Readings(ActionView):
    """Readings from instruments that speak REST."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.INSTRUMENT_SEND}
    parser_classes = (parsing.JsonBytesParser,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        parsing.refuse_long_body(request)

    @extend_schema(
        operation_id="instruments_me_readings_create",
        request=schemas.ReadingsInSchema,
        responses={201: schemas.UploadDetailSchema, 200: schemas.UploadDetailSchema, 422: schemas.UploadProblemSchema},
    )
    def post(self, request: Request) -> Response:
        """Send readings of a run, all or nothing: a reading for a position that does not exist, an oxide, or a unit that is not the
        method's refuses the message with a pointer to it."""
        instrument: Any = request.user
        body = request.data if isinstance(request.data, bytes) else b""
        try:
            stored = ingest.store_readings(instrument=instrument, body=body, by=instrument)
        except Forbidden:
            raise
        except DomainError as error:
            # The sender gets its answer; the laboratory finds the message in its error queue.
            keep_refused(instrument=instrument, body=body, error=error)
            raise
        return tell(stored.upload, 201 if stored.created else 200)


class InstrumentWorklist(ActionView):
    """What waits for this instrument."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.INSTRUMENT_SEND}

    def get_renderers(self) -> list[Any]:
        return [*super().get_renderers(), CsvRenderer(), renderer_for(sequences.MEDIA_TYPE, "masshunter")()]

    @extend_schema(
        operation_id="instruments_me_worklist",
        parameters=[OpenApiParameter("run", str, description="Code or id of one run; without it a file is of the oldest")],
        responses={
            (200, "application/json"): schemas.InstrumentWorklistSchema,
            (200, "text/csv"): OpenApiTypes.STR,
            (200, sequences.MEDIA_TYPE): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request) -> Response | HttpResponse | StreamingHttpResponse:
        """The planned runs of the calling instrument, oldest first, tube by tube. With `Accept: text/csv` one run as a sequence file, with
        `Accept: application/vnd.agilent.masshunter+csv` as that software's sample list."""
        instrument: Any = request.user
        waiting = waiting_runs(instrument)
        if code := request.query_params.get("run", ""):
            waiting = waiting.filter(pk=ingest.find_named_run(code, instrument).pk)
        kind = request.accepted_renderer.format
        if kind == "json":
            return Response(instrument_worklist(instrument, waiting))
        run = waiting.select_related("instrument").first()
        if run is None:
            raise NotFound("nothing_waits", f"No planned run waits for {instrument.code}. Plan one, or name another.")
        name = f"{run.code}-sequence.csv"
        if kind == "csv":
            return stream_csv(iter(sequence_rows(run, instrument)), name)
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(sample_list(run, instrument), content_type=sequences.MEDIA_TYPE, headers=headers)


class SignOfLife(Struct):
    """What an instrument may say of itself."""

    time: Annotated[datetime, Meta(tz=True)] | None = None
    agent: Annotated[str, Meta(max_length=80)] = ""
    waiting: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None


class Heartbeat(ActionView):
    """That the instrument lives."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.INSTRUMENT_SEND}

    @extend_schema(operation_id="instruments_me_heartbeat", request=schemas.SignOfLifeSchema, responses=schemas.HeartbeatSchema)
    def post(self, request: Request) -> Response:
        """Noted with the time; answers what waits, how far the instrument's clock is off, and when the calibration is due."""
        caller: Any = request.user
        body: SignOfLife = decode(request, SignOfLife) if request.data else SignOfLife()
        instrument = note_heartbeat(instrument=caller, time=body.time, agent=body.agent, waiting=body.waiting)
        due = instrument.calibration_due
        return Response(
            {
                "instrument": instrument.code,
                "at": instrument.last_heartbeat_at.isoformat() if instrument.last_heartbeat_at else None,
                "clock_skew_s": instrument.clock_skew_s,
                "clock_wrong": is_clock_wrong(instrument),
                "waiting_runs": waiting_runs(instrument).count(),
                "calibration_due": due.isoformat() if due else None,
            }
        )


class UploadView(ActionView):
    """One upload, for the instrument that sent it and the people of its laboratory."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.UPLOAD_VIEW}
    permission_classes = (SenderOrReader,)

    @extend_schema(operation_id="instruments_me_uploads_retrieve", responses=schemas.UploadDetailSchema)
    def get(self, request: Request, pk: UUID) -> Response:
        """What became of it, row by row, and why it cannot be confirmed."""
        return answer(fetch_upload(request.user, pk), request.user)


class UploadReadings(ListView):
    """The cells of one upload."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.UPLOAD_VIEW}
    permission_classes = (SenderOrReader,)
    default_ordering: ClassVar[str] = "id"

    def queryset(self, request: Request) -> QuerySet[Reading]:
        return readings_of(fetch_upload(request.user, self.kwargs["pk"]))

    def row(self, found: Reading, request: Request) -> dict[str, Any]:
        return reading_data(found)

    @extend_schema(operation_id="instruments_me_uploads_readings", responses=schemas.ReadingPage)
    def get(self, request: Request, pk: UUID | None = None) -> Any:
        """Every stored reading in the order of the file: the cell's text and the number it is."""
        return super().get(request)


class Confirmation(Struct):
    """A person takes a waiting upload; optionally choosing its run, and tubes for rows by their index in the file."""

    run: str | None = None
    assignments: dict[int, int] = {}
    unit: str = ""


class Assignment(Struct):
    """The tube a row belongs to."""

    position: int


class Reason(Struct):
    """Why."""

    reason: str


class ConfirmView(ActionView):
    """Recording a waiting upload."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_EDIT}

    @extend_schema(
        operation_id="instruments_me_uploads_confirm",
        request=schemas.ConfirmSchema,
        responses={200: schemas.UploadDetailSchema, 202: schemas.UploadDetailSchema},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Take the matched rows as the run's readings; results and verdicts follow. Raw cells never change. Where another run is chosen for
        a large file a worker reads it again first: 202, and `state` is `reading` until it is recorded, or `waiting` with a note saying why
        not."""
        upload = fetch_upload(request.user, pk)
        body: Confirmation = decode(request, Confirmation) if request.data else Confirmation()
        run = self._run(body.run, request.user) if body.run else None
        changed = recording.confirm_upload(upload=upload, run=run, assignments=body.assignments, unit=body.unit, by=request.user)
        deferred = send_reading(changed).state == UploadState.READING
        return answer(upload, request.user, status=202 if deferred else 200)

    @staticmethod
    def _run(key: str, viewer: Any) -> Run:
        rows = Run.objects.visible_to(viewer).select_related("method_version__method", "instrument")
        try:
            found = rows.filter(pk=UUID(key)).first()
        except ValueError:
            found = rows.filter(code=normalise(key)).first()
        if found is None:
            message = f"There is no run “{key}” that you may use. Check the code."
            raise Invalid("unknown_run", message, problems=[Problem("/run", "unknown_run", message)])
        return found


class WithdrawView(ActionView):
    """Taking an upload out of its run."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_EDIT}

    @extend_schema(operation_id="instruments_me_uploads_withdraw", request=schemas.UploadReasonSchema, responses=schemas.UploadDetailSchema)
    def post(self, request: Request, pk: UUID) -> Response:
        """Bytes and cells stay; the run is reduced and judged from what remains."""
        upload = fetch_upload(request.user, pk)
        body: Reason = decode(request, Reason)
        recording.withdraw_upload(upload=upload, reason=body.reason, by=request.user)
        return answer(upload, request.user)


class ReopenView(ActionView):
    """Taking up a withdrawn upload again."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_EDIT}

    @extend_schema(operation_id="instruments_me_uploads_reopen", request=schemas.UploadReasonSchema, responses=schemas.UploadDetailSchema)
    def post(self, request: Request, pk: UUID) -> Response:
        """It waits again, since the same bytes are never a second upload; one that was never read is read first."""
        upload = fetch_upload(request.user, pk)
        body: Reason = decode(request, Reason)
        send_reading(recording.reopen_upload(upload=upload, reason=body.reason, by=request.user))
        return answer(upload, request.user)


class AssignView(ActionView):
    """Giving a row its tube."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_EDIT}

    @extend_schema(operation_id="instruments_me_uploads_rows_assign", request=schemas.AssignSchema, responses=schemas.UploadDetailSchema)
    def post(self, request: Request, pk: UUID, index: int) -> Response:
        """Say at which position of the run the row was measured. A blank or standard is never a sample."""
        upload = fetch_upload(request.user, pk)
        body: Assignment = decode(request, Assignment)
        recording.assign_rows(upload=upload, assignments={index: body.position}, by=request.user)
        return answer(upload, request.user)


class IgnoreView(ActionView):
    """Setting a row aside."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_EDIT}

    @extend_schema(
        operation_id="instruments_me_uploads_rows_ignore", request=schemas.UploadReasonSchema, responses=schemas.UploadDetailSchema
    )
    def post(self, request: Request, pk: UUID, index: int) -> Response:
        """With a reason; its cells stay stored."""
        upload = fetch_upload(request.user, pk)
        body: Reason = decode(request, Reason)
        recording.ignore_rows(upload=upload, indexes=[index], reason=body.reason, by=request.user)
        return answer(upload, request.user)


class IgnoreRestView(ActionView):
    """Setting every parked row aside."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_EDIT}

    @extend_schema(
        operation_id="instruments_me_uploads_ignore_rest", request=schemas.UploadReasonSchema, responses=schemas.UploadDetailSchema
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """All rows that are still parked, with one reason."""
        upload = fetch_upload(request.user, pk)
        body: Reason = decode(request, Reason)
        recording.ignore_rows(upload=upload, reason=body.reason, by=request.user)
        return answer(upload, request.user)


class Uploads(ListView):
    """The laboratory's uploads."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.UPLOAD_VIEW}
    filterset_class = UploadFilter
    orderings: ClassVar[dict[str, str]] = UPLOAD_ORDERINGS

    def queryset(self, request: Request) -> QuerySet[Upload]:
        return upload_list(request.user)

    def row(self, found: Upload, request: Request) -> dict[str, Any]:
        return upload_data(found)

    @extend_schema(operation_id="uploads_list", filters=True, responses=schemas.UploadPage)
    def get(self, request: Request) -> Any:
        """Newest first, with what became of each."""
        return super().get(request)

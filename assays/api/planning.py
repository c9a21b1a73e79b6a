"""Runs: planned, listed, cancelled; and what the autosampler should hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assays.api import bench_schemas as schemas
from assays.api import bodies
from assays.forms.bench_filters import RUN_ORDERINGS, RunFilter
from assays.instruments.sequences import MEDIA_TYPE as MASSHUNTER_LIST
from assays.models import Lot, Run
from assays.selectors.bench_rows import run_data, run_detail, sample_list, sequence_rows, worklist_data
from assays.selectors.lookup import find_aliquots, find_instrument, find_layout, find_materials, find_versions
from assays.selectors.run_lots import RunLots
from assays.selectors.runs import run_list
from assays.selectors.supplies import find_lot
from assays.selectors.tray_plan import PlannedPosition
from assays.services.planning import cancel_run, plan_run
from lims.core.api.views import ActionView, CsvRenderer, ListView, decode, renderer_for, stream_csv
from lims.core.codes import normalise
from lims.core.roles import Action
from lims.core.scope import fetch_visible


def fetch_run(viewer: Any, key: str, queryset: QuerySet[Run] | None = None) -> Run:
    """A run within the viewer's scope by its code or id."""
    rows = run_list(viewer) if queryset is None else queryset
    try:
        return fetch_visible(Run, viewer, queryset=rows, pk=UUID(key))
    except ValueError:
        return fetch_visible(Run, viewer, queryset=rows, code=normalise(key))


class Runs(ListView):
    """The laboratory's runs, and new ones."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RUN_VIEW, "POST": Action.RUN_EDIT}
    filterset_class = RunFilter
    orderings: ClassVar[dict[str, str]] = RUN_ORDERINGS

    def queryset(self, request: Request) -> QuerySet[Run]:
        return run_list(request.user)

    def row(self, found: Run, request: Request) -> dict[str, Any]:
        return run_data(found)

    @extend_schema(operation_id="runs_list", filters=True, responses=schemas.RunPage)
    def get(self, request: Request) -> Any:
        """Where each run stands and why."""
        return super().get(request)

    @extend_schema(operation_id="runs_create", request=schemas.NewRunSchema, responses={201: schemas.RunDetailSchema})
    def post(self, request: Request) -> Response:
        """Plan a run: of what waits or of `aliquots`, with the controls the method asks for; or exactly of `positions`.

        `lots` names the lots it is measured with; without it those that are proposed are recorded: what is in date and serves the method,
        the one that expires first. Standards, checks and spikes of a proposed tray hold what the certificates of their lots say."""
        body: bodies.NewRun = decode(request, bodies.NewRun)
        run = plan_run(
            instrument=find_instrument(body.instrument, request.user),
            method_version=find_versions([body.method], places=["/method"])[0],
            aliquots=None
            if body.aliquots is None
            else find_aliquots(body.aliquots, request.user, places=_places("aliquots", body.aliquots)),
            positions=None if body.positions is None else _positions(body.positions, request.user),
            layout=None if body.layout is None else find_layout(body.layout, request.user),
            seed=body.seed,
            lots=None if body.lots is None else _lots(body.lots, request.user),
            by=request.user,
        )
        response = Response(run_detail(fetch_run(request.user, run.code), request.user), status=201)
        response["Location"] = reverse("api-run", args=[run.code])
        return response


def _places(member: str, rows: Sequence[Any]) -> list[str]:
    return [f"/{member}/{index}" for index in range(len(rows))]


def _positions(rows: Sequence[bodies.Position], viewer: Any) -> list[PlannedPosition]:
    """The positions with their aliquots and materials looked up, two queries in all."""
    aliquots = {index: row.aliquot for index, row in enumerate(rows) if row.aliquot}
    materials = {index: row.material for index, row in enumerate(rows) if row.material}
    found_aliquots = find_aliquots(list(aliquots.values()), viewer, places=[f"/positions/{index}/aliquot" for index in aliquots])
    found_materials = find_materials(list(materials.values()), viewer, places=[f"/positions/{index}/material" for index in materials])
    aliquot_at, material_at = dict(zip(aliquots, found_aliquots, strict=True)), dict(zip(materials, found_materials, strict=True))
    return [
        PlannedPosition(
            kind=row.kind,
            number=row.number,
            label=row.label,
            aliquot=aliquot_at.get(index),
            material=material_at.get(index),
            duplicate_of=row.duplicate_of,
            control=row.control,
            nominal=row.nominal,
            mass_g=row.mass_g,
            volume_ml=row.volume_ml,
            dilution=row.dilution,
        )
        for index, row in enumerate(rows)
    ]


def _lots(named: bodies.Lots, viewer: Any) -> RunLots:
    """The lots by their codes."""

    def find(codes: Sequence[str], member: str) -> list[Lot]:
        found = (find_lot(code, viewer, pointer=f"/lots/{member}/{index}") for index, code in enumerate(codes))
        return [one for one in found if one is not None]

    return RunLots(
        calibration=find_lot(named.calibration or "", viewer, pointer="/lots/calibration"),
        verification=find_lot(named.verification or "", viewer, pointer="/lots/verification"),
        spike=find_lot(named.spike or "", viewer, pointer="/lots/spike"),
        references=find(named.references, "references"),
        reagents=find(named.reagents, "reagents"),
    )


class RunView(ActionView):
    """One run."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RUN_VIEW}

    @extend_schema(operation_id="runs_retrieve", responses=schemas.RunDetailSchema)
    def get(self, request: Request, key: str) -> Response:
        """Its state, and its tray position by position. `key` is its code or id."""
        return Response(run_detail(fetch_run(request.user, key), request.user))


class CancelRunView(ActionView):
    """Giving up a planned run."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_EDIT}

    @extend_schema(operation_id="runs_cancel", request=schemas.BenchReasonSchema, responses=schemas.RunDetailSchema)
    def post(self, request: Request, key: str) -> Response:
        """Its aliquots wait again."""
        run = fetch_run(request.user, key)
        body: bodies.Reason = decode(request, bodies.Reason)
        cancel_run(run=run, reason=body.reason, by=request.user)
        return Response(run_detail(fetch_run(request.user, run.code), request.user))


class WorklistView(ActionView):
    """What the autosampler should hold."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RUN_VIEW}

    def get_renderers(self) -> list[Any]:
        return [*super().get_renderers(), CsvRenderer(), renderer_for(MASSHUNTER_LIST, "masshunter")()]

    @extend_schema(
        operation_id="runs_worklist",
        responses={
            (200, "application/json"): schemas.WorklistSchema,
            (200, "text/csv"): OpenApiTypes.STR,
            (200, MASSHUNTER_LIST): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request, key: str) -> Response | HttpResponse | StreamingHttpResponse:
        """Tube by tube; with `Accept: text/csv` as a sequence file, with `Accept: application/vnd.agilent.masshunter+csv` as that
        software's sample list."""
        run = fetch_run(request.user, key)
        if request.accepted_renderer.format == "csv":
            return stream_csv(iter(sequence_rows(run, request.user)), f"{run.code}-sequence.csv")
        if request.accepted_renderer.format == "masshunter":
            return HttpResponse(sample_list(run, request.user), content_type=MASSHUNTER_LIST)
        return Response(worklist_data(run, request.user))

"""What becomes of test portions: how they were leached, and the series their solutions were diluted in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any, ClassVar

import msgspec
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assays.api import solution_schemas as schemas
from assays.api.solution_rows import dilution_data, leach_data
from assays.forms.bench_filters import SolutionFilter
from assays.models import Aliquot, DilutionSeries, Leach
from assays.selectors.lookup import find_aliquots
from assays.selectors.supplies import find_equipment, find_lot
from assays.services.diluting import MOST_STEPS, PipettedStep, record_dilution
from assays.services.leaching import Leaching, record_leaches
from lims.core.api.views import ListView, Struct, decode
from lims.core.errors import DomainError
from lims.core.roles import Action

_RELATED = ("aliquot__test__sample", "aliquot__test__method_version__method")


class LeachRow(Struct):
    """How one aliquot was leached."""

    aliquot: str
    concentration_mol_l: Decimal
    leachant_ml: Decimal
    ph_start: Decimal
    ph_end: Decimal
    minutes: Decimal
    temperature_c: Decimal


class NewLeaches(Struct):
    """A batch of leaches: what it shares, and its aliquots."""

    leaches: Annotated[list[LeachRow], msgspec.Meta(min_length=1, max_length=200)]
    lot: str = ""
    reason: str = ""


class StepRow(Struct):
    """One step of a dilution."""

    taken: Decimal
    final: Decimal
    unit: str = "mL"
    u_taken: Decimal = Decimal(0)
    u_final: Decimal = Decimal(0)
    equipment: str = ""


class NewDilution(Struct):
    """A dilution series of one aliquot."""

    aliquot: str
    steps: Annotated[list[StepRow], msgspec.Meta(min_length=1, max_length=MOST_STEPS)]
    reason: str = ""


def _of_laboratory(rows: QuerySet[Any], viewer: Any) -> QuerySet[Any]:
    return rows.filter(aliquot__test__submission__laboratory=viewer.organisation_id).select_related(*_RELATED)


@contextmanager
def _pointing_into(member: str) -> Iterator[None]:
    """Problems of the rows a service was given stand under that member of the body."""
    try:
        yield
    except DomainError as error:
        error.problems = [replace(one, pointer=f"/{member}{one.pointer}") if one.pointer[1:2].isdigit() else one for one in error.problems]
        raise


class Leaches(ListView):
    """Leaches of aliquots."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RUN_VIEW, "POST": Action.PREPARATION_EDIT}
    filterset_class = SolutionFilter

    def queryset(self, request: Request) -> QuerySet[Any]:
        return _of_laboratory(Leach.objects.select_related("lot"), request.user)

    def row(self, found: Leach, request: Request) -> dict[str, Any]:
        return leach_data(found)

    @extend_schema(operation_id="leaches_list", filters=True, responses=schemas.LeachPage)
    def get(self, request: Request) -> Any:
        """How the laboratory's aliquots were leached, newest first; of an aliquot the newest counts."""
        return super().get(request)

    @extend_schema(operation_id="leaches_create", request=schemas.NewLeachesSchema, responses={201: schemas.LeachSchema(many=True)})
    def post(self, request: Request) -> Response:
        """Up to 200 leaches, all or none, with one lot of leachant. What lies outside the method's limits is kept with its fault, and the
        aliquot is not loaded; with a `reason` it takes the place of what is on record."""
        body: NewLeaches = decode(request, NewLeaches)
        lot = find_lot(body.lot, request.user)
        places = [f"/leaches/{index}/aliquot" for index in range(len(body.leaches))]
        aliquots = find_aliquots([one.aliquot for one in body.leaches], request.user, places=places)
        with _pointing_into("leaches"):
            rows = [(aliquot, _leaching(row)) for aliquot, row in zip(aliquots, body.leaches, strict=True)]
            made = record_leaches(rows=rows, lot=lot, reason=body.reason, by=request.user)
        return Response([leach_data(one) for one in made], status=201)


def _leaching(row: LeachRow) -> Leaching:
    return Leaching(**{name: value for name, value in msgspec.structs.asdict(row).items() if name != "aliquot"})


class Dilutions(ListView):
    """Dilution series of aliquots."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RUN_VIEW, "POST": Action.PREPARATION_EDIT}
    filterset_class = SolutionFilter

    def queryset(self, request: Request) -> QuerySet[Any]:
        return _of_laboratory(DilutionSeries.objects.all(), request.user)

    def row(self, found: DilutionSeries, request: Request) -> dict[str, Any]:
        return dilution_data(found)

    @extend_schema(operation_id="dilutions_list", filters=True, responses=schemas.DilutionPage)
    def get(self, request: Request) -> Any:
        """The series the laboratory's aliquots were diluted in, newest first; of an aliquot the newest counts."""
        return super().get(request)

    @extend_schema(operation_id="dilutions_create", request=schemas.NewDilutionSchema, responses={201: schemas.DilutionSchema})
    def post(self, request: Request) -> Response:
        """A series in place of the factor the aliquot has; its relative uncertainty goes into the result. A second one says why."""
        body: NewDilution = decode(request, NewDilution)
        aliquot: Aliquot = find_aliquots([body.aliquot], request.user, places=["/aliquot"])[0]
        steps = [_step(index, one, request.user) for index, one in enumerate(body.steps)]
        made = record_dilution(aliquot=aliquot, steps=steps, reason=body.reason, by=request.user)
        return Response(dilution_data(made), status=201)


def _step(index: int, row: StepRow, viewer: Any) -> PipettedStep:
    equipment = find_equipment(row.equipment, viewer, pointer=f"/steps/{index}/equipment")
    return PipettedStep(taken=row.taken, final=row.final, unit=row.unit, u_taken=row.u_taken, u_final=row.u_final, equipment=equipment)

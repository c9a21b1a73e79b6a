"""What was weighed and titrated for a run of a classical method."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Annotated, ClassVar

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assays.api import solution_schemas as schemas
from assays.api.planning import fetch_run
from assays.api.solution_rows import determinations_data
from assays.models import HighGradeConditions, Run
from assays.selectors.supplies import find_things
from assays.services.determining import record_determinations
from lims.core.api.views import ActionView, Struct, decode
from lims.core.errors import DomainError, Invalid, NotFound, Problem
from lims.core.roles import Action


class DeterminationRow(Struct):
    """What was read at one position."""

    position: int
    values: dict[str, Decimal]


class NewDeterminations(Struct):
    """What was weighed and titrated, and what with."""

    determinations: Annotated[list[DeterminationRow], msgspec.Meta(min_length=1, max_length=200)]
    used: Annotated[list[str], msgspec.Meta(max_length=40)] = []
    reason: str = ""


class RunDeterminations(ActionView):
    """Determinations of a run."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RUN_VIEW, "POST": Action.RUN_EDIT}

    @extend_schema(operation_id="runs_determinations", responses=schemas.RunDeterminationsSchema)
    def get(self, request: Request, key: str) -> Response:
        """What counts, with content, loss on ignition and the total that must lie near 100 %; not found for a method of an instrument."""
        run = fetch_run(request.user, key)
        return Response(determinations_data(run, _stated(run)))

    @extend_schema(
        operation_id="runs_determinations_create",
        request=schemas.NewDeterminationsSchema,
        responses={201: schemas.RunDeterminationsSchema},
    )
    def post(self, request: Request, key: str) -> Response:
        """Masses, volumes and titres of positions, all or none; the run is reduced and judged at once. A total outside the method's limits
        blocks it. With a `reason` they take the place of earlier ones."""
        run = fetch_run(request.user, key)
        stated = _stated(run)
        body: NewDeterminations = decode(request, NewDeterminations)
        positions = {one.number: one for one in run.positions.select_related("aliquot__preparation")}
        missing = [
            Problem(f"/determinations/{index}/position", "unknown", f"{run.code} has no position {one.position}.")
            for index, one in enumerate(body.determinations)
            if one.position not in positions
        ]
        if missing:
            raise Invalid("unknown", missing[0].detail, problems=missing)
        things = find_things(" ".join(body.used), request.user)
        entries = [(positions[one.position], one.values) for one in body.determinations]
        try:
            judged = record_determinations(run=run, entries=entries, things=things, reason=body.reason, by=request.user)
        except DomainError as error:
            error.problems = [replace(one, pointer=_place(one.pointer)) for one in error.problems]
            raise
        return Response(determinations_data(judged, stated), status=201)


def _stated(run: Run) -> HighGradeConditions:
    stated = HighGradeConditions.objects.filter(method_version=run.method_version_id).first()
    if stated is None:
        raise NotFound("no_determination", f"{run.method_version} is measured by an instrument; send its readings.")
    return stated


def _place(pointer: str) -> str:
    """`/0/titre_ml` of the service is `/determinations/0/values/titre_ml` of the body."""
    if not pointer[1:2].isdigit():
        return pointer
    index, _, name = pointer[1:].partition("/")
    return f"/determinations/{index}/values/{name}" if name else f"/determinations/{index}"

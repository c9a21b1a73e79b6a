"""Preparation and weighing: one row or a list, all or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from assays.api import bench_schemas as schemas
from assays.api import bodies
from assays.models import Aliquot, SubmissionTest
from assays.selectors.bench_rows import aliquot_data, preparation_data
from assays.selectors.lookup import find_aliquots, find_tests, find_waiting_test
from assays.services.preparing import ROUTES, PreparationRecord, record_preparations
from assays.services.weighing import Portion, weigh_aliquots
from lims.core.api.views import ActionView, decode
from lims.core.errors import DomainError, Invalid, Problem
from lims.core.roles import Action
from samples.models import Sample
from samples.selectors.scanned import find_scanned


def _as_rows(body: Any) -> list[Any]:
    """A single row is a list of one."""
    return body if isinstance(body, list) else [body]


@contextmanager
def _pointing_into(body: Any) -> Iterator[None]:
    """A single row's problems point into it, not into a list."""
    try:
        yield
    except DomainError as error:
        if not isinstance(body, list):
            error.problems = [replace(problem, pointer=problem.pointer.removeprefix("/0")) for problem in error.problems]
        raise


class Preparations(ActionView):
    """Recording preparations."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.PREPARATION_EDIT}

    @extend_schema(
        operation_id="preparations_create",
        request=schemas.NewPreparationSchema(many=True),
        responses={201: schemas.PreparationSchema(many=True)},
    )
    def post(self, request: Request) -> Response:
        """One preparation or a list of up to 1,000; the moisture aliquot leaves each sample. Always answers with a list."""
        body = decode(request, bodies.Preparations)
        rows: list[bodies.Preparation] = _as_rows(body)
        with _pointing_into(body):
            samples = find_scanned([row.sample for row in rows], request.user, pointer="/{index}/sample")
            records = [_record(index, row, sample) for index, (row, sample) in enumerate(zip(rows, samples, strict=True))]
            made = record_preparations(records=records, by=request.user)
        return Response([preparation_data(one, request.user) for one in made], status=201)


def _record(index: int, row: bodies.Preparation, sample: Sample) -> PreparationRecord:
    """A row with what its route implies."""
    route = ROUTES.get(row.route)
    drying_c = row.drying_c if row.drying_c is not None or route is None else route.drying_c
    if drying_c is None:
        sentence = f"Give drying_c, the temperature the moisture aliquot was dried at, or one of the routes {', '.join(ROUTES)}."
        raise Invalid("missing", sentence, problems=[Problem(f"/{index}/drying_c", "missing", sentence)])
    return PreparationRecord(
        sample=sample,
        route=route.text if route else row.route,
        drying_c=drying_c,
        portion_dried_c=row.portion_dried_c if row.portion_dried_c is not None or route is None else route.portion_dried_c,
        wet_mass_g=row.wet_mass_g,
        dry_mass_g=row.dry_mass_g,
        sieve_passing_percent=row.sieve_passing_percent,
        remark=row.remark,
    )


class Aliquots(ActionView):
    """Weighing test portions."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.PREPARATION_EDIT}

    @extend_schema(
        operation_id="aliquots_create",
        request=schemas.NewAliquotSchema(many=True),
        responses={201: schemas.AliquotSchema(many=True)},
    )
    def post(self, request: Request) -> Response:
        """One test portion or a list of up to 1,000; each mass leaves its sample. Always answers with a list."""
        body = decode(request, bodies.Aliquots)
        rows: list[bodies.Aliquot] = _as_rows(body)
        with _pointing_into(body):
            made = weigh_aliquots(portions=_portions(rows, request.user), by=request.user)
        return Response([aliquot_data(one, request.user) for one in made], status=201)


def _portions(rows: list[bodies.Aliquot], viewer: Any) -> list[Portion]:
    originals = _originals(rows, viewer)
    return [
        Portion(
            test=test,
            mass_g=row.mass_g,
            duplicate_mass_g=row.duplicate_mass_g,
            volume_ml=row.volume_ml,
            dilution=row.dilution,
            specimen_g=row.specimen_g,
            ignition_loss_percent=row.ignition_loss_percent,
            duplicate_of=originals.get(index),
        )
        for index, (row, test) in enumerate(zip(rows, _tests(rows, viewer), strict=True))
    ]


def _tests(rows: list[bodies.Aliquot], viewer: Any) -> list[SubmissionTest]:
    """The test of each row: of all by id, or of all by sample and method."""
    ids = [row.test for row in rows if row.test is not None]
    if len(ids) == len(rows):
        return find_tests(ids, viewer, places=[f"/{index}/test" for index in range(len(rows))])
    if ids:
        index = next(index for index, row in enumerate(rows) if row.test is None)
        sentence = "Name the test of every row by `test`, or of every row by `sample` and `method`."
        raise Invalid("missing", sentence, problems=[Problem(f"/{index}/test", "missing", sentence)])
    samples = find_scanned([row.sample for row in rows], viewer, pointer="/{index}/sample")
    return [
        find_waiting_test(sample, row.method, viewer, pointer=f"/{index}/method")
        for index, (row, sample) in enumerate(zip(rows, samples, strict=True))
    ]


def _originals(rows: list[bodies.Aliquot], viewer: Any) -> dict[int, Aliquot]:
    """The aliquot each duplicate repeats."""
    named = {index: row.duplicate_of for index, row in enumerate(rows) if row.duplicate_of}
    found = find_aliquots(list(named.values()), viewer, places=[f"/{index}/duplicate_of" for index in named])
    return dict(zip(named, found, strict=True))

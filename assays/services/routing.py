"""Which preparation route a sample takes: chosen by its material and the method when its tests are accepted, and kept from then on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from assays.models import PreparationRouteVersion, PreparationTask, RouteChoice, SubmissionTest
from lims.accounts.models import Organisation
from lims.core.days import local_day

Key = tuple[UUID, UUID]
"""A sample and a route version."""


def choose_routes(*, tests: Sequence[SubmissionTest], laboratory: Organisation, at: datetime) -> None:
    """Give each new test (not saved yet) the preparation it waits for: the open one of its sample by that route, else a new one. Part of
    the caller's transaction, which has locked the samples. A test whose material and method have no route stays without."""
    routes = _routes_of({test.method_version.method_id for test in tests}, local_day(at))
    wanted: dict[Key, PreparationRouteVersion] = {}
    for test in tests:
        version = _pick(routes, test)
        if version is not None:
            wanted[test.sample_id, version.pk] = version
    if not wanted:
        return
    tasks = _open_tasks(wanted, laboratory)
    new = [
        PreparationTask(sample_id=key[0], laboratory=laboratory, version=version, next_kind=version.steps.all()[0].kind, opened_at=at)
        for key, version in wanted.items()
        if key not in tasks
    ]
    PreparationTask.objects.bulk_create(new)
    tasks |= {(one.sample_id, one.version_id): one for one in new}
    for test in tests:
        version = _pick(routes, test)
        test.task = tasks[test.sample_id, version.pk] if version is not None else None


def _open_tasks(keys: Iterable[Key], laboratory: Organisation) -> dict[Key, PreparationTask]:
    found = PreparationTask.objects.filter(sample__in={key[0] for key in keys}, laboratory=laboratory, finished_at=None)
    return {(one.sample_id, one.version_id): one for one in found}


def _pick(routes: dict[tuple[UUID, str], PreparationRouteVersion], test: SubmissionTest) -> PreparationRouteVersion | None:
    method = test.method_version.method_id
    return routes.get((method, test.sample.material)) or routes.get((method, ""))


def _routes_of(methods: set[UUID], day: date) -> dict[tuple[UUID, str], PreparationRouteVersion]:
    """The version in force on the day by (method, material)."""
    choices = list(RouteChoice.objects.filter(method__in=methods))
    if not choices:
        return {}
    versions = PreparationRouteVersion.objects.filter(route__in={one.route_id for one in choices}, in_force_from__lte=day).prefetch_related(
        "steps"
    )
    current: dict[UUID, PreparationRouteVersion] = {}
    for version in versions.order_by("number"):
        if version.retired_on is None or day < version.retired_on:
            current[version.route_id] = version
    return {(one.method_id, one.material): current[one.route_id] for one in choices if one.route_id in current}

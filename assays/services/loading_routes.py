"""Loading preparation routes (`assays/reference/routes.json`). Safe to repeat; a route version once stored is never edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from assays.models import Method, PreparationRoute, PreparationRouteVersion, RouteChoice, RouteStep
from assays.models.lots import EquipmentKind
from assays.models.methods import Extraction
from assays.route_steps import InvalidRoute, Kind, Step, check_route, read_limits
from lims.core.errors import Invalid
from samples.models.samples import Material


class StepRow(msgspec.Struct, kw_only=True):
    """A step of a route version; `limits` as pairs of texts or null, by amount."""

    order: int
    kind: Kind
    limits: dict[str, tuple[str | None, str | None]] = {}
    equipment_kind: str = ""
    instruction: str = ""
    source: str = ""


class VersionRow(msgspec.Struct, kw_only=True):
    """A version of a route."""

    number: int
    in_force_from: date
    drying_c: int
    portion_dried_c: int | None
    at_once: bool
    steps: list[StepRow]
    note: str = ""


class RouteRow(msgspec.Struct, kw_only=True):
    """A route."""

    code: str
    name: str
    description: str
    versions: list[VersionRow]


class ChoiceRow(msgspec.Struct, kw_only=True):
    """The route of a method's samples of one material; empty for every other material."""

    method: str
    material: str
    route: str


class RouteFile(msgspec.Struct, kw_only=True):
    """`routes.json`."""

    routes: list[RouteRow]
    choices: list[ChoiceRow]


def load_routes(path: Path) -> int:
    """Store the routes of a file that is there; returns how many rows were written. Raises `Invalid` naming the route and the remedy. Part
    of the caller's transaction."""
    if not path.exists():
        return 0
    try:
        read = msgspec.json.decode(path.read_bytes(), type=RouteFile)
    except msgspec.DecodeError as error:
        raise Invalid("reference_file", f"The reference file {path} cannot be read: {error}. Correct it; nothing was loaded.") from error
    methods = {one.code: one for one in Method.objects.all()}
    leach = {row.route for row in read.choices if row.method in methods and methods[row.method].extraction == Extraction.LEACHABLE}
    written = sum(_store_route(row, leach=row.code in leach) for row in read.routes)
    return written + _store_choices(read.choices, methods)


def _store_route(row: RouteRow, *, leach: bool) -> int:
    route, made = PreparationRoute.objects.get_or_create(code=row.code, defaults={"name": row.name, "description": row.description})
    return made + sum(_store_version(route, version, leach=leach) for version in row.versions)


def _store_version(route: PreparationRoute, row: VersionRow, *, leach: bool) -> int:
    where = f"{route.code} v{row.number}"
    _refuse_unworkable(where, row, leach=leach)
    fields = {name: getattr(row, name) for name in row.__struct_fields__ if name != "steps"}
    steps = [_step_fields(one) for one in row.steps]
    existing = PreparationRouteVersion.objects.filter(route=route, number=row.number).first()
    if existing is not None:
        _refuse_edited(where, existing, fields, steps)
        return 0
    version = PreparationRouteVersion.objects.create(route=route, **fields)
    RouteStep.objects.bulk_create(RouteStep(version=version, **one) for one in steps)
    return 1


def _step_fields(row: StepRow) -> dict[str, Any]:
    fields = msgspec.structs.asdict(row)
    return fields | {"kind": row.kind.value, "limits": {name: list(pair) for name, pair in row.limits.items()}}


def _refuse_unworkable(where: str, row: VersionRow, *, leach: bool) -> None:
    unknown = sorted({one.equipment_kind for one in row.steps} - {"", *EquipmentKind.values})
    try:
        if unknown:
            raise InvalidRoute(f"The equipment {', '.join(unknown)} is not known; known are {', '.join(EquipmentKind.values)}.")
        check_route([Step(one.order, one.kind, read_limits(one.limits), one.equipment_kind) for one in row.steps], leach=leach)
    except InvalidRoute as error:
        raise Invalid("preparation_route", f"Route {where}: {error}") from error


def _refuse_edited(where: str, stored: PreparationRouteVersion, fields: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> None:
    kept = list(stored.steps.values(*StepRow.__struct_fields__))
    if any(getattr(stored, name) != value for name, value in fields.items()) or kept != list(steps):
        raise Invalid("route_version_edited", f"{where} is stored and never edited, but the file differs. Give the change a new number.")


def _store_choices(rows: Sequence[ChoiceRow], methods: Mapping[str, Method]) -> int:
    routes = {one.code: one for one in PreparationRoute.objects.all()}
    written = 0
    for row in rows:
        if row.method not in methods or row.route not in routes or row.material not in {"", *Material.values}:
            raise Invalid(
                "route_choice", f"routes.json: {row.method}, {row.material or 'any material'} → {row.route}: one of them is unknown."
            )
        fields = {"method": methods[row.method], "material": row.material}
        found = RouteChoice.objects.filter(**fields).first()
        if found is None:
            RouteChoice.objects.create(**fields, route=routes[row.route])
        elif found.route_id != routes[row.route].pk:
            found.route = routes[row.route]
            found.save(update_fields=["route"])
        else:
            continue
        written += 1
    return written

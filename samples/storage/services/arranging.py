"""The tree of places of an organisation: made, changed, put out of use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from lims.core.acting import acting
from lims.core.checking import check_record, refuse_member
from lims.core.codes import LOCATION
from lims.core.errors import Blocked, Blocker
from lims.core.ids import uuid7_series
from lims.core.roles import Action, Role, require
from lims.core.scope import fetch_visible
from lims.core.sequences import take_codes
from samples.services.checking import assign
from samples.services.holding import given_reason
from samples.storage.grid import MOST_COLUMNS, MOST_ROWS, grid_positions
from samples.storage.models import PATH_SEPARATOR, Location, LocationKind, Placement
from samples.storage.selectors import inside

MEMBERS = (
    *("name", "temperature_min_c", "temperature_max_c", "humidity_min_percent", "humidity_max_percent"),
    *("radiation_controlled", "locked", "roles", "active", "remark"),
)
_RANGES = (("temperature_min_c", "temperature_max_c"), ("humidity_min_percent", "humidity_max_percent"))


def create_location(
    *, kind: LocationKind, parent: Location | None, values: Mapping[str, Any], rows: int | None = None, columns: int | None = None, by: Any
) -> Location:
    """A place of the caller's organisation, within `parent` or outermost; `values` by `MEMBERS`. With `rows` and `columns` its positions
    are made with it, named A1, A2 … Raises `Invalid` naming each wrong member."""
    require(by, Action.STORAGE_EDIT)
    with transaction.atomic(), acting(by, "place made"):
        _check_nesting(kind, parent, by)
        _check_grid(kind, rows, columns)
        location = Location(
            code=take_codes(LOCATION)[0], organisation=by.organisation, kind=kind, parent=parent, rows=rows, columns=columns
        )
        assign(location, dict(values))
        _save(location)
        if rows and columns:
            _make_positions(location, rows, columns)
    return location


def change_location(*, location: Location, values: Mapping[str, Any], reason: str, by: Any) -> Location:
    """Change a place's name, conditions or whether it is in use, with a reason. Raises `Blocked('in_use')` for one that is put out of use
    while samples lie in it."""
    require(by, Action.STORAGE_EDIT)
    reason = given_reason(reason)
    with transaction.atomic(), acting(by, reason):
        location = fetch_visible(Location, by, lock=True, pk=location.pk)
        _check_own(location, by)
        old_path = location.path
        within = inside(location).exclude(pk=location.pk)
        held = Placement.objects.filter(location__in=inside(location)).count()
        assign(location, dict(values))
        if not location.active and held:
            sentence = f"{held} samples lie in {old_path}. Move them before it is put out of use."
            raise Blocked([Blocker("in_use", sentence)])
        _save(location)
        if location.path != old_path:
            for one in list(within):
                one.path = location.path + one.path.removeprefix(old_path)
                one.save(update_fields=["path"])
    return location


def _check_own(location: Location, by: Any) -> None:
    if location.organisation_id != by.organisation_id:
        raise refuse_member("parent", "not_your_place", f"{location.code} is a place of another organisation.")


def _check_nesting(kind: LocationKind, parent: Location | None, by: Any) -> None:
    if parent is None:
        if kind.depth > LocationKind.objects.order_by("depth").values_list("depth", flat=True)[0]:
            raise refuse_member("parent", "missing", f"A {kind} stands within another place. Choose which.")
        return
    _check_own(parent, by)
    if parent.kind.depth >= kind.depth:
        raise refuse_member("kind", "nesting", f"A {kind} cannot stand within a {parent.kind}. Choose another kind, or another place.")


def _check_grid(kind: LocationKind, rows: int | None, columns: int | None) -> None:
    if rows is None and columns is None:
        return
    if kind.holds_samples:
        raise refuse_member("rows", "grid", f"A {kind} holds one sample and has no positions of its own.")
    if not (rows and columns and rows <= MOST_ROWS and columns <= MOST_COLUMNS and rows > 0 and columns > 0):
        detail = f"A grid has 1 to {MOST_ROWS} rows and 1 to {MOST_COLUMNS} columns. Give both, or neither."
        raise refuse_member("rows" if not rows or rows > MOST_ROWS or rows < 0 else "columns", "grid", detail)


def _save(location: Location) -> None:
    location.name = location.name.strip()
    if PATH_SEPARATOR.strip() in location.name:
        raise refuse_member("name", "separator", "A name holds no “/”: that parts the places from each other. Choose another sign.")
    for low, high in _RANGES:
        lowest, highest = getattr(location, low), getattr(location, high)
        if lowest is not None and highest is not None and lowest > highest:
            raise refuse_member(high, "range", "The range ends below its beginning. Turn the two numbers round.")
    if not set(location.roles) <= set(Role.values):
        raise refuse_member("roles", "unknown_choice", f"Each is one of: {', '.join(Role.values)}.")
    location.path = PATH_SEPARATOR.join([location.parent.path, location.name] if location.parent else [location.name])
    check_record(location)
    try:
        with transaction.atomic():
            location.save()
    except IntegrityError:
        check_record(location)
        raise


def _make_positions(box: Location, rows: int, columns: int) -> None:
    kind = LocationKind.objects.filter(holds_samples=True).order_by("depth")[0]
    cells = list(grid_positions(rows, columns))
    codes, keys = take_codes(LOCATION, len(cells)), uuid7_series(len(cells))
    Location.objects.bulk_create(
        Location(
            id=key,
            code=code,
            organisation=box.organisation,
            kind=kind,
            parent=box,
            name=name,
            path=f"{box.path}{PATH_SEPARATOR}{name}",
            row=row,
            column=column,
        )
        for (row, column, name), code, key in zip(cells, codes, keys, strict=True)
    )

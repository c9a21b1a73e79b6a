"""Recording mines and pits. Their coordinates are restricted; who may record them may see them."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Model

from lims.core.acting import acting
from lims.core.checking import check_record
from lims.core.errors import Invalid, Problem
from lims.core.roles import Action, require
from samples.models import Mine, Pit
from samples.services.checking import assign
from samples.services.holding import given_reason

Place = TypeVar("Place", Mine, Pit)

MINE_MEMBERS = ("code", "name", "belt", "township", "operator", "control", "extraction_method", "latitude", "longitude", "remark", "active")
PIT_MEMBERS = ("code", "kind", "latitude", "longitude", "elevation_m", "remark")


def record_mine(*, values: dict[str, Any], by: Any) -> Mine:
    """A new mine; `values` by `MINE_MEMBERS`. Raises `Invalid` naming each wrong member."""
    return _save(Mine(), values, by, "mine recorded")


def change_mine(*, mine: Mine, values: dict[str, Any], reason: str, by: Any) -> Mine:
    """Correct what is known of a mine, with a reason; samples keep what their custody says."""
    return _save(Mine.objects.get(pk=mine.pk), values, by, given_reason(reason))


def record_pit(*, mine: Mine, values: dict[str, Any], by: Any) -> Pit:
    """A new pit of a mine; `values` by `PIT_MEMBERS`. Raises `Invalid` naming each wrong member."""
    return _save(Pit(mine=mine), values, by, "pit recorded")


def change_pit(*, pit: Pit, values: dict[str, Any], reason: str, by: Any) -> Pit:
    """Correct what is known of a pit, with a reason."""
    return _save(Pit.objects.get(pk=pit.pk), values, by, given_reason(reason))


def _save(place: Place, values: dict[str, Any], by: Any, reason: str) -> Place:
    require(by, Action.MINE_EDIT)
    assign(place, values)
    place.code = place.code.strip().upper()
    _refuse_half_a_place(place)
    try:
        with transaction.atomic(), acting(by, reason):
            check_record(place)
            place.save()
    except IntegrityError:
        # Somebody recorded the same code between our check and our write; the check names it now.
        check_record(place)
        raise
    return place


def _refuse_half_a_place(place: Model) -> None:
    latitude, longitude = getattr(place, "latitude", None), getattr(place, "longitude", None)
    if (latitude is None) != (longitude is None):
        missing = "longitude" if longitude is None else "latitude"
        detail = "A place needs both latitude and longitude. Give both, or neither."
        raise Invalid("missing", detail, problems=[Problem(f"/{missing}", "missing", detail)])

"""Temperature and humidity of a place, read and kept; what lies outside its range is said at once."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from lims.core.acting import acting
from lims.core.checking import refuse_member
from lims.core.errors import Forbidden
from lims.core.roles import Action, require
from samples.services.movement import checked_moment, checked_texts
from samples.storage.models import ConditionReading, Location
from samples.storage.selectors import conditions_of


def record_reading(
    *,
    location: Location,
    temperature_c: Decimal | None = None,
    humidity_percent: Decimal | None = None,
    remark: str = "",
    by: Any,
    at: datetime | None = None,
) -> ConditionReading:
    """A reading at a place, in °C and % relative humidity, either or both; `at` is when it was read. Its `excursion` is judged by the range
    that holds now. Raises `Invalid` (`missing`, `out_of_range`, `future_time`)."""
    require(by, Action.STORAGE_MOVE)
    text = checked_texts(ConditionReading, remark=remark)["remark"]
    if location.organisation_id != by.organisation_id:
        raise Forbidden("not_your_place", f"{location.code} is a place of another organisation.")
    if temperature_c is None and humidity_percent is None:
        raise refuse_member("temperature_c", "missing", "Give the temperature, the humidity, or both.")
    _check_physical("temperature_c", temperature_c, Decimal(-200), Decimal(200), "°C")
    _check_physical("humidity_percent", humidity_percent, Decimal(0), Decimal(100), "%")
    conditions = conditions_of(location)
    outside = [conditions.temperature.excursion(temperature_c), conditions.humidity.excursion(humidity_percent)]
    with transaction.atomic(), acting(by, "reading"):
        return ConditionReading.objects.create(
            location=location,
            temperature_c=temperature_c,
            humidity_percent=humidity_percent,
            excursion=", ".join(one for one in outside if one),
            remark=text,
            read_at=checked_moment(at),
            read_by=by,
        )


def _check_physical(name: str, value: Decimal | None, low: Decimal, high: Decimal, unit: str) -> None:
    if value is None:
        return
    if not value.is_finite() or not low <= value <= high:
        raise refuse_member(name, "out_of_range", f"A reading lies between {low} and {high} {unit}. Read the instrument again.")
    if round(value, 1) != value:
        raise refuse_member(name, "too_precise", "Give at most one decimal, as such instruments show it.")

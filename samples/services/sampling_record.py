"""The sampling record as a person or a machine gives it, and what can be said about it without looking anything up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

import msgspec

from lims.core.codes import tidy_scanned
from lims.core.errors import Problem
from samples.models.samples import Material, SamplingMethod

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class SamplingRecord(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What is known of one sample when it is collected (ISO/IEC 17025:2017, 7.3.3). Masses in grams, depths in metres, degrees WGS 84.

    `mine` is a code, a name or a UUID; `pit` a code within that mine; `visit` a visit's code. `duplicate_of` names the sample this one
    repeats: its code, its field id, or the field id of another record of the same call. `code` is that of a label printed before the field
    (`samples.allotments`), else empty and a new one is given. `collected_by` is empty for whoever registers.
    """

    mine: str
    material: str
    method: str
    collected_at: Moment
    mass_g: Decimal
    container: str
    collected_zone: str = "Asia/Yangon"
    collected_by: str = ""
    field_id: str = ""
    visit: str = ""
    pit: str = ""
    duplicate_of: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    depth_from_m: Decimal | None = None
    depth_to_m: Decimal | None = None
    container_count: int = 1
    seal_number: str = ""
    remark: str = ""
    code: str = ""


_LONGEST = {
    "code": 24,
    "mine": 120,
    "container": 40,
    "collected_by": 120,
    "field_id": 60,
    "visit": 24,
    "pit": 20,
    "duplicate_of": 60,
    "seal_number": 40,
    "remark": 2000,
}
_CHOICES = {"material": tuple(Material.values), "method": tuple(SamplingMethod.values)}
_REQUIRED = ("mine", "container")
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
# A clock of a phone may run ahead a little; more is a mistake.
_TOLERATED_FUTURE = timedelta(minutes=5)
_HEAVIEST_G = Decimal(1_000_000)
_DEEPEST_M = Decimal(5_000)
_MOST_CONTAINERS = 999
# What no label can print and no database keeps: control characters, halves of surrogate pairs, marks that turn the reading direction.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LINE_BREAK = re.compile(r"[\r\n\t]")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def tidy_record(record: SamplingRecord) -> SamplingRecord:
    """The same record without blanks around its texts, coordinates rounded to the six decimals that are kept (0.1 m)."""
    changes: dict[str, object] = {}
    for name in (*_LONGEST, "material", "method", "collected_zone"):
        text = getattr(record, name)
        if text != text.strip():
            changes[name] = text.strip()
    if record.code:
        changes["code"] = tidy_scanned(record.code)
    for name in ("latitude", "longitude"):
        degrees = getattr(record, name)
        if degrees is not None and degrees.is_finite() and abs(degrees) <= 180:
            changes[name] = round(degrees, 6)
    return msgspec.structs.replace(record, **changes) if changes else record


def find_shape_problems(record: SamplingRecord, now: datetime) -> list[Problem]:
    """Everything wrong with a tidy record in itself; pointers name the member (`/mass_g`)."""
    return [
        *_text_problems(record),
        *_choice_problems(record),
        *_time_problems(record, now),
        *_number_problems(record),
        *_place_problems(record),
    ]


def _text_problems(record: SamplingRecord) -> Iterator[Problem]:
    for name, longest in _LONGEST.items():
        text = getattr(record, name)
        if not text:
            if name in _REQUIRED:
                yield Problem(f"/{name}", "missing", "This is needed. Fill it in.")
        elif len(text) > longest:
            yield Problem(f"/{name}", "too_long", f"At most {longest} characters; these are {len(text)}. Shorten it.")
        elif _UNPRINTABLE.search(text) or (name != "remark" and _LINE_BREAK.search(text)):
            yield Problem(
                f"/{name}", "unprintable", "This holds a character that cannot be printed (control character or line break). Type it again."
            )


def _choice_problems(record: SamplingRecord) -> Iterator[Problem]:
    for name, choices in _CHOICES.items():
        if getattr(record, name) not in choices:
            yield Problem(f"/{name}", "unknown_choice", f"“{getattr(record, name)}” is none of: {', '.join(choices)}.")
    if record.collected_zone not in _zones():
        yield Problem(
            "/collected_zone",
            "unknown_zone",
            f"“{record.collected_zone}” is not the name of a time zone. Write it as in Asia/Yangon or Asia/Kolkata.",
        )


def _time_problems(record: SamplingRecord, now: datetime) -> Iterator[Problem]:
    moment = record.collected_at
    if moment.tzinfo is None:
        yield Problem("/collected_at", "zone_missing", "The time has no zone. Add its offset, as in 2026-11-22T14:05:00+06:30.")
    elif moment > now + _TOLERATED_FUTURE:
        yield Problem(
            "/collected_at",
            "future_time",
            f"{moment.isoformat(timespec='minutes')} lies in the future. Check the date, the time and its zone.",
        )
    elif moment < _EARLIEST:
        yield Problem("/collected_at", "too_old", f"{moment.year:04d} is before {_EARLIEST.year}. Check the year.")


def _number_problems(record: SamplingRecord) -> Iterator[Problem]:
    yield from _mass_problems(record.mass_g)
    if not 1 <= record.container_count <= _MOST_CONTAINERS:
        yield Problem("/container_count", "out_of_range", f"Give the number of containers, from 1 to {_MOST_CONTAINERS}.")
    depths = {"depth_from_m": record.depth_from_m, "depth_to_m": record.depth_to_m}
    wrong = False
    for name, depth in depths.items():
        if depth is not None and not (depth.is_finite() and 0 <= depth <= _DEEPEST_M):
            wrong = True
            yield Problem(f"/{name}", "out_of_range", f"A depth is given in metres below the surface, from 0 to {_DEEPEST_M}.")
        elif depth is not None and _decimals(depth) > 2:
            wrong = True
            yield Problem(f"/{name}", "too_precise", "Depths are kept to the centimetre: at most two decimals.")
    if wrong or depths["depth_to_m"] is None:
        return
    if depths["depth_from_m"] is None:
        yield Problem("/depth_from_m", "missing", "The interval has an end but no beginning. Give both depths, or neither.")
    elif depths["depth_to_m"] < depths["depth_from_m"]:
        yield Problem("/depth_to_m", "depth_order", "The interval ends above its beginning. Depths run down from the surface.")


def _mass_problems(mass: Decimal) -> Iterator[Problem]:
    if not mass.is_finite() or mass <= 0:
        yield Problem("/mass_g", "mass_not_positive", f"{mass} is not a mass. Give what was weighed, in grams, above zero.")
    elif mass > _HEAVIEST_G:
        yield Problem("/mass_g", "out_of_range", f"More than a tonne ({mass} g) is not one sample. Is the number in grams?")
    elif _decimals(mass) > 3:
        yield Problem("/mass_g", "too_precise", "Masses are kept to the milligram: at most three decimals.")


def _place_problems(record: SamplingRecord) -> Iterator[Problem]:
    for name, limit in (("latitude", 90), ("longitude", 180)):
        degrees = getattr(record, name)
        if degrees is not None and not (degrees.is_finite() and abs(degrees) <= limit):
            yield Problem(f"/{name}", "out_of_range", f"Give decimal degrees (WGS 84) from -{limit} to {limit}.")
    if (record.latitude is None) != (record.longitude is None):
        missing = "longitude" if record.longitude is None else "latitude"
        yield Problem(f"/{missing}", "missing", "A place needs both latitude and longitude. Give both, or neither.")


def _decimals(number: Decimal) -> int:
    """How many decimals are written, trailing zeros apart."""
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0

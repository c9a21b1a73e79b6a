"""From the cells of a sheet to sampling records: what a spreadsheet did to ids, dates and numbers is noticed, never guessed away."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lims.core.errors import Problem
from samples.models.samples import Material, SamplingMethod
from samples.services.sampling_record import SamplingRecord
from samples.sheets import Cell, Row

COLUMNS = SamplingRecord.__struct_fields__
REQUIRED = ("mine", "material", "method", "collected_at", "mass_g", "container")
_UNITS = {"mass_g": "g", "depth_from_m": "m", "depth_to_m": "m", "latitude": "degrees", "longitude": "degrees", "container_count": "pieces"}
_IDS = frozenset({"mine", "pit", "visit", "field_id", "seal_number", "duplicate_of"})
_CHOICES: dict[str, dict[str, str]] = {
    "material": {str(word).casefold(): value for value, label in Material.choices for word in (value, label)},
    "method": {str(word).casefold(): value for value, label in SamplingMethod.choices for word in (value, label)},
}
# An integer up to here is shown by a spreadsheet as it was typed; beyond, it is shown (and saved as CSV) in powers of ten.
_LARGEST_SHOWN = 10**11
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?E[+-]?\d+", re.IGNORECASE)
_EATEN_DATE = re.compile(r"\d{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-\d{2}")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(?::\d{2})?(?: ?(?:Z|[+-]\d{2}:?\d{2}))?")
_HARMLESS: dict[str, Any] = {
    "mine": "",
    "material": Material.CLAY.value,
    "method": SamplingMethod.GRAB.value,
    "collected_at": datetime(2000, 1, 1, tzinfo=UTC),
    "mass_g": Decimal(1),
    "container": "?",
}
_MISSING = "This is needed. Fill it in."


@dataclass(frozen=True)
class Read:
    """One row as it was understood. Pointers of problems name the column (`/mass_g`); where a cell could not be read, the record holds
    something harmless in its place, so that the rest of the row can be checked all the same."""

    number: int
    given: dict[str, str]
    record: SamplingRecord
    problems: list[Problem]

    @property
    def unreadable(self) -> set[str]:
        """The columns whose cells could not be read."""
        return {problem.pointer.lstrip("/") for problem in self.problems}


class _Unreadable(Exception):
    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


def read_row(row: Row) -> Read:
    """The sampling record of a row. Times without an offset are those of the place's zone."""
    given = {name: _shown(cell) for name, cell in row.cells.items()}
    problems = [Problem(f"/{name}", "missing", _MISSING) for name in REQUIRED if name not in row.cells]
    values: dict[str, Any] = dict(_HARMLESS)
    zone = given.get("collected_zone") or SamplingRecord.__struct_defaults__[0]
    for name, cell in row.cells.items():
        try:
            values[name] = _read_value(name, cell, zone)
        except _Unreadable as error:
            problems.append(Problem(f"/{name}", error.code, error.detail))
    return Read(row.number, given, SamplingRecord(**values), problems)


def _shown(cell: Cell) -> str:
    if isinstance(cell.value, datetime):
        return f"{cell.value:%Y-%m-%d %H:%M}" if cell.shows_time else f"{cell.value:%Y-%m-%d}"
    return f"{cell.value:.15g}" if isinstance(cell.value, float) else str(cell.value)


def _read_value(name: str, cell: Cell, zone: str) -> Any:
    if cell.is_error:
        raise _Unreadable("formula", f"The cell holds the error {cell.value}. Correct its formula, or type the value.")
    if name == "collected_at":
        return _read_moment(cell, zone)
    if name == "container_count":
        return _read_count(cell)
    if name in _UNITS:
        return _read_number(name, cell)
    text = _read_id(cell) if name in _IDS else _shown(cell)
    return _CHOICES[name].get(text.casefold(), text) if name in _CHOICES else text


def _read_id(cell: Cell) -> str:
    """An id as text, unless a spreadsheet has made something else of it."""
    value, remedy = cell.value, "Format the column as text and type it again."
    if isinstance(value, str):
        if _SCIENTIFIC.fullmatch(value):
            raise _Unreadable("id_eaten", f"A spreadsheet has shortened this id to {value}. {remedy}")
        if _EATEN_DATE.fullmatch(value):
            raise _Unreadable("id_eaten", f"“{value}” looks like a date that a spreadsheet made out of an id. {remedy}")
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value == int(value) and 0 <= value < _LARGEST_SHOWN:
        return str(int(value))
    raise _Unreadable("id_eaten", f"A spreadsheet has turned this id into {_shown(cell)}. {remedy}")


def _read_number(name: str, cell: Cell) -> Decimal:
    value, unit = cell.value, _UNITS[name]
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise _Unreadable("not_a_number", f"{_shown(cell)} is not a number of {unit}. Format the column as a number and type it again.")
    if not isinstance(value, str):
        return Decimal(f"{value:.15g}")
    if _AMBIGUOUS.fullmatch(value):
        raise _Unreadable(
            "ambiguous_number", f"{value} can be read in two ways. Write it with a point for decimals and nothing for thousands."
        )
    if not _NUMBER.fullmatch(value):
        raise _Unreadable(
            "not_a_number", f"“{value}” is not a number. Write the number alone, with a point for decimals; the column is in {unit}."
        )
    return Decimal(value.replace(",", "."))


def _read_count(cell: Cell) -> int:
    number = _read_number("container_count", cell)
    if number != int(number):
        raise _Unreadable("not_a_number", f"{number} containers cannot be. Write a whole number.")
    return int(number)


def _read_moment(cell: Cell, zone: str) -> datetime:
    value = cell.value
    remedy = "Write date and time as 2026-11-22 14:05."
    if isinstance(value, datetime):
        if not cell.shows_time:
            raise _Unreadable("time_missing", f"{value:%Y-%m-%d} has no time of day. {remedy}")
        return _placed(value, zone)
    if not isinstance(value, str):
        raise _Unreadable("not_a_moment", f"{_shown(cell)} is not a date with a time. {remedy}")
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise _Unreadable("time_missing", f"{value} has no time of day. {remedy}")
    if not _MOMENT.fullmatch(value):
        raise _Unreadable("not_a_moment", f"“{value}” could be read in several ways. {remedy}")
    try:
        return _placed(datetime.fromisoformat(value.replace(" Z", "Z").replace(" +", "+").replace(" -", "-")), zone)
    except ValueError as error:
        raise _Unreadable("not_a_moment", f"There is no such date or time as {value}. {remedy}") from error


def _placed(moment: datetime, zone: str) -> datetime:
    if moment.tzinfo is not None:
        return moment
    try:
        return moment.replace(tzinfo=ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return moment.replace(tzinfo=UTC)  # the zone itself is refused by its own name

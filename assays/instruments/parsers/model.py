"""What a parser hands over: plain frozen values that know the cell they came from, and the one refusal a parser may raise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

import msgspec

from lims.core.errors import Invalid, Problem

Kind = Literal["blank", "standard", "control", "sample", "statistic", "unknown"]
"""What a row was measured for. `statistic` is a row the software computed from others (an average, a deviation). `unknown` is a row whose
type the file does not say or says in a word not known here: never taken for a sample unseen."""

MASS_FRACTION = "mass_fraction"
"""A content of a solid, of which nothing was dissolved: its `ppm` is mg/kg, never mg/L."""

LOSS = "loss_on_ignition"
"""What a file gives beside the contents of a bead, in percent."""

CONCENTRATIONS = ("concentration", "measured_concentration", MASS_FRACTION)
"""The quantities results are made of; the first already carries the dilution, and is trusted before the second."""

BELOW, ABOVE, OVER, NOT_DETECTED, NOT_AVAILABLE, MISSING, NOT_UNDERSTOOD = "<", ">", "OVER", "ND", "N/A", "--", "?"
"""The qualifiers. With `<` and `>` the value is the bound; with every other one there is no value."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file: a spreadsheet cell (`row` from 1, `column` as letters), a character of a text, or an RFC 6901 pointer into JSON.

    A csv file is placed as a spreadsheet program shows it: its first record is row 1 and its first field column A.
    """

    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    line: int | None = None
    character: int | None = None
    pointer: str | None = None

    def __str__(self) -> str:
        named = [
            ("sheet", self.sheet),
            ("row", self.row),
            ("column", self.column),
            ("line", self.line),
            ("character", self.character),
            ("at", self.pointer),
        ]
        return ", ".join(f"{name} {value}" for name, value in named if value is not None) or "the file as a whole"

    def as_details(self) -> dict[str, Any]:
        """The parts that are known, for a machine."""
        parts = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in parts.items() if value is not None}


# What decides the HTTP status where it is not content that fails validation (see `lims.core.errors`).
_KIND_OF_CODE = {"malformed_json": "malformed", "too_large": "too_large"}


class ParseError(Invalid):
    """A file cannot be read: `message` says what is wrong and what to do, `place` where. The only exception that leaves a parser."""

    def __init__(self, code: str, message: str, place: Place | None = None, *, problems: Sequence[Problem] = ()) -> None:
        self.place = place or Place()
        self.kind = _KIND_OF_CODE.get(code, "invalid")
        headline = Problem(self.place.pointer or "", code, message)
        super().__init__(code, message, details=self.place.as_details(), problems=problems or [headline])

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person should know about a file that could be read: an identifier that looks like a date, a sheet that was passed
    over."""

    code: str
    message: str
    place: Place = field(default_factory=Place)


class Notes:
    """What a file says besides its rows and readings: the run it names, if any, and notes, up to a number a person can still read."""

    MOST = 500

    def __init__(self) -> None:
        self.run: str | None = None
        self._notes: list[Note] = []

    def add(self, code: str, message: str, place: Place) -> None:
        """Keep a note; the one after the last that is kept says that there are more."""
        if len(self._notes) < self.MOST:
            self._notes.append(Note(code, message, place))
        elif len(self._notes) == self.MOST:
            self._notes.append(Note("more_notes", "From here on there is more to note than is listed.", place))

    def as_tuple(self) -> tuple[Note, ...]:
        return tuple(self._notes)


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """One acquisition: a line of a batch table, or everything a JSON body says about one position.

    `label` is the sample name as written. `acquired_at` is local instrument time without a zone: ISO 8601 where the file holds a true
    date, else the text as written, since day and month cannot be told apart from one file. `total_dilution` is information:
    `concentration` already includes it. `position` is set only where the sender names a tray position by its number.
    """

    label: str
    type: str
    kind: Kind
    row: int
    sheet: str | None = None
    position: int | None = None
    vial: str = ""
    acquired_at: str = ""
    total_dilution: Decimal | None = None
    comment: str = ""
    data_file: str = ""
    level: str = ""
    flag: str = ""
    rejected: bool = False


class ParsedReading(msgspec.Struct, frozen=True, gc=False):
    """One measured cell. `raw` is its text as the file holds it; `value` the same number exactly, none where the cell says no number.

    `quantity` is `concentration` (dilution included), `measured_concentration` (in the solution as measured), `mass_fraction` (of a solid;
    see `parsers.solids`), `counts` (per second), `intensity`, one of these with `_sd`, `_rsd` or `_error`, or the file's own word.
    `isotope_or_line` is the mass (`163`), the mass pair of an MS/MS method (`159 -> 175`) or the emission line (`353.170`); `gas_mode` the
    cell's gas, or the view of an emission line.
    `row_index` is the place of its row among the rows of the file. `column` is a letter, or none for JSON, where `row` counts the readings
    from 1. `replicate` counts repeated measurements from 1; their mean has none.

    A struct, since a file holds millions of them: it is made and dropped many times faster than a data class, and the garbage collector
    need not look at it.
    """

    sample: str
    type: str
    analyte: str
    isotope_or_line: str | None
    gas_mode: str | None
    quantity: str
    unit: str | None
    raw: str
    value: Decimal | None
    qualifier: str
    sheet: str | None
    row: int
    column: str | None
    row_index: int
    internal_standard: bool = False
    replicate: int | None = None
    dilution: Decimal | None = None
    acquired_at: str = ""


@dataclass(frozen=True, slots=True)
class ParsedExport:
    """Everything one file says. `run` is the run a JSON body names."""

    format: str
    rows: tuple[ParsedRow, ...]
    readings: tuple[ParsedReading, ...]
    notes: tuple[Note, ...] = ()
    run: str | None = None


def gives_no_unit(reading: ParsedReading) -> bool:
    """Whether it is a concentration of a sample's element whose unit somebody else has to say."""
    return not reading.unit and reading.quantity in CONCENTRATIONS and not reading.internal_standard


Item = ParsedRow | ParsedReading
"""What a parser yields: a row comes before its readings."""

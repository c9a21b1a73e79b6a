"""The two header rows of a MassHunter batch table, and the refusal of whatever in them could mean two things."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from .cells import refuse_formula
from .model import Notes, ParseError
from .nomenclature import ELEMENTS, read_unit, repair_mojibake
from .tables import Cell, Row, Table

_SEARCHED_ROWS = 15
_LONGEST_UNIT, _LONGEST_NAME = 20, 40

_ANALYTE = re.compile(
    r"(?:(?P<first>\d{1,3})\s*->\s*)?(?P<mass>\d{1,3})\s*(?P<element>[A-Z][a-z]?)"
    r"(?P<istd>\s*\(\s*ISTD\s*\))?\s*(?:\[\s*(?P<gas>[^\]]*?)\s*\])?"
)
_TITLE = re.compile(r"(?P<title>[^\[\]]*?)\s*(?:\[\s*(?P<unit>[^\]]*?)\s*\])?")

# Titles of columns that describe the row, and what each one fills in `ParsedRow`.
_DESCRIBING = {
    "sample name": "label", "type": "type", "vial number": "vial", "vial#": "vial", "vial": "vial", "acq. date-time": "acquired_at",
    "total dil.": "total_dilution", "comment": "comment", "data file": "data_file", "level": "level", "rjct": "rejected", "": "flag",
}  # fmt: skip

# Titles of measured columns: the quantity, and the unit where the title does not bring its own.
_MEASURED = {
    "conc.": ("concentration", None),
    "conc. sd": ("concentration_sd", None),
    "conc. rsd": ("concentration_rsd", "%"),
    "meas. conc.": ("measured_concentration", None),
    "meas. conc. sd": ("measured_concentration_sd", None),
    "meas. conc. rsd": ("measured_concentration_rsd", "%"),
    "cps": ("counts", "cps"),
    "cps sd": ("counts_sd", "cps"),
    "cps rsd": ("counts_rsd", "%"),
    "count": ("counts_total", "counts"),
}


@dataclass(frozen=True, slots=True)
class Channel:
    """One analyte heading: what was measured, at which mass, in which gas mode."""

    analyte: str
    isotope: str
    gas_mode: str | None
    internal_standard: bool

    def __str__(self) -> str:
        return f"{self.isotope} {self.analyte}" + (f" [ {self.gas_mode} ]" if self.gas_mode else "")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of measured values."""

    letters: str
    channel: Channel
    quantity: str
    unit: str | None


@dataclass(frozen=True)
class Header:
    """What each column means, by its index: a field of the row, a measured quantity, or something passed over.

    `row` is the number of the second header row.
    """

    row: int
    describing: dict[int, str] = field(default_factory=dict)
    measured: dict[int, Column] = field(default_factory=dict)
    passed_over: dict[int, str] = field(default_factory=dict)

    def knows(self, index: int) -> bool:
        """Whether the column has a heading."""
        return index in self.measured or index in self.describing or index in self.passed_over


def find_header_rows(table: Table) -> tuple[Row | None, Row] | None:
    """The row that names the columns and the one just above it, where there is any; none where the table is no batch table."""
    above: Row | None = None
    for row in table.read_rows():
        number, cells = row
        if number > _SEARCHED_ROWS:
            break
        titles = {_fold_title(cell.text) for cell in cells.values() if cell.kind == "text"}
        if titles & {"sample name", "data file"} and titles & _MEASURED.keys():
            return (above if above and above[0] == number - 1 else None), row
        above = row
    return None


def read_header(table: Table, notes: Notes) -> Header:
    """The meaning of every column, with the analyte headings filled forward."""
    above, (number, titles) = find_header_rows(table) or (None, (1, {}))
    if above is None:
        message = "The row of analyte headings above the column titles is missing. Export the table with both header rows."
        raise ParseError("no_analytes", message, table.place(number))
    return _HeaderReader(table, notes, Header(number)).read(_read_channels(table, *above), titles)


def _read_channels(table: Table, number: int, cells: dict[int, Cell]) -> dict[int, Channel]:
    """Analyte headings by the column they begin at. What stands before the first one is the heading of the row's description."""
    channels: dict[int, Channel] = {}
    seen: set[Channel] = set()
    for index, cell in sorted(cells.items()):
        place = table.place(number, index)
        text = repair_mojibake(cell.text).strip()
        found = _ANALYTE.fullmatch(text)
        if cell.kind == "formula":
            raise refuse_formula(table, number, index)
        if found and found["element"] in ELEMENTS and len(found["gas"] or "") <= _LONGEST_NAME:
            channel = _make_channel(found)
            if channel in seen:
                message = f"The analyte {channel} has two headings: which one counts cannot be told. Export the table again."
                raise ParseError("analyte_twice", message, place)
            channels[index] = channel
            seen.add(channel)
        elif text and (channels or found):
            message = f"The heading {text[:80]!r} is no analyte such as '163  Dy  [ He ]'. Export the table with MassHunter's own headings."
            raise ParseError("bad_heading", message, place)
    if not channels:
        message = "The first header row names no analyte such as '163  Dy  [ He ]'. Export the table with both header rows."
        raise ParseError("no_analytes", message, table.place(number))
    return channels


def _make_channel(found: re.Match[str]) -> Channel:
    isotope = f"{found['first']} -> {found['mass']}" if found["first"] else found["mass"]
    return Channel(found["element"], isotope, " ".join((found["gas"] or "").split()) or None, bool(found["istd"]))


def _fold_title(text: str) -> str:
    """A column's title without its unit, in one spelling."""
    found = _TITLE.fullmatch(text.strip())
    return " ".join((found["title"] if found else text).casefold().split())


class _HeaderReader:
    """Fills a header column by column."""

    def __init__(self, table: Table, notes: Notes, header: Header) -> None:
        self.table, self.notes, self.header = table, notes, header
        self.seen: set[tuple[Channel, str]] = set()

    def read(self, channels: dict[int, Channel], titles: dict[int, Cell]) -> Header:
        channel: Channel | None = None
        for index in range(max(*titles, *channels) + 1):
            channel = channels.get(index, channel)
            cell = titles.get(index)
            if cell is not None and cell.kind == "formula":
                raise refuse_formula(self.table, self.header.row, index)
            if channel is None:
                self._add_describing(index, cell)
            elif cell is not None and cell.text.strip():
                self._add_measured(index, cell, channel)
        self._check(channels)
        self._inherit_units()
        return self.header

    def _inherit_units(self) -> None:
        """A standard deviation without a unit has that of the concentration beside it."""
        units = {(column.channel, column.quantity): column.unit for column in self.header.measured.values()}
        for index, column in self.header.measured.items():
            if column.unit is None and column.quantity.endswith("_sd"):
                self.header.measured[index] = replace(column, unit=units.get((column.channel, column.quantity.removesuffix("_sd"))))

    def _add_describing(self, index: int, cell: Cell | None) -> None:
        title = " ".join(cell.text.casefold().split()) if cell else ""
        name = _DESCRIBING.get(title)
        if name in self.header.describing.values():
            if name != "flag":
                raise self._refuse("column_twice", f"The column {title!r} comes twice. Export the table again.", index)
        elif name:
            self.header.describing[index] = name
        elif cell and _fold_title(cell.text) in _MEASURED:
            message = f"The column {cell.text.strip()!r} stands under no analyte: columns were moved. Export the table again."
            raise self._refuse("column_without_analyte", message, index)
        elif cell:
            self.header.passed_over[index] = cell.text.strip()[:80]

    def _add_measured(self, index: int, cell: Cell, channel: Channel) -> None:
        written = cell.text.strip()[:80]
        title = _fold_title(cell.text)
        if title in _DESCRIBING:
            message = f"The column {written!r} stands under {channel}: columns were moved. Export the table again."
            raise self._refuse("column_misplaced", message, index)
        quantity, unit = _MEASURED.get(title) or (re.sub(r"\W+", "_", title).strip("_"), "%" if "%" in title else None)
        if (channel, quantity) in self.seen:
            message = f"The column {written!r} comes twice under {channel}: columns were moved or copied. Export the table again."
            raise self._refuse("column_twice", message, index)
        found = _TITLE.fullmatch(cell.text.strip())
        named = repair_mojibake(found["unit"] or "") if found else ""
        if not found or not quantity or len(quantity) > _LONGEST_NAME or len(named) > _LONGEST_UNIT:
            raise self._refuse("bad_heading", f"The column title {written!r} is not understood. Export the table again.", index)
        if title not in _MEASURED:
            self._note("column_unknown", f"The column {written!r} is kept under its own name.", index)
        elif unit is None and read_unit(named) is None and (named or not quantity.endswith("_sd")):
            self._note("unit_unknown", f"The unit of {written!r} under {channel} is {'not known' if named else 'missing'}.", index)
        self.seen.add((channel, quantity))
        letters = self.table.place(self.header.row, index).column or ""
        self.header.measured[index] = Column(letters, channel, quantity, named or unit)

    def _check(self, channels: dict[int, Channel]) -> None:
        if "label" not in self.header.describing.values():
            message = "The column 'Sample Name' is missing. Add it to the table in MassHunter and export again."
            raise ParseError("no_sample_name", message, self.table.place(self.header.row))
        filled = {channel for channel, _ in self.seen}
        for index, channel in channels.items():
            if channel not in filled:
                raise self._refuse("no_columns", f"No column stands under {channel}. Export the table again.", index)
        for index, title in self.header.passed_over.items():
            self._note("column_passed_over", f"The column {title!r} describes the row in a way not used here and was not read.", index)

    def _refuse(self, code: str, message: str, column: int) -> ParseError:
        return ParseError(code, message, self.table.place(self.header.row, column))

    def _note(self, code: str, message: str, column: int) -> None:
        self.notes.add(code, message, self.table.place(self.header.row, column))

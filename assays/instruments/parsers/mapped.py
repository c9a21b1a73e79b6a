"""Files of a layout that a laboratory taught (`layouts.Layout`): rows and readings of the one table that fits, every cell accounted for.

In the wide form a line of the file is an acquisition and each column of values a channel. In the long form a line is one reading: lines of
one name (and type, vial and time) are one acquisition until a channel comes again, which begins the next; whether that was a replicate is
a person's to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from .cells import note_unread
from .formulas import LONGEST_ANALYTE, read_analyte
from .labels import note_mangled
from .layouts import Header, Layout, MappedColumn, Role, find_header
from .measured_columns import check_cell, refuse_cut_end
from .model import CONCENTRATIONS, MISSING, NOT_UNDERSTOOD, Notes, ParsedExport, ParsedReading, ParsedRow, ParseError
from .nomenclature import read_unit, read_value
from .sample_types import classify_type
from .source import Source
from .tables import Cell, Table

FORMAT = "mapped"
MOST_READINGS = 500_000
_LONGEST = {"label": 200, "type": 40, "vial": 40, "acquired_at": 60, "line": 64, "gas_mode": 64, "quantity": 64, "unit": 20}
_LONGEST_VALUE = 255
_SAID: tuple[Role, ...] = ("analyte", "line", "gas_mode", "replicate", "quantity")
_ACQUISITION: tuple[Role, ...] = ("label", "type", "vial", "acquired_at")


def fits(layout: Layout, source: Source) -> bool:
    """Whether a table of the file has the layout's header; also where more than one does, which `parse` refuses."""
    try:
        return any(find_header(layout, table) for table in source.tables)
    except ParseError:
        return True


def parse(layout: Layout, source: Source) -> ParsedExport:
    """Every filled cell under a heading of values as a reading. Raises `ParseError` with the place, also where two tables fit."""
    found = [(table, header) for table in source.tables if (header := find_header(layout, table))]
    if not found:
        message = "No table of the file has the header this mapping was taught."
        raise ParseError("mapping_does_not_fit", message, source.tables[0].place(1) if source.tables else None)
    if len(found) > 1:
        message = f"The sheets {found[0][0].sheet} and {found[1][0].sheet} both fit the mapping. Name the one meant in the mapping."
        raise ParseError("mapping_ambiguous", message, found[1][0].place(found[1][1].row))
    table, header = found[0]
    return _Reader(layout, source, table, header).read()


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the file with its parts by what they are."""

    number: int
    cells: dict[int, Cell]
    texts: dict[Role, str]
    comment: str


@dataclass
class _Reader:
    layout: Layout
    source: Source
    table: Table
    header: Header
    notes: Notes = field(default_factory=Notes)
    rows: list[ParsedRow] = field(default_factory=list)
    readings: list[ParsedReading] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.values = {index: column for index, column in self.header.columns.items() if column.role == "value"}
        self.units: dict[int, str] = {}
        self.missing = frozenset(word.casefold() for word in self.layout.missing)
        self.seen: dict[tuple[str, ...], tuple[int, set[tuple[object, ...]]]] = {}

    def read(self) -> ParsedExport:
        self._refuse_doubles()
        last: _Line | None = None
        for number, cells in self.table.read_rows():
            if number <= self.header.row or not any(cell.text.strip() for cell in cells.values()):
                continue
            if self.layout.units_row and number == self.header.row + 1:
                self._read_units(number, cells)
                continue
            last = self._take_apart(number, cells)
            (self._read_wide if self.layout.form == "wide" else self._read_long)(last)
            if len(self.readings) > MOST_READINGS:
                message = f"The file holds more than {MOST_READINGS:,} values. Split it and upload the parts one after the other."
                raise ParseError("too_large", message, self.table.place(number))
        if last is None or not self.readings:
            message = "The table holds no measured value below its header. Export it after the samples were measured."
            raise ParseError("no_readings", message, self.table.place(self.header.row))
        refuse_cut_end(self.source, self.table, last.number, last.cells, max(self.values))
        return ParsedExport(FORMAT, tuple(self.rows), tuple(self.readings), self.notes.as_tuple())

    def _refuse_doubles(self) -> None:
        channels: dict[tuple[str, str, str, str], int] = {}
        for index, column in sorted(self.values.items()):
            if column.channel in channels:
                message = f"Two columns hold the {column.quantity.replace('_', ' ')} of {column.analyte}. Export the table again."
                raise ParseError("column_twice", message, self.table.place(self.header.row, index))
            channels[column.channel] = index

    def _read_units(self, number: int, cells: dict[int, Cell]) -> None:
        for index, column in self.values.items():
            text = cells[index].text.strip() if index in cells else ""
            if column.quantity in CONCENTRATIONS and not column.unit and read_unit(text) is None:
                message = f"The row of units says {text!r} for {column.heading}, which is no unit known here."
                raise ParseError("unit_unknown", message, self.table.place(number, index))
            self.units[index] = text[: _LONGEST["unit"]]

    def _take_apart(self, number: int, cells: dict[int, Cell]) -> _Line:
        texts: dict[Role, str] = {}
        comments = []
        for index, cell in sorted(cells.items()):
            text = cell.text.strip()
            if not text:
                continue
            check_cell(self.table, number, index, cell)
            column = self.header.columns.get(index)
            if column is None:
                message = f"The value {text[:40]!r} has no heading. Export the table again, or delete what was added by hand."
                raise ParseError("no_heading", message, self.table.place(number, index))
            if column.role == "comment":
                comments.append(f"{column.heading}: {text}")
            elif column.role == "acquired_at":
                texts["acquired_at"] = f"{texts.get('acquired_at', '')} {text}".strip()[: _LONGEST["acquired_at"]]
            elif column.role not in {"value", "ignore", "dilution"}:
                texts[column.role] = self._read_text(column, number, index, cell)
        return _Line(number, cells, texts, "; ".join(comments)[:2000])

    def _read_text(self, column: MappedColumn, number: int, index: int, cell: Cell) -> str:
        text, place = cell.text.strip(), self.table.place(number, index)
        longest = _LONGEST.get(column.role, LONGEST_ANALYTE)
        if len(text) > longest:
            message = f"The {column.role.replace('_', ' ')} has {len(text):,} characters; {longest} can be kept. Shorten it."
            raise ParseError("text_too_long", message, place)
        if column.role == "label":
            note_mangled(text, cell.kind, self.notes, place)
        return text

    def _read_wide(self, line: _Line) -> None:
        if not line.texts and not any(index in line.cells and line.cells[index].text.strip() for index in self.values):
            self.notes.add("row_passed_over", "The line names no sample and holds no value.", self.table.place(line.number))
            return
        row_index = self._add_row(line)
        for index, column in sorted(self.values.items()):
            if index in line.cells and line.cells[index].text.strip():
                self._add_reading(line, index, column, row_index, column.unit or self.units.get(index, ""))

    def _read_long(self, line: _Line) -> None:
        filled = [index for index in sorted(self.values) if index in line.cells and line.cells[index].text.strip()]
        if filled and not line.texts.get("analyte"):
            message = "The line holds a value but names no analyte. Export the table again."
            raise ParseError("no_analyte", message, self.table.place(line.number, filled[0]))
        said = {name: line.texts.get(name, "") for name in _SAID}
        columns = {index: self._say(self.values[index], said) for index in filled}
        row_index = self._find_row(line, {(column.channel, said["replicate"]) for column in columns.values()})
        if said["analyte"] and read_analyte(said["analyte"]) is None:
            message = f"{said['analyte']} is no element known; its readings are kept under that name."
            self.notes.add("analyte_unknown", message, self.table.place(line.number))
        for index, column in columns.items():
            self._add_reading(line, index, column, row_index, self._unit_of(line, column) or self.units.get(index, ""))

    def _unit_of(self, line: _Line, column: MappedColumn) -> str:
        """The line's unit, and the taught one where it says none. Beside concentrations counts stand in the same line, of which its unit
        does not speak."""
        speaks = len(self.values) == 1 or column.quantity in CONCENTRATIONS
        return (line.texts.get("unit", "") if speaks else "") or column.unit

    def _say(self, column: MappedColumn, said: dict[Role, str]) -> MappedColumn:
        """The column with what this line says of its value."""
        return replace(
            column,
            analyte=said["analyte"],
            line=said["line"] or column.line,
            gas_mode=said["gas_mode"] or column.gas_mode,
            quantity=said["quantity"] or column.quantity,
        )

    def _find_row(self, line: _Line, channels: set[tuple[object, ...]]) -> int:
        """The acquisition the line belongs to: the last of its name, unless that already has such a reading."""
        key = tuple(line.texts.get(name, "") for name in _ACQUISITION)
        index, seen = self.seen.get(key, (-1, set()))
        if index < 0 or channels & seen:
            index, seen = self._add_row(line), set()
        self.seen[key] = (index, seen | channels)
        return index

    def _add_row(self, line: _Line) -> int:
        type_ = line.texts.get("type", "")
        row = ParsedRow(
            label=line.texts.get("label", ""),
            type=type_,
            kind=classify_type(type_),
            row=line.number,
            sheet=self.table.sheet,
            vial=line.texts.get("vial", ""),
            acquired_at=line.texts.get("acquired_at", ""),
            comment=line.comment,
            total_dilution=self._read_dilution(line),
        )
        self.rows.append(row)
        return len(self.rows) - 1

    def _add_reading(self, line: _Line, index: int, column: MappedColumn, row_index: int, unit: str) -> None:
        cell, row = line.cells[index], self.rows[row_index]
        if len(cell.text) > _LONGEST_VALUE:
            message = f"The value has {len(cell.text):,} characters. Export the table again."
            raise ParseError("text_too_long", message, self.table.place(line.number, index))
        value, qualifier = self._read_cell(cell)
        if qualifier == NOT_UNDERSTOOD:
            note_unread(self.table, self.notes, cell, line.number, index)
        self.readings.append(
            ParsedReading(
                sample=row.label,
                type=row.type,
                analyte=column.analyte,
                isotope_or_line=column.line or None,
                gas_mode=column.gas_mode or None,
                quantity=column.quantity,
                unit=unit or None,
                raw=cell.text,
                value=value,
                qualifier=qualifier,
                sheet=self.table.sheet,
                row=line.number,
                column=self.table.place(None, index).column,
                row_index=row_index,
                replicate=self._read_replicate(line),
                dilution=row.total_dilution,
                acquired_at=row.acquired_at,
            )
        )

    def _read_cell(self, cell: Cell) -> tuple[Decimal | None, str]:
        """Number and qualifier. A number of a workbook is stored with a point, whatever sign the program shows."""
        if cell.text.strip().casefold() in self.missing:
            return None, MISSING
        if cell.kind not in {"number", "text"}:
            return None, NOT_UNDERSTOOD
        return read_value(cell.text, "." if cell.kind == "number" else self.layout.decimal_sign)

    def _read_dilution(self, line: _Line) -> Decimal | None:
        index = next((at for at, column in self.header.columns.items() if column.role == "dilution"), None)
        cell = line.cells.get(index) if index is not None else None
        if cell is None or not cell.text.strip():
            return None
        value, qualifier = self._read_cell(cell)
        if value is None or qualifier or value <= 0:
            message = f"The dilution {cell.text[:40]!r} is no number above zero. Correct it in the instrument's software and export again."
            raise ParseError("dilution_unread", message, self.table.place(line.number, index))
        return value

    def _read_replicate(self, line: _Line) -> int | None:
        text = line.texts.get("replicate", "")
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and 0 < int(text) < 1000):
            raise ParseError("replicate", f"The replicate {text!r} is no number from 1 to 999.", self.table.place(line.number))
        return int(text)

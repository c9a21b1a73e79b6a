"""Tables with one acquisition a row: what each column means, and how its cells become readings. Shared by the formats that are such tables.

The words for a quantity are the same in all of them: `concentration`, `intensity` (of a line, in the unit given), `lld` (the limit of
detection that stands in place of an error, or in a column of its own), `_error` (as the instrument states it), `_sd`, `_rsd`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from .cells import LONGEST_VALUE, CellReader, note_unread, read_cell, refuse_cut, refuse_formula, said_whole
from .formulas import LONGEST_ANALYTE
from .model import BELOW, NOT_DETECTED, NOT_UNDERSTOOD, Item, Kind, Notes, ParsedReading, ParsedRow, ParseError
from .nomenclature import find_decimal_sign, read_unit
from .source import Source
from .tables import Cell, Table

_LONGEST_TIME, _LONGEST_COMMENT = 60, 2000
_TAIL = 1024**2
_TIME_ALONE = re.compile(r"(?:1899-12-3[01]T|1900-01-00T)?(?P<time>\d{2}:\d{2}:\d{2}(?:\.\d+)?)")
_WORD_BEFORE_UNIT = re.compile(
    r"(?:c|conc|concentration|result|int|intensity)\.?\s*[(\[]\s*(?P<unit>[^()\[\]]{1,20}?)\s*[)\]]", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of measured values.

    Where the value says that nothing was detected, `limit_column` holds the limit. `value_column` is the column an error belongs to: beside
    a value not detected the error is the limit. `gas_mode` is also the view of the plasma. `unit_column` and `analyte_column` hold the unit
    and the compound row by row.
    """

    analyte: str
    quantity: str
    unit: str | None = None
    line: str | None = None
    gas_mode: str | None = None
    limit_column: int | None = None
    value_column: int | None = None
    unit_column: int | None = None
    analyte_column: int | None = None
    zero_is_not_detected: bool = False
    internal_standard: bool = False
    replicate: int | None = None


@dataclass(frozen=True)
class Layout:
    """What the columns of a header mean, by index: fields of the row (the first that is filled counts, `acquired_at` joins them), measured
    quantities, and titles of columns that only describe. `row` is the number of the last header row."""

    row: int
    fields: Mapping[str, tuple[int, ...]]
    measured: Mapping[int, Column]
    titles: Mapping[int, str] = field(default_factory=dict)
    silent: frozenset[int] = frozenset()

    def knows(self, index: int) -> bool:
        """Whether the column has a heading or belongs to one."""
        return index in self._known

    @cached_property
    def _known(self) -> frozenset[int]:
        places = {index for places in self.fields.values() for index in places}
        return frozenset({*self.measured, *self.titles, *self.silent, *places})

    @cached_property
    def last_needed(self) -> int:
        """The last column without which a line would say something else: values, their units, limits and names, the sample."""
        beside = [(one.unit_column, one.limit_column, one.analyte_column) for one in self.measured.values()]
        named = [index for places in self.fields.values() for index in places]
        return max([*self.measured, *named, *(index for places in beside for index in places if index is not None)])


def check_cell(table: Table, number: int, index: int, cell: Cell) -> None:
    """Refuse a formula and a value no column of a database has room for."""
    if cell.kind == "formula":
        raise refuse_formula(table, number, index)
    if len(cell.text) > _LONGEST_COMMENT:
        message = f"The cell has {len(cell.text):,} characters, more than can be kept. Shorten it and export again."
        raise ParseError("text_too_long", message, table.place(number, index))


def find_sign_in(table: Table, columns: Iterable[int], first_row: int) -> str:
    """The decimal sign of the measured columns: a point, unless a comma stands where it can be nothing else.

    Fields that commas separate may hold decimal commas in quotes: `"0,035"`, and so may texts in a workbook. `1,234` alone could be either
    and decides nothing there.
    """
    wanted = frozenset(columns)
    texts = (cell.text for number, cells in table.read_rows() if number >= first_row for index, cell in cells.items() if index in wanted)
    return find_sign(table, texts)


def find_sign(table: Table, texts: Iterable[str]) -> str:
    """As `find_sign_in`, for texts that are already taken out of their cells."""
    if table.separator in {";", "\t"}:
        return find_decimal_sign(texts)
    return find_decimal_sign(text for text in texts if not _may_be_thousands(text))


def _may_be_thousands(text: str) -> bool:
    digits = text.strip().lstrip("<>=+- ")
    head, comma, tail = digits.partition(",")
    return bool(comma) and len(tail) == 3 and 1 <= len(head) <= 3 and not head.startswith("0")


def refuse_cut_end(source: Source, table: Table, number: int, cells: Mapping[int, Cell], last: int, *, value: bool = False) -> None:
    """Refuse a text whose last line may have been broken off: a cut `12.5` looks like any other number. `value` says that `last` holds one.

    A line without a line break is whole where a separator, a quotation mark or a word for no number closes its `last` measured column, or
    where that column itself is kept as a text that may be cut.
    """
    if table.end == "whole":
        return
    count = _count_last_fields(source, table)
    closed = count - 1 >= (last + 1 if table.end == "open" else last)
    if closed or (count - 1 == last and last in cells and (said_whole(cells[last]) or (value and cells[last].kind == "cut"))):
        return
    raise refuse_cut(table.place(number, max(cells, default=0)))


def _count_last_fields(source: Source, table: Table) -> int:
    """How many fields the last line has; UTF-16 loses its second bytes, which changes no separator."""
    lines = source.read_tail(_TAIL).replace(b"\x00", b"").decode("utf-8", "replace").splitlines()
    try:
        return len(next(csv.reader(lines[-1:], delimiter=table.separator or ",", strict=True), []))
    except csv.Error:
        return 0


class RowReader:
    """Makes rows and readings of a table's lines, and remembers what a broken-off end would need to know."""

    def __init__(self, source: Source, table: Table, notes: Notes, first_index: int, decimal_sign: str = ".") -> None:
        self.source, self.table, self.notes, self.decimal_sign = source, table, notes, decimal_sign
        self.row_index = first_index - 1
        self._last: tuple[int, dict[int, Cell], Layout] | None = None

    def read(
        self, layout: Layout, number: int, cells: dict[int, Cell], *, type_: str = "", kind: Kind = "unknown", replicate: int | None = None
    ) -> Iterator[Item]:
        """The row that a line is, and a reading for every filled measured cell."""
        self._check_cells(layout, number, cells)
        row = self._make_row(layout, number, cells, type_, kind)
        self.row_index += 1
        yield row
        yield from self._make_readings(layout, number, cells, row, self.row_index, replicate)

    def read_further(
        self, layout: Layout, number: int, cells: dict[int, Cell], row: ParsedRow, row_index: int, replicate: int | None = None
    ) -> Iterator[Item]:
        """The readings of a line that says more about an earlier row."""
        self._check_cells(layout, number, cells)
        yield from self._make_readings(layout, number, cells, row, row_index, replicate)

    def _make_readings(
        self, layout: Layout, number: int, cells: dict[int, Cell], row: ParsedRow, row_index: int, replicate: int | None
    ) -> Iterator[Item]:
        for index in sorted(cells.keys() & layout.measured.keys()):
            if cells[index].text.strip():
                yield self._make_reading(layout, index, cells, row, number, row_index, replicate)
        self._last = (number, cells, layout)

    def check_end(self) -> None:
        """Refuse a text that may have been broken off inside its last line."""
        if self._last is not None:
            number, cells, layout = self._last
            last, limits = layout.last_needed, {one.limit_column for one in layout.measured.values()}
            refuse_cut_end(self.source, self.table, number, cells, last, value=last in layout.measured.keys() - limits)

    def _check_cells(self, layout: Layout, number: int, cells: dict[int, Cell]) -> None:
        for index, cell in cells.items():
            check_cell(self.table, number, index, cell)
            if not layout.knows(index) and cell.text.strip():
                message = f"The value {cell.text[:40]!r} has no heading. Export the table again, or delete what was added by hand."
                raise ParseError("no_heading", message, self.table.place(number, index))

    def _make_row(self, layout: Layout, number: int, cells: dict[int, Cell], type_: str, kind: Kind) -> ParsedRow:
        label = self._read_field(layout, "label", number, cells)
        comment = "; ".join(f"{title}: {cells[index].text.strip()}" for index, title in layout.titles.items() if index in cells)
        return ParsedRow(
            label=label,
            type=type_ or self._read_field(layout, "type", number, cells),
            kind=kind,
            row=number,
            sheet=self.table.sheet,
            vial=self._read_field(layout, "vial", number, cells),
            acquired_at=self._join_time(layout, cells)[:_LONGEST_TIME],
            comment=comment[:_LONGEST_COMMENT],
            data_file=self._read_field(layout, "data_file", number, cells),
        )

    def _read_field(self, layout: Layout, name: str, number: int, cells: dict[int, Cell]) -> str:
        index = next((index for index in layout.fields.get(name, ()) if index in cells and cells[index].text.strip()), None)
        if index is None:
            return ""
        return CellReader(self.table, self.notes).read_text(name, number, index, cells[index])

    def _join_time(self, layout: Layout, cells: dict[int, Cell]) -> str:
        return join_times([cells[index].text for index in layout.fields.get("acquired_at", ()) if index in cells])

    def _make_reading(
        self, layout: Layout, index: int, cells: dict[int, Cell], row: ParsedRow, number: int, row_index: int, replicate: int | None
    ) -> ParsedReading:
        column, cell = layout.measured[index], cells[index]
        if len(cell.text) > LONGEST_VALUE:
            message = f"The value has {len(cell.text):,} characters. Export the table again."
            raise ParseError("text_too_long", message, self.table.place(number, index))
        value, qualifier = self.read_cell(column, cell, cells)
        quantity = column.quantity
        if column.value_column is not None and self._is_below(layout.measured[column.value_column], cells.get(column.value_column)):
            quantity = "lld"
        if qualifier == NOT_UNDERSTOOD:
            note_unread(self.table, self.notes, cell, number, index)
        analyte = column.analyte
        if column.analyte_column is not None:
            named = cells.get(column.analyte_column)
            analyte = named.text.strip()[:LONGEST_ANALYTE] if named else analyte
            quantity = quantity if named else f"compound_{quantity}"
        unit = column.unit
        if column.unit_column is not None and column.unit_column in cells:
            unit = cells[column.unit_column].text.strip()[:20]
        return ParsedReading(
            sample=row.label,
            type=row.type,
            analyte=analyte,
            isotope_or_line=column.line,
            gas_mode=column.gas_mode,
            quantity=quantity,
            unit=unit,
            raw=cell.text,
            value=value,
            qualifier=qualifier,
            sheet=self.table.sheet,
            row=number,
            column=self.table.place(None, index).column,
            row_index=row_index,
            internal_standard=column.internal_standard,
            replicate=column.replicate if replicate is None else replicate,
            acquired_at=row.acquired_at,
        )

    def read_cell(self, column: Column, cell: Cell, cells: dict[int, Cell]) -> tuple[Decimal | None, str]:
        """Number and qualifier; of a value not detected the limit, where the file gives one above zero."""
        if not self._is_below(column, cell):
            return read_cell(cell, self.decimal_sign)
        limit = cells.get(column.limit_column) if column.limit_column is not None else None
        value, qualifier = read_cell(limit, self.decimal_sign) if limit else (None, "")
        return (value, BELOW) if value is not None and value > 0 and not qualifier else (None, NOT_DETECTED)

    def _is_below(self, column: Column, cell: Cell | None) -> bool:
        """Whether the value of a column with a limit says that nothing was detected."""
        if cell is None:
            return False
        value, qualifier = read_cell(cell, self.decimal_sign)
        return qualifier == NOT_DETECTED or (column.zero_is_not_detected and value == 0 and not qualifier)


def join_times(texts: Iterable[str]) -> str:
    """Date and time as one text; a workbook writes a date alone as its midnight, and a time alone as one of the day before its first."""
    filled = [text.strip() for text in texts if text.strip()]
    if len(filled) == 2 and filled[0].endswith("T00:00:00") and (found := _TIME_ALONE.fullmatch(filled[1])):
        return f"{filled[0][:10]}T{found['time']}"
    return " ".join(filled)


def refuse_doubles(table: Table, layout: Layout) -> None:
    """Refuse two columns that say the same: which of them counts cannot be told."""
    seen: set[tuple[object, ...]] = set()
    for index, column in sorted(layout.measured.items()):
        what = (column.analyte, column.quantity, column.line, column.unit, column.analyte_column, column.gas_mode, column.replicate)
        if what in seen:
            message = f"Two columns hold the {column.quantity.replace('_', ' ')} of {column.analyte}. Export the table again."
            raise ParseError("column_twice", message, table.place(layout.row, index))
        seen.add(what)


def note_passed_over(table: Table, notes: Notes) -> None:
    """Note a sheet of a workbook that is no table of this format."""
    if table.sheet is not None:
        notes.add("sheet_passed_over", f"The sheet {table.sheet} is no table of results and was not read.", table.place())


def read_units_below(table: Table, header: int, columns: Set[int]) -> tuple[int | None, dict[int, str]]:
    """The row of units just below the header, where there is one."""
    for number, cells in table.read_rows():
        if number <= header or not any(cell.text.strip() for cell in cells.values()):
            continue
        units = {index: _strip_unit(cell.text) for index, cell in cells.items() if cell.text.strip()}
        is_units = units.keys() <= columns and all(read_unit(unit) for unit in units.values())
        return (number, units) if is_units else (None, {})
    return None, {}


def _strip_unit(text: str) -> str:
    """A unit without its brackets and without the word before them: `(%)`, `Conc. [ppm]`."""
    found = _WORD_BEFORE_UNIT.fullmatch(text.strip())
    return found["unit"] if found else text.strip().strip("()[]").strip()


def is_rate(unit: str | None) -> bool:
    """Whether the unit is one of counts a second: what stands under it is an intensity, whatever the column is called."""
    return unit is not None and "cps" in unit.casefold()


def note_columns(table: Table, notes: Notes, layout: Layout, known: Iterable[str]) -> None:
    """Note the columns with a title beyond the known ones: what stands in them describes the row and is no reading."""
    words = frozenset(known)
    for index, title in layout.titles.items():
        if fold(title) not in words:
            message = f"The column {title[:40]!r} is no analyte known; it describes the row and was not read as a result."
            notes.add("column_passed_over", message, table.place(layout.row, index))


def note_missing_unit(table: Table, notes: Notes, layout: Layout) -> bool:
    """Note a header of which no column and no heading says a unit; whether it is so."""
    if any(column.unit or column.unit_column is not None for column in layout.measured.values()):
        return False
    notes.add("unit_missing", "No column and no heading says the unit of the contents.", table.place(layout.row))
    return True


def fold(text: str) -> str:
    """A title in one spelling: lower case, `.` and `_` as spaces."""
    return " ".join(text.replace(".", " ").replace("_", " ").casefold().split())

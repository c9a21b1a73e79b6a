"""Rigaku wavelength-dispersive XRF results (Supermini, ZSX), delimited text or .xlsx.

Blocks stand one below the other: contents first, line intensities next. Each has two header rows, the analytes (`U3O8`, or a line: `U -LA`)
and below them the units (`g/L`, `mass%`, `kcps`), then the samples, then statistics (`Number`, `Average`, `Maximum`, `Minimum`, `Range`,
`Std dev.`, `RSD(%)`). The columns before the first analyte have no titles: sample type or application, sample, operator, time; where only
one of them is a text, that is the sample. Lines of two blocks that begin alike are one acquisition.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from .formulas import Heading, read_compound, read_line
from .measured_columns import Column, Layout, RowReader, find_sign_in, is_rate, note_passed_over, refuse_doubles
from .model import Item, Notes, ParsedRow, ParseError
from .nomenclature import read_unit, repair_mojibake
from .source import Source
from .statistics_rows import derive_layout, find_statistic
from .tables import Cell, Row, Table

FORMAT = "rigaku"
TITLE = "Rigaku XRF results (.csv, .xlsx)"
MOST_SAMPLES = 50_000  # they are kept, to be known again in the next block
_SEARCHED_ROWS = 30
_UNIT = re.compile(r"(?:mass|wt|w|at|mol)[ .]?%|k?cps(?:/\S{1,8})?|[mu]g/cm2|nm|um", re.IGNORECASE)
_DATE = re.compile(r"\d{1,4}[/.-](?:\d{1,2}|[A-Za-z]{3})[/.-]\d{1,4}(?:[ T].*)?")


def recognise(source: Source) -> bool:
    """Whether a table of the file has a row of analytes, a row of units below it, and text before the first analyte below that."""
    return any(_find_block(table) for table in source.tables)


def read(source: Source, notes: Notes) -> Iterator[Item]:
    """Rows and their readings; those of a later block name the row of the first."""
    index = 0
    for table in source.tables:
        if _find_block(table):
            reader = _BlockReader(RowReader(source, table, notes, index))
            yield from reader.read()
            index = reader.rows.row_index + 1
        else:
            note_passed_over(table, notes)


def _find_block(table: Table) -> bool:
    above: Row | None = None
    two_above: Row | None = None
    for row in table.first_rows:
        if row[0] > _SEARCHED_ROWS:
            break
        if two_above and above and _are_headings(two_above, above) and _begins_with_text(row[1], min(_read_headings(two_above[1]))):
            return True
        two_above, above = above, row
    return False


def _begins_with_text(cells: dict[int, Cell], first: int) -> bool:
    return any(index < first and cell.text.strip() for index, cell in cells.items())


def _read_headings(cells: dict[int, Cell]) -> dict[int, Heading]:
    """The analytes of a header row; none at all where anything else stands in it or nothing stands before them."""
    headings: dict[int, Heading] = {}
    for index, cell in cells.items():
        text = cell.text.strip()
        compound = read_compound(text)
        heading = read_line(text) or (Heading(compound) if compound else None)
        if heading is None:
            return {}
        headings[index] = heading
    return headings if headings and min(headings) > 0 else {}


def _are_headings(above: Row, below: Row) -> bool:
    headings = _read_headings(above[1]) if below[0] == above[0] + 1 else {}
    units = [cell.text.strip() for cell in below[1].values()]
    return bool(headings and units) and below[1].keys() <= headings.keys() and all(_is_unit(unit) for unit in units)


def _is_unit(text: str) -> bool:
    return read_unit(text) is not None or _UNIT.fullmatch(text) is not None


class _BlockReader:
    """Reads blocks one after the other, and knows the rows of the first again in the next."""

    def __init__(self, rows: RowReader) -> None:
        self.rows, self.table = rows, rows.table
        self.layout: Layout | None = None
        self.known: dict[tuple[tuple[str, ...], int], tuple[ParsedRow, int]] = {}
        self.counted: Counter[tuple[str, ...]] = Counter()

    def read(self) -> Iterator[Item]:
        pending: Row | None = None
        for row in self.table.read_rows():
            if not any(cell.text.strip() for cell in row[1].values()):
                continue
            if pending and _are_headings(pending, row):
                self._begin_block(pending[1], row)
                pending = None
                continue
            if pending:
                yield from self._read_line(*pending)
            pending = row
        if pending:
            yield from self._read_line(*pending)
        self.rows.check_end()

    def _begin_block(self, above: dict[int, Cell], row: Row) -> None:
        number, units = row
        measured = {}
        for index, heading in _read_headings(above).items():
            unit = repair_mojibake(units[index].text.strip()) if index in units else None
            quantity = "intensity" if heading.line or is_rate(unit) else "concentration"
            measured[index] = Column(heading.analyte, quantity, unit, heading.line)
            if unit is None:
                self.rows.notes.add("unit_missing", f"{heading.analyte} has no unit.", self.table.place(number, index))
        self.layout = Layout(number, {}, measured)
        refuse_doubles(self.table, self.layout)
        self.counted.clear()
        self.rows.decimal_sign = find_sign_in(self.table, measured, number + 1) if not self.known else self.rows.decimal_sign

    def _read_line(self, number: int, cells: dict[int, Cell]) -> Iterator[Item]:
        if _read_headings(cells):
            message = "No row of units stands below this row of analytes. Export the table again."
            raise ParseError("no_units", message, self.table.place(number))
        if self.layout is None:
            text = next(cell.text.strip() for cell in cells.values() if cell.text.strip())
            self.rows.notes.add("line_passed_over", f"The line {text[:40]!r} above the table was not read.", self.table.place(number))
            return
        first = min(self.layout.measured)
        leading = tuple(cells[index].text.strip() if index in cells else "" for index in range(first))
        layout = self._describe(self.layout, leading, cells)
        words = [text for text in leading if text]
        statistic = find_statistic(words[0]) if len(words) == 1 else None
        if statistic:
            bare = Layout(layout.row, {}, layout.measured, {}, frozenset(range(first)))
            yield from self.rows.read(derive_layout(bare, statistic), number, cells, type_=words[0][:40], kind="statistic")
            return
        self.counted[leading] += 1
        key = (leading, self.counted[leading])
        if key in self.known:
            yield from self.rows.read_further(layout, number, cells, *self.known[key])
            return
        for item in self.rows.read(layout, number, cells):
            if isinstance(item, ParsedRow):
                if len(self.known) >= MOST_SAMPLES:
                    message = f"The file holds more than {MOST_SAMPLES:,} samples. Export fewer at a time."
                    raise ParseError("too_large", message, self.table.place(number))
                self.known[key] = (item, self.rows.row_index)
            yield item

    def _describe(self, layout: Layout, leading: tuple[str, ...], cells: dict[int, Cell]) -> Layout:
        """The layout with the columns before the first analyte named by what stands in them."""
        times = [index for index, text in enumerate(leading) if _DATE.fullmatch(text) or (index in cells and cells[index].kind == "date")]
        texts = [index for index in range(len(leading)) if index not in times[-1:]]
        label = texts[1] if len(texts) > 1 else texts[0] if texts else 0
        others = {index: f"column {self.table.place(None, index).column}" for index in texts if index != label}
        return Layout(layout.row, {"label": (label,), "acquired_at": tuple(times[-1:])}, layout.measured, others)

"""Agilent SpectrAA flame and furnace results: a heading of the worksheet, then a block of lines for each method.

The file is UTF-16 and in the language of the software: `Méthode: Au Aqua Regia (Flamme)`. A line has the sample, the concentration or
`OVER`, a column that is usually empty, the unit, and numbers without any title. Those are kept under the number of their column, since
nothing in the file says what they are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from .cells import CellReader
from .measured_columns import find_sign, note_passed_over, refuse_cut_end
from .model import NOT_UNDERSTOOD, OVER, Item, Notes, ParsedReading, ParsedRow, ParseError
from .nomenclature import ELEMENTS, read_cell_text, read_unit, repair_mojibake
from .source import Source
from .tables import Cell, Table, name_column

FORMAT = "agilent_spectraa"
TITLE = "Agilent SpectrAA results in blocks of a method (.csv)"
_SEARCHED_ROWS = 60
_LABEL, _VALUE, _UNIT = 0, 1, 3

_METHOD = re.compile(r"m[ée]tho(?:de?|den?)|m[ée]todo|method", re.IGNORECASE)
_TECHNIQUE = re.compile(
    r".*\((?:flamm?e?|flame|furnace|four|vapou?r|vapeur|hydrure|hydride|llama|horno|graphit\w*|zeeman)[^()]*\)", re.IGNORECASE
)


def recognise(source: Source) -> bool:
    """Whether a table of the file has a line that names a method with its technique, `Method: Au (Flame)`."""
    return any(_has_method(table) for table in source.tables)


def _has_method(table: Table) -> bool:
    methods = (_find_method(cells) for _, cells in islice(table.read_rows(), _SEARCHED_ROWS))
    return any(method is not None and _TECHNIQUE.fullmatch(method) for method in methods)


def _find_method(cells: Mapping[int, Cell]) -> str | None:
    """The name of the method that a block's first line gives, or none."""
    if set(cells) != {_LABEL}:
        return None
    word, colon, name = cells[_LABEL].text.strip().partition(":")
    return name.strip() if colon and name.strip() and _METHOD.fullmatch(word.strip()) else None


def read(source: Source, notes: Notes) -> Iterator[Item]:
    """Every number of every line of every block as a reading; what the blocks tell of different analytes of
    one sample is one row, a second measurement of an analyte is another."""
    rows = 0
    for table in source.tables:
        if _has_method(table):
            blocks = _Blocks(table, notes, rows)
            yield from blocks.read(source)
            rows = blocks.rows
        else:
            note_passed_over(table, notes)


@dataclass(frozen=True)
class _Sample:
    """A row with its place among the rows, and the analytes that blocks have told of it so far."""

    row: ParsedRow
    index: int
    analytes: set[str]


class _Blocks:
    """Reads the blocks of a table. `rows` counts the file's rows up to here; `samples` holds, by name and the how manieth of it in a block,
    the row that further analytes of other blocks belong to; `seen` counts the names of the block."""

    def __init__(self, table: Table, notes: Notes, rows: int) -> None:
        self.table, self.notes, self.rows = table, notes, rows
        texts = (cell.text for _, cells in table.read_rows() for index, cell in cells.items() if index not in {_LABEL, _UNIT})
        self.cells = CellReader(table, notes, find_sign(table, texts))
        self.method, self.analyte, self.when = "", "", ""
        self.samples: dict[tuple[str, int], _Sample] = {}
        self.seen: Counter[str] = Counter()

    def read(self, source: Source) -> Iterator[Item]:
        separator = self.table.separator or ","
        last = next(source.read_lines(), "").count(separator)
        number, cells = 1, dict[int, Cell]()
        for number, cells in self.table.read_rows():
            last = max(last, *cells, 0)
            method = _find_method(cells)
            if method is not None:
                self._begin(number, method)
            elif self.method and any(cell.text.strip() for cell in cells.values()):
                yield from self._read_line(number, cells)
            elif cells:
                self._read_heading(number, cells)
        refuse_cut_end(source, self.table, number, cells, last)

    def _begin(self, number: int, method: str) -> None:
        self.method, self.analyte = method, method.split(maxsplit=1)[0]
        self.seen.clear()
        if self.analyte not in ELEMENTS:
            message = f"The method {method[:60]!r} does not begin with an element, so it does not say what was measured. Name it 'Dy ...'."
            raise ParseError("no_analyte", message, self.table.place(number, _LABEL))

    def _read_heading(self, number: int, cells: Mapping[int, Cell]) -> None:
        text = ": ".join(cells[index].text.strip() for index in sorted(cells))
        if text.casefold().startswith("date") and _VALUE in cells:
            self.when = cells[_VALUE].text.strip()[:60]
        self.notes.add("heading", f"The file's heading says: {text[:200]}", self.table.place(number))

    def _read_line(self, number: int, cells: dict[int, Cell]) -> Iterator[Item]:
        if set(cells) == {_LABEL}:
            self.notes.add("row_without_values", "The sample has no measured value.", self.table.place(number))
        elif _LABEL not in cells or _UNIT not in cells or read_unit(cells[_UNIT].text) is None:
            message = "The line has no sample in its first column or no unit in its fourth, so its numbers cannot be told apart."
            raise ParseError("bad_line", f"{message} Export the table again.", self.table.place(number))
        self._check_value(number, cells)
        label = self.cells.read_text("label", number, _LABEL, cells[_LABEL])
        self.seen[label] += 1
        key = (label, self.seen[label])
        known = self.samples.get(key)
        if known is None or self.analyte in known.analytes:
            row = ParsedRow(
                label,
                "",
                "unknown",
                number,
                sheet=self.table.sheet,
                acquired_at=self.when,
                comment=f"Method: {self.method}"[:2000],
            )
            known = self.samples[key] = _Sample(row, self.rows, set())
            self.rows += 1
            yield row
        known.analytes.add(self.analyte)
        for index in sorted(cells.keys() - {_LABEL, _UNIT}):
            if cells[index].text.strip():
                yield self._make_reading(number, index, cells, known)

    def _check_value(self, number: int, cells: Mapping[int, Cell]) -> None:
        """A block with other columns would show words here, or the word for a concentration elsewhere."""
        value = cells.get(_VALUE)
        if value is not None and read_cell_text(value.text, self.cells.decimal_sign)[1] == NOT_UNDERSTOOD:
            message = f"{value.text[:40]!r} stands where the concentration should. Export the table again."
            raise ParseError("bad_line", message, self.table.place(number, _VALUE))
        for index in sorted(cells.keys() - {_LABEL, _VALUE, _UNIT}):
            if read_cell_text(cells[index].text, self.cells.decimal_sign)[1] == OVER:
                message = "Only a concentration is over the range, and it stands in the second column: these are in another order."
                raise ParseError("bad_line", f"{message} Export the table again.", self.table.place(number, index))

    def _make_reading(self, number: int, index: int, cells: Mapping[int, Cell], sample: _Sample) -> ParsedReading:
        value, qualifier = self.cells.read_number(number, index, cells[index])
        is_content = index == _VALUE
        return ParsedReading(
            sample=sample.row.label,
            type=sample.row.type,
            analyte=self.analyte,
            isotope_or_line=None,
            gas_mode=None,
            quantity="concentration" if is_content else f"column_{index + 1}",
            unit=repair_mojibake(cells[_UNIT].text).strip()[:20] if is_content else None,
            raw=cells[index].text,
            value=value,
            qualifier=qualifier,
            sheet=self.table.sheet,
            row=number,
            column=name_column(index),
            row_index=sample.index,
            acquired_at=self.when,
        )

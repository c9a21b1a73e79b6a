"""Bruker S1 Titan (and Tracer) hand-held XRF, delimited text.

Every block begins with its header again, and a block's header may be longer or shorter than the one before; blank lines stand between.
`File #` and `DateTime` describe the reading; every analyte has its column and its error (`Al2O3`, `Al2O3 Err`), padded with blanks. `< LOD`
is not detected: the error column then holds the limit. The unit is the one of a column `Units` or of the heading; where the file says none
the readings have none.
"""

from __future__ import annotations

from collections.abc import Iterator

from .measured_columns import Layout, RowReader, find_sign_in, fold, note_missing_unit, note_passed_over
from .model import Item, Notes
from .source import Source
from .tables import Cell, Table
from .value_error_pairs import RUNNING_NUMBERS, find_pairs, read_pairs

FORMAT = "bruker_titan"
TITLE = "Bruker S1 Titan hand-held XRF (.csv)"
_SEARCHED_ROWS = 20
_FIELDS = {
    "label": ("sample id", "sample name", "sample", "sampleid", "id", "name", "field1", "field 1", *RUNNING_NUMBERS),
    "acquired_at": ("datetime", "date time", "date", "time"),
    "data_file": ("file #",),
}
_UNITS = frozenset({"units", "unit"})


def recognise(source: Source) -> bool:
    """Whether a table of the file has `File #` and an analyte with its error."""
    return any(_find_first(table) for table in source.tables)


def read(source: Source, notes: Notes) -> Iterator[Item]:
    """Rows and their readings, one after the other, each under the header last seen."""
    index = 0
    for table in source.tables:
        if _find_first(table):
            reader = RowReader(source, table, notes, index)
            yield from _read_table(reader)
            index = reader.row_index + 1
        else:
            note_passed_over(table, notes)


def _find_first(table: Table) -> int | None:
    for number, cells in table.first_rows:
        if number > _SEARCHED_ROWS:
            break
        if _is_header(cells) and find_pairs(cells):
            return number
    return None


def _is_header(cells: dict[int, Cell]) -> bool:
    return any(fold(cell.text) == "file #" for cell in cells.values())


def _read_table(reader: RowReader) -> Iterator[Item]:
    layout: Layout | None = None
    table, has_unit = reader.table, True
    reader.decimal_sign = _find_sign(table)
    for number, cells in table.read_rows():
        if _is_header(cells):
            layout = read_pairs(table, number, cells, _FIELDS, _UNITS)
            has_unit = has_unit and not note_missing_unit(table, reader.notes, layout)
        elif layout is not None and any(cell.text.strip() for cell in cells.values()):
            yield from reader.read(layout, number, cells)
    reader.check_end()


def _find_sign(table: Table) -> str:
    """The decimal sign, by the measured columns of the longest header."""
    measured: set[int] = set()
    for number, cells in table.read_rows():
        if _is_header(cells):
            measured.update(read_pairs(table, number, cells, _FIELDS, _UNITS).measured)
    return find_sign_in(table, measured, 1)

"""Thermo Niton hand-held XRF, delimited text; European instruments write `;` between fields and a decimal comma.

One header row: `Reading No`, `Time`, `Type` (the mode), `Duration`, `Units`, `Sigma Value`, ... `SAMPLE`, `LOCATION`, `INSPECTOR`, ... and
for every analyte its column and its error (`Ce`, `Ce Error`; `Ce.Error` where a statistics program saved it again). `< LOD` is not
detected: the error column then holds the limit; older instruments write it behind the word, `< LOD : 12.5`. The header may come again. The
unit stands in `Units` of each row. `Bal` is the balance.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from .measured_columns import Layout, RowReader, find_sign_in, fold, is_rate, note_missing_unit, note_passed_over
from .model import Item, Kind, Notes
from .source import Source
from .tables import Cell, Row, Table
from .value_error_pairs import RUNNING_NUMBERS, find_pairs, read_pairs

FORMAT = "thermo_niton"
TITLE = "Thermo Niton hand-held XRF (.csv)"
_SEARCHED_ROWS = 20
_FIELDS = {
    "label": ("sample", "sample id", "sample name", *RUNNING_NUMBERS),
    "type": ("type",),
    "acquired_at": ("time", "date", "date time"),
}
_UNITS = frozenset({"units", "unit"})
_CHECKS = re.compile("cal|check|shutter|detector|system", re.IGNORECASE)


def recognise(source: Source) -> bool:
    """Whether a table of the file has `Reading No` and an analyte with its error."""
    return any(_find_header(table) for table in source.tables)


def read(source: Source, notes: Notes) -> Iterator[Item]:
    """Every filled value and error as a reading."""
    index = 0
    for table in source.tables:
        header = _find_header(table)
        if header:
            layout = read_pairs(table, *header, _FIELDS, _UNITS)
            note_missing_unit(table, notes, layout)
            reader = RowReader(source, table, notes, index, find_sign_in(table, layout.measured, layout.row + 1))
            yield from _read_table(reader, layout)
            index = reader.row_index + 1
        else:
            note_passed_over(table, notes)


def _find_header(table: Table) -> Row | None:
    for number, cells in table.first_rows:
        if number > _SEARCHED_ROWS:
            break
        if _is_header(cells):
            return number, cells
    return None


def _is_header(cells: dict[int, Cell]) -> bool:
    titles = {fold(cell.text) for cell in cells.values()}
    own = titles & {"reading no", "reading #", "reading"} and titles & {"sample", "sample id", "sample name", "type"}
    return bool(own) and bool(find_pairs(cells))


def _read_table(reader: RowReader, layout: Layout) -> Iterator[Item]:
    for number, cells in reader.table.read_rows():
        if number <= layout.row or not any(cell.text.strip() for cell in cells.values()):
            continue
        if _is_header(cells):
            layout = read_pairs(reader.table, number, cells, _FIELDS, _UNITS)
        else:
            yield from reader.read(_name_quantities(layout, cells), number, cells, kind=_find_kind(layout, cells))
    reader.check_end()


def _name_quantities(layout: Layout, cells: dict[int, Cell]) -> Layout:
    """The layout for a row; where its unit is counts a second, as in the instrument's checks of itself, it holds intensities."""
    units = {column.unit_column for column in layout.measured.values()}
    if not any(is_rate(cells[index].text) for index in units if index is not None and index in cells):
        return layout
    renamed = {
        index: replace(column, quantity=column.quantity.replace("concentration", "intensity")) for index, column in layout.measured.items()
    }
    return replace(layout, measured=renamed)


def _find_kind(layout: Layout, cells: dict[int, Cell]) -> Kind:
    """A reading of a sample, whatever the mode is called, unless the mode is one of the instrument's checks of itself."""
    mode = "".join(cells[index].text for index in layout.fields["type"] if index in cells)
    if not mode.strip():
        return "unknown"
    return "control" if _CHECKS.search(mode) else "sample"

"""Results of fused beads as a tab-separated text.

Two header rows: the oxides over their columns, and below them the titles: `Nr`, `Ident`, `Seq`, `Time`, `Pos`, `Ini wgt`, `Fin wgt`,
`L.O.I.`, then `C` and `Unit` for every oxide; or one row, in which the oxides stand in the place of `C`. Fields are padded with blanks.
Rows `Ave of 5` and `SDev of 5` (in `Seq`; their `Ident` is `??????`) are computed from the samples before them. Small contents may be
negative, and stay so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .formulas import read_compound
from .measured_columns import Column, Layout, RowReader, find_sign_in, fold, note_passed_over, refuse_doubles
from .model import Item, Notes, ParseError
from .source import Source
from .statistics_rows import derive_layout, find_statistic, name_columns
from .tables import Cell, Row, Table

FORMAT = "xrf_bead"
TITLE = "Fused-bead XRF results (.txt, tab-separated)"
_SEARCHED_ROWS = 30
_FIELDS = {"label": ("ident",), "acquired_at": ("time", "date"), "vial": ("pos",)}
_SUMS = {"sum", "total", "sum of conc", "sum of concentrations"}
_SEQUENCE = re.compile(r"(\d{1,4}) of (\d{1,4})")


def recognise(source: Source) -> bool:
    """Whether a table of the file has `Ident`, `C` and `Unit` below a row of oxides."""
    return any(_find_header(table) for table in source.tables)


def read(source: Source, notes: Notes) -> Iterator[Item]:
    """Every filled content as a reading; averages and deviations have quantities of their own."""
    index = 0
    for table in source.tables:
        if _find_header(table):
            reader = RowReader(source, table, notes, index)
            yield from _read_table(reader)
            index = reader.row_index + 1
        else:
            note_passed_over(table, notes)


def _find_header(table: Table) -> tuple[Row, Row] | None:
    above: Row | None = None
    for row in table.first_rows:
        if row[0] > _SEARCHED_ROWS:
            break
        if header := _read_header_rows(above, row):
            return header
        above = row
    return None


def _read_header_rows(above: Row | None, row: Row) -> tuple[Row, Row] | None:
    """The row of oxides and that of titles where `row` ends a header; one that holds both is taken apart into two."""
    if above and _is_header(above, row):
        return above, row
    number, cells = row
    compounds = {index for index, cell in cells.items() if index + 1 in cells and _is_compound_with_unit(cell, cells[index + 1])}
    titles = {index: Cell("C", "text") if index in compounds else cell for index, cell in cells.items()}
    alone = (number - 1, {index: cells[index] for index in compounds}), (number, titles)
    return alone if compounds and _is_header(*alone) else None


def _is_compound_with_unit(cell: Cell, beside: Cell) -> bool:
    return fold(beside.text) == "unit" and read_compound(cell.text.strip()) is not None


def _is_header(above: Row, row: Row) -> bool:
    titles = {index: fold(cell.text) for index, cell in row[1].items()}
    if "ident" not in titles.values() or row[0] != above[0] + 1:
        return False
    return any(title == "c" and index in above[1] and titles.get(index + 1) == "unit" for index, title in titles.items())


def _read_header(table: Table, above: Row, row: Row) -> Layout:
    number = row[0]
    titles = {index: fold(cell.text) for index, cell in sorted(row[1].items()) if cell.text.strip()}
    measured: dict[int, Column] = {}
    units: set[int | None] = set()
    for index, title in titles.items():
        if title == "c":
            name = above[1][index].text.strip() if index in above[1] else ""
            compound = read_compound(name) or ("Sum" if fold(name) in _SUMS else None)
            if compound is None:
                raise ParseError("no_analyte", "No oxide stands above the column C. Export the table again.", table.place(number, index))
            if titles.get(index + 1) != "unit":
                message = f"No column Unit stands beside the content of {compound}: columns were moved. Export the table again."
                raise ParseError("no_unit", message, table.place(number, index))
            measured[index] = Column(compound, "sum_of_concentrations" if compound == "Sum" else "concentration", unit_column=index + 1)
            units.add(index + 1)
        elif title.replace(" ", "") == "loi":
            beside = index + 1 if titles.get(index + 1) == "unit" else None
            measured[index] = Column("LOI", "loss_on_ignition", unit_column=beside)
            units.add(beside)
    for index, cell in above[1].items():
        if cell.text.strip() and index not in measured:
            message = f"{cell.text.strip()[:40]!r} has no column C below it. Export the table again."
            raise ParseError("no_columns", message, table.place(above[0], index))
    fields = name_columns(titles, _FIELDS)
    described = {index for places in fields.values() for index in places} | {index for index in units if index is not None}
    others = {index: row[1][index].text.strip() for index in titles if index not in measured and index not in described}
    layout = Layout(number, fields, measured, others, frozenset(described))
    refuse_doubles(table, layout)
    return layout


def _read_table(reader: RowReader) -> Iterator[Item]:
    layout: Layout | None = None
    pending: Row | None = None
    for row in reader.table.read_rows():
        if not any(cell.text.strip() for cell in row[1].values()):
            continue
        if header := _read_header_rows(pending, row):
            if pending and header[0] is not pending:
                yield from _read_line(reader, layout, *pending)
            layout = _read_header(reader.table, *header)
            reader.decimal_sign = find_sign_in(reader.table, layout.measured, layout.row + 1)
            pending = None
            continue
        if pending:
            yield from _read_line(reader, layout, *pending)
        pending = row
    if pending:
        yield from _read_line(reader, layout, *pending)
    reader.check_end()


def _read_line(reader: RowReader, layout: Layout | None, number: int, cells: dict[int, Cell]) -> Iterator[Item]:
    if layout is None:
        text = next(cell.text.strip() for cell in cells.values() if cell.text.strip())
        reader.notes.add("line_passed_over", f"The line {text[:40]!r} above the table was not read.", reader.table.place(number))
        return
    sequence = next((cells[index].text.strip() for index, title in layout.titles.items() if fold(title) == "seq" and index in cells), "")
    found = _SEQUENCE.fullmatch(sequence)
    statistic = find_statistic(sequence) if sequence and not found else None
    if statistic:
        yield from reader.read(derive_layout(layout, statistic), number, cells, type_=sequence[:40], kind="statistic")
    else:
        replicate = int(found[1]) if found and int(found[2]) > 1 else None
        yield from reader.read(layout, number, cells, type_="" if found else sequence[:40], replicate=replicate)

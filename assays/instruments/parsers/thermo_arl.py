"""Thermo ARL XRF results (OXSAS), .csv or .xlsx.

Two header rows: `SID Value 1`, `SID Value 2`, ... over what identifies the sample (or in the second row) and `Result` over every result;
below the latter the element or oxide (`Al2O3 %`, `Fe2O3 (%)`). Which of the identification fields holds the sample's name differs between
laboratories: taken is the one that is filled in every line and tells most lines apart (of equals the last), and a note says which.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from .formulas import LONGEST_ANALYTE, Heading, read_compound, read_heading
from .measured_columns import (
    Column,
    Layout,
    RowReader,
    find_sign_in,
    fold,
    is_rate,
    note_columns,
    note_passed_over,
    read_units_below,
    refuse_doubles,
)
from .model import Item, Notes, ParseError
from .nomenclature import read_unit
from .source import Source
from .statistics_rows import derive_layout, find_statistic
from .tables import Cell, Row, Table

FORMAT = "thermo_arl"
TITLE = "Thermo ARL XRF results (.csv, .xlsx)"
_SEARCHED_ROWS = 20
_IDENTIFIER = re.compile(r"sid value (\d{1,3})")
_DATE = re.compile(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}.*|\d{1,2}:\d{2}(?::\d{2})?.*")


def recognise(source: Source) -> bool:
    """Whether a table of the file has `SID Value n` and a row of analytes just below it."""
    return any(_find_header(table) for table in source.tables)


def read(source: Source, notes: Notes) -> Iterator[Item]:
    """Every filled result as a reading."""
    index = 0
    for table in source.tables:
        header = _find_header(table)
        if header:
            reader = RowReader(source, table, notes, index)
            yield from _read_table(reader, *header)
            index = reader.row_index + 1
        else:
            note_passed_over(table, notes)


def _find_header(table: Table) -> tuple[Row, Row] | None:
    above: Row | None = None
    for row in table.first_rows:
        if row[0] > _SEARCHED_ROWS:
            break
        if above and _is_header(above, row):
            return above, row
        above = row
    return None


def _is_header(above: Row, row: Row) -> bool:
    has_identifier = any(_IDENTIFIER.fullmatch(fold(cell.text)) for cell in (*above[1].values(), *row[1].values()))
    return row[0] == above[0] + 1 and has_identifier and any(_read_result(cell.text) for cell in row[1].values())


def _read_result(text: str) -> Heading | None:
    """`Al2O3`, `Al2O3 %`, `Fe (ppm)`, or an analyte with a line or number behind it, as `Fe 1`."""
    heading = read_heading(text)
    if heading:
        return heading
    name, _, rest = " ".join(text.split()).partition(" ")
    compound = read_compound(name)
    line = "" if fold(rest) in {"conc", "concentration", "result"} else rest
    return Heading(compound, line=line[:64] or None) if compound else None


def _read_header(table: Table, above: Row, row: Row, notes: Notes) -> Layout:
    groups = {index: " ".join(cell.text.split()) for index, cell in sorted(above[1].items()) if cell.text.strip()}
    measured: dict[int, Column] = {}
    named: dict[int, str] = {}
    units_row, units = read_units_below(table, row[0], row[1].keys())
    for index, cell in sorted(row[1].items()):
        heading = _read_result(cell.text)
        group = _find_group(groups, index)
        if heading is None and not group.startswith(("result", "conc", "int")):
            named[index] = " ".join(cell.text.split())
            continue
        if heading is None:
            notes.add(
                "analyte_unknown",
                f"{cell.text.strip()[:40]!r} is no analyte known; it is kept under that name.",
                table.place(row[0], index),
            )
            heading = Heading(cell.text.strip()[:LONGEST_ANALYTE])
        unit = units.get(index) or heading.unit or _find_unit(groups.get(index, ""))
        if fold(heading.analyte) in {"sum", "total"}:
            measured[index] = Column("Sum", "sum_of_concentrations", unit, heading.line)
            continue
        quantity = "intensity" if "int" in group or is_rate(unit) else "concentration"
        measured[index] = Column(heading.analyte, quantity, unit, heading.line)
    units_beside = {index for index, title in (groups | named).items() if fold(title) in {"unit", "units"} and index - 1 in measured}
    for index in units_beside - measured.keys():
        if measured[index - 1].unit is None:
            measured[index - 1] = replace(measured[index - 1], unit_column=index)
    titles = {index: title for index, title in (groups | named).items() if index not in measured}
    identifiers = [index for index, title in titles.items() if _IDENTIFIER.fullmatch(fold(title))]
    label = _choose_label(table, row[0], identifiers, measured)
    chosen = titles[label]
    notes.add("label_column", f"The sample's name was taken from {chosen}.", table.place(row[0], label))
    times = tuple(index for index, title in titles.items() if {"date", "time"} & set(re.split(r"\W+", title.casefold())))
    others = {index: title for index, title in titles.items() if index not in {label, *times, *units_beside}}
    layout = Layout(
        units_row or row[0], {"label": (label,), "acquired_at": times}, measured, others, frozenset({label, *times, *units_beside})
    )
    refuse_doubles(table, layout)
    note_columns(table, notes, layout, [fold(title) for title in titles.values() if _IDENTIFIER.fullmatch(fold(title))])
    return layout


def _find_group(groups: dict[int, str], index: int) -> str:
    """What stands over a column, or over the first of the columns that share a `Result`."""
    before = [place for place in groups if place <= index]
    group = fold(groups[max(before)]) if before else ""
    return group if index in groups or group.startswith("result") else ""


def _find_unit(text: str) -> str | None:
    found = re.search(r"[(\[]\s*([^)\]]+?)\s*[)\]]", text)
    return found[1] if found and read_unit(found[1]) else None


def _choose_label(table: Table, header: int, identifiers: list[int], measured: dict[int, Column]) -> int:
    """The identification column filled in every line with most different texts that are no times; of equals the last."""
    texts: dict[int, set[str]] = {index: set() for index in identifiers}
    holes: dict[int, int] = dict.fromkeys(identifiers, 0)
    for number, cells in table.read_rows():
        if number <= header or not cells.keys() & measured.keys():
            continue
        for index in identifiers:
            text = cells[index].text.strip() if index in cells else ""
            if not text or _DATE.fullmatch(text):
                holes[index] += 1
            elif len(texts[index]) < 10_000:
                texts[index].add(text)
    filled = [index for index in identifiers if texts[index]]
    if not filled:
        message = "No column 'SID Value' names a sample. Export the table with the sample's identification."
        raise ParseError("no_sample_name", message, table.place(header))
    return max(filled, key=lambda index: (-holes[index], len(texts[index]), index))


def _read_table(reader: RowReader, above: Row, row: Row) -> Iterator[Item]:
    table = reader.table
    layout = _read_header(table, above, row, reader.notes)
    reader.decimal_sign = find_sign_in(table, layout.measured, layout.row + 1)
    for number, cells in table.read_rows():
        if number > layout.row and any(cell.text.strip() for cell in cells.values()):
            statistic = _find_statistic(cells, layout)
            if statistic:
                word = next(cells[index].text.strip() for index in sorted(cells))
                yield from reader.read(derive_layout(layout, statistic), number, cells, type_=word[:40], kind="statistic")
            else:
                yield from reader.read(layout, number, cells)
    reader.check_end()


def _find_statistic(cells: dict[int, Cell], layout: Layout) -> str | None:
    """The statistic of a line whose only text beside the results is a word for one."""
    words = [cell.text.strip() for index, cell in cells.items() if index not in layout.measured and cell.text.strip()]
    return find_statistic(words[0]) if len(words) == 1 else None

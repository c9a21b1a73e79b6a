"""Olympus (Evident) Vanta hand-held XRF, delimited text.

A first line `sep=,`, then one header row: columns that describe the reading, and five columns for every element: `La Compound`,
`La Compound Level`, `La Compound Error`, `La Concentration`, `La Error1s` (the first five may have no element's name and are empty). The
unit stands in the column `Units` of each row. A `0` in `Concentration` is not a measured zero but "not detected"; the limit then stands in
the column of the error. `LE` is the balance of light elements. Where a method reports a compound, `Compound Level` is its content.

No Dy, no Tb: a hand-held instrument sees La to Nd, Y, Th and U.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .formulas import read_analyte
from .measured_columns import Column, Layout, RowReader, find_sign_in, fold, note_missing_unit, note_passed_over, refuse_doubles
from .model import Item, Notes, ParseError
from .source import Source
from .tables import Cell, Row, Table
from .value_error_pairs import RUNNING_NUMBERS, keep_label_columns

FORMAT = "olympus_vanta"
TITLE = "Olympus/Evident Vanta hand-held XRF (.csv)"
_SEARCHED_ROWS = 10
_GROUP = re.compile(r"(?:(?P<name>\S+) )?(?P<part>compound level|compound error|compound|concentration|error ?1s)")
_FIELDS = {
    "label": ("sample id", "sample name", "sample", "lab id", "test label", "test id", *RUNNING_NUMBERS),
    "acquired_at": ("date", "time", "date time", "datetime"),
}


def recognise(source: Source) -> bool:
    """Whether a table of the file has an element's `Concentration` and `Error1s`."""
    return any(_find_header(table) for table in source.tables)


def read(source: Source, notes: Notes) -> Iterator[Item]:
    """Every filled cell of every element's group as a reading."""
    index = 0
    for table in source.tables:
        header = _find_header(table)
        if header:
            reader = RowReader(source, table, notes, index)
            yield from _read_table(reader, _read_header(table, header, notes), _list_unnamed(header[1]))
            index = reader.row_index + 1
        else:
            note_passed_over(table, notes)


def _find_header(table: Table) -> Row | None:
    for number, cells in table.first_rows:
        if number > _SEARCHED_ROWS:
            break
        groups = {(found["name"], found["part"]) for cell in cells.values() if (found := _match(cell)) and found["name"]}
        if any((name, "error1s") in groups for name, part in groups if part == "concentration"):
            return number, cells
    return None


def _match(cell: Cell) -> re.Match[str] | None:
    return _GROUP.fullmatch(" ".join(cell.text.casefold().split()).replace("error 1s", "error1s"))


def _read_header(table: Table, header: Row, notes: Notes) -> Layout:
    number, cells = header
    parts: dict[str, dict[str, int]] = {}
    titles: dict[int, str] = {}
    for index, cell in sorted(cells.items()):
        found = _match(cell)
        if not found:
            titles[index] = " ".join(cell.text.split())
            continue
        name = " ".join(cell.text.split()).split(" ")[0] if found["name"] else ""
        group = parts.setdefault(name, {})
        if found["part"] in group:
            message = f"The column {cell.text.strip()!r} comes twice. Export the table again."
            raise ParseError("column_twice", message, table.place(number, index))
        group[found["part"]] = index
    units = next((index for index, title in titles.items() if fold(title) in {"units", "unit"}), None)
    measured = {index: column for name, group in parts.items() if name for index, column in _make_columns(name, group, units).items()}
    for name in parts:
        if name and read_analyte(name) is None:
            notes.add("analyte_unknown", f"{name} is no element known; its readings are kept under that name.", table.place(number))
    fields = {
        field: tuple(index for name in names for index, title in titles.items() if fold(title) == name) for field, names in _FIELDS.items()
    }
    described = {index for places in fields.values() for index in places} | ({units} if units is not None else set())
    fields["label"] = keep_label_columns(table, number, titles, fields["label"])
    silent = {group["compound"] for group in parts.values() if "compound" in group} | described
    others = {index: title for index, title in titles.items() if index not in described}
    layout = Layout(number, fields, measured, others, frozenset(silent | set(parts.get("", {}).values())))
    refuse_doubles(table, layout)
    note_missing_unit(table, notes, layout)
    return layout


def _make_columns(name: str, group: dict[str, int], units: int | None) -> dict[int, Column]:
    columns = {}
    value, error = group.get("concentration"), group.get("error1s")
    level, doubt, compound = group.get("compound level"), group.get("compound error"), group.get("compound")
    if value is not None:
        columns[value] = Column(name[:12], "concentration", unit_column=units, limit_column=error, zero_is_not_detected=True)
    if error is not None:
        columns[error] = Column(name[:12], "concentration_error", unit_column=units, value_column=value)
    if level is not None:
        columns[level] = Column(
            name[:12], "concentration", unit_column=units, limit_column=doubt, analyte_column=compound, zero_is_not_detected=True
        )
    if doubt is not None:
        columns[doubt] = Column(name[:12], "concentration_error", unit_column=units, value_column=level, analyte_column=compound)
    return columns


def _list_unnamed(cells: dict[int, Cell]) -> frozenset[int]:
    """The columns of the group that names no element."""
    return frozenset(index for index, cell in cells.items() if (found := _match(cell)) and not found["name"])


def _read_table(reader: RowReader, layout: Layout, unnamed: frozenset[int]) -> Iterator[Item]:
    reader.decimal_sign = find_sign_in(reader.table, layout.measured, layout.row + 1)
    for number, cells in reader.table.read_rows():
        if number > layout.row and any(cell.text.strip() for cell in cells.values()):
            yield from reader.read(layout, number, cells)
            for index in unnamed & cells.keys():
                if cells[index].text.strip() not in {"", "0"}:
                    message = f"The value {cells[index].text[:40]!r} stands in a group that names no element and was not read."
                    reader.notes.add("no_analyte", message, reader.table.place(number, index))
    reader.check_end()

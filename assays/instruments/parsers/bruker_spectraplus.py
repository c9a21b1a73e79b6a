"""Bruker S8 Tiger results (SpectraPlus), .csv or .xlsx: one sample a file, and the file's name is the sample's.

One line per analyte: `Formula`, `Concentration`, `Z`, `Status`, `Line 1`, `Net int.`, `LLD`, `Stat. error`, `Analyzed layer`, `Bound %`. A
cell holds number, unit and at times a sign behind it (`231 PPM`, `2.46 % +`, `0.0 PPM -`); the unit changes from line to line, and the sign
is a remark of the software that says nothing about the number. `Not detected` makes the concentration beside it none, whatever it reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import PurePosixPath
from typing import NamedTuple

from .cells import note_unread
from .formulas import LONGEST_ANALYTE, read_compound, read_line
from .labels import note_mangled
from .measured_columns import check_cell, find_sign, fold, note_passed_over, refuse_cut_end
from .model import NOT_DETECTED, NOT_UNDERSTOOD, Item, Notes, ParsedReading, ParsedRow, ParseError
from .nomenclature import read_cell_text, repair_mojibake
from .source import Source
from .tables import Cell, Row, Table

FORMAT = "bruker_spectraplus"
TITLE = "Bruker S8 Tiger SpectraPlus results (.csv, .xlsx)"
_SEARCHED_ROWS = 20

# Quantity and, where the cells bring none, unit of each measured column.
_MEASURED: dict[str, tuple[str, str | None]] = {
    "concentration": ("concentration", None),
    "conc": ("concentration", None),
    "calc concentration": ("calculated_concentration", None),
    "net int": ("intensity", None),
    "used int": ("intensity_used", None),
    "int": ("intensity_gross", None),
    "lld": ("lld", None),
    "stat error": ("concentration_error", None),
    "analyzed layer": ("analysed_layer", None),
    "analysed layer": ("analysed_layer", None),
    "bound %": ("bound", "%"),
}
_MARKS = {"net int", "lld", "stat error"}
_DESCRIBING = {"formula", "z", "status"}
_CELL = re.compile(r"(?P<number>[<>]?\s*[+-]?[\d.,]+(?:[eE][+-]?\d{1,3})?)\s*(?P<unit>[^\s\d+-][^\s+-]{0,19})?\s*[+-]?")
_WITH_MASS = re.compile(r"(?P<element>[A-Z][a-z]?)\s+\d{1,3}")


class _Header(NamedTuple):
    row: int
    formula: int
    status: int | None
    lines: tuple[int, ...]
    measured: dict[int, tuple[str, str | None]]
    known: frozenset[int]


def recognise(source: Source) -> bool:
    """Whether a table of the file has `Formula`, `Concentration` and one of SpectraPlus' own columns."""
    return any(_find_header(table) for table in source.tables)


def read(source: Source, notes: Notes) -> Iterator[Item]:
    """One row named like the file, then its readings."""
    found = [(table, header) for table in source.tables if (header := _find_header(table))]
    for table in source.tables:
        if not any(table is one for one, _ in found):
            note_passed_over(table, notes)
    if len(found) > 1:
        message = "Two sheets hold results, but the file's name can be the name of one sample only. Export one sample a file."
        raise ParseError("several_samples", message, found[1][0].place())
    for table, row in found:
        yield from _read_sample(source, table, _read_header(table, row, notes), notes)


def _find_header(table: Table) -> Row | None:
    for number, cells in table.first_rows:
        if number > _SEARCHED_ROWS:
            break
        titles = {fold(cell.text) for cell in cells.values()}
        if "formula" in titles and titles & {"concentration", "conc"} and (titles & _MARKS or {"status", "line 1"} <= titles):
            return number, cells
    return None


def _read_header(table: Table, row: Row, notes: Notes) -> _Header:
    number, cells = row
    titles = {index: fold(cell.text) for index, cell in sorted(cells.items()) if cell.text.strip()}
    measured: dict[int, tuple[str, str | None]] = {}
    for index, title in titles.items():
        if title in _DESCRIBING or title.startswith("line"):
            continue
        quantity = _MEASURED.get(title) or (re.sub(r"\W+", "_", title).strip("_")[:40] or "value", None)
        if quantity in measured.values() or (title in {"formula", "status"} and list(titles.values()).count(title) > 1):
            message = f"The column {cells[index].text.strip()[:40]!r} comes twice. Export the table again."
            raise ParseError("column_twice", message, table.place(number, index))
        if title not in _MEASURED:
            notes.add("column_unknown", f"The column {title[:40]!r} is kept under its own name.", table.place(number, index))
        measured[index] = quantity
    places = {title: index for index, title in titles.items()}
    lines = tuple(index for index, title in titles.items() if title.startswith("line"))
    return _Header(number, places["formula"], places.get("status"), lines, measured, frozenset(titles))


def _name_sample(source: Source) -> str:
    """The file's name without its folder and its ending."""
    name = PurePosixPath(source.name.replace("\\", "/")).name
    return re.sub(r"\.(csv|txt|tsv|xlsx|xlsm)$", "", name, flags=re.IGNORECASE).strip()[:200]


def _read_sample(source: Source, table: Table, header: _Header, notes: Notes) -> Iterator[Item]:
    label = _name_sample(source)
    place = table.place(header.row + 1)
    notes.add("label_from_file_name", f"The file holds one sample, named by the file's name: {label!r}.", place)
    note_mangled(label, "text", notes, place)
    yield ParsedRow(label=label, type="", kind="unknown", row=header.row + 1, sheet=table.sheet)
    sign = find_sign(table, _list_numbers(table, header))
    number, cells = header.row, dict[int, Cell]()
    for number, cells in table.read_rows():
        if number > header.row and any(cell.text.strip() for cell in cells.values()):
            yield from _read_line(table, header, number, cells, label, sign, notes)
    refuse_cut_end(source, table, number, cells, max(header.known))


def _list_numbers(table: Table, header: _Header) -> Iterator[str]:
    for number, cells in table.read_rows():
        if number > header.row:
            for index in header.measured.keys() & cells.keys():
                found = _CELL.fullmatch(cells[index].text.strip())
                if found:
                    yield found["number"]


def _read_line(
    table: Table, header: _Header, number: int, cells: dict[int, Cell], label: str, sign: str, notes: Notes
) -> Iterator[ParsedReading]:
    for index, cell in cells.items():
        check_cell(table, number, index, cell)
        if index not in header.known:
            message = f"The value {cell.text[:40]!r} has no heading. Export the table again."
            raise ParseError("no_heading", message, table.place(number, index))
    analyte = _read_formula(table, header, number, cells, notes)
    line = " ".join(" ".join(cells[index].text.split()) for index in header.lines if index in cells)[:64] or None
    status = cells[header.status].text if header.status is not None and header.status in cells else ""
    is_absent = "not detected" in status.casefold()
    found = read_line(line) if line else None
    if found and not analyte.startswith(found.analyte):
        notes.add("line_of_other_element", f"{analyte} was computed from a line of {found.analyte} ({line}).", table.place(number))
    for index in sorted(header.measured.keys() & cells.keys()):
        quantity, unit = header.measured[index]
        value, qualifier, written = _read_cell(cells[index], sign)
        if qualifier == NOT_UNDERSTOOD:
            note_unread(table, notes, cells[index], number, index)
        if is_absent and quantity.endswith("concentration"):
            value, qualifier = None, NOT_DETECTED
        yield ParsedReading(
            sample=label,
            type="",
            analyte=analyte,
            isotope_or_line=line,
            gas_mode=None,
            quantity=quantity,
            unit=written or unit,
            raw=cells[index].text,
            value=value,
            qualifier=qualifier,
            sheet=table.sheet,
            row=number,
            column=table.place(number, index).column,
            row_index=0,
        )


def _read_formula(table: Table, header: _Header, number: int, cells: dict[int, Cell], notes: Notes) -> str:
    text = " ".join(cells[header.formula].text.split()) if header.formula in cells else ""
    compound = read_compound(text)
    if compound:
        return compound
    place = table.place(number, header.formula)
    with_mass = _WITH_MASS.fullmatch(text)
    if with_mass and read_compound(with_mass["element"]):
        notes.add("formula_with_mass", f"{text!r} was read as {with_mass['element']}.", place)
        return with_mass["element"]
    if not text:
        raise ParseError("no_analyte", "The line has no formula. Export the table again.", place)
    notes.add("analyte_unknown", f"{text[:40]!r} is no formula known; its readings are kept under that name.", place)
    return text[:LONGEST_ANALYTE]


def _read_cell(cell: Cell, sign: str) -> tuple[Decimal | None, str, str | None]:
    """Number, qualifier and unit of a cell such as `2.46 % +`."""
    if cell.kind not in {"number", "text"}:
        return None, NOT_UNDERSTOOD, None
    found = _CELL.fullmatch(cell.text.strip())
    if not found:
        return *read_cell_text(cell.text, sign), None
    value, qualifier = read_cell_text(found["number"], sign)
    unit = repair_mojibake(found["unit"]) if found["unit"] else None
    return value, qualifier, unit

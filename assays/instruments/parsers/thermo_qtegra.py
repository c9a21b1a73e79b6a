"""Thermo Qtegra exports (iCAP OES, iCAP Q, RQ and TQ), separated by `;` or tabs.

Four header rows: the quantity (`Raw.Average`, `ExtCal.STD`, ...), a row of numbers, the line or isotope (`Dy 353.170 {95} (Axial)`,
`163Dy (KED)`) and the unit (`Y (cps)`). The first two columns, which have no heading, are the number of the row and the sample's name.

`ExtCal` is the concentration by external calibration, `MeasuredConcentration` that in the solution as measured.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from .cells import refuse_formula
from .channels import Channel, name_quantity, read_channel
from .measured_columns import Column, Layout, RowReader, find_sign_in, fold, note_passed_over, refuse_doubles
from .model import Item, Notes, ParseError
from .source import Source
from .tables import Cell, Row, Table

FORMAT = "thermo_qtegra"
TITLE = "Thermo Qtegra export with four header rows (.csv)"
_SEARCHED_ROWS = 15

_QUANTITY = re.compile(r"(?P<what>[A-Za-z]{2}[A-Za-z ]{0,38})\.(?P<part>[A-Za-z][\w %-]{0,39}|\d{1,3})")
_UNIT = re.compile(r"(?:[^()]{1,40}?(?:\([^()]{0,20}\)\s*)?)?\(\s*(?P<unit>[^()]{0,20}?)\s*\)")
_WHATS = {"extcal": "concentration", "measuredconcentration": "measured_concentration", "iscorrectedintensity": "corrected_intensity"}
_PARTS = {"average": "", "mean": "", "std": "_sd", "sd": "_sd", "stddev": "_sd", "rsd": "_rsd"}
_RUN = re.compile(r"(?:run|main ?run|replicate|rep)?\s*(?P<number>\d{1,3})", re.IGNORECASE)
_FIELDS = {
    "label": ("label", "sample name", "sample", "name", "sample id"), "type": ("sample type", "type"), "vial": ("vial", "position", "rack"),
    "acquired_at": ("acquisition time", "time", "date", "date time", "started", "start time"),
}  # fmt: skip


def recognise(source: Source) -> bool:
    """Whether a table of the file has quantities such as `Raw.Average` above lines or isotopes, two rows apart."""
    return any(_find_header(table) for table in source.tables)


def read(source: Source, notes: Notes) -> Iterator[Item]:
    """Every filled cell under a quantity as a reading."""
    rows = 0
    for table in source.tables:
        header = _find_header(table)
        if header is None:
            note_passed_over(table, notes)
            continue
        layout = _read_header(table, header, notes)
        reader = RowReader(source, table, notes, rows, find_sign_in(table, layout.measured, layout.row + 1))
        for number, cells in table.read_rows():
            if number > layout.row and any(index in layout.measured for index in cells):
                _refuse_second_header(table, number, cells, layout)
                yield from reader.read(layout, number, cells)
            elif number > layout.row and any(cell.text.strip() for cell in cells.values()):
                notes.add("row_without_values", "The row holds no measured value.", table.place(number))
        reader.check_end()
        rows = reader.row_index + 1


def _find_header(table: Table) -> tuple[Row, ...] | None:
    """The header rows from the quantities to the units; none where the table has none."""
    head = list(islice(table.read_rows(), _SEARCHED_ROWS))
    for start, (_, cells) in enumerate(head[:-2]):
        wanted = _list_quantities(cells)
        if any(found["part"].casefold() in _PARTS for found in wanted.values()):
            below = head[start + 1 : start + 4]
            place = next((at for at, (_, row) in enumerate(below) if any(_channel_at(row, index) for index in wanted)), None)
            return tuple(head[start : start + place + 3]) if place is not None else None
    return None


def _list_quantities(cells: Mapping[int, Cell]) -> dict[int, re.Match[str]]:
    found = {index: _QUANTITY.fullmatch(cell.text.strip()) for index, cell in cells.items()}
    return {index: match for index, match in found.items() if match}


def _channel_at(cells: Mapping[int, Cell], index: int) -> Channel | None:
    cell = cells.get(index)
    return read_channel(cell.text) if cell is not None else None


def _read_header(table: Table, header: tuple[Row, ...], notes: Notes) -> Layout:
    number, quantities = header[0]
    (channel_row, channels), below = header[-2], header[-1]
    units = below[1] if _has_units(below[1], _list_quantities(quantities)) else {}
    last = below[0] if units else channel_row
    measured, described = {}, {}
    orders = _count_orders(channels)
    for index in sorted({*quantities, *channels, *units}):
        cell = quantities.get(index)
        if cell is not None and cell.kind == "formula":
            raise refuse_formula(table, number, index)
        found = _QUANTITY.fullmatch(cell.text.strip()) if cell is not None else None
        channel = _channel_at(channels, index)
        if found and channel:
            unit = _read_unit(units.get(index))
            if unit is None:
                notes.add("unit_missing", "The column has no unit.", table.place(last, index))
            measured[index] = _make_column(found, _with_order(channel, orders), unit)
        elif found or channel or (_has_text(quantities, index) and _has_text(channels, index)):
            message = "A quantity such as Raw.Average and a line or isotope such as 163Dy (KED) must stand above every column of values."
            raise ParseError("bad_heading", message, table.place(channel_row, index))
        else:
            described[index] = next(row[index].text.strip()[:80] for row in (quantities, channels, units) if index in row)
    layout = _describe(described, measured, last)
    refuse_doubles(table, layout)
    return layout


def _describe(titles: dict[int, str], measured: dict[int, Column], last: int) -> Layout:
    """Where the columns have no titles, the number of the row comes first and the sample's name after it."""
    fields = {name: tuple(index for index, title in titles.items() if fold(title) in words) for name, words in _FIELDS.items()}
    if not fields["label"]:
        fields["label"] = (1,) if min(measured) > 1 else (0,)
    used = {index for places in fields.values() for index in places}
    others = {index: title for index, title in titles.items() if index not in used}
    return Layout(last, fields, measured, others, frozenset({0} - {*used, *others, *measured}))


def _has_text(cells: Mapping[int, Cell], index: int) -> bool:
    """A description has its title in one of the header rows; a column with more above it holds values."""
    return index in cells and bool(cells[index].text.strip())


def _has_units(cells: Mapping[int, Cell], wanted: Iterable[int]) -> bool:
    """Whether a row has a unit in brackets, `Y (ppm)`, under a quantity; every text under one then is a unit."""
    filled = [cells[index] for index in wanted if index in cells and cells[index].text.strip()]
    return bool(filled) and all(_UNIT.fullmatch(cell.text.strip()) for cell in filled)


def _read_unit(cell: Cell | None) -> str | None:
    found = _UNIT.fullmatch(cell.text.strip()) if cell is not None else None
    return (found["unit"] or None) if found else None


def _count_orders(channels: Mapping[int, Cell]) -> Counter[Channel]:
    """How many orders of the spectrometer each line was measured in."""
    found = {channel for cell in channels.values() if (channel := read_channel(cell.text))}
    return Counter(channel._replace(order=None) for channel in found)


def _with_order(channel: Channel, orders: Counter[Channel]) -> Channel:
    """A line with its order where only the order tells two columns apart."""
    if channel.order is None or orders[channel._replace(order=None)] < 2:
        return channel
    return channel._replace(line=f"{channel.line} {{{channel.order}}}")


def _make_column(found: re.Match[str], channel: Channel, unit: str | None) -> Column:
    what, part = "".join(found["what"].split()), " ".join(found["part"].split())
    base = _WHATS.get(what.casefold()) or name_quantity(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", what))
    if base == "raw":
        base = "counts" if (unit or "").casefold() == "cps" or (found[0].casefold() == "raw.rsd" and unit == "%") else "intensity"
    column = Column(channel.analyte, base, unit, channel.line, gas_mode=channel.mode, internal_standard=channel.internal_standard)
    if part.casefold() in _PARTS:
        return replace(column, quantity=base + _PARTS[part.casefold()])
    run = _RUN.fullmatch(part)
    if run:
        return replace(column, replicate=int(run["number"]))
    if part.casefold() == "standardconcentration":
        return replace(column, quantity="nominal_concentration")
    return replace(column, quantity=f"{base}_{name_quantity(part)}")


def _refuse_second_header(table: Table, number: int, cells: Mapping[int, Cell], layout: Layout) -> None:
    if any(_QUANTITY.fullmatch(cells[index].text.strip()) for index in cells.keys() & layout.measured.keys()):
        raise ParseError("second_header", "A second header begins here. Export one LabBook a file.", table.place(number))

"""Results as a commercial laboratory delivers them, delimited text or .xlsx: a header block, rows that describe the columns, samples.

The header block names despatch, job and date. Below it stand rows with a title in the first column, for the element, the method code, the
unit, and the lower and upper limit; then the samples. `<0.05` and `>1000` are bounds. Old deliveries write a content below the limit as the
limit with a minus before it: exactly that is read as a bound. `-9999` and `-999` stand for no result.

The method code is kept as the way of measuring (`gas_mode`), so that one element by two methods stays two results.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType

from .cells import read_cell
from .formulas import read_compound
from .measured_columns import Column, Layout, RowReader, find_sign_in, fold, note_passed_over, refuse_doubles
from .model import BELOW, MISSING, NOT_AVAILABLE, NOT_UNDERSTOOD, Item, Notes
from .nomenclature import read_unit
from .source import Source
from .tables import Cell, Row, Table

FORMAT = "geochem_delivery"
TITLE = "Geochemical results delivery (.csv, .xlsx)"
_SEARCHED_ROWS = 80
_TITLES = {
    "element": ("element", "elements", "analyte", "analytes"),
    "method": ("method", "methods", "method code", "scheme", "analysis method"),
    "unit": ("unit", "units"),
    "lower": (
        "lower limit", "lower", "lld", "ldl", "detection", "detection limit", "det lim", "lor", "lower detection limit",
        "limit of reporting",
    ),
    "upper": ("upper limit", "upper", "uld", "udl", "upper detection limit"),
}  # fmt: skip
_PART_OF = {title: part for part, titles in _TITLES.items() for title in titles}
_NO_RESULT = {Decimal(-9999), Decimal(-999), Decimal(-99999)}
_WORDS = {"is", "i s", "nss", "lnr", "ind", "insufficient sample", "listed not received"}


def recognise(source: Source) -> bool:
    """Whether a table of the file has rows for element, unit and method or limit just below one another."""
    return any(_find_rows(table) for table in source.tables)


def read(source: Source, notes: Notes) -> Iterator[Item]:
    """Rows and their readings, one after the other."""
    index = 0
    for table in source.tables:
        found = _find_rows(table)
        if found:
            reader = _DeliveryReader(source, table, notes, index)
            yield from _read_table(reader, found)
            index = reader.row_index + 1
        else:
            note_passed_over(table, notes)


def _find_rows(table: Table) -> dict[str, Row] | None:
    """The describing rows by what they tell, none where they are not these."""
    found: dict[str, Row] = {}
    for row in table.first_rows:
        if row[0] > _SEARCHED_ROWS:
            break
        part = _PART_OF.get(fold(row[1][0].text.rstrip(" :"))) if 0 in row[1] and len(row[1]) > 1 else None
        if part in found:
            return None
        if part:
            found[part] = row
        elif found:
            break
    is_whole = {"element", "unit"} <= found.keys() and found.keys() & {"method", "lower", "upper"}
    return found if is_whole and any(read_compound(cell.text) for index, cell in found["element"][1].items() if index) else None


def _read_table(reader: _DeliveryReader, found: dict[str, Row]) -> Iterator[Item]:
    table = reader.table
    number = max(row[0] for row in found.values())
    texts = {
        part: {index: cell.text.strip() for index, cell in row[1].items() if index and cell.text.strip()} for part, row in found.items()
    }
    measured: dict[int, Column] = {}
    for index, name in sorted(texts["element"].items()):
        analyte = read_compound(name)
        unit = texts["unit"].get(index)
        if analyte is None:
            reader.notes.add(
                "analyte_unknown", f"{name[:40]!r} is no analyte known; it is kept under that name.", table.place(number, index)
            )
        if unit is None or read_unit(unit) is None:
            reader.notes.add(
                "unit_unknown", f"The unit of {name[:40]} is {'not known' if unit else 'missing'}.", table.place(number, index)
            )
        method = texts.get("method", {}).get(index, "")[:64] or None
        measured[index] = Column(analyte or name[:12], "concentration", unit[:20] if unit else None, gas_mode=method, limit_column=index)
    layout = Layout(number, {"label": (0,)}, measured)
    refuse_doubles(table, layout)
    reader.decimal_sign = find_sign_in(table, measured, number + 1)
    if "lower" in found:
        reader.limits = {index: read_cell(found["lower"][1][index], reader.decimal_sign)[0] for index in texts["lower"]}
    for line, cells in table.read_rows():
        texts_of_line = [cell.text.strip() for cell in cells.values() if cell.text.strip()]
        if line <= number or not texts_of_line or (len(texts_of_line) == 1 and fold(texts_of_line[0]).startswith("sample")):
            continue
        yield from reader.read(layout, line, cells)
    reader.check_end()


class _DeliveryReader(RowReader):
    """Understands the codes of old deliveries. `limits` are the lower limits by column."""

    limits: Mapping[int, Decimal | None] = MappingProxyType({})

    def read_cell(self, column: Column, cell: Cell, cells: dict[int, Cell]) -> tuple[Decimal | None, str]:
        value, qualifier = read_cell(cell, self.decimal_sign)
        if value is None:
            return None, NOT_AVAILABLE if qualifier == NOT_UNDERSTOOD and fold(cell.text) in _WORDS else qualifier
        if value in _NO_RESULT and not qualifier:
            return None, MISSING
        limit = self.limits.get(column.limit_column) if column.limit_column is not None else None
        return (limit, BELOW) if not qualifier and value < 0 and limit is not None and -value == limit else (value, qualifier)

"""Shimadzu ICPE-9000 results: text separated by tabs, without titles, one line for each sample and emission line.

By column from 1: method, kind of sample, sample, time, then element (7), `QUANT` (8), wavelength (9), order (10). From column 11 on
blocks of twenty: what the block is (`ppb`, `After Drift Correction`), ten replicates, their mean, standard deviation and relative standard
deviation in percent. `----` stands for a missing number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice

from .acquisitions import Line, LineCollector, Measured
from .channels import Channel, name_quantity
from .measured_columns import find_sign_in, note_passed_over, refuse_cut_end
from .model import Item, Notes, ParseError
from .nomenclature import ELEMENTS, read_unit, repair_mojibake
from .source import Source
from .tables import Cell, Table

FORMAT = "shimadzu_icpe"
TITLE = "Shimadzu ICPE results without titles (.txt)"
_SEARCHED_ROWS = 60
_METHOD, _TYPE, _LABEL, _TIME, _ELEMENT, _WORD, _LINE, _ORDER, _FIRST_BLOCK = 0, 1, 2, 3, 6, 7, 8, 9, 10
_BLOCK, _REPLICATES, _LAST = 20, 10, 43
_WAVELENGTH = re.compile(r"\d{2,4}(?:[.,]\d{1,4})?")


def recognise(source: Source) -> bool:
    """Whether a table separated by tabs has a line with an element, `QUANT` and a wavelength in the places for them."""
    return any(_is_results(table) for table in source.tables)


def _is_results(table: Table) -> bool:
    return table.separator == "\t" and any(_is_quantified(cells) for _, cells in islice(table.read_rows(), _SEARCHED_ROWS))


def _is_quantified(cells: Mapping[int, Cell]) -> bool:
    texts = [cells[index].text.strip() if index in cells else "" for index in (_ELEMENT, _WORD, _LINE)]
    return texts[0] in ELEMENTS and texts[1] == "QUANT" and bool(_WAVELENGTH.fullmatch(texts[2]))


def read(source: Source, notes: Notes) -> Iterator[Item]:
    """Every number of every `QUANT` line as a reading."""
    rows = 0
    for table in source.tables:
        if not _is_results(table):
            note_passed_over(table, notes)
            continue
        collector = LineCollector(table, notes, rows, find_sign_in(table, range(_FIRST_BLOCK, _FIRST_BLOCK + 20 * _BLOCK), 1))
        number, cells, last = 1, dict[int, Cell](), _LAST
        for number, cells in table.read_rows():
            last = max(last, *cells, 0)
            if _is_quantified(cells):
                yield from collector.add(_read_line(collector, number, cells))
            elif any(cell.text.strip() for cell in cells.values()):
                _refuse_other(table, number, cells, notes)
        yield from collector.finish()
        refuse_cut_end(source, table, number, cells, last)
        rows = collector.rows


def _refuse_other(table: Table, number: int, cells: Mapping[int, Cell], notes: Notes) -> None:
    """A line of another kind (`QUAL`) is noted; one that is no result at all is refused."""
    word = cells[_WORD].text.strip() if _WORD in cells else ""
    if word == "QUANT" or not word or not re.fullmatch("[A-Z]{2,12}", word):
        message = "The line has no element, QUANT and wavelength in columns 7 to 9. Export the results again."
        raise ParseError("bad_line", message, table.place(number))
    notes.add("line_passed_over", f"The line is marked {word}, not QUANT, and was not read.", table.place(number))


def _read_line(collector: LineCollector, number: int, cells: Mapping[int, Cell]) -> Line:
    texts = {index: cell.text.strip() for index, cell in cells.items()}
    measured = list(_read_blocks(collector, number, cells))
    others = {"method": texts.get(_METHOD, ""), "order": texts.get(_ORDER, "")}
    others |= {f"column {index + 1}": texts.get(index, "") for index in (4, 5)}
    return Line(
        number,
        collector.cells.read_text("label", number, _LABEL, cells[_LABEL]) if _LABEL in cells else "",
        Channel(texts[_ELEMENT], texts[_LINE].replace(",", ".")),
        measured,
        type=texts.get(_TYPE, "")[:40],
        acquired_at=texts.get(_TIME, "")[:60],
        others={title: text for title, text in others.items() if text},
    )


def _read_blocks(collector: LineCollector, number: int, cells: Mapping[int, Cell]) -> Iterator[Measured]:
    """The blocks of a line. A block that is corrected has the unit of the first, and is the concentration where the first is empty."""
    unit: str | None = None
    has_content = False
    for start in range(_FIRST_BLOCK, max(cells) + 1, _BLOCK):
        title = repair_mojibake(cells[start].text).strip() if start in cells else ""
        if read_unit(title):
            unit, title = title[:20], ""
        quantity = f"concentration_{name_quantity(title)}"[:50] if title and has_content else "concentration"
        filled = [index for index in sorted(cells) if start < index < start + _BLOCK and cells[index].text.strip()]
        for index in filled:
            yield _read_cell(collector, number, index, index - start, cells[index], quantity, unit)
        has_content = has_content or bool(filled)


def _read_cell(collector: LineCollector, number: int, index: int, offset: int, cell: Cell, quantity: str, unit: str | None) -> Measured:
    if offset <= _REPLICATES:
        return Measured(index, cell, quantity, unit, replicate=offset)
    if offset == _REPLICATES + 1:
        return Measured(index, cell, quantity, unit)
    if offset == _REPLICATES + 2:
        return Measured(index, cell, f"{quantity}_sd", unit)
    if offset == _REPLICATES + 3:
        return Measured(index, cell, f"{quantity}_rsd", "%")
    message = f"{cell.text[:40]!r} stands behind the mean and its deviations, where nothing is known to stand. Export the results again."
    raise ParseError("bad_line", message, collector.table.place(number, index))

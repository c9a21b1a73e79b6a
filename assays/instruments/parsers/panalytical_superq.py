"""PANalytical (Axios, SuperQ, Omnian) results, delimited text or .xlsx: lines of titles first, then the table.

Two shapes. A list of samples: `Seq.`, `Sample name`, `Meas. date/time`, `Result type`, `Sum`, then a column per analyte (`Fe2O3 (%)`, or
the unit in a row of its own below). Or one sample, named in the title `Quantification of sample ...`, with a line per analyte: `Analyte`,
`Calibration`, `Compound`, `Concentration`, `Unit`, `Calculation`, `Status`; there the concentration is that of the compound. Numbers may
have a decimal comma in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from .formulas import LONGEST_ANALYTE, read_compound, read_heading
from .labels import note_mangled
from .measured_columns import (
    Column,
    Layout,
    RowReader,
    find_sign,
    fold,
    is_rate,
    note_columns,
    note_missing_unit,
    note_passed_over,
    read_units_below,
    refuse_doubles,
)
from .model import Item, Notes, ParsedReading, ParsedRow, ParseError
from .nomenclature import read_unit
from .source import Source
from .statistics_rows import derive_layout, find_statistic, name_columns
from .tables import Cell, Row, Table

FORMAT = "panalytical_superq"
TITLE = "PANalytical SuperQ results (.csv, .xlsx)"
_SEARCHED_ROWS = 60
_SAMPLE_OF = "quantification of sample"
_ONE_SAMPLE = {"concentration", "conc"}
_LIST_MARKS = {"seq", "result type", "meas date/time", "measurement date/time", "sum"}
_NAMING = ("compound", "compound name", "compound formula", "analyte")
_DATE = re.compile(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4} +\d{1,2}:\d{2}.*")
_DESCRIBING = ("seq", "nr", "no", "result type", "application", "archive", "position", "pos")
_FIELDS = {"acquired_at": ("meas date/time", "measurement date/time", "date/time", "date", "time")}

# A word in `Result type` that makes the line something other than contents.
_RESULT_TYPES = {
    "int": "intensity",
    "cps": "intensity",
    "lld": "lld",
    "lod": "lld",
    "err": "concentration_error",
    "rms": "concentration_error",
}


def recognise(source: Source) -> bool:
    """Whether a table of the file is one of the two shapes."""
    return any(_find_list(table) or _find_sample(table) for table in source.tables)


def read(source: Source, notes: Notes) -> Iterator[Item]:
    """Every filled content as a reading."""
    index = 0
    for table in source.tables:
        reader = RowReader(source, table, notes, index)
        header = _find_list(table)
        if header:
            yield from _read_list(reader, header)
        elif _find_sample(table):
            yield from _read_samples(reader)
        else:
            note_passed_over(table, notes)
        index = reader.row_index + 1


def _fold_title(text: str) -> str:
    """A title without what stands in brackets: `Sample name  (1-10)` is `sample name`."""
    return fold(text.split("(")[0].split("[")[0])


def _find_list(table: Table) -> Row | None:
    for number, cells in table.first_rows:
        if number > _SEARCHED_ROWS:
            break
        titles = {_fold_title(cell.text) for cell in cells.values()}
        has_sample = any(title.startswith("sample name") for title in titles)
        has_mark = any(title in _LIST_MARKS or title.startswith("sum of conc") for title in titles)
        if has_sample and has_mark and any(read_heading(cell.text) for cell in cells.values()):
            return number, cells
    return None


def _find_sample(table: Table) -> bool:
    named = False
    for number, cells in table.first_rows:
        if number > _SEARCHED_ROWS:
            break
        named = named or _name_of(cells) is not None
        if named and _is_sample_header(cells):
            return True
    return False


def _name_of(cells: Mapping[int, Cell]) -> str | None:
    """The sample that a title line names, or none."""
    text = cells[0].text.strip() if 0 in cells else ""
    return text[len(_SAMPLE_OF) :].strip(" :,") if text.casefold().startswith(_SAMPLE_OF) else None


def _is_sample_header(cells: Mapping[int, Cell]) -> bool:
    titles = {_fold_title(cell.text) for cell in cells.values()}
    return bool(titles & {"analyte", "compound", "compound name"}) and bool(titles & _ONE_SAMPLE)


def _read_list(reader: RowReader, header: Row) -> Iterator[Item]:
    table, (number, cells) = reader.table, header
    titles = {index: _fold_title(cell.text) for index, cell in sorted(cells.items()) if cell.text.strip()}
    headings = {index: heading for index in titles if (heading := read_heading(cells[index].text))}
    sums = {index: _unit_in(cells[index].text) for index, title in titles.items() if title == "sum" or title.startswith("sum of conc")}
    units_row, units = read_units_below(table, number, headings.keys() | sums.keys())
    measured = {}
    for index, one in headings.items():
        unit = units.get(index, one.unit)
        measured[index] = Column(one.analyte, "intensity" if is_rate(unit) else "concentration", unit, one.line)
    measured |= {index: Column("Sum", "sum_of_concentrations", units.get(index, unit)) for index, unit in sums.items()}
    label = next(index for index, title in titles.items() if title.startswith("sample name"))
    fields = name_columns(titles, _FIELDS) | {"label": (label,)}
    described = frozenset(index for places in fields.values() for index in places)
    others = {index: " ".join(cells[index].text.split()) for index in titles if index not in measured and index not in described}
    layout = Layout(units_row or number, fields, measured, others, described)
    refuse_doubles(table, layout)
    note_columns(table, reader.notes, layout, _DESCRIBING)
    note_missing_unit(table, reader.notes, layout)
    reader.decimal_sign = _find_sign(table)
    kinds = next((index for index, title in titles.items() if title == "result type"), None)
    for line, found in table.read_rows():
        if line > layout.row and any(cell.text.strip() for cell in found.values()):
            yield from _read_list_line(reader, layout, line, found, found[kinds].text.strip() if kinds in found else "")
    reader.check_end()


def _unit_in(text: str) -> str | None:
    """The unit in a title's brackets."""
    unit = text.partition("(")[2].partition(")")[0].strip()
    return unit if unit and read_unit(unit) else None


def _read_list_line(reader: RowReader, layout: Layout, number: int, cells: dict[int, Cell], result_type: str) -> Iterator[Item]:
    label = cells[layout.fields["label"][0]].text.strip() if layout.fields["label"][0] in cells else ""
    statistic = find_statistic(label)
    quantity = next((quantity for part, quantity in _RESULT_TYPES.items() if part in result_type.casefold()), None)
    if statistic:
        yield from reader.read(derive_layout(layout, statistic), number, cells, type_=label[:40], kind="statistic")
    elif quantity:
        measured = {index: replace(column, quantity=quantity) for index, column in layout.measured.items() if column.analyte != "Sum"}
        sums = frozenset(layout.measured.keys() - measured.keys())
        yield from reader.read(replace(layout, measured=measured, silent=layout.silent | sums), number, cells)
    else:
        yield from reader.read(layout, number, cells)


def _read_samples(reader: RowReader) -> Iterator[Item]:
    """The lines of each analyte under the sample named last."""
    table = reader.table
    reader.decimal_sign = _find_sign(table)
    titles: list[str] = []
    layout: Layout | None = None
    row: ParsedRow | None = None
    for number, cells in table.read_rows():
        texts = [cell.text.strip() for cell in cells.values() if cell.text.strip()]
        name = _name_of(cells)
        if name is not None:
            note_mangled(name, "text", reader.notes, table.place(number, 0))
            row, layout = ParsedRow(label=name[:200], type="", kind="unknown", row=number, sheet=table.sheet), None
            titles = titles[-2:]
        elif _is_sample_header(cells):
            if row is None:
                message = "No title 'Quantification of sample' names the sample of this table. Export it with its titles."
                raise ParseError("no_sample_name", message, table.place(number))
            layout = _read_sample_header(table, number, cells)
            reader.row_index += 1
            when = next((title[:60] for title in titles if _DATE.fullmatch(title)), "")
            row = replace(row, comment="; ".join(titles)[:2000], acquired_at=when)
            yield row
        elif layout is None or row is None:
            titles += [" ".join(texts)] if texts else []
        elif texts:
            yield from _read_analyte(reader, layout, number, cells, row)
    reader.check_end()


def _find_sign(table: Table) -> str:
    """The decimal sign; the numbers among the titles tell it too."""
    return find_sign(table, (cell.text for _, cells in table.read_rows() for cell in cells.values()))


def _read_sample_header(table: Table, number: int, cells: Mapping[int, Cell]) -> Layout:
    titles = {index: _fold_title(cell.text) for index, cell in sorted(cells.items()) if cell.text.strip()}
    unit = next((index for index, title in titles.items() if title in {"unit", "units"}), None)
    contents = [index for index, title in titles.items() if title in _ONE_SAMPLE]
    if len(contents) > 1:
        raise ParseError("column_twice", "The column Concentration comes twice. Export the table again.", table.place(number, contents[1]))
    own = _unit_in(cells[contents[0]].text)
    measured = {contents[0]: Column("", "concentration", own, unit_column=unit)}
    others = {index: title for index, title in titles.items() if index not in measured}
    others.setdefault(0, "nr")  # The running number of the line may have no title.
    # A line cut before the analyte's own columns would say something else.
    naming = tuple(index for index, title in titles.items() if title in _NAMING)
    return Layout(number, {"analyte": naming}, measured, others)


def _read_analyte(reader: RowReader, layout: Layout, number: int, cells: dict[int, Cell], row: ParsedRow) -> Iterator[ParsedReading]:
    named = {title: cells[index].text.strip() for index, title in layout.titles.items() if index in cells}
    texts = [named[title] for title in _NAMING if named.get(title)]
    analyte = next((found for text in texts if (found := read_compound(text))), None)
    index = next(iter(layout.measured))
    if analyte is None:
        what = " ".join(cell.text.strip() for cell in cells.values())[:80]
        if index in cells and not texts:
            message = f"The content {cells[index].text[:40]!r} has no analyte. Export the table again."
            raise ParseError("no_analyte", message, reader.table.place(number, index))
        if index not in cells:
            reader.notes.add("line_passed_over", f"The line {what!r} holds no content and was not read.", reader.table.place(number))
            return
        if read_compound(cells[index].text.strip()):
            message = f"{cells[index].text[:40]!r} stands under Concentration: the line does not fit its titles. Export the table again."
            raise ParseError("columns_moved", message, reader.table.place(number, index))
        reader.notes.add(
            "analyte_unknown", f"{texts[0][:40]!r} is no formula known; it is kept under that name.", reader.table.place(number)
        )
        analyte = texts[0][:LONGEST_ANALYTE]
    layout_of_line = replace(layout, measured={index: replace(layout.measured[index], analyte=analyte)})
    for item in reader.read_further(layout_of_line, number, cells, row, reader.row_index):
        if isinstance(item, ParsedReading):
            yield item

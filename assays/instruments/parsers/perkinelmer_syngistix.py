"""PerkinElmer Syngistix workbooks (NexION, Avio): a sheet for each quantity, each with one acquisition a row.

The row of titles (`Sample Id`, `R`, `Acquisition Time`, `A/S Loc`, ...) names the analytes with a line break before the unit,
`Ag 107\\n(mg/L)`, and comes again in mid-sheet where the method or its analytes change. Sheets may be empty. What the sheets say about one
acquisition is one row: they are joined by the sample, the replicate, the time and the place in the autosampler.

The sheets of relative standard deviations hold fractions, not percent. `Conc. in Sample Units` includes the dilution.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice

from .channels import LONGEST_ANALYTE, Channel, name_quantity, read_channel, split_unit
from .measured_columns import Column, Layout, RowReader, fold, refuse_doubles
from .model import Item, Kind, Notes, ParsedRow
from .nomenclature import read_value
from .source import Source
from .statistics_rows import derive_layout, find_statistic
from .tables import Cell, Table

FORMAT = "perkinelmer_syngistix"
TITLE = "PerkinElmer Syngistix workbook (.xlsx)"
FRACTION = "fraction"
_SEARCHED_ROWS = 30

# How the method's list draws an internal standard (`> Rh 103`) and the analytes that refer to it (`|- Dy 163`).
_GROUP_MARK = re.compile(r"\s*(?:\|\s*[>_-]*|>)\s*(?=[A-Z])")

_QUANTITIES = {
    "raw intensities": "intensity", "intensities": "intensity", "net intensities": "net_intensity",
    "corrected intensities": "corrected_intensity", "conc in calib units": "measured_concentration",
    "conc in sample units": "concentration", "concentrations": "concentration", "internal standards": "internal_standard_recovery",
}  # fmt: skip
_FIELDS = {
    "label": ("sample id",), "acquired_at": ("acquisition time", "date time", "date", "time"), "vial": ("a/s loc", "autosampler location"),
    "data_file": ("dataset file",), "type": ("sample type",),
}  # fmt: skip
_DESCRIBING = {"a/s loc", "acquisition time", "dataset file", "method file", "qc status"}


def recognise(source: Source) -> bool:
    """Whether a sheet has a row of titles with `Sample Id` and two more of Syngistix's own."""
    sheets = (table for table in source.tables if table.sheet is not None)
    return any(_is_header(table, cells) for table in sheets for _, cells in islice(table.read_rows(), _SEARCHED_ROWS))


def read(source: Source, notes: Notes) -> Iterator[Item]:
    """Every filled cell under an analyte, of every sheet, as a reading."""
    workbook = _Workbook(source, notes)
    for table in source.tables:
        yield from workbook.read(table)


def _is_header(table: Table, cells: Mapping[int, Cell]) -> bool:
    """Titles can be left out of an export; on a sheet named as Syngistix names them one of its own is enough."""
    titles = {fold(cell.text) for cell in cells.values()}
    return "sample id" in titles and len(titles & _DESCRIBING) >= (1 if _read_sheet(table)[0] in _QUANTITIES else 2)


def _read_sheet(table: Table) -> tuple[str, bool]:
    """The sheet's name without what says that it holds relative standard deviations, and whether it does."""
    name = fold(table.sheet or "")
    is_rsd = name.endswith((" rsds", " rsd"))
    return (name.removesuffix("s").removesuffix(" rsd") if is_rsd else name), is_rsd


class _Workbook:
    """Joins the sheets: `rows` holds the row of each acquisition by what identifies it."""

    def __init__(self, source: Source, notes: Notes) -> None:
        self.source, self.notes = source, notes
        self.rows: dict[tuple[object, ...], tuple[ParsedRow, int]] = {}

    def read(self, table: Table) -> Iterator[Item]:
        sheet, layout = _Sheet(table, self.notes), None
        reader = RowReader(self.source, table, self.notes, len(self.rows))
        seen: Counter[tuple[object, ...]] = Counter()
        for number, cells in table.read_rows():
            if _is_header(table, cells):
                layout = sheet.read_header(number, cells)
            elif layout is not None and any(cell.text.strip() for cell in cells.values()):
                yield from self._read_line(sheet, reader, layout, number, cells, seen)
        if layout is None and any(cells for _, cells in islice(table.read_rows(), 1000)):
            message = f"The sheet {table.sheet} holds no table of samples and was not read."
            self.notes.add("sheet_passed_over", message, table.place())
        reader.check_end()

    def _read_line(
        self, sheet: _Sheet, reader: RowReader, layout: Layout, number: int, cells: dict[int, Cell], seen: Counter[tuple[object, ...]]
    ) -> Iterator[Item]:
        if "calibration curves" in {fold(cell.text) for cell in cells.values()}:
            message = "The line 'Calibration Curves' among the samples is no sample."
            self.notes.add("line_passed_over", message, sheet.table.place(number))
            if not cells.keys() & layout.measured.keys():
                return
        key = sheet.identify(cells, layout)
        key = (*key, seen.update((key,)) or seen[key])
        replicate = sheet.read_replicate(cells)
        statistic = sheet.find_statistic(cells)
        kind: Kind = "statistic" if statistic else "unknown"
        if statistic:
            layout = derive_layout(layout, statistic)
        known = self.rows.get(key)
        if known is not None:
            yield from reader.read_further(layout, number, cells, *known, replicate)
            return
        reader.row_index = len(self.rows) - 1
        for item in reader.read(layout, number, cells, type_=statistic or "", kind=kind, replicate=replicate):
            if isinstance(item, ParsedRow):
                self.rows[key] = (item, len(self.rows))
            yield item


def _find_fields(titles: Mapping[int, str]) -> dict[str, tuple[int, ...]]:
    """The columns of each field of a row, by their titles."""
    return {field: tuple(index for index, title in titles.items() if fold(title) in words) for field, words in _FIELDS.items()}


class _Sheet:
    """The quantity of a sheet and the meaning of its columns."""

    def __init__(self, table: Table, notes: Notes) -> None:
        self.table, self.notes = table, notes
        name, is_rsd = _read_sheet(table)
        self.is_rsd, self.is_standard = is_rsd, name == "internal standards"
        self.quantity = _QUANTITIES.get(name) or name_quantity(name) or "value"
        self.replicate_column: int | None = None

    def read_header(self, number: int, cells: Mapping[int, Cell]) -> Layout:
        """What the columns mean from this row of titles on."""
        titles, measured = {}, {}
        self.replicate_column = None
        for index, cell in sorted(cells.items()):
            title = fold(cell.text)
            column = self._read_column(number, index, cell)
            if column is not None:
                measured[index] = column
            elif title == "r":
                self.replicate_column = index
            elif cell.text.strip():
                titles[index] = " ".join(cell.text.split())[:80]
        fields = _find_fields(titles)
        used = {index for places in fields.values() for index in places}
        silent = {0, self.replicate_column} - {*measured, *titles, None}
        others = {index: title for index, title in titles.items() if index not in used}
        layout = Layout(number, fields, measured, others, frozenset(index for index in silent if index is not None))
        refuse_doubles(self.table, layout)
        return layout

    def _read_column(self, number: int, index: int, cell: Cell) -> Column | None:
        mark = _GROUP_MARK.match(cell.text)
        name, unit = split_unit(cell.text[mark.end() :] if mark else cell.text)
        channel = read_channel(name)
        if channel is None or (channel.line is None and unit is None):
            if unit is None:
                return None
            self.notes.add(
                "analyte_unknown", f"{name[:40]!r} is no element known, and kept under that name.", self.table.place(number, index)
            )
            channel = Channel(name[:LONGEST_ANALYTE])
        quantity = self.quantity
        if quantity == "intensity" and unit == "cps":
            quantity = "counts"
        if self.is_rsd:
            quantity, unit = f"{quantity}_rsd", FRACTION
        is_standard = self.is_standard or channel.internal_standard or bool(mark and ">" in mark[0])
        return Column(channel.analyte, quantity, unit, channel.line, gas_mode=channel.mode, internal_standard=is_standard)

    def identify(self, cells: Mapping[int, Cell], layout: Layout) -> tuple[object, ...]:
        """What says that two lines of different sheets are one acquisition."""
        places = [index for field in ("label", "acquired_at", "vial") for index in layout.fields[field]]
        texts = [cells[index].text.strip() if index in cells else "" for index in places]
        return (*texts, self.read_replicate(cells), self.find_statistic(cells))

    def find_statistic(self, cells: Mapping[int, Cell]) -> str | None:
        """What the software computed of the replicates, where the column `R` has a word for it (`Mean`, `SD`)."""
        cell = cells.get(self.replicate_column) if self.replicate_column is not None else None
        return find_statistic(cell.text) if cell is not None else None

    def read_replicate(self, cells: Mapping[int, Cell]) -> int | None:
        """The number in the column `R`, where there is one."""
        cell = cells.get(self.replicate_column) if self.replicate_column is not None else None
        value = read_value(cell.text)[0] if cell is not None else None
        return int(value) if value is not None and value == int(value) and 1 <= value <= 1000 else None

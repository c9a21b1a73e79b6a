"""Agilent MassHunter ICP-MS batch tables, .xlsx or delimited text.

Two header rows. The first names the analyte once (`163  Dy  [ He ] `, `159 -> 175  Tb  [ O2 ] ` for MS/MS, `175  Lu ( ISTD )  [ He Gas ] `
for an internal standard) over the first of its columns and is empty, or merged, over the others; it is `Sample`, or empty, over the columns
that describe the row. The second names each column: `Sample Name`, `Type`, ... and under every analyte any of `Conc. [ ppb ]`, `Conc. RSD`,
`Meas. Conc. [ ppb ]`, `CPS`, `CPS RSD`.

What could mean two things is refused: an analyte heading given twice, a column that comes twice under one analyte or stands among those of
another kind, values without a heading, formulas. `Conc.` includes the total dilution, `Meas. Conc.` does not; neither is multiplied here.
"""

from __future__ import annotations

from collections.abc import Iterator

from .cells import CellReader, refuse_cut, refuse_formula, said_whole
from .masshunter_header import Header, find_header_rows, read_header
from .model import Item, Notes, ParsedReading, ParsedRow, ParseError
from .nomenclature import find_decimal_sign
from .sample_types import classify_type
from .source import Source
from .tables import Cell, Table

FORMAT = "agilent_masshunter"
TITLE = "Agilent MassHunter batch table (.xlsx, .csv)"
_TEXTS = ("label", "type", "vial", "acquired_at", "total_dilution", "comment", "data_file", "level", "flag", "rejected")
_TRUE, _FALSE = {"1", "true", "yes", "x"}, {"", "0", "false", "no"}


def recognise(source: Source) -> bool:
    """Whether a table of the file has MassHunter's second header row."""
    return any(find_header_rows(table) for table in source.tables)


def read(source: Source, notes: Notes) -> Iterator[Item]:
    """Every non-empty measured cell of every batch table of the file as a reading."""
    rows = 0
    for table in source.tables:
        if find_header_rows(table):
            batch = _Batch(table, rows, notes)
            yield from batch.read()
            rows = batch.rows
        elif table.sheet is not None:
            notes.add("sheet_passed_over", f"The sheet {table.sheet} is no batch table and was not read.", table.place())


class _Batch:
    """Reads one batch table. `rows` counts the file's rows up to here."""

    def __init__(self, table: Table, rows: int, notes: Notes) -> None:
        self.table, self.rows, self.notes = table, rows, notes
        self.header: Header = read_header(table, notes)
        self.cells = CellReader(table, notes, self._find_decimal_sign())
        self.measured = sorted(self.header.measured.items())

    def read(self) -> Iterator[Item]:
        number, cells = self.header.row, dict[int, Cell]()
        for number, cells in self.table.read_rows():
            if number > self.header.row and cells:
                yield from self._read_row(number, cells)
        self._check_end(number, cells)

    def _find_decimal_sign(self) -> str:
        """A point, but where fields are not separated by commas the file itself decides."""
        if self.table.separator in {None, ","}:
            return "."
        below = (cells for number, cells in self.table.read_rows() if number > self.header.row)
        return find_decimal_sign(cell.text for cells in below for index, cell in cells.items() if index in self.header.measured)

    def _read_row(self, number: int, cells: dict[int, Cell]) -> Iterator[Item]:
        self._check_cells(number, cells)
        row = self._describe_row(number, cells)
        if row.label.casefold() == "sample name":
            raise ParseError("second_header", "A second header begins here. Export one batch a sheet.", self.table.place(number))
        yield row
        for index, column in self.measured:
            cell = cells.get(index)
            if cell is None:
                continue
            value, qualifier = self.cells.read_number(number, index, cell)
            channel = column.channel
            yield ParsedReading(
                sample=row.label,
                type=row.type,
                analyte=channel.analyte,
                isotope_or_line=channel.isotope,
                gas_mode=channel.gas_mode,
                quantity=column.quantity,
                unit=column.unit,
                raw=cell.text,
                value=value,
                qualifier=qualifier,
                sheet=row.sheet,
                row=number,
                column=column.letters,
                row_index=self.rows,
                internal_standard=channel.internal_standard,
                dilution=row.total_dilution,
                acquired_at=row.acquired_at,
            )
        self.rows += 1

    def _check_end(self, number: int, cells: dict[int, Cell]) -> None:
        """Refuse a text that may have been broken off inside its last line.

        A cut `12.5` looks like any other, and a wrong number is worse than a second export. A line is whole where its last column holds a
        quoted field; or a word for no number; a number is kept as a text that may be cut.
        """
        if self.table.end == "whole":
            return
        last = max(self.header.measured)
        if last not in cells or (self.table.end == "open" and cells[last].kind != "cut" and not said_whole(cells[last])):
            raise refuse_cut(self.table.place(number, max(cells, default=0)))

    def _check_cells(self, number: int, cells: dict[int, Cell]) -> None:
        for index, cell in cells.items():
            if cell.kind == "formula":
                raise refuse_formula(self.table, number, index)
            if not self.header.knows(index) and cell.text.strip():
                message = f"The value {cell.text[:40]!r} has no heading. Export the table again, or delete what was added by hand."
                raise ParseError("no_heading", message, self.table.place(number, index))

    def _describe_row(self, number: int, cells: dict[int, Cell]) -> ParsedRow:
        texts = dict.fromkeys(_TEXTS, "")
        for index, name in self.header.describing.items():
            if index in cells:
                texts[name] = self.cells.read_text(name, number, index, cells[index])
        kind = classify_type(texts["type"])
        if texts["type"] and kind == "unknown":
            message = f"The sample type {texts['type']!r} is not known, so the row is not taken for a sample unseen."
            self.notes.add("type_unknown", message, self.table.place(number))
        return ParsedRow(
            label=texts["label"],
            type=texts["type"],
            kind=kind,
            row=number,
            sheet=self.table.sheet,
            vial=texts["vial"],
            acquired_at=texts["acquired_at"],
            total_dilution=self.cells.read_dilution(number, texts["total_dilution"]),
            comment=texts["comment"],
            data_file=texts["data_file"],
            level=texts["level"],
            flag=texts["flag"],
            rejected=self._read_rejected(texts["rejected"], number),
        )

    def _read_rejected(self, text: str, number: int) -> bool:
        if text.casefold() not in _TRUE | _FALSE:
            message = f"{text!r} in the column Rjct is not understood; the row is held to be rejected."
            self.notes.add("rejection_unread", message, self.table.place(number))
        return text.casefold() not in _FALSE

"""Agilent MassHunter ICP-MS batch tables, .xlsx or delimited text.

Two header rows. The first names the analyte once (`163  Dy  [ He ] `, `159 -> 175  Tb  [ O2 ] ` for MS/MS, `175  Lu ( ISTD )  [ He Gas ] `
for an internal standard) over the first of its columns and is empty, or merged, over the others; it is `Sample`, or empty, over the columns
that describe the row. The second names each column: `Sample Name`, `Type`, ... and under every analyte any of `Conc. [ ppb ]`, `Conc. RSD`,
`Meas. Conc. [ ppb ]`, `CPS`, `CPS RSD`.

What could mean two things is refused: an analyte heading given twice, a column that comes twice under one analyte or stands among those of
another kind, values without a heading, formulas. `Conc.` includes the total dilution, `Meas. Conc.` does not; neither is multiplied here.
"""

from __future__ import annotations

from decimal import Decimal

from .labels import note_mangled
from .masshunter_header import Column, Header, find_header_rows, read_header, refuse_formula
from .model import NOT_AVAILABLE, NOT_DETECTED, NOT_UNDERSTOOD, OVER, Notes, ParsedExport, ParsedReading, ParsedRow, ParseError
from .nomenclature import find_decimal_sign, read_value
from .sample_types import classify_type
from .source import Source
from .tables import Cell, Table

FORMAT = "agilent_masshunter"
TITLE = "Agilent MassHunter batch table (.xlsx, .csv)"
MOST_READINGS = 500_000
_LONGEST_VALUE = 255
_LONGEST = {"label": 200, "type": 40, "vial": 40, "acquired_at": 60, "data_file": 255, "comment": 2000, "level": 40, "flag": 255}
_WHOLE_WORDS = {OVER, NOT_DETECTED, NOT_AVAILABLE}
_TRUE, _FALSE = {"1", "true", "yes", "x"}, {"", "0", "false", "no"}


def recognise(source: Source) -> bool:
    """Whether a table of the file has MassHunter's second header row."""
    return any(find_header_rows(table) for table in source.tables)


def parse(source: Source) -> ParsedExport:
    """Every non-empty measured cell of every batch table of the file as a reading."""
    rows: list[ParsedRow] = []
    readings: list[ParsedReading] = []
    notes = Notes()
    for table in source.tables:
        if find_header_rows(table):
            _Batch(table, rows, readings, notes).read()
        elif table.sheet is not None:
            notes.add("sheet_passed_over", f"The sheet {table.sheet} is no batch table and was not read.", table.place())
    if not readings:
        message = "The batch table holds no measured value. Export it after the batch was processed."
        raise ParseError("no_readings", message, source.tables[0].place())
    return ParsedExport(FORMAT, tuple(rows), tuple(readings), notes.as_tuple())


class _Batch:
    """Reads one batch table into the lists given."""

    def __init__(self, table: Table, rows: list[ParsedRow], readings: list[ParsedReading], notes: Notes) -> None:
        self.table, self.rows, self.readings, self.notes = table, rows, readings, notes
        self.header: Header = read_header(table, notes)
        self.decimal_sign = self._find_decimal_sign()

    def read(self) -> None:
        number, cells = self.header.row, dict[int, Cell]()
        for number, cells in self.table.read_rows():
            if number > self.header.row and cells:
                self._read_row(number, cells)
        self._check_end(number, cells)

    def _find_decimal_sign(self) -> str:
        """A point, but where fields are not separated by commas the file itself decides."""
        if self.table.separator in {None, ","}:
            return "."
        below = (cells for number, cells in self.table.read_rows() if number > self.header.row)
        return find_decimal_sign(cell.text for cells in below for index, cell in cells.items() if index in self.header.measured)

    def _read_row(self, number: int, cells: dict[int, Cell]) -> None:
        self._check_cells(number, cells)
        row = self._describe_row(number, cells)
        if row.label.casefold() == "sample name":
            raise ParseError("second_header", "A second header begins here. Export one batch a sheet.", self.table.place(number))
        row_index = len(self.rows)
        self.rows.append(row)
        for index in sorted(cells.keys() & self.header.measured.keys()):
            self.readings.append(self._make_reading(self.header.measured[index], index, cells[index], row, row_index))
        if len(self.readings) > MOST_READINGS:
            message = f"The batch holds more than {MOST_READINGS:,} values. Split it and upload the parts one after the other."
            raise ParseError("too_large", message, self.table.place(number))

    def _check_end(self, number: int, cells: dict[int, Cell]) -> None:
        """Refuse a text that may have been broken off inside its last line.

        A cut `12.5` looks like any other, and a wrong number is worse than a second export. A line is whole where its last column holds a
        quoted field or a word for no number.
        """
        if self.table.end == "whole":
            return
        last = max(self.header.measured)
        text = cells[last].text if last in cells else ""
        if not text or (self.table.end == "open" and read_value(text)[1] not in _WHOLE_WORDS):
            message = (
                "The file does not end with a line break, so its last line may have been cut off. Export the table again; "
                "if the file is whole, add a line break at its end in a text editor."
            )
            raise ParseError("cut_off", message, self.table.place(number, max(cells, default=0)))

    def _check_cells(self, number: int, cells: dict[int, Cell]) -> None:
        for index, cell in cells.items():
            if cell.kind == "formula":
                raise refuse_formula(self.table, number, index)
            if not self.header.knows(index) and cell.text.strip():
                message = f"The value {cell.text[:40]!r} has no heading. Export the table again, or delete what was added by hand."
                raise ParseError("no_heading", message, self.table.place(number, index))

    def _describe_row(self, number: int, cells: dict[int, Cell]) -> ParsedRow:
        texts = dict.fromkeys(_LONGEST, "") | {"total_dilution": "", "rejected": ""}
        for index, name in self.header.describing.items():
            if index in cells:
                texts[name] = self._read_text(name, cells[index], number, index)
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
            total_dilution=self._read_dilution(texts["total_dilution"], number),
            comment=texts["comment"],
            data_file=texts["data_file"],
            level=texts["level"],
            flag=texts["flag"],
            rejected=self._read_rejected(texts["rejected"], number),
        )

    def _read_text(self, name: str, cell: Cell, number: int, index: int) -> str:
        text, place = cell.text.strip(), self.table.place(number, index)
        if len(text) > _LONGEST.get(name, _LONGEST_VALUE):
            message = f"The {name.replace('_', ' ')} has {len(text):,} characters, more than can be kept. Shorten it and export again."
            raise ParseError("text_too_long", message, place)
        if name == "label":
            note_mangled(text, cell.kind, self.notes, place)
        return text

    def _read_dilution(self, text: str, number: int) -> Decimal | None:
        value, qualifier = read_value(text, self.decimal_sign)
        if text and (value is None or qualifier):
            self.notes.add("dilution_unread", f"The total dilution {text!r} is no number.", self.table.place(number))
            return None
        return value

    def _read_rejected(self, text: str, number: int) -> bool:
        if text.casefold() not in _TRUE | _FALSE:
            message = f"{text!r} in the column Rjct is not understood; the row is held to be rejected."
            self.notes.add("rejection_unread", message, self.table.place(number))
        return text.casefold() not in _FALSE

    def _make_reading(self, column: Column, index: int, cell: Cell, row: ParsedRow, row_index: int) -> ParsedReading:
        if len(cell.text) > _LONGEST_VALUE:
            message = f"The value has {len(cell.text):,} characters. Export the table again."
            raise ParseError("text_too_long", message, self.table.place(row.row, index))
        value, qualifier = read_value(cell.text, self.decimal_sign) if cell.kind in {"number", "text"} else (None, NOT_UNDERSTOOD)
        if qualifier == NOT_UNDERSTOOD:
            why = "was turned into a date by a spreadsheet program" if cell.kind == "date" else "is not understood"
            message = f"The value {cell.text[:40]!r} {why}; it is kept as text without a number."
            self.notes.add("value_unread", message, self.table.place(row.row, index))
        return ParsedReading(
            sample=row.label,
            type=row.type,
            analyte=column.channel.analyte,
            isotope_or_line=column.channel.isotope,
            gas_mode=column.channel.gas_mode,
            quantity=column.quantity,
            unit=column.unit,
            raw=cell.text,
            value=value,
            qualifier=qualifier,
            sheet=self.table.sheet,
            row=row.row,
            column=column.letters,
            row_index=row_index,
            internal_standard=column.channel.internal_standard,
            dilution=row.total_dilution,
            acquired_at=row.acquired_at,
        )

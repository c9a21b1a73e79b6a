"""Read the rows of a worksheet one after the other, with the exact text of every cell. ECMA-376 part 1, 18.3."""

from __future__ import annotations

import re
import zipfile
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from .model import ParseError, Place
from .tables import LAST_COLUMN, LAST_ROW, LONGEST_TEXT, Cell, Row, check_text, index_column, name_column
from .xml_parts import DAMAGED, PartReader, refuse_damage, unescape

_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")


class Book(NamedTuple):
    """What the sheets of a workbook share: texts, the styles that show dates, and the day dates are counted from."""

    archive: zipfile.ZipFile
    strings: list[str]
    date_styles: frozenset[int]
    epoch: datetime


def read_rows(book: Book, sheet: str, path: str) -> Iterator[Row]:
    """The rows of a sheet, one after the other, never more than a chunk's worth in memory."""
    reader = _SheetReader(book, sheet)
    pieces = reader.read(book.archive, path)
    while True:
        with refuse_damage(Place(sheet=sheet, row=reader.row or None)):
            if next(pieces, reader) is reader:
                return
        while reader.ready:
            yield reader.ready.popleft()


class _SheetReader(PartReader):
    """Rows of cells. Refuses rows or cells out of order or given twice: which of the two would count is not ours to guess."""

    def __init__(self, book: Book, sheet: str) -> None:
        super().__init__()
        self.ready: deque[Row] = deque()
        self.row = 0
        self._book, self._sheet = book, sheet
        self._cells: dict[int, Cell] = {}
        self._column = -1
        self._type, self._is_date, self._has_formula, self._has_value = "n", False, False, False
        self._pieces: list[str] = []
        self._length = 0
        self._in_data = self._in_cell = self._in_value = False
        self._phonetic = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c" and self._in_data:
            self._start_cell(attributes)
        elif name == "v" or name == "is":
            self._start_value(name)
        elif name == "t":
            self._in_value = self._in_cell and not self._phonetic
        elif name == "row" and self._in_data:
            self._start_row(attributes)
        elif name == "f":
            self._has_formula = True
        elif name == "rPh":
            self._phonetic += 1
        elif name == "sheetData":
            self._in_data = True

    def end(self, name: str) -> None:
        if name in {"v", "t"}:
            self._in_value = False
        elif name == "c" and self._in_cell:
            self._end_cell()
        elif name == "row" and self._in_data:
            self.ready.append((self.row, self._cells))
        elif name == "rPh":
            self._phonetic -= 1
        elif name == "sheetData":
            self._in_data = False

    def characters(self, text: str) -> None:
        if self._in_value:
            # One character more than allowed is enough for the refusal that follows.
            self._pieces.append(text[: LONGEST_TEXT + 1 - self._length])
            self._length = min(self._length + len(text), LONGEST_TEXT + 1)

    def _start_row(self, attributes: dict[str, str]) -> None:
        number = int(attributes.get("r", self.row + 1))
        if not self.row < number <= LAST_ROW:
            raise self._refuse_order("row", number)
        self.row, self._column, self._cells = number, -1, {}

    def _start_cell(self, attributes: dict[str, str]) -> None:
        column = self._column + 1
        if "r" in attributes:
            found = _REFERENCE.fullmatch(attributes["r"])
            column = index_column(found[1]) if found and int(found[2]) == self.row else -1
        if not self._column < column < LAST_COLUMN:
            raise self._refuse_order("cell", attributes.get("r", ""))
        self._column = column
        self._type = attributes.get("t", "n")
        self._is_date = int(attributes.get("s", "0")) in self._book.date_styles
        self._has_formula, self._has_value, self._in_cell, self._pieces, self._length = False, False, True, [], 0

    def _start_value(self, name: str) -> None:
        if self._in_cell and self._has_value:
            raise self._refuse_order("value of cell", name_column(self._column))
        self._has_value = self._in_cell
        self._in_value = self._in_cell and name == "v"

    def _refuse_order(self, what: str, where: object) -> ParseError:
        return ParseError(
            "workbook_damaged",
            f"The {what} {where} is out of order or stands there twice. {DAMAGED}",
            Place(sheet=self._sheet, row=self.row or None),
        )

    def _end_cell(self) -> None:
        self._in_cell = False
        text = "".join(self._pieces)
        if self._has_formula:
            self._cells[self._column] = Cell(text, "formula")
        elif text:
            cell = self._make_cell(text)
            if cell.text:
                check_text(cell.text, Place(sheet=self._sheet, row=self.row, column=name_column(self._column)))
                self._cells[self._column] = cell

    def _make_cell(self, text: str) -> Cell:
        match self._type:
            case "s":
                index = int(text)
                if not 0 <= index < len(self._book.strings):
                    raise self._refuse_order("text of cell", self._column + 1)
                return Cell(self._book.strings[index], "text")
            case "b":
                return Cell(text, "boolean")
            case "e":
                return Cell(text, "error")
            case "inlineStr" | "str":
                return Cell(unescape(text), "text")
            case "d":
                return Cell(text, "date")
            case _:
                return Cell(self._show_date(text), "date") if self._is_date else Cell(text, "number")

    def _show_date(self, serial: str) -> str:
        """A date's serial number as ISO 8601 to the millisecond, without a zone; the serial itself where it is no date."""
        days = float(serial)
        if not 0 <= days < 2_958_466:
            return serial
        if days < 60 and self._book.epoch.year < 1904:
            days += 1  # Excel counts a 29 February 1900 that never was
        moment = self._book.epoch + timedelta(milliseconds=round(days * 86_400_000))
        return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")

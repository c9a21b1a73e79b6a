"""Read .xlsx workbooks cell by cell, in bounded memory, trusting nothing.

A reader of our own because three things matter here that general libraries hide: the exact text of a number as stored (`<v>`), the
presence of a formula behind a cell, and limits that hold while a hostile archive is still being unpacked. Only the parts named by the
workbook are opened, sheets are streamed through expat, a document type is refused before any entity can be declared, and macros are never
looked at. ECMA-376 part 1, chapter 18.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import BytesIO
from posixpath import join, normpath
from typing import NamedTuple
from xml.parsers import expat

from .model import ParseError, Place
from .tables import LAST_COLUMN, LAST_ROW, LONGEST_TEXT, Cell, Row, Table, check_text, index_column, name_column

MOST_UNPACKED = 256 * 1024**2
MOST_SHEETS = 200
MOST_STRINGS = 500_000
_LARGE_PART, _MOST_RATIO = 4 * 1024**2, 200  # real exports pack 5 to 25 times; a bomb packs a thousand times
_CHUNK = 64 * 1024
_DAMAGED = "The workbook is damaged or was cut off while it was copied. Export it again and upload the new file."
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")

# Built-in number formats that show a date or a time (18.8.30).
_DATE_FORMATS = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_NOT_CODE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h|hh|m|mm|s|ss\])[^\]]*\]', re.IGNORECASE)


class _Book(NamedTuple):
    archive: zipfile.ZipFile
    strings: list[str]
    date_styles: frozenset[int]
    epoch: datetime


def open_workbook(data: bytes) -> list[Table]:
    """The sheets of a workbook in their order, to be read lazily. Refuses macros, encryption, bombs and damaged archives."""
    with _refuse_damage():
        archive = zipfile.ZipFile(BytesIO(data))
        _check_parts(archive)
        names = frozenset(archive.namelist())
        relations = _read_relations(archive, names)
        sheets, is_1904 = _read_sheets(archive)
        targets = dict.fromkeys(relations.values())
        strings = next((path for path in targets if path.endswith("sharedStrings.xml")), "xl/sharedStrings.xml")
        styles = next((path for path in targets if path.endswith("styles.xml")), "xl/styles.xml")
        book = _Book(
            archive,
            _read_strings(archive, strings) if strings in names else [],
            _read_date_styles(archive, styles) if styles in names else frozenset(),
            datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30),  # noqa: DTZ001 - a spreadsheet's times have no zone
        )
    return [_make_table(book, name, relations.get(relation, ""), names) for name, relation in sheets]


def _make_table(book: _Book, name: str, path: str, names: frozenset[str]) -> Table:
    if path not in names:
        raise ParseError("workbook_damaged", f"The workbook names a sheet it does not hold. {_DAMAGED}", Place(sheet=name))
    return Table(name, lambda: _read_rows(book, name, path))


@contextmanager
def _refuse_damage(place: Place | None = None) -> Iterator[None]:
    """Turn whatever a damaged archive or damaged XML raises into a refusal."""
    try:
        yield
    except (
        LookupError,  # raised for an encoding that does not exist
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        struct.error,
        NotImplementedError,
        RuntimeError,
        ValueError,
        expat.ExpatError,
    ) as error:
        raise ParseError("workbook_damaged", _DAMAGED, place) from error


def _check_parts(archive: zipfile.ZipFile) -> None:
    """Refuse an archive that is no plain workbook, before anything in it is unpacked."""
    parts = archive.infolist()
    names = [part.filename for part in parts]
    if "xl/workbook.xml" not in names:
        raise ParseError(
            "not_a_workbook",
            "The file is a ZIP archive but no .xlsx workbook. Upload the instrument's .xlsx or .csv export itself, not packed.",
        )
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise ParseError("has_macros", "The workbook holds macros. Save it as .xlsx (without macros) and upload that file.")
    if any(part.flag_bits & 1 for part in parts):
        raise ParseError("encrypted", "The workbook is protected by a password. Save it without one and upload that file.")
    if len(set(names)) != len(names):
        raise ParseError("workbook_damaged", f"The workbook holds the same part twice. {_DAMAGED}")
    for part in parts:
        if part.file_size > _LARGE_PART and part.file_size > _MOST_RATIO * part.compress_size:
            sizes = f"{part.file_size:,} bytes out of {part.compress_size:,}"
            raise ParseError("zip_bomb", f"A part of the workbook unpacks to {sizes}, as no export does. It was not unpacked.")
    if sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise ParseError(
            "too_large",
            f"The workbook unpacks to more than {MOST_UNPACKED // 1024**2} MB. Split the batch and upload the parts one after the other.",
        )


def _refuse_doctype(*_: object) -> None:
    raise ParseError(
        "document_type",
        "The workbook declares an XML document type, which no export does and which could pull in other files. Nothing was read.",
    )


class _Reader:
    """An expat parser with local names, fed part by part. Subclasses define what an element's beginning and end mean."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = _refuse_doctype
        self._parser.StartElementHandler = lambda name, attributes: self.start(name.rpartition(":")[2], attributes)
        self._parser.EndElementHandler = lambda name: self.end(name.rpartition(":")[2])
        self._parser.CharacterDataHandler = self.characters

    def read(self, archive: zipfile.ZipFile, path: str) -> Iterator[None]:
        """Feed the part; pauses after each piece so that a caller may take what is ready. Reading to the end also checks the part's CRC."""
        with archive.open(path) as part:
            while chunk := part.read(_CHUNK):
                self._parser.Parse(chunk, False)
                yield
        self._parser.Parse(b"", True)
        yield

    def read_all(self, archive: zipfile.ZipFile, path: str) -> None:
        deque(self.read(archive, path), maxlen=0)

    def start(self, name: str, attributes: dict[str, str]) -> None: ...
    def end(self, name: str) -> None: ...
    def characters(self, text: str) -> None: ...


def _read_relations(archive: zipfile.ZipFile, names: frozenset[str]) -> dict[str, str]:
    relations: dict[str, str] = {}

    class Relations(_Reader):
        def start(self, name: str, attributes: dict[str, str]) -> None:
            if name == "Relationship":
                target = attributes.get("Target", "")
                relations[attributes.get("Id", "")] = target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))

    if "xl/_rels/workbook.xml.rels" in names:
        Relations().read_all(archive, "xl/_rels/workbook.xml.rels")
    return relations


def _read_sheets(archive: zipfile.ZipFile) -> tuple[list[tuple[str, str]], bool]:
    """The sheets as name and relation, and whether days count from 1904."""
    sheets: list[tuple[str, str]] = []
    is_1904 = False

    class Sheets(_Reader):
        def start(self, name: str, attributes: dict[str, str]) -> None:
            nonlocal is_1904
            if name == "sheet":
                sheets.append((check_text(attributes.get("name", ""), Place()), attributes.get("r:id") or _find_relation(attributes)))
            elif name == "workbookPr":
                is_1904 = attributes.get("date1904") in {"1", "true"}

    Sheets().read_all(archive, "xl/workbook.xml")
    if not sheets or len(sheets) > MOST_SHEETS:
        raise ParseError("workbook_damaged", f"The workbook has {len(sheets)} sheets; between 1 and {MOST_SHEETS} can be read.")
    return sheets, is_1904


def _find_relation(attributes: dict[str, str]) -> str:
    return next((value for key, value in attributes.items() if key.endswith(":id")), "")


class _Strings(_Reader):
    """Shared strings: the text of every `<si>`, rich runs joined, phonetic hints left out."""

    def __init__(self) -> None:
        super().__init__()
        self.strings: list[str] = []
        self._pieces: list[str] = []
        self._length = 0
        self._in_text = False
        self._phonetic = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "si":
            self._pieces, self._length = [], 0
        elif name == "rPh":
            self._phonetic += 1
        elif name == "t":
            self._in_text = not self._phonetic

    def end(self, name: str) -> None:
        if name == "t":
            self._in_text = False
        elif name == "rPh":
            self._phonetic -= 1
        elif name == "si":
            self.strings.append(_unescape("".join(self._pieces)))
            if len(self.strings) > MOST_STRINGS:
                raise ParseError("too_large", f"The workbook holds more than {MOST_STRINGS:,} different texts, which no export does.")

    def characters(self, text: str) -> None:
        if self._in_text:
            # One character more than allowed is enough for the refusal that follows.
            self._pieces.append(text[: LONGEST_TEXT + 1 - self._length])
            self._length = min(self._length + len(text), LONGEST_TEXT + 1)


def _read_strings(archive: zipfile.ZipFile, path: str) -> list[str]:
    reader = _Strings()
    reader.read_all(archive, path)
    return reader.strings


def _unescape(text: str) -> str:
    """Characters XML cannot hold are written `_x000D_` (22.9.2.19)."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _read_date_styles(archive: zipfile.ZipFile, path: str) -> frozenset[int]:
    """The cell styles that show a number as a date or time."""
    custom: set[int] = set()
    styles: set[int] = set()
    count = 0
    in_cells = False

    class Styles(_Reader):
        def start(self, name: str, attributes: dict[str, str]) -> None:
            nonlocal count, in_cells
            if name == "numFmt" and re.search(
                "[dmyhs]", _NOT_CODE.sub("", attributes.get("formatCode", "")).casefold().replace("general", "")
            ):
                custom.add(int(attributes.get("numFmtId", "-1")))
            elif name == "cellXfs":
                in_cells = True
            elif name == "xf" and in_cells:
                number_format = int(attributes.get("numFmtId", "0"))
                if number_format in custom or number_format in _DATE_FORMATS:
                    styles.add(count)
                count += 1

        def end(self, name: str) -> None:
            nonlocal in_cells
            in_cells = in_cells and name != "cellXfs"

    Styles().read_all(archive, path)
    return frozenset(styles)


def _read_rows(book: _Book, sheet: str, path: str) -> Iterator[Row]:
    """The rows of a sheet, one after the other, never more than a chunk's worth in memory."""
    reader = _Sheet(book, sheet)
    pieces = reader.read(book.archive, path)
    while True:
        with _refuse_damage(Place(sheet=sheet, row=reader.row or None)):
            if next(pieces, reader) is reader:
                return
        while reader.ready:
            yield reader.ready.popleft()


class _Sheet(_Reader):
    """Rows of cells. Refuses rows or cells out of order or given twice: which of the two would count is not ours to guess."""

    def __init__(self, book: _Book, sheet: str) -> None:
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
            f"The {what} {where} is out of order or stands there twice. {_DAMAGED}",
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
                return Cell(_unescape(text), "text")
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

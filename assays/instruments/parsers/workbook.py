"""Read .xlsx workbooks cell by cell, in bounded memory, trusting nothing.

A reader of our own because three things matter here that general libraries hide: the exact text of a number as stored (`<v>`), the
presence of a formula behind a cell, and limits that hold while a hostile archive is still being unpacked. Only the parts named by the
workbook are opened, sheets are streamed through expat, a document type is refused before any entity can be declared, and macros are never
looked at. ECMA-376 part 1, chapter 18.
"""

from __future__ import annotations

import re
import zipfile
from datetime import datetime
from io import BytesIO
from pathlib import Path
from posixpath import join, normpath

from .model import ParseError, Place
from .tables import LONGEST_TEXT, Table, check_text
from .worksheet import Book, read_rows
from .xml_parts import DAMAGED, PartReader, refuse_damage, unescape

MOST_UNPACKED = 256 * 1024**2
MOST_SHEETS = 200
MOST_STRINGS = 500_000
_LARGE_PART, _MOST_RATIO = 4 * 1024**2, 200  # real exports pack 5 to 25 times; a bomb packs a thousand times

# Built-in number formats that show a date or a time (18.8.30).
_DATE_FORMATS = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_NOT_CODE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h|hh|m|mm|s|ss\])[^\]]*\]', re.IGNORECASE)


def is_workbook(data: bytes) -> bool:
    """Whether the first bytes are those of an archive, as every workbook is one."""
    return data.startswith(b"PK\x03\x04")


def measure_unpacked(data: bytes) -> int:
    """How many bytes the archive says it unpacks to; 0 for one that `open_workbook` refuses before it unpacks anything."""
    try:
        with refuse_damage(), zipfile.ZipFile(BytesIO(data)) as archive:
            _check_parts(archive)
            return sum(part.file_size for part in archive.infolist())
    except ParseError:
        return 0


def open_workbook(file: bytes | Path) -> list[Table]:
    """The sheets of a workbook in their order, to be read lazily. Refuses macros, encryption, bombs and damaged archives."""
    with refuse_damage():
        archive = zipfile.ZipFile(BytesIO(file) if isinstance(file, bytes) else file)
        _check_parts(archive)
        names = frozenset(archive.namelist())
        relations = _read_relations(archive, names)
        sheets, is_1904 = _read_sheets(archive)
        targets = dict.fromkeys(relations.values())
        strings = next((path for path in targets if path.endswith("sharedStrings.xml")), "xl/sharedStrings.xml")
        styles = next((path for path in targets if path.endswith("styles.xml")), "xl/styles.xml")
        book = Book(
            archive,
            _read_strings(archive, strings) if strings in names else [],
            _read_date_styles(archive, styles) if styles in names else frozenset(),
            datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30),  # noqa: DTZ001 - a spreadsheet's times have no zone
        )
    unread = set(names)
    return [_make_table(book, name, relations.get(relation, ""), unread) for name, relation in sheets]


def _make_table(book: Book, name: str, path: str, unread: set[str]) -> Table:
    """A sheet. No two may share a part, or a small archive could ask for a great deal of reading."""
    if path not in unread:
        raise ParseError("workbook_damaged", f"The workbook names a sheet it does not hold. {DAMAGED}", Place(sheet=name))
    unread.remove(path)
    return Table(name, lambda: read_rows(book, name, path))


def _check_parts(archive: zipfile.ZipFile) -> None:
    """Refuse an archive that is no plain workbook, before anything in it is unpacked."""
    parts = archive.infolist()
    names = [part.filename for part in parts]
    if "xl/workbook.xml" not in names:
        raise ParseError(
            "not_a_workbook",
            "The file is a ZIP archive but no .xlsx workbook. Upload the instrument's .xlsx or .csv export itself, not packed.",
        )
    if any(name.lower().endswith("vbaproject.bin") or "/macrosheets/" in name.lower() for name in names):
        raise ParseError("has_macros", "The workbook holds macros. Save it as .xlsx (without macros) and upload that file.")
    if any(part.flag_bits & 1 for part in parts):
        raise ParseError("encrypted", "The workbook is protected by a password. Save it without one and upload that file.")
    if len(set(names)) != len(names):
        raise ParseError("workbook_damaged", f"The workbook holds the same part twice. {DAMAGED}")
    for part in parts:
        if part.file_size > _LARGE_PART and part.file_size > _MOST_RATIO * part.compress_size:
            sizes = f"{part.file_size:,} bytes out of {part.compress_size:,}"
            raise ParseError("zip_bomb", f"A part of the workbook unpacks to {sizes}, as no export does. It was not unpacked.")
    if sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise ParseError(
            "too_large",
            f"The workbook unpacks to more than {MOST_UNPACKED // 1024**2} MB. Split the batch and upload the parts one after the other.",
        )


def _read_relations(archive: zipfile.ZipFile, names: frozenset[str]) -> dict[str, str]:
    relations: dict[str, str] = {}

    class Relations(PartReader):
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

    class Sheets(PartReader):
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


class _Strings(PartReader):
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
            self.strings.append(unescape("".join(self._pieces)))
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


def _read_date_styles(archive: zipfile.ZipFile, path: str) -> frozenset[int]:
    """The cell styles that show a number as a date or time."""
    custom: set[int] = set()
    styles: set[int] = set()
    count = 0
    in_cells = False

    class Styles(PartReader):
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

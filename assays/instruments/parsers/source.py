"""From bytes to something a parser can look at: a workbook's sheets, a text's tables, or JSON. What is none of these is named and
refused."""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from .model import ParseError, Place
from .tables import LAST_COLUMN, LAST_ROW, Cell, End, Row, Table, check_text, name_column
from .workbook import open_workbook

MOST_BYTES = 64 * 1024**2
SEPARATORS = (",", ";", "\t")
_LONGEST_LINE = 1024**2
_FIRST_ROWS = 20

# First bytes of what people send by mistake. Office's old container also wraps workbooks that carry a password.
_SIGNATURES = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"\xd0\xcf\x11\xe0", "an old Excel (.xls) or password-protected workbook"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "a SQLite database"),
)
# Two letters are a signature only where no text follows them.
_SHORT_SIGNATURES = ((b"BM", "a BMP image"), (b"MZ", "a Windows program"))
_MARKUP = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body|table|meta|\?xml|svg|div|script)", re.IGNORECASE)
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class Source:
    """An opened file. `tables` is empty for JSON, `data` the bytes as received."""

    name: str
    data: bytes = field(repr=False)
    tables: tuple[Table, ...] = ()
    is_json: bool = False


def open_source(name: str, data: bytes) -> Source:
    """Look at the content, never at the name, and open it. `name` is used in messages only."""
    if not data:
        raise ParseError("empty", "The file is empty. Export the table again and upload the new file.")
    if len(data) > MOST_BYTES:
        raise ParseError(
            "too_large", f"The file is larger than {MOST_BYTES // 1024**2} MB. Split the batch and upload the parts one after the other."
        )
    if data.startswith(b"PK\x03\x04"):
        return Source(name, data, tuple(open_workbook(data)))
    _refuse_foreign(data)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return Source(name, data, is_json=True)
    text = _decode(data)
    return Source(name, data, tuple(_open_tables(text)))


def _refuse_foreign(data: bytes) -> None:
    what = next((what for signature, what in _SIGNATURES if data.startswith(signature)), None)
    if what is None and b"\x00" in data[:64]:
        what = next((what for signature, what in _SHORT_SIGNATURES if data.startswith(signature)), None)
    if what is None and data[4:12] in (b"ftypheic", b"ftypmif1", b"ftypisom", b"ftypmp42"):
        what = "a photo or film of a phone"
    if what is None and data[:4] == b"RIFF":
        what = "an image or a recording"
    if what is None and _MARKUP.match(data[:512]):
        what = "a web page or XML document under another name"
    if what is not None:
        raise ParseError(
            "not_an_export", f"The file is {what}, not an instrument export. Upload the .xlsx or .csv file the instrument's software wrote."
        )


def _decode(data: bytes) -> str:
    """Text by its byte order mark, else UTF-8, else cp1252, which is what Windows calls ANSI."""
    encoding = next((encoding for mark, encoding in _BYTE_ORDER_MARKS if data.startswith(mark)), None)
    try:
        text = data.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        if encoding:
            raise _refuse_text(
                data[: error.start].decode(encoding, "ignore"), f"The {encoding.upper()} text breaks off or is damaged."
            ) from error
        try:
            text = data.decode("cp1252")
        except UnicodeDecodeError as second:
            raise _refuse_text(data[: second.start].decode("cp1252"), "The bytes are no text.") from second
    if len(text) > 1 and "\x00" in text[:2]:
        raise _refuse_text("", "The text looks like UTF-16 without its mark.")
    return text


def _refuse_text(before: str, what: str) -> ParseError:
    line = before.count("\n") + 1
    place = Place(line=line, character=len(before) - (before.rfind("\n") + 1) + 1)
    return ParseError("not_text", f"{what} Export the table again as .csv (UTF-8) or .xlsx.", place)


def _open_tables(text: str) -> list[Table]:
    """The text under each separator that occurs in it and leaves its first lines whole; which one is meant, the parsers see by the
    header."""
    tables = [_make_table(text, separator) for separator in SEPARATORS if separator in text]
    whole, refusal = [], None
    for table in tables:
        try:
            deque(islice(table.read_rows(), _FIRST_ROWS), maxlen=0)
            whole.append(table)
        except ParseError as error:
            refusal = refusal or error
    if refusal and not whole:
        raise refusal
    return whole


def _make_table(text: str, separator: str) -> Table:
    end: End = "whole" if text.endswith(("\n", "\r")) else "quoted" if text.endswith('"') else "open"
    return Table(None, lambda: _read_rows(text, separator), separator, end)


def _read_rows(text: str, separator: str) -> Iterator[Row]:
    """The records of a delimited text, one a row, as in a spreadsheet program."""
    records = csv.reader(_read_lines(text), delimiter=separator, strict=True)
    number = 0
    try:
        for number, record in enumerate(records, 1):
            if len(record) > LAST_COLUMN or number > LAST_ROW:
                message = f"The table is larger than {LAST_ROW:,} rows or {LAST_COLUMN:,} columns. Split it and upload the parts."
                raise ParseError("too_large", message, Place(row=number))
            yield number, _make_cells(number, record)
    except csv.Error as error:
        message = (
            f"The line cannot be taken apart ({error}): a quotation mark is not closed, or the file was cut off. Export the table again."
        )
        raise ParseError("broken_line", message, Place(row=number + 1)) from error


def _read_lines(text: str) -> Iterator[str]:
    for number, line in enumerate(io.StringIO(text, newline=""), 1):
        if len(line) > _LONGEST_LINE:
            raise ParseError(
                "too_wide", f"The line has {len(line):,} characters, which no export does. Export the table again.", Place(line=number)
            )
        yield line


def _make_cells(number: int, record: list[str]) -> dict[int, Cell]:
    cells = {}
    for column, text in enumerate(record):
        if text and not text.isspace():
            cells[column] = Cell(check_text(text, Place(row=number, column=name_column(column))), "text")
    return cells

"""From bytes to something a parser can look at: a workbook's sheets, a text's tables, or JSON. What is none of these is named and
refused.

Nothing here holds a file as a whole: bytes are gone through in pieces once, to know the encoding and that all of it is text, and again,
line by line, for whoever reads a table.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from .astm_frames import is_message
from .model import ParseError, Place
from .tables import LAST_COLUMN, LONGEST_TEXT, Cell, End, Row, Table, check_text, name_column
from .workbook import open_workbook

MOST_BYTES = 256 * 1024**2
SEPARATORS = (",", ";", "\t")
_MOST_WHOLE = 64 * 1024**2  # JSON and messages are taken apart as a whole
_LONGEST_LINE = 1024**2
_MOST_RECORDS = 20_000_000
_NUMBER_BEGINS = re.compile(r"\s*[<>+-]?\s*[.,]?\d")
_FIRST_ROWS = 20
_PIECE = 256 * 1024
_HEAD = 4096

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
    """An opened file. `tables` is empty for JSON and for messages of the line; `head` are the first bytes as received, `encoding` that of a
    text."""

    name: str
    file: bytes | Path = field(repr=False)
    tables: tuple[Table, ...] = ()
    is_json: bool = False
    head: bytes = field(default=b"", repr=False)
    encoding: str | None = None

    @property
    def data(self) -> bytes:
        """All bytes as received."""
        return self.file if isinstance(self.file, bytes) else self.file.read_bytes()

    def read_tail(self, size: int) -> bytes:
        """The last `size` bytes, or all where there are fewer."""
        with open_bytes(self.file) as stream:
            stream.seek(max(0, stream.seek(0, io.SEEK_END) - size))
            return stream.read()

    def read_lines(self) -> Iterator[str]:
        """The lines of a text with their ends, for a format that is no table; nothing for a workbook."""
        return _read_lines(lambda: open_bytes(self.file), self.encoding) if self.encoding else iter(())


def open_bytes(file: bytes | Path) -> BinaryIO:
    """The bytes as a stream, from the beginning; a file is not loaded."""
    return io.BytesIO(file) if isinstance(file, bytes) else file.open("rb")


def open_source(name: str, file: bytes | Path) -> Source:
    """Look at the content, never at the name, and open it. `name` is used in messages only. Raises `OSError` for a file that cannot be
    opened."""
    size = len(file) if isinstance(file, bytes) else file.stat().st_size
    if not size:
        raise ParseError("empty", "The file is empty. Export the table again and upload the new file.")
    _refuse_size(size, MOST_BYTES)
    with open_bytes(file) as stream:
        head = stream.read(_HEAD)
    if head.startswith(b"PK\x03\x04"):
        return Source(name, file, tuple(open_workbook(file)), head=head)
    _refuse_foreign(head)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        _refuse_size(size, _MOST_WHOLE)
        return Source(name, file, is_json=True, head=head)
    if is_message(head):
        _refuse_size(size, _MOST_WHOLE)
        return Source(name, file, head=head)
    text = _scan_text(lambda: open_bytes(file), head)
    return Source(name, file, tuple(_open_tables(text)), head=head, encoding=text.encoding)


def _refuse_size(size: int, most: int) -> None:
    if size > most:
        raise ParseError(
            "too_large", f"The file is larger than {most // 1024**2} MB. Split the batch and upload the parts one after the other."
        )


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


@dataclass(frozen=True)
class _Text:
    """What one pass over a text tells: how to decode it, the separators in it, and how it ends."""

    open: Callable[[], BinaryIO]
    encoding: str
    separators: tuple[str, ...]
    end: End


def _scan_text(open_stream: Callable[[], BinaryIO], head: bytes) -> _Text:
    """Text by its byte order mark, else UTF-8, else cp1252, which is what Windows calls ANSI."""
    marked = next((encoding for mark, encoding in _BYTE_ORDER_MARKS if head.startswith(mark)), None)
    if marked:
        return _scan_as(open_stream, marked, f"The {marked.upper()} text breaks off or is damaged.")
    try:
        text = _scan_as(open_stream, "utf-8", "")
    except ParseError:
        text = _scan_as(open_stream, "cp1252", "The bytes are no text.")
    if b"\x00" in head[:2]:
        raise _refuse_text(1, 1, "The text looks like UTF-16 without its mark.")
    return text


def _scan_as(open_stream: Callable[[], BinaryIO], encoding: str, refusal: str) -> _Text:
    """Decode the text in pieces, keeping nothing but what is to be known of it."""
    decoder = codecs.getincrementaldecoder(encoding)()
    found, last, line, character = set[str](), "", 1, 1
    with open_stream() as stream:
        while True:
            piece = stream.read(_PIECE)
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                before = bytes(error.object[: error.start]).decode("utf-8" if encoding == "utf-8-sig" else error.encoding, "ignore")
                line, character = _advance(line, character, before.lstrip("\ufeff"))
                raise _refuse_text(line, character, refusal) from error
            found |= {separator for separator in SEPARATORS if separator not in found and separator in text}
            line, character = _advance(line, character, text)
            last = text[-1:] or last
            if not piece:
                break
    end: End = "whole" if last in "\n\r" else "quoted" if last == '"' else "open"
    return _Text(open_stream, encoding, tuple(separator for separator in SEPARATORS if separator in found), end)


def _advance(line: int, character: int, text: str) -> tuple[int, int]:
    breaks = text.count("\n")
    return line + breaks, (len(text) - text.rfind("\n") if breaks else character + len(text))


def _refuse_text(line: int, character: int, what: str) -> ParseError:
    return ParseError("not_text", f"{what} Export the table again as .csv (UTF-8) or .xlsx.", Place(line=line, character=character))


def _open_tables(text: _Text) -> list[Table]:
    """The text under each separator that occurs in it and leaves its first lines whole; which one is meant, the parsers see by the
    header."""
    tables = [_make_table(text, separator) for separator in text.separators]
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


def _make_table(text: _Text, separator: str) -> Table:
    return Table(None, lambda: _read_rows(text, separator), separator, text.end)


def _read_rows(text: _Text, separator: str) -> Iterator[Row]:
    """The records of a delimited text, one a row, as in a spreadsheet program."""
    records = csv.reader(_read_lines(text.open, text.encoding), delimiter=separator, strict=True)
    number, widest, held = 0, 0, list[str]()
    try:
        for number, record in enumerate(records, 1):
            if len(record) > LAST_COLUMN or number > _MOST_RECORDS:
                message = f"The table is larger than {_MOST_RECORDS:,} rows or {LAST_COLUMN:,} columns. Split it and upload the parts."
                raise ParseError("too_large", message, Place(row=number))
            if number > 1:
                yield number - 1, _make_cells(number - 1, held)
                widest = max(widest, len(held))
            held = record
        if number:
            cells = _make_cells(number, held)
            # A line that stops short is missing columns, which the parsers see; in a line of full width only the last field can be cut.
            if text.end == "open" and len(held) == widest and _NUMBER_BEGINS.match(held[-1]):
                cells[len(held) - 1] = Cell(held[-1], "cut")
            yield number, cells
    except csv.Error as error:
        message = (
            f"The line cannot be taken apart ({error}): a quotation mark is not closed, or the file was cut off. Export the table again."
        )
        raise ParseError("broken_line", message, Place(row=number + 1)) from error


def _read_lines(open_stream: Callable[[], BinaryIO], encoding: str) -> Iterator[str]:
    with io.TextIOWrapper(open_stream(), encoding, newline="") as lines:
        number = 0
        while line := lines.readline(_LONGEST_LINE + 1):
            number += 1
            if len(line) > _LONGEST_LINE:
                message = f"The line has more than {_LONGEST_LINE:,} characters, which no export does. Export the table again."
                raise ParseError("too_wide", message, Place(line=number))
            yield line


def _make_cells(number: int, record: list[str]) -> dict[int, Cell]:
    cells = {}
    for column, text in enumerate(record):
        if text and not text.isspace():
            if not text.isprintable() or len(text) > LONGEST_TEXT:  # what is printable has no control characters
                check_text(text, Place(row=number, column=name_column(column)))
            cells[column] = Cell(text, "text")
    return cells

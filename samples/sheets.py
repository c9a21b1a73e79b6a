"""Read a CSV or XLSX file into rows of cells. Pure; trusts nothing.

Sizes are bounded before anything is unpacked, a document type is refused before an entity can be declared, macros are refused, and texts
are never guessed at."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from lims.core.errors import Invalid, Problem

MOST_BYTES = 5 * 2**20
MOST_ROWS = 1000
MOST_COLUMNS = 100
_MOST_PHYSICAL_ROWS = 20_000
_MOST_UNPACKED = 60 * 2**20
_MOST_PARTS = 500
_SIGNATURES = {
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls)",
}

Value = str | int | float | bool | datetime | date | time


@dataclass(frozen=True)
class Cell:
    """One filled cell. `shows_time` is False for a date whose format shows no time of day; `is_error` marks a spreadsheet's error value."""

    value: Value
    shows_time: bool = True
    is_error: bool = False


@dataclass(frozen=True)
class Row:
    """One filled row: its number in the file (from 1) and its cells by column name."""

    number: int
    cells: dict[str, Cell]


def read_sheet(data: bytes, *, columns: Sequence[str], required: Iterable[str]) -> list[Row]:
    """The filled rows below the header. Headings are matched whatever their case and punctuation (`Mass (g)` is `mass_g`).

    Raises `Invalid('file')` with what is wrong and what to do: not a CSV or XLSX, damaged, hostile, too large, without rows, or with
    missing, unknown or repeated headings.
    """
    if len(data) > MOST_BYTES:
        raise refusal("too_large", f"The file is larger than {MOST_BYTES // 2**20} MB. Split it, or save it without pictures.")
    if not data.strip(b"\0\r\n\t "):
        raise refusal("empty", "The file is empty. Fill in the template and upload it again.")
    lines = _read_workbook(data) if data[:4] == b"PK\x03\x04" else _read_text(data)
    return _to_rows(lines, columns, frozenset(required))


def refusal(code: str, detail: str) -> Invalid:
    """The refusal of a whole file, to be raised."""
    return Invalid("file", detail, problems=[Problem("/file", code, detail)])


def _to_rows(lines: Iterator[tuple[int, list[Cell | None]]], columns: Sequence[str], required: frozenset[str]) -> list[Row]:
    number, header = next(lines, (0, []))
    if not header:
        raise refusal("empty", "The file has no rows. Fill in the template and upload it again.")
    names = _names(number, header, columns, required)
    rows: list[Row] = []
    for number, cells in lines:
        beyond = [cell for cell in cells[len(names) :] if cell]
        if beyond:
            raise refusal(
                "columns", f"Row {number} has more cells than there are headings. Give every column a heading, or clear the cells."
            )
        if len(rows) == MOST_ROWS:
            raise refusal("too_many", f"The file has more than {MOST_ROWS} rows. Split it into several files.")
        rows.append(Row(number, {name: cell for name, cell in zip(names, cells, strict=False) if cell and name}))
    if not rows:
        raise refusal("empty", "There are headings but no rows below them. Fill in at least one sample.")
    return rows


def _names(number: int, header: list[Cell | None], columns: Sequence[str], required: frozenset[str]) -> list[str]:
    titles = [str(cell.value).strip() if cell else "" for cell in header]
    names = [re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_") for title in titles]
    unknown = [title for title, name in zip(titles, names, strict=True) if name not in columns and title]
    if unknown:
        known = ", ".join(columns)
        raise refusal("columns", f"Row {number} has headings that are not known: {', '.join(unknown[:5])}. Those that are: {known}.")
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if repeated:
        raise refusal("columns", f"Row {number} has the heading {repeated[0]} more than once. Take one column out.")
    missing = [name for name in columns if name in required and name not in names]
    if missing:
        raise refusal("columns", f"Row {number} lacks the headings: {', '.join(missing)}. Start from the template.")
    return names


# --- CSV ------------------------------------------------------------------------------------------------------------------------------


def _read_text(data: bytes) -> Iterator[tuple[int, list[Cell | None]]]:
    text = _decode(data)
    first_line = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(",;\t", key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise refusal("damaged", f"Line {reader.line_num} cannot be read ({error}). Check its quotation marks.") from error
        if len(cells) > MOST_COLUMNS:
            raise refusal("columns", f"Line {reader.line_num} has more than {MOST_COLUMNS} cells. Is this the right file?")
        if any(cell.strip() for cell in cells):
            yield reader.line_num, [Cell(cell.strip()) if cell.strip() else None for cell in cells]


def _decode(data: bytes) -> str:
    for signature, noun in _SIGNATURES.items():
        if data.startswith(signature):
            raise refusal("not_a_sheet", f"This is {noun}, not a table of samples. Upload a CSV or XLSX file, best the filled-in template.")
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise refusal(
            "encoding", f"Line {line} holds bytes that are not UTF-8 text. In Excel save as “CSV UTF-8”, or upload the XLSX itself."
        ) from error
    if "\0" in text:
        raise refusal("not_a_sheet", "This is not text. Upload a CSV or XLSX file, best the filled-in template.")
    return text


# --- XLSX -----------------------------------------------------------------------------------------------------------------------------


def _read_workbook(data: bytes) -> Iterator[tuple[int, list[Cell | None]]]:
    _check_archive(data)
    from openpyxl import load_workbook  # type: ignore[import-untyped]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library warns of styles and extensions it drops; only cells are wanted
        try:
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            sheet = next((one for one in book.worksheets if one.title.lower() == "samples"), None) or book.worksheets[0]
            sheet.reset_dimensions()  # what a file says of its size need not be so
            yield from _read_cells(sheet.iter_rows())
        except Invalid:
            raise
        except Exception as error:
            # A damaged workbook makes the library raise whatever it stumbles over; all of it means the same to its owner.
            raise refusal(
                "damaged", "The workbook is damaged or not a workbook. Open it in a spreadsheet, save it again as XLSX."
            ) from error


def _check_archive(data: bytes) -> None:
    """Refuse what would unpack to too much, run, or reach outside, before a library opens it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNPACKED:
                raise refusal(
                    "too_large", "The workbook unpacks to more than a table of samples can hold. Copy the cells into the template."
                )
            names = {part.filename.lower() for part in parts}
            if "[content_types].xml" not in names:
                raise refusal("not_a_sheet", "This is a ZIP archive, not a workbook. Upload the XLSX or CSV file itself.")
            if any(name.endswith("vbaproject.bin") for name in names):
                raise refusal("macros", "The workbook holds macros. Save it as XLSX without macros and upload that.")
            for part in parts:
                if part.filename.lower().endswith((".xml", ".rels")):
                    content = archive.read(part)
                    if b"<!DOCTYPE" in content or "<!DOCTYPE".encode("utf-16-le") in content or "<!DOCTYPE".encode("utf-16-be") in content:
                        raise refusal("hostile", "The workbook declares a document type, which no spreadsheet writes. It is not opened.")
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError) as error:
        raise refusal("damaged", "The workbook is damaged, encrypted or cut off. Save it again as XLSX without a password.") from error


def _read_cells(rows: Iterable[Any]) -> Iterator[tuple[int, list[Cell | None]]]:
    for number, row in enumerate(rows, start=1):
        if number > _MOST_PHYSICAL_ROWS:
            raise refusal("too_many", f"The sheet goes beyond row {_MOST_PHYSICAL_ROWS}. Delete the empty rows below the samples.")
        if sum(1 for cell in row if cell.value is not None) > MOST_COLUMNS:
            raise refusal("columns", f"Row {number} has more than {MOST_COLUMNS} cells. Is this the right file?")
        cells = [_read_cell(cell) for cell in row[: MOST_COLUMNS + 1]]
        if any(cells):
            yield (getattr(next(cell for cell in row if cell.value is not None), "row", number)), cells


def _read_cell(cell: Any) -> Cell | None:
    value = cell.value
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str):
        return Cell(value.strip(), is_error=cell.data_type == "e")
    if isinstance(value, datetime):
        return Cell(value, shows_time="h" in str(cell.number_format).lower())
    if isinstance(value, (bool, int, float, date, time)):
        return Cell(value, shows_time=not isinstance(value, date))
    return Cell(str(value))

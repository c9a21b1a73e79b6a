"""What a file looks like around a place: a few lines for a person who is told that it cannot be read there. Reads what can be read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from .model import ParseError
from .source import Source, open_source
from .tables import Row, Table, name_column

_AROUND = 3
_LONGEST = 400
_MOST_COLUMNS = 300
_TEXT = re.compile(rb"[^\x00-\x08\x0b\x0c\x0e-\x1f]*")


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its number; `is_meant` marks the place itself."""

    number: int
    text: str
    is_meant: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """The first rows of a table: column letters, and each row's number with its texts."""

    sheet: str | None
    separator: str | None
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def show_place(data: bytes, place: str) -> tuple[Line, ...]:
    """The lines of a text around the row or line that `place` names (as `str(Place)` writes it), or its first lines; of a workbook the rows
    of the sheet. Nothing where the bytes are no text and no workbook."""
    found = re.search(r"\b(?:row|line) (\d+)", place)
    meant = int(found[1]) if found else 0
    lines = _list_text(data, meant) if not data.startswith(b"PK\x03\x04") else _list_rows(data, place, meant)
    return tuple(lines)


def _list_text(data: bytes, meant: int) -> list[Line]:
    start = data[:4096].replace(b"\x00", b"") if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else data[:4096]
    if not _TEXT.fullmatch(start):
        return []
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8"
    first = max(meant - _AROUND, 1)
    texts = islice(data.decode(encoding, "replace").splitlines(), first - 1, first + 2 * _AROUND)
    return [Line(number, text[:_LONGEST], number == meant) for number, text in enumerate(texts, first)]


def _list_rows(data: bytes, place: str, meant: int) -> list[Line]:
    try:
        tables = open_source("", data).tables
        table = next((table for table in tables if table.sheet and f"sheet {table.sheet}," in f"{place},"), tables[0] if tables else None)
        if table is None:
            return []
        wanted = range(max(meant - _AROUND, 1), max(meant, 1) + _AROUND + 1)
        rows = [row for row in _take_rows(table, wanted.stop) if row[0] in wanted]
    except ParseError:
        return []
    return [
        Line(number, "  |  ".join(cell.text for _at, cell in sorted(cells.items()))[:_LONGEST], number == meant) for number, cells in rows
    ]


def _take_rows(table: Table, stop: int) -> list[Row]:
    rows = []
    for number, cells in table.read_rows():
        if number >= stop:
            break
        rows.append((number, cells))
    return rows


def show_grid(source: Source, index: int, last_row: int) -> Grid:
    """A table of the file from its first row to `last_row`, as a spreadsheet program shows it."""
    table = source.tables[index]
    rows = [row for row in _take_rows(table, last_row + 1) if row[1]]
    width = min(max((max(cells) + 1 for _number, cells in rows), default=0), _MOST_COLUMNS)
    return Grid(
        table.sheet,
        table.separator,
        tuple(name_column(at) for at in range(width)),
        tuple((number, tuple(cells[at].text[:80] if at in cells else "" for at in range(width))) for number, cells in rows),
    )

"""Bulk writes through COPY."""

from __future__ import annotations

import io
import itertools
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection, transaction

# PostgreSQL's binary format of COPY: what comes before the rows (signature, flags, no extension), and after them.
_BINARY_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_BINARY_END = b"\xff\xff"
_SEND_BYTES = 1 << 16
_LINES_AT_ONCE = 256
_SPECIAL = re.compile(r"[\\\t\n\r]")


def write_text(text: str) -> str:
    """A text as one cell of COPY's text format."""
    if _SPECIAL.search(text) is None:
        return text
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


# One value in COPY's text format, by its exact type.
_WRITERS: dict[type, Callable[[Any], str]] = {
    type(None): lambda value: r"\N",
    str: write_text,
    int: str,
    bool: lambda value: "t" if value else "f",
    Decimal: str,
    uuid.UUID: lambda value: f"{value.int:032x}",
    datetime: datetime.isoformat,
    date: date.isoformat,
    bytes: lambda value: r"\\x" + value.hex(),
    memoryview: lambda value: r"\\x" + value.hex(),
    dict: lambda value: write_text(msgspec.json.encode(value).decode()),
    list: lambda value: write_text(msgspec.json.encode(value).decode()),
}


def _write_other(value: Any) -> str:
    return write_text(str(value))


def _write_column(values: Sequence[Any]) -> Sequence[str]:
    """A column's cells. Most hold one type throughout, many one and the same value; texts are looked through together."""
    kinds = set(map(type, values))
    if kinds == {str}:
        return values if _SPECIAL.search("\0".join(values)) is None else [write_text(value) for value in values]
    first = values[0]
    if all(value is first for value in values):
        return [_WRITERS.get(type(first), _write_other)(first)] * len(values)
    if len(kinds) == 1:
        return list(map(_WRITERS.get(type(first), _write_other), values))
    return [_WRITERS.get(type(value), _write_other)(value) for value in values]


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """COPY rows into a table within the current transaction; returns how many. Constraint errors surface as Django's `IntegrityError`."""
    lines = list(map("\t".join, zip(*map(_write_column, zip(*rows, strict=True)), strict=True)))
    if not lines:
        return 0
    _copy(table, columns, "text", io.StringIO("\n".join(lines) + "\n"))
    return len(lines)


def copy_lines(table: str, columns: Sequence[str], lines: Iterable[str]) -> None:
    """COPY rows that stand as lines of PostgreSQL's text format (see `write_text`), each with its end; made while the database takes those
    before, so nothing that makes them may ask it anything. What the iterator raises is raised here."""
    _copy_stream(table, columns, "text", _Stream(_encode_together(iter(lines))))


def _encode_together(lines: Iterator[str]) -> Iterator[bytes]:
    """A few hundred lines at a time: one by one, passing them on takes as long as making them."""
    while together := "".join(itertools.islice(lines, _LINES_AT_ONCE)):
        yield together.encode()


def copy_binary(table: str, columns: Sequence[str], rows: Iterable[bytes]) -> None:
    """COPY rows that stand as PostgreSQL's binary format has them: a count of fields, and each with its length before it. Rows that an
    iterator makes are made while the database takes those before; what it raises is raised here."""
    _copy_stream(table, columns, "binary", _Stream(itertools.chain([_BINARY_HEAD], rows, [_BINARY_END])))


def _copy_stream(table: str, columns: Sequence[str], form: str, stream: _Stream) -> None:
    try:
        _copy(table, columns, form, stream)
    except Exception:
        if stream.failure is not None:
            raise stream.failure from None
        raise


class _Stream:
    """Rows as a file for the driver to read."""

    def __init__(self, rows: Iterable[bytes]) -> None:
        self._parts = iter(rows)
        self.failure: Exception | None = None

    def read(self, size: int) -> bytes:
        """Whole rows until there are `size` bytes; nothing at the end."""
        taken, length = [], 0
        try:
            for part in self._parts:
                taken.append(part)
                length += len(part)
                if length >= size:
                    break
        except Exception as error:
            # The driver would tell of a cancelled query.
            self.failure = error
            raise
        return b"".join(taken)


def _copy(table: str, columns: Sequence[str], form: str, rows: io.StringIO | _Stream) -> None:
    names = ", ".join(f'"{column}"' for column in columns)
    with transaction.atomic(savepoint=False), connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.cursor.copy_expert(f'COPY "{table}" ({names}) FROM STDIN (FORMAT {form})', rows, _SEND_BYTES)

"""Cells and tables: what a parser of a tabular format sees, whether the file was a workbook or a delimited text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

from .model import ParseError, Place

LONGEST_TEXT = 32_767  # what a spreadsheet cell can hold
LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
_FIRST_ROWS, _FIRST_CELLS = 100, 20_000

# PostgreSQL text holds no NUL, UTF-8 no lone surrogate, and no instrument writes the other control characters.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Cell(NamedTuple):
    """The text of a non-empty cell. In a workbook a `number` is the text of its XML value, which is the stored number digit for digit.
    `cut` is the last field of a text that ends without a line break: it may have been longer, so it is never a number."""

    text: str
    kind: Literal["text", "number", "boolean", "date", "error", "formula", "cut"]


Row = tuple[int, dict[int, Cell]]
"""A row number from 1 and its non-empty cells by column index from 0; a row without any may be there or not."""

End = Literal["whole", "quoted", "open"]
"""How a text ends: with a line break, with a closed quotation mark, or in the open, where its last field may have been cut short."""


@dataclass(frozen=True)
class Table:
    """A sheet, or a text under one separator. Rows are read anew, and lazily, each time they are asked for."""

    sheet: str | None
    read_rows: Callable[[], Iterator[Row]]
    separator: str | None = None
    end: End = "whole"

    @cached_property
    def first_rows(self) -> tuple[Row, ...]:
        """The rows in which a format is recognised, kept so that every parser can look at them: at most 100, with 20,000 cells in all."""
        kept: list[Row] = []
        cells = 0
        for row in self.read_rows():
            kept.append(row)
            cells += len(row[1])
            if len(kept) >= _FIRST_ROWS or cells >= _FIRST_CELLS:
                break
        return tuple(kept)

    def place(self, row: int | None = None, column: int | None = None) -> Place:
        """The place of a cell of this table, as a person finds it."""
        return Place(sheet=self.sheet, row=row, column=None if column is None else name_column(column))


@lru_cache(maxsize=LAST_COLUMN)
def name_column(index: int) -> str:
    """The letters of a column counted from 0: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def index_column(letters: str) -> int:
    """The index from 0 of a column's letters."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - 64
    return index - 1


def check_text(text: str, place: Place) -> str:
    """`text` itself, or a refusal where it holds characters or a length no export has."""
    if len(text) > LONGEST_TEXT:
        raise ParseError(
            "text_too_long", f"A cell holds {len(text):,} characters, more than a spreadsheet cell can. Export the table again.", place
        )
    found = _FORBIDDEN.search(text)
    if found:
        raise ParseError(
            "control_character",
            f"The text holds the control character U+{ord(found[0]):04X}: the file is damaged or binary. Export the table again.",
            place,
        )
    return text

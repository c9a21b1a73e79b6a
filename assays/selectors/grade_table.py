"""Grades side by side: one column per method and laboratory, one row per quantity, so that total stands beside leachable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assays.chemistry.elements import find_analyte
from assays.selectors.grades import HEADLINE, Content, Grade, Sum
from lims.documents.wording import format_formula


@dataclass(frozen=True)
class Cell:
    """A number as shown: its text carries its own qualifier. The others name members of a sum that are no number."""

    text: str
    uncertainty: str
    missing: tuple[str, ...] = ()
    censored: tuple[str, ...] = ()
    over_range: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """One quantity: its symbol and definition as printed, and its cell in each column, None where it was not measured."""

    symbol: str
    definition: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class GradeTable:
    """Columns are grades."""

    columns: tuple[Grade, ...]
    rows: tuple[Row, ...]

    def __bool__(self) -> bool:
        return bool(self.columns)


def tabulate(grades: Sequence[Grade]) -> GradeTable:
    """Dy and Tb as oxide and element, then the sums; columns by content, newest first within one."""
    columns = tuple(sorted(grades, key=lambda grade: ("total", "four_acid", "leachable").index(grade.extraction)))
    rows = []
    for symbol in HEADLINE:
        oxide = find_analyte(symbol).oxide
        factor = f"{oxide} = {symbol} × {find_analyte(symbol).factor:.4f}"
        rows.append(Row(format_formula(oxide), format_formula(factor), tuple(_content_cell(grade.oxides.get(symbol)) for grade in columns)))
        rows.append(Row(symbol, "", tuple(_content_cell(grade.elements.get(symbol)) for grade in columns)))
    for name, found in columns[0].sums.items() if columns else ():
        rows.append(Row(name, format_formula(found.definition), tuple(_sum_cell(grade.sums[name]) for grade in columns)))
    return GradeTable(columns, tuple(rows))


def _content_cell(content: Content | None) -> Cell | None:
    return Cell(content.text, content.uncertainty_text) if content else None


def _sum_cell(found: Sum) -> Cell:
    return Cell(found.text, found.uncertainty_text, found.missing, found.censored, found.over_range)

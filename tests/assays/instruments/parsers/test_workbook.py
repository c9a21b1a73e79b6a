"""Cells of a workbook as a spreadsheet program shows them."""

from __future__ import annotations

import pytest

from assays.instruments.parsers.tables import index_column, name_column
from assays.instruments.parsers.workbook import open_workbook
from tests.assays.instruments.parsers.files import number, pack, workbook_parts


def read_first_cell(parts: dict[str, str]) -> tuple[str, str]:
    rows = list(open_workbook(pack(parts))[0].read_rows())
    return rows[0][1][0].text, rows[0][1][0].kind


def with_format(code: str) -> dict[str, str]:
    parts = workbook_parts({"Sheet1": [[number("44025.5250115741", style=0)]]})
    parts["xl/styles.xml"] = (
        f'<styleSheet><numFmts><numFmt numFmtId="170" formatCode="{code}"/></numFmts><cellXfs><xf numFmtId="170"/></cellXfs></styleSheet>'
    )
    return parts


@pytest.mark.parametrize("code", ["yyyy\\-mm\\-dd\\ h:mm", "m/d/yy h:mm", "d.m.yyyy", "[$-409]h:mm AM/PM", "[h]:mm", "mmm"])
def test_number_shown_as_a_date_is_a_date(code: str) -> None:
    assert read_first_cell(with_format(code)) == ("2020-07-13T12:36:01", "date")


@pytest.mark.parametrize(
    "code", ["0.00", "0.00E+00", "General", "[Red]0.0", "0 &quot;days&quot;", "0\\d", "#,##0.00_);[Blue](#,##0.00)", "@"]
)
def test_number_shown_as_a_number_stays_one_to_the_digit(code: str) -> None:
    assert read_first_cell(with_format(code)) == ("44025.5250115741", "number")


@pytest.mark.parametrize(
    ("serial", "base", "shown"),
    [
        ("1", "0", "1900-01-01T00:00:00"),
        ("59", "0", "1900-02-28T00:00:00"),
        ("61", "0", "1900-03-01T00:00:00"),
        ("0", "1", "1904-01-01T00:00:00"),
        ("44025.123456789", "0", "2020-07-13T02:57:46.667"),
        ("-5", "0", "-5"),
        ("1e300", "0", "1e300"),
    ],
)
def test_days_are_counted_as_the_workbook_says(serial: str, base: str, shown: str) -> None:
    parts = workbook_parts({"Sheet1": [[number(serial, style=1)]]})
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace("<sheets>", f'<workbookPr date1904="{base}"/><sheets>')
    assert read_first_cell(parts)[0] == shown


def test_prefixed_names_and_cells_without_references_are_read() -> None:
    parts = workbook_parts({"Sheet1": []})
    parts["xl/worksheets/sheet1.xml"] = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>'
        "<x:row><x:c><x:v>1</x:v></x:c><x:c/><x:c><x:v>3</x:v></x:c></x:row><x:row/></x:sheetData></x:worksheet>"
    )
    rows = list(open_workbook(pack(parts))[0].read_rows())
    assert [(place, {column: cell.text for column, cell in cells.items()}) for place, cells in rows] == [(1, {0: "1", 2: "3"}), (2, {})]


@pytest.mark.parametrize(("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")])
def test_columns_have_letters(index: int, letters: str) -> None:
    assert (name_column(index), index_column(letters)) == (letters, index)

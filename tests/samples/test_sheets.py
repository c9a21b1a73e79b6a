"""Sheets as people send them, and as attackers do."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any

import pytest
import xlsxwriter

from lims.core.errors import Invalid
from samples import sheets
from samples.sheets import read_sheet

COLUMNS = ("field_id", "mass_g", "collected_at", "remark")


def read(data: bytes, required: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    return [
        {"row": row.number} | {name: cell.value for name, cell in row.cells.items()}
        for row in read_sheet(data, columns=COLUMNS, required=required)
    ]


def refuse(data: bytes, required: tuple[str, ...] = ()) -> str:
    """The code of the refusal of the whole file."""
    with pytest.raises(Invalid) as refusal:
        read(data, required)
    assert refusal.value.code == "file"
    assert refusal.value.message
    return refusal.value.problems[0].code


def workbook(rows: list[list[Any]], sheet: str = "samples") -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet(sheet)
    moment, day = book.add_format({"num_format": "yyyy-mm-dd hh:mm"}), book.add_format({"num_format": "dd/mm/yyyy"})
    for number, row in enumerate(rows):
        for index, value in enumerate(row):
            if isinstance(value, datetime):
                page.write_datetime(number, index, value, day if value.hour == value.minute == 0 else moment)
            elif value is not None:
                page.write(number, index, value)
    book.close()
    return out.getvalue()


def repack(data: bytes, changes: dict[str, bytes]) -> bytes:
    """The same archive with members replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename not in changes:
                new.writestr(part.filename, old.read(part))
        for name, content in changes.items():
            new.writestr(name, content)
    return out.getvalue()


HEADER = ["field_id", "mass_g"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv_of_any_spreadsheet_is_read(delimiter: str, encoding: str) -> None:
    text = f'field_id{delimiter}Mass (g)\r\n"ကချင်{delimiter}1"{delimiter} 12.50 \r\n\r\nF-2{delimiter}\r\n'
    assert read(text.encode(encoding)) == [{"row": 2, "field_id": f"ကချင်{delimiter}1", "mass_g": "12.50"}, {"row": 4, "field_id": "F-2"}]


def test_workbook_keeps_types_and_row_numbers() -> None:
    moment = datetime(2026, 3, 2, 9, 15)  # noqa: DTZ001
    data = workbook([["Field ID", "MASS_G", "collected at"], [7, 12.5, moment], [], ["F-2", None, None]])
    assert read(data) == [{"row": 2, "field_id": 7, "mass_g": 12.5, "collected_at": moment}, {"row": 4, "field_id": "F-2"}]


def test_date_without_time_of_day_says_so() -> None:
    data = workbook([["collected_at"], [datetime(2026, 3, 2)], [datetime(2026, 3, 2, 9, 15)]])  # noqa: DTZ001
    shown = [row.cells["collected_at"].shows_time for row in read_sheet(data, columns=COLUMNS, required=())]
    assert shown == [False, True]


def test_sheet_called_samples_is_taken_before_others() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.add_worksheet("notes").write(0, 0, "hello")
    page = book.add_worksheet("Samples")
    page.write_row(0, 0, HEADER)
    page.write_row(1, 0, ["F-1", 3])
    book.close()
    assert read(out.getvalue()) == [{"row": 2, "field_id": "F-1", "mass_g": 3}]


def test_headings_are_checked() -> None:
    assert refuse(b"field_id,colour\nF-1,red\n") == "columns"
    assert refuse(b"field_id,Field-ID\nF-1,F-1\n") == "columns"
    assert refuse(b"field_id\nF-1\n", required=("mass_g",)) == "columns"
    assert refuse(b"field_id\nF-1,12\n") == "columns"
    assert read(b"field_id,\nF-1,\n") == [{"row": 2, "field_id": "F-1"}]


def test_nothing_to_read_is_refused() -> None:
    for data in (b"", b"\r\n \n", b"\0" * 100, b"field_id,mass_g\n", workbook([]), workbook([HEADER])):
        assert refuse(data) == "empty"


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refuse(b"field_id\n" + b"F\n" * 1001) == "too_many"
    assert len(read(b"field_id\n" + b"F\n" * 1000)) == 1000
    assert refuse(b"x" * (sheets.MOST_BYTES + 1)) == "too_large"
    assert refuse(b"field_id\n" + b"," * 200) == "columns"


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20,
        b"\xff\xd8\xff\xe0" + bytes(range(256)),
        b"%PDF-1.7 nothing",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        b"field_id\nF\0-1\n",
    ],
)
def test_other_files_are_named_for_what_they_are(data: bytes) -> None:
    assert refuse(data) == "not_a_sheet"


def test_bytes_of_another_encoding_are_placed() -> None:
    with pytest.raises(Invalid, match="Line 3"):
        read("field_id\nF-1\nKäse\n".encode("cp1252"))


def test_broken_quotation_is_placed() -> None:
    assert refuse(b'field_id,remark\nF-1,"open') == "damaged"
    assert refuse(b'field_id\n"F"x\n') == "damaged"


def test_damaged_workbooks_are_refused_whole() -> None:
    data = workbook([HEADER, ["F-1", 3]])
    assert refuse(data[:-200]) == "damaged"
    assert refuse(data[: len(data) // 2]) == "damaged"
    assert refuse(b"PK\x03\x04" + b"garbage" * 100) == "damaged"
    assert refuse(repack(data, {"xl/workbook.xml": b"<not closed"})) == "damaged"
    assert refuse(repack(data, {"xl/worksheets/sheet1.xml": b"<worksheet><sheetData><row><c r='A1'"})) == "damaged"


def test_five_megabytes_of_garbage_are_refused_at_once() -> None:
    import random

    noise = random.Random(7).randbytes(5 * 2**20 - 4)
    assert refuse(b"PK\x03\x04" + noise) == "damaged"
    assert refuse(b"F" + noise) in {"encoding", "not_a_sheet"}


def test_hostile_workbooks_are_not_opened() -> None:
    data = workbook([HEADER, ["F-1", 3]])
    bomb = b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'bbbbbbbb'>]><worksheet/>"
    assert refuse(repack(data, {"xl/worksheets/sheet1.xml": bomb})) == "hostile"
    assert refuse(repack(data, {"xl/worksheets/sheet1.xml": bomb.decode().encode("utf-16")})) == "hostile"
    assert refuse(repack(data, {"xl/vbaProject.bin": b"macro"})) == "macros"
    assert refuse(repack(data, {"xl/media/zeros.xml": bytes(61 * 2**20)})) == "too_large"
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr("samples.csv", "field_id\nF-1\n")
    assert refuse(plain.getvalue()) == "not_a_sheet"


def test_size_a_sheet_claims_is_not_believed() -> None:
    data = workbook([HEADER, ["F-1", 3]])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").replace(b'<dimension ref="A1:B2"/>', b'<dimension ref="A1:XFD1048576"/>')
    assert b"XFD1048576" in sheet
    assert read(repack(data, {"xl/worksheets/sheet1.xml": sheet})) == [{"row": 2, "field_id": "F-1", "mass_g": 3}]


def test_error_values_are_marked() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet("samples")
    page.write_row(0, 0, HEADER)
    page.write_string(1, 0, "F-1")
    page.write_formula(1, 1, "=1/0", None, "#DIV/0!")
    book.close()
    (row,) = read_sheet(out.getvalue(), columns=COLUMNS, required=())
    assert row.cells["mass_g"].is_error

"""Real exports of ICP and absorption instruments, every cell accounted for: read a second time by other means, no number is missing."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal

import openpyxl
import pytest

from assays.instruments.parsers.model import ParsedExport
from assays.instruments.parsers.registry import parse
from assays.instruments.parsers.tables import name_column
from tests.assays.instruments.parsers.files import shared_file

SPECTRAA = "agilent_spectraa_faas_utf16_OVER_french.csv"
SYNGISTIX = "perkinelmer_syngistix_export_2.xlsx"
WINLAB32 = "perkinelmer_winlab32_oes_replicates_wide_2023.csv"
QTEGRA = "thermo_icap_oes_qtegra_semicolon_4header_2020.csv"
VISTA = "varian_vistapro_icpoes_long_fixture.csv"

# File, encoding, separator, header rows, and the columns that describe without being a field of the row.
TEXTS = [
    (SPECTRAA, "utf-16", ",", 8, ()),
    (WINLAB32, "utf-8", ",", 1, ("F", "O", "V", "AC", "AJ", "AQ")),
    (QTEGRA, "utf-8", ";", 4, ("A",)),
    (VISTA, "utf-8", ",", 1, ()),
]


def is_number(text: str) -> bool:
    try:
        return Decimal(text.strip().strip("[]")).is_finite()
    except ArithmeticError:
        return False


def describe(export: ParsedExport) -> str:
    return " ".join(f"{row.label} {row.comment} {row.vial} {row.total_dilution} {row.acquired_at}" for row in export.rows)


@pytest.mark.parametrize(("name", "encoding", "separator", "header", "described"), TEXTS)
def test_every_number_of_a_text_is_a_reading_or_describes_its_row(
    name: str, encoding: str, separator: str, header: int, described: tuple[str, ...]
) -> None:
    path = shared_file(name)
    export = parse(name, path)
    assert export == parse(name, path.read_bytes())
    read = {(reading.row, reading.column): reading for reading in export.readings}
    assert len(read) == len(export.readings)
    with path.open(encoding=encoding, newline="") as file:
        lines = list(csv.reader(file, delimiter=separator))
    text, numbers = describe(export), 0
    for number, fields in enumerate(lines, 1):
        for index, field in enumerate(fields):
            if number <= header or not is_number(field) or name_column(index) in described:
                continue
            numbers += 1
            found = read.get((number, name_column(index)))
            assert field.strip() in text if found is None else (found.raw == field and found.value == Decimal(field.strip().strip("[]")))
    assert numbers > 10
    texts = {(number, name_column(index)): field for number, fields in enumerate(lines, 1) for index, field in enumerate(fields)}
    assert all(texts[place] == reading.raw for place, reading in read.items())


def test_every_number_of_the_syngistix_workbook_is_a_reading() -> None:
    export = parse(SYNGISTIX, shared_file(SYNGISTIX))
    sheet = openpyxl.load_workbook(shared_file(SYNGISTIX))["Conc. in Sample Units"]
    expected = {
        (cell.row, cell.column_letter): cell.value
        for row in sheet.iter_rows(min_row=2, min_col=9)
        for cell in row
        if cell.value is not None
    }
    assert {(reading.row, reading.column): float(reading.raw) for reading in export.readings} == expected
    assert {(reading.analyte, reading.isotope_or_line, reading.unit) for reading in export.readings} == {
        ("Li", "610.362", "mg/L"),
        ("Mn", "403.075", "mg/L"),
        ("K", "766.490", "mg/L"),
    }


def test_what_the_real_exports_say() -> None:
    vista = parse(VISTA, shared_file(VISTA))
    assert [(row.label, row.kind) for row in vista.rows] == [("H2O-0001", "blank")]
    spectraa = parse(SPECTRAA, shared_file(SPECTRAA))
    assert Counter(reading.qualifier for reading in spectraa.readings) == {"": 50, "OVER": 6}
    winlab = parse(WINLAB32, shared_file(WINLAB32))
    assert Counter(row.kind for row in winlab.rows) == {"unknown": 16, "standard": 4, "blank": 1}
    qtegra = parse(QTEGRA, shared_file(QTEGRA))
    assert (len(qtegra.rows), len({(one.analyte, one.isotope_or_line, one.gas_mode) for one in qtegra.readings})) == (111, 16)

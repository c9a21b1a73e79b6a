"""Batch tables written for the demonstration laboratory: what the instrument's software would have written."""

from __future__ import annotations

import io
import time
from datetime import datetime
from decimal import Decimal

import openpyxl
import pytest

from assays.instruments.parsers.model import ParseError
from assays.instruments.parsers.registry import parse
from assays.instruments.writers import REE_ANALYTES, BatchAnalyte, BatchRow, BatchValues, write_batch_table

VALUES = BatchValues(Decimal("0.8281"), Decimal("1.63745453637776"), Decimal("1653533.12694172"), Decimal("3.77573072611354E-05"))
NEGATIVE = BatchValues("<0.000", "N/A", Decimal("6.67"), Decimal("173.2"))
ROWS = [
    BatchRow("BLANK", "FQBlk", {analyte.symbol: NEGATIVE for analyte in REE_ANALYTES}, "001.d", datetime(2026, 3, 1, 10, 15, 7)),  # noqa: DTZ001
    BatchRow("OREAS 100a", "QC1", {analyte.symbol: VALUES for analyte in REE_ANALYTES}, "002.d"),
    BatchRow("_x0041_ & <S-1>", "Sample", {"Dy": VALUES}, "003.d", comment="duplicate", total_dilution=Decimal("10.1461212856184")),
]


def test_a_library_of_others_reads_layout_and_numbers_as_written() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(write_batch_table(ROWS))).worksheets[0]
    headings = [cell.value for cell in sheet[1] if cell.value]
    assert headings[0] == "Sample"
    assert {"159  Tb  [ He ] ", "163  Dy  [ He ] ", "175  Lu  [ He ] "} <= set(headings)
    assert len(headings) == 16
    assert [cell.value for cell in sheet[2]][:10] == [
        "Sample Name", "Acq. Date-Time", "Data File", "Type", "Comment", "Total Dil.", "Conc. [ ppb ]", "Conc. RSD", "CPS", "CPS RSD",
    ]  # fmt: skip
    assert [cell.value for cell in sheet[3]][:10] == [
        "BLANK", datetime(2026, 3, 1, 10, 15, 7), "001.d", "FQBlk", None, 1, "<0.000", "N/A", 6.67, 173.2,  # noqa: DTZ001
    ]  # fmt: skip
    assert [cell.value for cell in sheet[4]][6:10] == [0.8281, 1.63745453637776, 1653533.12694172, 3.77573072611354e-05]
    assert sheet["F5"].value == 10.1461212856184
    assert len(sheet.merged_cells.ranges) == 16


def test_parser_reads_back_every_number_to_the_digit() -> None:
    export = parse("demo.xlsx", write_batch_table(ROWS))
    assert export.format == "agilent_masshunter"
    assert [(row.label, row.kind, row.acquired_at) for row in export.rows] == [
        ("BLANK", "blank", "2026-03-01T10:15:07"),
        ("OREAS 100a", "control", ""),
        ("_x0041_ & <S-1>", "sample", ""),
    ]
    dysprosium = [reading for reading in export.readings if reading.analyte == "Dy" and reading.row == 5]
    assert [reading.value for reading in dysprosium] == [VALUES.concentration, VALUES.concentration_rsd, VALUES.counts, VALUES.counts_rsd]
    assert [reading.raw for reading in dysprosium] == ["0.8281", "1.63745453637776", "1653533.12694172", "0.0000377573072611354"]
    assert len(export.readings) == 2 * 60 + 4
    assert export.notes == ()


def test_same_input_gives_the_same_bytes() -> None:
    first = write_batch_table(ROWS)
    time.sleep(2.1)  # an archive's clock ticks every two seconds
    assert write_batch_table(ROWS) == first


def test_analyte_in_two_gas_modes_is_given_by_heading() -> None:
    analytes = [BatchAnalyte("Tb", 159, "No Gas"), BatchAnalyte("Tb", 175, "O2", first_mass=159)]
    values = {analytes[0].heading: BatchValues(Decimal(1)), analytes[1].heading: BatchValues(Decimal(2))}
    readings = parse("x.xlsx", write_batch_table([BatchRow("S-1", "Sample", values)], analytes, "ug/l")).readings
    assert [(reading.isotope_or_line, reading.gas_mode, reading.raw, reading.unit) for reading in readings] == [
        ("159", "No Gas", "1", "ug/l"),
        ("159 -> 175", "O2", "2", "ug/l"),
    ]


@pytest.mark.parametrize("value", ["1.2345678901234567", "NaN", "Infinity"])
def test_number_that_a_spreadsheet_would_not_keep_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="at most 15 digits"):
        write_batch_table([BatchRow("S-1", "Sample", {"Dy": BatchValues(Decimal(value))})])


def test_text_no_cell_can_hold_is_refused() -> None:
    with pytest.raises(ParseError, match="control character"):
        write_batch_table([BatchRow("S\x00", "Sample")])

"""Real exports, every cell read a second time by other means: the XML by ElementTree, the numbers by openpyxl."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from decimal import Decimal
from xml.etree import ElementTree

import openpyxl
import pytest
from openpyxl.utils import column_index_from_string

from assays.instruments.parsers.model import ParsedExport
from assays.instruments.parsers.registry import parse
from tests.assays.instruments.parsers.files import shared_file

CONC_CPS = "agilent_masshunter_conc_cps_4col_per_analyte_anonymised.xlsx"
TWO_ROW = "agilent_masshunter_batchtable_2row_7x00_2020-07-13.xlsx"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_HEADING = re.compile(r"\d+\s+[A-Z][a-z]?\b")


def read_export(name: str) -> ParsedExport:
    return parse(name, shared_file(name).read_bytes())


def read_texts(name: str) -> dict[str, str]:
    """Every non-empty cell of the first sheet by its reference, as the text its XML holds."""
    with zipfile.ZipFile(shared_file(name)) as archive:
        strings = ["".join(item.itertext()) for item in ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))]  # noqa: S314
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))  # noqa: S314
    cells = {}
    for cell in sheet.iter(f"{_MAIN}c"):
        value = cell.find(f"{_MAIN}v")
        if value is not None and value.text:
            cells[cell.attrib["r"]] = strings[int(value.text)] if cell.get("t") == "s" else value.text
    return {reference: text for reference, text in cells.items() if text.strip()}


def read_numbers(name: str) -> dict[str, object]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl does not know the extension that holds the list of sample types
        sheet = openpyxl.load_workbook(shared_file(name)).worksheets[0]
    return {cell.coordinate: cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None}


def read_headings(texts: dict[str, str]) -> dict[str, str]:
    """The heading in force over each column letter from the first analyte on."""
    row = {column_index_from_string(reference[:-1]): text for reference, text in texts.items() if re.fullmatch("[A-Z]+1", reference)}
    analytes = {index: text.strip() for index, text in row.items() if _HEADING.match(text)}
    last = max(column_index_from_string(reference.rstrip("0123456789")) for reference in texts)
    headings, current = {}, None
    for index in range(min(analytes), last + 1):
        current = analytes.get(index, current)
        headings[openpyxl.utils.get_column_letter(index)] = current
    return headings


@pytest.mark.parametrize("name", [CONC_CPS, TWO_ROW])
def test_every_measured_cell_is_one_reading_with_its_text(name: str) -> None:
    texts = read_texts(name)
    headings = read_headings(texts)
    expected = {
        reference: text
        for reference, text in texts.items()
        if int(re.sub("[A-Z]+", "", reference)) > 2 and reference.rstrip("0123456789") in headings
    }
    readings = read_export(name).readings
    assert {f"{reading.column}{reading.row}": reading.raw for reading in readings} == expected
    assert len(readings) == len(expected) > 1000


@pytest.mark.parametrize("name", [CONC_CPS, TWO_ROW])
def test_every_number_equals_its_cell_and_every_text_its_meaning(name: str) -> None:
    numbers = read_numbers(name)
    meanings = {"<0.000": (Decimal("0.000"), "<"), "N/A": (None, "N/A"), "OR": (None, "OVER")}
    for reading in read_export(name).readings:
        cell = numbers[f"{reading.column}{reading.row}"]
        if isinstance(cell, str):
            assert (reading.value, reading.qualifier) == meanings[cell]
        else:
            assert reading.value is not None
            assert float(reading.value) == cell
            assert reading.value == Decimal(reading.raw)
            assert reading.qualifier == ""


@pytest.mark.parametrize("name", [CONC_CPS, TWO_ROW])
def test_every_reading_says_what_its_headings_say(name: str) -> None:
    texts = read_texts(name)
    headings = read_headings(texts)
    quantities = {
        "Conc. [ ppb ]": ("concentration", "ppb"),
        "Conc. RSD": ("concentration_rsd", "%"),
        "Meas. Conc. [ ppb ]": ("measured_concentration", "ppb"),
        "CPS": ("counts", "cps"),
        "CPS RSD": ("counts_rsd", "%"),
    }
    for reading in read_export(name).readings:
        heading = headings[reading.column]
        mass, symbol, standard, gas = re.fullmatch(r"(\d+)\s+(\w+)\s+(\( ISTD \))?\s*\[ ([\w ]+) \]", heading).groups()
        assert (reading.analyte, reading.isotope_or_line, reading.gas_mode) == (symbol, mass, gas)
        assert reading.internal_standard == bool(standard)
        assert (reading.quantity, reading.unit) == quantities[texts[f"{reading.column}2"].strip()]


@pytest.mark.parametrize("name", [CONC_CPS, TWO_ROW])
def test_every_reading_belongs_to_the_row_it_stands_in(name: str) -> None:
    texts, export = read_texts(name), read_export(name)
    titles = {text.strip(): reference[:-1] for reference, text in texts.items() if reference.endswith("2") and len(reference) == 2}
    for reading in export.readings:
        row = export.rows[reading.row_index]
        assert row.row == reading.row
        assert row.label == reading.sample == texts[f"{titles['Sample Name']}{reading.row}"]
        assert row.type == reading.type == texts[f"{titles['Type']}{reading.row}"]
        assert row.total_dilution == reading.dilution == Decimal(texts[f"{titles['Total Dil.']}{reading.row}"])


def test_anonymised_export_holds_one_blank_and_24_samples_with_163_dy() -> None:
    export = read_export(CONC_CPS)
    assert [row.kind for row in export.rows] == ["blank"] + ["sample"] * 24
    dysprosium = [reading for reading in export.readings if reading.analyte == "Dy" and reading.quantity == "concentration"]
    assert len(dysprosium) == 25
    assert {(reading.isotope_or_line, reading.gas_mode, reading.unit) for reading in dysprosium} == {("163", "He", "ppb")}
    assert not {reading.analyte for reading in export.readings} & {"Tb", "Lu"}
    assert sum(reading.raw == "<0.000" for reading in export.readings) == 362
    lithium = {reading.gas_mode for reading in export.readings if reading.analyte == "Li"}
    assert lithium == {"No Gas", "He"}


def test_batch_of_13_july_2020_keeps_kinds_times_rejection_and_over_range() -> None:
    export = read_export(TWO_ROW)
    kinds = {row.type: row.kind for row in export.rows}
    assert kinds == {
        "CalBlk": "blank", "CalStd": "standard", "QCS": "control", "LFB": "control", "ICV": "control", "BLK": "blank", "LRB": "blank",
        "Sample": "sample", "Spike Ref": "sample", "DUP": "control", "Spike QC": "control", "CCV": "control",
    }  # fmt: skip
    assert [row.data_file for row in export.rows if row.rejected] == ["008CALS.d"]
    assert export.rows[0].acquired_at == "2020-07-13T12:36:01"
    assert export.rows[5].acquired_at == "2020-07-13T12:57:44"
    over = [(reading.row, reading.column) for reading in export.readings if reading.qualifier == "OVER"]
    assert over == [(27, "Q"), (27, "R"), (27, "S")]
    assert {reading.analyte for reading in export.readings if reading.internal_standard} == {"Sc", "Ge", "Rh", "Lu"}
    assert {(note.code, note.place.sheet) for note in export.notes} == {
        ("label_mangled", "Sheet1"),
        ("sheet_passed_over", "ValueList_Helper"),
    }


@pytest.mark.parametrize(("separator", "encoding"), [(",", "utf-8"), (",", "utf-8-sig"), (",", "cp1252"), (";", "utf-8"), ("\t", "utf-16")])
@pytest.mark.parametrize("name", [CONC_CPS, TWO_ROW])
def test_real_table_saved_as_text_gives_the_same_readings(name: str, separator: str, encoding: str) -> None:
    texts = read_texts(name)
    last_row = max(int(re.sub("[A-Z]+", "", reference)) for reference in texts)
    last_column = max(column_index_from_string(reference.rstrip("0123456789")) for reference in texts)
    columns = [openpyxl.utils.get_column_letter(index) for index in range(1, last_column + 1)]
    target = io.StringIO(newline="")
    rows = ([texts.get(f"{column}{row}", "") for column in columns] for row in range(1, last_row + 1))
    csv.writer(target, delimiter=separator).writerows(rows)
    from_text = parse("export.csv", target.getvalue().encode(encoding)).readings
    from_workbook = read_export(name).readings
    assert len(from_text) == len(from_workbook)
    for one, other in zip(from_text, from_workbook, strict=True):
        assert (one.sample, one.analyte, one.quantity, one.raw, one.value, one.qualifier, one.row, one.column) == (
            other.sample, other.analyte, other.quantity, other.raw, other.value, other.qualifier, other.row, other.column,
        )  # fmt: skip
        assert one.sheet is None


@pytest.mark.parametrize(
    "name",
    [
        "agilent_spectraa_faas_utf16_OVER_french.csv",
        "bruker_s8tiger_spectraplus_one_sample_with_Tb4O7.csv",
        "niton_xl3t_pxrf_mining_decimal_comma.csv",
        "olympus_vanta_pxrf_geochem3beam_2021.csv",
        "perkinelmer_syngistix_export_2.xlsx",
        "perkinelmer_winlab32_oes_replicates_wide_2023.csv",
        "rigaku_xrf.csv",
        "thermo_icap_oes_qtegra_semicolon_4header_2020.csv",
        "varian_vistapro_icpoes_long_fixture.csv",
        "xrf_bead_tab_results_with_avg_sdev_rows.txt",
    ],
)
def test_exports_of_other_makers_are_not_taken_for_batch_tables(name: str) -> None:
    from assays.instruments.parsers import masshunter
    from assays.instruments.parsers.source import open_source

    assert not masshunter.recognise(open_source(name, shared_file(name).read_bytes()))

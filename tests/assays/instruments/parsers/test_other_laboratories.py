"""Exports with what laboratories switch on: computed rows among replicates, mixed ways of writing numbers, checks of the instrument."""

from __future__ import annotations

import pytest

from assays.instruments.parsers.model import ParseError
from assays.instruments.parsers.nomenclature import find_decimal_sign
from assays.instruments.parsers.registry import parse
from tests.assays.instruments.parsers.files import make_text, pack, text, workbook_parts


def test_what_the_software_computed_of_replicates_is_no_replicate() -> None:
    titles = ["", "Sample Id", "R", "Acquisition Time", "Dy 353.170\n(mg/L)"]
    lines = [["1", "K-1", "1", "t", "1.5"], ["1", "K-1", "Mean", "t", "1.6"], ["1", "K-1", "SD", "t", "0.1"]]
    parts = workbook_parts({"Conc. in Sample Units": [[text(cell) for cell in row] for row in [titles, *lines]]})
    export = parse("export.xlsx", pack(parts))
    assert [(row.kind, row.label) for row in export.rows] == [("unknown", "K-1"), ("statistic", "K-1"), ("statistic", "K-1")]
    assert [(r.quantity, r.replicate, r.raw) for r in export.readings] == [
        ("concentration", 1, "1.5"),
        ("concentration_mean", None, "1.6"),
        ("concentration_sd", None, "0.1"),
    ]


@pytest.mark.parametrize(
    ("texts", "sign"),
    [
        (["0,5", "1.150"], ","), (["1.150", "0,5"], ","), (["1.150", "0.5", "0,5"], "."), (["1.150", "1,234"], "."),
        (["1.150"], "."), (["1,234"], ","), (["12,5", "-1.150"], ","),
    ],
)  # fmt: skip
def test_a_point_that_may_group_thousands_does_not_outweigh_a_decimal_comma(texts: list[str], sign: str) -> None:
    assert find_decimal_sign(texts) == sign


def test_thousands_in_a_file_with_decimal_commas_are_not_read_as_a_fraction() -> None:
    titles = ["Solution Label", "Type", "Element", "Flags", "Soln Conc", "Units", "Corr Con", "Units", "Int", "Date", "Time", "DF"]
    line = ["S1", "Samp", "Dy 353.171", "", "1,5", "ppm", "1.150", "ppm", "2200,5", "13.02.2024", "10:11:12", "100"]
    readings = parse("export.csv", make_text([titles, line], ";").encode()).readings
    assert [(r.raw, str(r.value), r.qualifier) for r in readings] == [("1,5", "1.5", ""), ("1.150", "None", "?"), ("2200,5", "2200.5", "")]


def test_counts_a_second_of_a_niton_are_no_contents() -> None:
    titles = ["Reading No", "Time", "Type", "Duration", "Units", "SAMPLE", "Nd", "Nd Error"]
    lines = [["1", "t", "Shutter_Cal", "60", "cps", "", "4.5", "0.1"], ["2", "t", "Mining", "60", "%", "K-1", "4.5", "0.1"]]
    readings = parse("export.csv", make_text([titles, *lines]).encode()).readings
    assert [(r.quantity, r.unit) for r in readings] == [
        ("intensity", "cps"), ("intensity_error", "cps"), ("concentration", "%"), ("concentration_error", "%"),
    ]  # fmt: skip


def test_the_running_number_of_an_analyte_needs_no_title() -> None:
    head = ["29/11/2013 10:15:44", "PANalytical", "Quantification of sample K-9", ""]
    titles = ["", "Analyte", "Calibration", "Compound", "Concentration", "Unit", "Calculation", "Status"]
    lines = [["1", "Dy", "Omnian", "Dy2O3", "0,125", "%", "Calculate", ""], ["2", "Th", "Omnian", "ThO2", "250,5", "ppm", "Calculate", ""]]
    readings = parse("export.csv", make_text([*[[one] for one in head], titles, *lines]).encode()).readings
    assert [(r.analyte, str(r.value), r.unit) for r in readings] == [("Dy2O3", "0.125", "%"), ("ThO2", "250.5", "ppm")]


def test_an_analyte_under_the_title_of_the_concentration_is_refused_with_its_place() -> None:
    titles = ["Analyte", "Calibration", "Compound", "Concentration", "Unit", "Calculation", "Status"]
    line = ["1", "Dy", "Omnian", "Dy2O3", "0,125", "%", "Calculate"]
    with pytest.raises(ParseError, match="does not fit its titles") as refused:
        parse("export.csv", make_text([["Quantification of sample K-9"], titles, line]).encode())
    assert (refused.value.place.row, refused.value.place.column) == (3, "D")

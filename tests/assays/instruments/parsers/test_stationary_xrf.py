"""X-ray spectrometers of the laboratory: Bruker S8, Rigaku, PANalytical, ARL, and tables of fused beads."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal

import msgspec
import pytest

from assays.instruments.matching import TrayPosition, match_positions
from assays.instruments.parsers.model import ParsedExport, ParsedReading, ParseError
from assays.instruments.parsers.registry import parse
from assays.instruments.parsers.tables import index_column
from tests.assays.instruments.parsers.files import make_workbook, shared_file
from tests.assays.instruments.parsers.small_exports import ARL, BEAD, RIGAKU, SPECTRAPLUS, SUPERQ, SUPERQ_SAMPLE


def read(text: str, name: str = "S-1.csv") -> ParsedExport:
    return parse(name, text.encode())


def find(export: ParsedExport, sample: str, analyte: str, quantity: str = "concentration") -> ParsedReading:
    [reading] = [one for one in export.readings if (one.sample, one.analyte, one.quantity) == (sample, analyte, quantity)]
    return reading


def says(reading: ParsedReading) -> tuple[Decimal | None, str, str | None]:
    return reading.value, reading.qualifier, reading.unit


@pytest.mark.parametrize(
    ("name", "separator", "described", "rows", "readings"),
    [
        # Formula, Z, Status and Line 1; nothing but the header row stands above.
        ("bruker_s8tiger_spectraplus_one_sample_with_Tb4O7.csv", ",", {0, 2, 3, 4}, {1}, 68),
        # Type, sample, operator and time; two blocks with two header rows each.
        ("rigaku_xrf.csv", ",", {0, 1, 2, 3}, {1, 2, 18, 19}, 56),
        # Nr to Fin wgt, then the units.
        ("xrf_bead_tab_results_with_avg_sdev_rows.txt", "\t", {*range(7), *range(9, 36, 2)}, {1, 2}, 105),
    ],
)
def test_every_cell_of_the_real_file_is_a_reading_or_describes(
    name: str, separator: str, described: set[int], rows: set[int], readings: int
) -> None:
    path = shared_file(name)
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file, delimiter=separator))
    filled = {
        (number, index): text
        for number, line in enumerate(lines, 1)
        for index, text in enumerate(line)
        if text.strip() and number not in rows and index not in described
    }
    export = parse(name, path.read_bytes())
    assert {(one.row, index_column(one.column or "")): one.raw for one in export.readings} == filled
    assert len(export.readings) == readings


def test_spectraplus_sample_is_the_files_name_and_units_change_by_line() -> None:
    export = read(SPECTRAPLUS, "C:\\Results\\MK-26-0007.csv")
    assert [row.label for row in export.rows] == ["MK-26-0007"]
    assert says(find(export, "MK-26-0007", "SiO2")) == (Decimal("28.8"), "", "%")
    assert says(find(export, "MK-26-0007", "Dy2O3")) == (Decimal(412), "", "PPM")
    terbium = find(export, "MK-26-0007", "Tb4O7")
    assert (*says(terbium), terbium.raw, terbium.isotope_or_line) == (Decimal("0.0231"), "", "%", "0.0231%", "Tb LA1-HR-Tr")
    assert says(find(export, "MK-26-0007", "Tb4O7", "lld")) == (Decimal("296.7"), "", "PPM")
    assert says(find(export, "MK-26-0007", "Tb4O7", "concentration_error")) == (Decimal("8.85"), "", "%")
    assert says(find(export, "MK-26-0007", "Na2O", "intensity")) == (Decimal("-0.0659"), "", None)


def test_spectraplus_zero_that_was_not_detected_is_no_number() -> None:
    sodium = find(read(SPECTRAPLUS), "S-1", "Na2O")
    assert (*says(sodium), sodium.raw) == (None, "ND", "PPM", "0.0 PPM -")


def test_spectraplus_with_decimal_comma_and_from_a_workbook_reads_the_same() -> None:
    lines = [line.split(",") for line in SPECTRAPLUS.splitlines()]
    european = "\r\n".join([";".join(lines[0]), *(";".join(line).replace(".", ",") for line in lines[1:])]) + "\r\n"
    expected = [(one.analyte, one.quantity, *says(one)) for one in read(SPECTRAPLUS).readings]
    for export in (read(european), parse("S-1.xlsx", make_workbook(lines))):
        assert [(one.analyte, one.quantity, *says(one)) for one in export.readings] == expected


def test_rigaku_blocks_are_one_acquisition_and_statistics_are_none() -> None:
    export = read(RIGAKU)
    assert [(row.label, row.type, row.kind) for row in export.rows] == [
        ("S-1", "", "unknown"), ("S-2", "", "unknown"), ("", "Number", "statistic"), ("", "Average", "statistic"),
        ("", "Std dev.", "statistic"), ("", "RSD(%)", "statistic"), ("", "Average", "statistic"),
    ]  # fmt: skip
    assert says(find(export, "S-1", "Dy2O3")) == (Decimal("0.041"), "", "mass%")
    intensity = find(export, "S-1", "Dy", "intensity")
    assert (*says(intensity), intensity.isotope_or_line, intensity.row, intensity.row_index) == (
        Decimal("1.55257"),
        "",
        "kcps",
        "LA",
        12,
        0,
    )
    assert {one.quantity for one in export.readings if one.type} == {
        "concentration_count", "concentration_mean", "concentration_sd", "concentration_rsd", "intensity_mean",
    }  # fmt: skip
    assert {one.unit for one in export.readings if one.quantity.endswith("_rsd")} == {"%"}
    assert export.rows[0].acquired_at == "08/08/2026 15:22"


def test_bead_averages_are_statistics_and_negative_contents_stay_negative() -> None:
    export = read(BEAD)
    assert Counter(row.kind for row in export.rows) == {"unknown": 2, "statistic": 2}
    assert [(row.label, row.type) for row in export.rows[2:]] == [("??????", "Ave of 2"), ("??????", "SDev of 2")]
    assert says(find(export, "S-2", "TiO2")) == (Decimal("-0.061"), "", "%")
    assert says(find(export, "S-1", "Dy2O3")) == (Decimal("412.5"), "", "ppm")
    assert says(find(export, "S-2", "Dy2O3")) == (Decimal("0.0391"), "", "%")
    assert find(export, "S-1", "LOI", "loss_on_ignition").value == Decimal("4.350")
    assert {one.replicate for one in export.readings if one.sample == "S-2"} == {1}
    assert {one.quantity for one in export.readings if one.sample == "??????"} == {
        "concentration_mean", "concentration_sd", "loss_on_ignition_mean", "loss_on_ignition_sd",
    }  # fmt: skip
    assert (export.rows[0].vial, export.rows[0].comment) == ("3", "Nr: 1; Seq: 1 of 1; Ini wgt: 0.600; Fin wgt: 6.600")


def test_a_bead_table_whose_oxides_are_its_titles_says_the_same() -> None:
    oxides, titles, *rows = (line.split("\t") for line in BEAD.splitlines())
    one = [oxide.strip() or title for oxide, title in zip(oxides, titles, strict=True)]
    export = read("\n".join("\t".join(cells) for cells in [one, *rows]) + "\n")
    assert [msgspec.structs.replace(reading, row=reading.row + 1) for reading in export.readings] == list(read(BEAD).readings)


def test_a_unit_beside_the_loss_on_ignition_of_a_bead_is_its_unit() -> None:
    lines = ["\t\t\tDy2O3\t", "Ident\tL.O.I.\tUnit\tC\tUnit", "S-1\t3.1\t%\t-12\tppm"]
    export = read("\n".join(lines) + "\n", "S-1.txt")
    assert says(find(export, "S-1", "LOI", "loss_on_ignition")) == (Decimal("3.1"), "", "%")
    assert says(find(export, "S-1", "Dy2O3")) == (Decimal("-12"), "", "ppm")


@pytest.mark.parametrize("text", [RIGAKU, BEAD, SUPERQ])
def test_statistics_never_reach_a_tube_whatever_it_is_called(text: str) -> None:
    export = read(text)
    tray = [TrayPosition(1, "S-1", "sample"), TrayPosition(2, "S-2", "sample"), TrayPosition(3, "Average", "sample", names=("??????",))]
    matching = match_positions(export, tray)
    for row, match in zip(export.rows, matching.rows, strict=True):
        assert (match.outcome, match.position) == (("calibration", None) if row.kind == "statistic" else ("matched", int(row.label[2:])))
    assert matching.unfilled == (3,)


def test_superq_list_has_units_below_and_decimal_commas_in_quotes() -> None:
    export = read(SUPERQ)
    assert [(row.label, row.kind, row.acquired_at) for row in export.rows] == [
        ("S-1", "unknown", "11/03/2026 12:01:10"), ("S-2", "unknown", "11/03/2026 12:20:44"), ("Average", "statistic", ""),
    ]  # fmt: skip
    assert says(find(export, "S-1", "Dy2O3")) == (Decimal("0.041"), "", "%")
    assert says(find(export, "S-2", "SiO2")) == (Decimal("61.204"), "", "%")
    assert says(find(export, "S-1", "Th")) == (Decimal("38.2"), "", "ppm")
    assert says(find(export, "S-2", "Th")) == (None, "ND", "ppm")
    assert says(find(export, "S-2", "Sum", "sum_of_concentrations")) == (Decimal("100.0"), "", "%")
    assert find(export, "Average", "Dy2O3", "concentration_mean").value == Decimal("0.0231")


def test_superq_comma_that_could_part_thousands_is_no_number() -> None:
    export = read('PANalytical,\r\nSeq.,Sample name,Result type,Th (ppm)\r\n1,S-1,Concentration,"1,234"\r\n')
    assert says(find(export, "S-1", "Th")) == (None, "?", "ppm")


def test_superq_line_of_intensities_is_not_taken_for_contents() -> None:
    export = read(SUPERQ.replace("12:20:44,Concentration", "12:20:44,Intensities"))
    assert {one.quantity for one in export.readings if one.sample == "S-2"} == {"intensity"}


def test_superq_single_sample_reports_the_compound_not_the_element() -> None:
    export = read(SUPERQ_SAMPLE)
    assert [(row.label, row.acquired_at) for row in export.rows] == [("S-1", "29/11/2026 10:15:44")]
    assert [(one.analyte, *says(one)) for one in export.readings] == [
        ("SiO2", Decimal("61.204"), "", "%"), ("Dy2O3", Decimal("412.5"), "", "ppm"), ("Fe", Decimal("0.731"), "", "%"),
    ]  # fmt: skip


def test_arl_takes_the_identification_that_tells_lines_apart_and_says_so() -> None:
    export = read(ARL)
    assert [(row.label, row.acquired_at) for row in export.rows] == [("S-1", "08-Aug-26 10:15"), ("S-2", "08-Aug-26 10:22")]
    assert export.rows[0].comment == "SID Value 1: Clay; SID Value 2: Aung"
    assert [(note.code, note.message) for note in export.notes] == [("label_column", "The sample's name was taken from SID Value 5.")]
    assert says(find(export, "S-1", "SiO2")) == (Decimal("61.204"), "", "%")
    assert says(find(export, "S-2", "Dy2O3")) == (Decimal("0.005"), "<", "%")
    assert says(find(export, "S-2", "Th")) == (Decimal(41), "", "ppm")


def test_arl_result_over_several_columns_counts_for_all_and_units_may_stand_in_a_row() -> None:
    text = ARL.replace("Result,Result,Result", "Result,,").replace("SiO2 %,Dy2O3 (%),Th ppm\r\n", "SiO2,Dy2O3,LSF\r\n,,,,%,%,%\r\n")
    export = read(text)
    assert [(one.analyte, *says(one)) for one in export.readings if one.sample == "S-1"] == [
        ("SiO2", Decimal("61.204"), "", "%"), ("Dy2O3", Decimal("0.0412"), "", "%"), ("LSF", Decimal("38.2"), "", "%"),
    ]  # fmt: skip
    assert "analyte_unknown" in {note.code for note in export.notes}


def test_arl_identification_may_stand_in_the_second_header_row() -> None:
    first, second, *lines = ARL.splitlines(keepends=True)
    identifiers, results = first.split(",")[:4], first.split(",")[4:]
    moved = ",,,," + ",".join(results) + ",".join(identifiers) + second[3:] + "".join(lines)
    assert read(moved).readings == read(ARL).readings


@pytest.mark.parametrize(
    ("spoiled", "code", "row"),
    [
        (SPECTRAPLUS.replace("Tb4O7,", ","), "no_analyte", 4),
        (SPECTRAPLUS.replace("LLD", "Concentration"), "column_twice", 1),
        (RIGAKU.replace(",,,,kcps,kcps,\r\n", ""), "no_units", 10),
        (RIGAKU.replace("Y2O3", "Dy2O3"), "column_twice", 2),
        (BEAD.replace("TiO2 ", "Thing"), "no_analyte", 2),
        (SUPERQ.replace("SiO2,Dy2O3", "Dy2O3,Dy2O3"), "column_twice", 8),
        (SUPERQ_SAMPLE.replace("Fe,Omnian", ",Omnian"), "no_analyte", 11),
        (ARL.replace("S-1", "").replace("S-2", "").replace("Clay", "").replace("Aung", ""), "no_sample_name", 2),
    ],
)
def test_what_could_mean_two_things_is_refused_with_its_place(spoiled: str, code: str, row: int) -> None:
    with pytest.raises(ParseError) as refusal:
        read(spoiled)
    assert (refusal.value.code, refusal.value.place.row) == (code, row)

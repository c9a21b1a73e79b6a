"""Hand-held XRF: Olympus Vanta, Thermo Niton, Bruker S1 Titan."""

from __future__ import annotations

import csv
from decimal import Decimal

import pytest

from assays.instruments.parsers.model import ParsedExport, ParsedReading, ParseError
from assays.instruments.parsers.registry import parse
from assays.instruments.parsers.tables import index_column
from tests.assays.instruments.parsers.files import shared_file
from tests.assays.instruments.parsers.small_exports import NITON, TITAN, VANTA


def read(text: str) -> ParsedExport:
    return parse("export.csv", text.encode())


def find(export: ParsedExport, sample: str, analyte: str, quantity: str = "concentration") -> ParsedReading:
    [reading] = [one for one in export.readings if (one.sample, one.analyte, one.quantity) == (sample, analyte, quantity)]
    return reading


def account_for(name: str, separator: str, header_row: int, is_measured: object, is_descriptive: object) -> ParsedExport:
    """Every filled cell of the real file is one reading with that text, or stands in a column that describes."""
    with shared_file(name).open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file, delimiter=separator))
    export = parse(name, shared_file(name).read_bytes())
    read_cells = {(one.row, index_column(one.column or "")): one.raw for one in export.readings}
    assert len(read_cells) == len(export.readings)
    titles = lines[header_row - 1]
    for number, line in enumerate(lines[header_row:], header_row + 1):
        for index, text in enumerate(line):
            if (number, index) in read_cells:
                assert read_cells.pop((number, index)) == text
                assert is_measured(titles[index])  # type: ignore[operator]
            elif text.strip():
                assert is_descriptive(titles[index]), (number, titles[index], text)  # type: ignore[operator]
    assert read_cells == {}
    return export


def test_every_cell_of_the_real_vanta_file_is_a_reading_or_describes() -> None:
    export = account_for(
        "olympus_vanta_pxrf_geochem3beam_2021.csv", ",", 2,
        lambda title: title.split(" ")[-1] in {"Concentration", "Error1s"},
        lambda title: title.split(" ")[-1] not in {"Concentration", "Error1s", "Level"} or title.startswith(" "),
    )  # fmt: skip
    assert (len(export.rows), len(export.readings)) == (65, 5200)
    assert not {one.analyte for one in export.readings} & {"Dy", "Tb"}
    assert all(one.value or one.quantity != "concentration" for one in export.readings), "a measured zero"
    lanthanum = find(ParsedExport("", export.rows, tuple(one for one in export.readings if one.row == 5)), "1-RP3", "La")
    assert (lanthanum.value, lanthanum.qualifier, lanthanum.unit) == (Decimal("115"), "", "PPM")
    assert export.rows[0].acquired_at == "2021-03-10 09:59:24"


def test_every_cell_of_the_real_niton_file_is_a_reading_or_describes() -> None:
    described = {
        "Index", "Reading.No", "Time", "Type", "Duration", "Units", "Sigma.Value", "Sequence", "Res", "EScale", "Shape.Time", "SAMPLE",
        "LOCATION", "INSPECTOR", "MISC", "NOTE", "User.Login", "Flags",
    }  # fmt: skip
    export = account_for(
        "niton_xl3t_pxrf_mining_decimal_comma.csv", ";", 1, lambda title: title not in described, lambda title: title in described
    )
    assert (len(export.rows), len(export.readings)) == (30, 3000)
    assert all((one.qualifier == "<") == (one.raw == "< LOD") for one in export.readings)
    assert find(export, "Bodmerton_trocken_01", "Zr").value == Decimal("173.5")
    cerium = find(export, "Bodmerton_trocken_01", "Ce")
    assert (cerium.value, cerium.qualifier, cerium.raw) == (Decimal("70.94"), "<", "< LOD")
    assert {row.kind for row in export.rows} == {"sample"}


def test_vanta_zero_is_not_detected_and_the_error_beside_it_is_the_limit() -> None:
    export = read(VANTA)
    lanthanum = find(export, "S-1", "La")
    assert (lanthanum.raw, lanthanum.value, lanthanum.qualifier, lanthanum.unit) == ("0", Decimal(417), "<", "PPM")
    assert find(export, "S-1", "La", "lld").value == Decimal(417)
    found = find(export, "S-2", "La")
    assert (found.value, found.qualifier, found.unit) == (Decimal("0.0118"), "", "%")
    assert find(export, "S-2", "La", "concentration_error").value == Decimal("0.0033")
    silent = find(export, "S-2", "Si")
    assert (silent.value, silent.qualifier) == (None, "ND")


def test_vanta_compound_is_named_with_its_formula() -> None:
    assert find(read(VANTA), "S-1", "SiO2", "concentration").value == Decimal("82.5")
    assert find(read(VANTA), "S-1", "SiO2", "concentration_error").value == Decimal("1.2")
    assert find(read(VANTA), "S-1", "Si").value == Decimal(385839)


def test_vanta_value_of_the_group_without_a_name_is_noted() -> None:
    export = read(VANTA.replace("S-2,,%,,,,0,0,", "S-2,,%,,,,7.5,0,"))
    assert [(note.code, note.place.row, note.place.column) for note in export.notes] == [("no_analyte", 4, "L")]


def test_niton_check_of_itself_is_a_control_and_units_go_by_row() -> None:
    export = read(NITON)
    assert [(row.label, row.type, row.kind) for row in export.rows] == [
        ("", "SHUTTER_CAL", "control"), ("S-1", "Mining", "sample"), ("S-2", "Mining", "sample"),
    ]  # fmt: skip
    assert {one.unit for one in export.readings if one.sample == "S-1"} == {"ppm"}
    assert find(export, "S-2", "Ce").unit == "%"
    assert find(export, "S-2", "Y").qualifier == "N/A"


def test_titan_header_that_changes_its_length_rules_the_lines_below_it() -> None:
    export = read(TITAN)
    assert [(row.label, row.row) for row in export.rows] == [("S-1", 2), ("S-2", 5)]
    yttrium = find(export, "S-1", "Y")
    assert (yttrium.value, yttrium.qualifier, yttrium.unit, yttrium.raw) == (Decimal("0.0004"), "<", "%", " < LOD ")
    assert find(export, "S-1", "Y", "lld").value == Decimal("0.0004")
    assert find(export, "S-1", "Al2O3").value == Decimal("12.51")
    thorium = find(export, "S-2", "Th")
    assert (thorium.value, thorium.qualifier, thorium.unit) == (Decimal(11), "<", "ppm")


@pytest.mark.parametrize(
    ("spoiled", "code", "row"),
    [
        (TITAN.replace(", 0.0004 \r\n", ", 0.0004 , 7\r\n"), "no_heading", 2),
        (TITAN.replace("Y,Y Err,Th", "Y,Y,Th"), "column_twice", 4),
        (VANTA.replace("Test Label", "Thing").replace("Reading #", "Number"), "no_sample_name", 2),
        (VANTA.replace("LE Concentration", "La Concentration"), "column_twice", 2),
    ],
)
def test_what_could_mean_two_things_is_refused_with_its_place(spoiled: str, code: str, row: int) -> None:
    with pytest.raises(ParseError) as refusal:
        read(spoiled)
    assert (refusal.value.code, refusal.value.place.row) == (code, row)


@pytest.mark.parametrize(
    ("text", "named", "unnamed"),
    [
        (NITON, "SAMPLE", ";S-1;"), (VANTA, "Test Label", ",S-1,"), (TITAN.replace("Operator,Name,", "Operator,Mode,"), "ID", ",S-1,"),
    ],
)  # fmt: skip
def test_running_number_names_a_reading_only_where_no_column_could(text: str, named: str, unnamed: str) -> None:
    without_name = read(text.replace(unnamed, unnamed.replace("S-1", "")))
    assert [row.label for row in without_name.rows if row.kind != "control"] == ["", "S-2"]
    without_column = read(text.replace(named, "Thing"))
    assert {row.label for row in without_column.rows} <= {"1", "2", "3"}


@pytest.mark.parametrize("text", [TITAN.replace("Units", "Mode"), NITON.replace("Units", "Mode"), VANTA.replace(" Units", "Mode")])
def test_export_without_a_unit_gives_readings_without_one_and_says_so(text: str) -> None:
    export = read(text)
    assert {one.unit for one in export.readings} == {None}
    assert [note.code for note in export.notes] == ["unit_missing"]

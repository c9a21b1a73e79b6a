"""Readings against the method: what a person is told, and what is only information."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from assays.instruments.checking import AnalyteExpectation, MethodExpectation, ReadingWarning, check_readings
from assays.instruments.parsers.model import ParsedExport, ParsedReading, ParsedRow
from assays.instruments.parsers.registry import parse
from assays.instruments.writers import REE_ANALYTES
from tests.assays.instruments.parsers.files import shared_file

METHOD = MethodExpectation("ug/L", (AnalyteExpectation("Dy", "163", upper=Decimal(1000)), AnalyteExpectation("Tb", "159")))


def reading(analyte: str = "Dy", **changes: Any) -> ParsedReading:
    facts: dict[str, Any] = {
        "sample": "S-1", "type": "Sample", "analyte": analyte, "isotope_or_line": {"Dy": "163", "Tb": "159"}.get(analyte), "gas_mode": "He",
        "quantity": "concentration", "unit": "ppb", "raw": "12.5", "value": Decimal("12.5"), "qualifier": "", "sheet": "Sheet1", "row": 3,
        "column": "G", "row_index": 0,
    }  # fmt: skip
    return ParsedReading(**(facts | changes))


def check(*readings: ParsedReading, method: MethodExpectation = METHOD, rows: set[int] | None = None) -> list[ReadingWarning]:
    row = ParsedRow("S-1", "Sample", "sample", 3)
    return list(check_readings(ParsedExport("x", (row, row), readings), method, rows))


def codes(*readings: ParsedReading, **options: Any) -> list[tuple[str, tuple[int, ...]]]:
    return [(warning.code, warning.reading_indexes) for warning in check(*readings, **options)]


def test_readings_of_the_method_in_its_unit_give_no_warning() -> None:
    assert codes(reading(), reading("Tb"), reading("Tb", quantity="counts", unit="cps")) == []


def test_analyte_beyond_the_method_is_information_once_for_all_its_readings() -> None:
    warnings = check(reading(), reading("Tb"), reading("Rb"), reading("Rb", row_index=1))
    assert [(warning.code, warning.reading_indexes, warning.is_information) for warning in warnings] == [
        ("analyte_not_in_method", (2, 3), True)
    ]


def test_content_beyond_everything_there_can_be_is_told_in_whatever_unit() -> None:
    for unit, most in (("ppb", "1000000000"), ("mg/L", "1000000")):
        whole, more = Decimal(most), Decimal(most) + 1
        within = reading("Tb", unit=unit, raw=most, value=whole)
        beyond = reading("Tb", unit=unit, raw=str(more), value=more)
        assert "value_impossible" not in [code for code, _ in codes(reading(), within)]
        assert ("value_impossible", (1,)) in codes(reading(), beyond)


def test_oxide_stands_for_an_element_that_was_not_read_itself() -> None:
    warnings = check(reading("Dy2O3", isotope_or_line="Dy LA1"), reading("Tb"))
    assert [(warning.code, warning.is_information) for warning in warnings] == [("oxide_converted", True)]
    assert "divided by 1.147683" in warnings[0].message


def test_oxide_beside_its_element_is_not_used_and_its_limit_is_that_of_the_element() -> None:
    assert codes(reading(), reading("Tb"), reading("Dy2O3")) == [("analyte_not_in_method", (2,))]
    assert codes(reading("Dy2O3", value=Decimal(1147)), reading("Tb")) == [("oxide_converted", (0,))]
    assert codes(reading("Dy2O3", value=Decimal(1148)), reading("Tb"))[-1] == ("over_range", (0,))


def test_limit_of_the_method_holds_in_whatever_unit_a_file_has() -> None:
    solid = MethodExpectation("mg/kg", (AnalyteExpectation("Dy", upper=Decimal(1000)),), solid=True)
    percent = {"quantity": "mass_fraction", "unit": "%", "isotope_or_line": None}
    within, beyond = ({"value": Decimal(text), "raw": text} for text in ("0.1", "0.11"))
    assert codes(reading(**percent, **within), method=solid) == [("unit_converted", (0,))]
    warnings = check(reading(**percent, **beyond), method=solid)
    assert [one.code for one in warnings] == ["unit_converted", "over_range"]
    assert "is 0.11 %, over the method's 1000 mg/kg" in warnings[1].message
    # 0.11 % of the oxide is 0.096 % of the element.
    assert [code for code, _ in codes(reading("Dy2O3", **percent, **beyond), method=solid)] == ["oxide_converted", "unit_converted"]


def test_two_oxides_of_an_element_wait_for_a_person() -> None:
    warnings = check(reading(), reading("Tb4O7"), reading("Tb2O3"))
    assert [warning.code for warning in warnings] == ["oxide", "oxide", "analyte_missing"]
    assert "report Tb" in warnings[0].message


def test_oxides_of_other_elements_are_information() -> None:
    assert all(warning.is_information for warning in check(reading(), reading("Tb"), reading("SiO2", unit="%"), reading("LOI", unit="%")))


@pytest.mark.parametrize("unit", ["ppb", "ug/L", "µg/l", "ng/mL", "PPB"])
def test_units_that_mean_the_same_are_the_same(unit: str) -> None:
    assert codes(reading(unit=unit), reading("Tb", unit=unit)) == []


@pytest.mark.parametrize(
    ("unit", "code"),
    [
        ("ppm", "unit_converted"),
        ("mg/L", "unit_converted"),
        ("mg/kg", "unit_differs"),
        ("ug/kg", "unit_differs"),
        ("%", "unit_differs"),
        ("blobs", "unit_differs"),
        (None, "unit_differs"),
    ],
)
def test_unit_that_is_not_the_methods_is_a_warning_with_its_factor_where_there_is_one(unit: str | None, code: str) -> None:
    read = reading(unit=unit, raw="0.0125", value=Decimal("0.0125"))
    assert codes(read, reading("Tb")) == [(code, (0,))]
    warning = check(read, reading("Tb"))[0]
    assert (f"1 {unit} is 1000 ug/L" in warning.message) is (code == "unit_converted")
    assert not warning.is_information


def test_ppb_is_the_unit_of_a_method_in_solids_too() -> None:
    assert codes(reading(), reading("Tb"), method=MethodExpectation("ug/kg", METHOD.analytes)) == []


def test_missing_analytes_are_named() -> None:
    warnings = check(reading("Tb", quantity="counts", unit="cps"))
    assert [warning.code for warning in warnings] == ["analyte_missing"]
    assert "Dy, Tb" in warnings[0].message


def test_internal_standard_that_the_method_reports_is_a_warning_and_no_result() -> None:
    found = codes(reading(), reading("Tb", internal_standard=True, quantity="counts", unit="cps"))
    assert found == [("internal_standard_is_analyte", (1,)), ("analyte_missing", ())]


def test_internal_standard_beyond_the_method_is_nobodys_concern() -> None:
    assert codes(reading(), reading("Tb"), reading("In", internal_standard=True, quantity="counts", unit="cps")) == []


def test_other_isotope_is_information_and_does_not_count() -> None:
    warnings = check(reading(isotope_or_line="161"), reading("Tb"))
    assert [(warning.code, warning.is_information) for warning in warnings] == [("other_channel", True), ("analyte_missing", False)]


def test_analyte_in_two_gas_modes_needs_a_choice_unless_the_method_makes_it() -> None:
    two = (reading(), reading(gas_mode="No Gas"), reading("Tb"))
    assert codes(*two) == [("several_channels", (0, 1))]
    chosen = MethodExpectation("ug/L", (AnalyteExpectation("Dy", "163", "He"), AnalyteExpectation("Tb")))
    assert codes(*two, method=chosen) == [("other_channel", (1,))]


def test_mass_pair_counts_by_the_mass_that_enters() -> None:
    assert codes(reading(), reading("Tb", isotope_or_line="159 -> 175")) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"value": Decimal("1000.1"), "raw": "1000.1"}, "over_range"),
        ({"value": Decimal(1000), "raw": ">1000", "qualifier": ">"}, "over_range"),
        ({"value": None, "raw": "OR", "qualifier": "OVER"}, "over_range"),
        ({"value": None, "raw": "abc", "qualifier": "?"}, "value_unread"),
    ],
)
def test_value_out_of_range_or_unread_is_a_warning_of_its_own(changes: dict[str, Any], code: str) -> None:
    assert codes(reading(**changes), reading("Tb")) == [(code, (0,))]


@pytest.mark.parametrize(
    "changes", [{"value": Decimal(1000)}, {"value": Decimal("0.05"), "qualifier": "<"}, {"value": None, "qualifier": "ND"}]
)
def test_value_within_range_or_below_a_limit_is_none(changes: dict[str, Any]) -> None:
    assert codes(reading(**changes), reading("Tb")) == []


def test_same_reading_twice_is_a_warning_unless_the_replicates_are_numbered() -> None:
    assert codes(reading(), reading(), reading("Tb")) == [("reading_twice", (0, 1))]
    assert codes(reading(replicate=1), reading(replicate=2), reading("Tb")) == []
    assert codes(reading(), reading(row_index=1), reading("Tb")) == []


def test_only_the_rows_asked_for_are_checked() -> None:
    assert codes(reading(unit="ppm", row_index=1), reading(), reading("Tb"), rows={0}) == []


def test_real_export_lacks_terbium_and_lutetium_of_a_rare_earth_method() -> None:
    name = "agilent_masshunter_conc_cps_4col_per_analyte_anonymised.xlsx"
    method = MethodExpectation("ug/L", tuple(AnalyteExpectation(analyte.symbol, str(analyte.mass)) for analyte in REE_ANALYTES))
    warnings = check_readings(parse(name, shared_file(name).read_bytes()), method)
    serious = [warning for warning in warnings if not warning.is_information]
    assert [warning.code for warning in serious] == ["analyte_missing"]
    assert "Tb, Lu" in serious[0].message

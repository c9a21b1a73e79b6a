from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.chemistry.units import UNITS, Kind, Quantity, convert, convert_quantity, find_kinds, normalise_unit

PAIRS = sorted((kind, a, b) for kind, table in UNITS.items() for a in table for b in table)


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        ("1", "%", "mg/kg", "10000"),
        ("1", "wt.%", "g/t", "10000"),
        ("250", "ppb", "ppm", "0.25"),
        ("0.3", "ng/mL", "ug/L", "0.3"),
        ("5", "mg/L", "ug/L", "5000"),
        ("1.5", "t", "kg", "1500"),
        ("100", "mL", "L", "0.1"),
    ],
)
def test_conversion_is_exact(value, source, target, expected):
    assert convert(Decimal(value), source, target) == Decimal(expected)


@given(st.sampled_from(PAIRS), st.decimals(min_value="0.000001", max_value="100000", places=6))
def test_conversion_there_and_back_is_the_same(pair, value):
    _, source, target = pair
    assert convert(convert(value, source, target), target, source) == value


@pytest.mark.parametrize(("source", "target"), [("ug/L", "mg/kg"), ("%", "mg/L"), ("g", "mL"), ("mg/kg", "g")])
def test_units_of_different_kinds_are_refused(source, target):
    with pytest.raises(ValueError, match="cannot become"):
        convert(Decimal(1), source, target)


def test_ppm_may_be_of_a_solid_or_of_a_solution():
    assert find_kinds("ppm") == {Kind.MASS_FRACTION, Kind.MASS_CONCENTRATION}
    assert convert(Decimal(2), "ppm", "mg/kg") == convert(Decimal(2), "ppm", "mg/L") == 2


@pytest.mark.parametrize("text", ["µg/L", "μg/l", "Âµg/L", " ug / L ", "UG/L"])
def test_spellings_of_microgram_per_litre_are_one(text):
    assert normalise_unit(text) == "ug/L"


def test_unknown_unit_is_refused_by_name():
    with pytest.raises(ValueError, match="'furlong' is not known"):
        normalise_unit("furlong")


def test_quantity_keeps_its_unit_in_the_tables_spelling():
    assert convert_quantity(Quantity(Decimal("0.02"), "%"), "PPM") == Quantity(Decimal("200"), "ppm")

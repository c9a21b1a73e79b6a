"""Names of elements, oxides and units, and the texts that stand for numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assays.instruments.parsers.nomenclature import find_decimal_sign, find_oxide_element, read_unit, read_value


@pytest.mark.parametrize(
    ("text", "element"),
    [("Dy2O3", "Dy"), ("Tb4O7", "Tb"), ("Pr6O11", "Pr"), ("CeO2", "Ce"), ("ThO2", "Th"), ("U3O8", "U"), ("CaO", "Ca"),
     ("Dy", None), ("Ho", None), ("O", None), ("O2", None), ("Xx2O3", None), ("", None), ("CO3", "C"), ("dy2o3", None)],
)  # fmt: skip
def test_oxide_formula_names_its_element(text: str, element: str | None) -> None:
    assert find_oxide_element(text) == element


@pytest.mark.parametrize(
    ("text", "unit"),
    [("ppb", "ppb"), ("PPB", "ppb"), ("ug/l", "ug/L"), ("µg/L", "ug/L"), ("μg/l", "ug/L"), ("Âµg/l", "ug/L"), (" mg / kg ", "mg/kg"),
     ("wt%", "wt%"),
     ("CPS", "cps"), ("g", None), ("mL", None), ("", None), ("ppx", None)],
)  # fmt: skip
def test_unit_has_one_spelling(text: str, unit: str | None) -> None:
    assert read_unit(text) == unit


@pytest.mark.parametrize("text", ["1.5", "<1.5", "< 1.5", "<=1.5", ">1.5", " 1.5 "])
def test_number_is_found_behind_its_sign(text: str) -> None:
    assert read_value(text)[0] == Decimal("1.5")


def test_point_is_no_thousands_sign_where_the_comma_is_decimal() -> None:
    assert read_value("1.234,5", ",") == (None, "?")
    assert read_value("1234,5", ",") == (Decimal("1234.5"), "")


@pytest.mark.parametrize(
    ("texts", "sign"), [(["1,5", "abc"], ","), (["1.5", "2,5"], "."), (["12", "N/A"], "."), ([], "."), (["<0,05"], ","), (["1,2,3"], ".")]
)
def test_decimal_sign_of_a_file_is_found_in_its_numbers(texts: list[str], sign: str) -> None:
    assert find_decimal_sign(texts) == sign

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.chemistry.censored import Censored
from assays.chemistry.elements import RARE_EARTHS
from assays.chemistry.groups import GROUPS, REPORTED_GROUPS, GroupDefinition, compute_share_percent, sum_group
from assays.chemistry.oxides import to_oxide

ALL = {symbol: Censored(10.0 + i) for i, symbol in enumerate(RARE_EARTHS)}
MREO = GROUPS["MREO_PrNdTbDy"]


def test_definition_is_printed_with_its_members():
    assert MREO.text == "MREO = Pr6O11 + Nd2O3 + Tb4O7 + Dy2O3"
    assert GROUPS["TREE"].text.startswith("TREE = La + Ce + Pr")


def test_sum_is_of_the_oxides():
    total = sum_group(MREO, ALL)
    expected = sum(to_oxide(s, ALL[s].value) for s in ("Pr", "Nd", "Tb", "Dy"))
    assert total.lower == total.half == total.upper == pytest.approx(expected)
    assert total.complete
    assert total.definition == MREO.text


def test_censored_member_widens_the_bounds_and_is_counted():
    total = sum_group(GROUPS["DyTb_oxide"], {"Dy": Censored(10), "Tb": Censored(0.2, "<")})
    dy, tb = to_oxide("Dy", 10), to_oxide("Tb", 0.2)
    assert (total.lower, total.half, total.upper) == pytest.approx((dy, dy + tb / 2, dy + tb))
    assert total.censored_count == 1
    assert total.complete


def test_unmeasured_member_makes_the_sum_incomplete_and_is_named():
    values = {symbol: value for symbol, value in ALL.items() if symbol not in ("Tb", "Lu")}
    total = sum_group(GROUPS["TREO"], values)
    assert not total.complete
    assert total.missing == ("Tb", "Lu")


def test_sum_of_nothing_is_incomplete_not_zero_grade():
    total = sum_group(MREO, {})
    assert total.missing == MREO.members
    assert (total.lower, total.uncertainty) == (0, None)
    assert compute_share_percent(total, total) is None


def test_elements_outside_the_group_do_not_count():
    assert sum_group(MREO, {**ALL, "Th": Censored(1e6), "Sc": Censored(1e6)}) == sum_group(MREO, ALL)


def test_uncertainty_adds_by_quadrature_and_linearly():
    definition = GroupDefinition("pair", "pair", ("Dy", "Tb"), form="element")
    total = sum_group(definition, {"Dy": Censored(30), "Tb": Censored(5)}, {"Dy": 3.0, "Tb": 4.0})
    assert (total.uncertainty, total.uncertainty_correlated) == pytest.approx((5, 7))


def test_uncertainty_is_withheld_while_a_quantified_member_has_none():
    assert sum_group(MREO, ALL, {"Pr": 1.0, "Nd": 1.0, "Tb": 1.0}).uncertainty is None


def test_uncertainty_of_a_censored_member_is_not_needed():
    total = sum_group(GROUPS["DyTb_oxide"], {"Dy": Censored(10), "Tb": Censored(0.2, "<")}, {"Dy": 1.0})
    assert total.uncertainty == pytest.approx(to_oxide("Dy", 1.0))


@pytest.mark.parametrize(("light", "heavy"), [("LREO_La_Nd", "HREO_Sm_LuY"), ("LREO_La_Sm", "HREO_Eu_LuY"), ("LREO_La_Eu", "HREO_Gd_LuY")])
def test_matching_light_and_heavy_divide_the_total(light, heavy):
    assert GROUPS[light].members + GROUPS[heavy].members == GROUPS["TREO"].members


def test_reported_groups_exist_and_have_one_code_each():
    assert set(REPORTED_GROUPS) <= set(GROUPS)
    assert all(definition.code == code for code, definition in GROUPS.items())


@given(st.dictionaries(st.sampled_from(RARE_EARTHS), st.builds(Censored, st.floats(0, 1e5), st.sampled_from(["", "<", ">"]))))
def test_bounds_are_in_order_for_every_definition(values):
    for definition in GROUPS.values():
        total = sum_group(definition, values)
        assert 0 <= total.lower <= total.half <= total.upper
        assert math.isinf(total.upper) == any(values[s].qualifier == ">" for s in definition.members if s in values)
        assert set(total.missing) == set(definition.members) - set(values)

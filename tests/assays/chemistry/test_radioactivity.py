import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.chemistry.radioactivity import (
    TH232,
    U238,
    compute_activity_bq_g,
    compute_content_mg_kg,
    compute_specific_activity,
    screen_activity,
)

SAFE = {"Th": (25.0, 3.0), "U": (6.0, 1.0)}


def test_specific_activities_are_the_known_ones():
    # 4.06 kBq/g for Th-232 and 12.44 kBq/g for U-238 (any table of nuclides).
    assert compute_specific_activity(TH232.half_life_years, TH232.molar_mass) == pytest.approx(4.06e3, rel=2e-3)
    assert compute_specific_activity(U238.half_life_years, U238.molar_mass) == pytest.approx(12.44e3, rel=2e-3)


@given(st.floats(0.01, 1e5))
def test_activity_and_content_are_inverse(content):
    assert compute_content_mg_kg(compute_activity_bq_g(content, 4057.3), 4057.3) == pytest.approx(content, rel=1e-12)


def test_ordinary_clay_is_released():
    screen = screen_activity(SAFE)
    assert not screen.hold
    assert screen.activities["Th-232"] == pytest.approx(0.1014, rel=1e-3)


def test_value_below_the_limit_is_held_when_its_uncertainty_reaches_it():
    assert not screen_activity({**SAFE, "Th": (240.0, 6.0)}).hold
    screen = screen_activity({**SAFE, "Th": (240.0, 7.0)})
    assert screen.hold
    assert "Th-232" in screen.reasons[0]


def test_unmeasured_uranium_is_no_clearance():
    assert screen_activity({"Th": (1.0, 0.1)}).reasons == ("U was not measured.",)


def test_processed_product_is_never_cleared_by_its_content():
    assert screen_activity({"Th": (0.1, 0.01), "U": (0.1, 0.01)}, processed=True).hold


def test_limit_is_configurable():
    assert screen_activity(SAFE, limit_bq_g=0.1).hold

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.chemistry.contained import compute_contained_kg, compute_dry_tonnes
from assays.chemistry.dilution import apply_instrument_dilution, compute_dilution_factor, compute_method_factor, solution_to_solid_mg_kg
from assays.chemistry.leach import compute_desorption_percent, compute_leached_mg_kg, compute_liquid_to_solid
from assays.chemistry.moisture import compute_moisture_percent, compute_moisture_percent_dry_basis, to_as_received, to_dry
from assays.chemistry.reduction import reduce_limit_to_dry_mg_kg, reduce_to_dry_mg_kg

contents = st.floats(0, 1e6, allow_nan=False)
moistures = st.floats(0, 99, allow_nan=False)


def test_concentration_becomes_a_content_of_dry_solid():
    # (10.2 - 0.2) ng/mL · 100 mL · 10 / 0.2 g = 50 000 ng/g = 50 mg/kg; 20 % moisture makes it 62.5 dry.
    reduced = reduce_to_dry_mg_kg(10.2, 0.2, 100, 10, 0.2, 20)
    assert reduced.method_factor == pytest.approx(5000)
    assert reduced.as_received == pytest.approx(50)
    assert reduced.dry == pytest.approx(62.5)


def test_limit_is_reduced_by_the_same_factors_as_a_value():
    assert reduce_limit_to_dry_mg_kg(0.01, 100, 10, 0.2, 20) == reduce_to_dry_mg_kg(0.01, 0, 100, 10, 0.2, 20).dry


def test_value_below_the_blank_stays_negative():
    assert reduce_to_dry_mg_kg(0.1, 0.2, 100, 10, 0.2, 0).dry == pytest.approx(-0.5)


@pytest.mark.parametrize(("volume", "dilution", "mass"), [(0, 1, 1), (100, 0.5, 1), (100, 1, 0), (100, 1, -0.2)])
def test_impossible_amounts_are_refused(volume, dilution, mass):
    with pytest.raises(ValueError, match="positive"):
        compute_method_factor(volume, dilution, mass)


@given(contents, moistures)
def test_dry_content_is_never_below_the_one_as_received(content, moisture):
    assert to_dry(content, moisture) >= content


@given(contents, moistures)
def test_basis_there_and_back_is_the_same(content, moisture):
    assert to_as_received(to_dry(content, moisture), moisture) == pytest.approx(content, rel=1e-12)


@pytest.mark.parametrize("moisture", [-0.1, 100, 130])
def test_impossible_moisture_is_refused(moisture):
    with pytest.raises(ValueError, match="impossible"):
        to_dry(1.0, moisture)


def test_moisture_on_the_dry_basis_is_the_larger():
    assert compute_moisture_percent(100, 80) == 20
    assert compute_moisture_percent_dry_basis(100, 80) == 25


def test_dry_mass_above_the_wet_one_is_refused():
    with pytest.raises(ValueError, match="does not fit a wet mass"):
        compute_moisture_percent(10, 10.1)


def test_dilution_steps_multiply():
    assert compute_dilution_factor([(1, 10), (2, 50)]) == 250
    assert compute_dilution_factor([]) == 1


def test_dilution_to_less_than_the_aliquot_is_refused():
    with pytest.raises(ValueError, match="dilution step"):
        compute_dilution_factor([(10, 1)])


def test_instrument_dilution_is_applied_once():
    assert apply_instrument_dilution(2.5, 100) == 250


def test_leach_of_ten_grams_in_a_quarter_litre():
    # 400 µg/L in 0.25 L is 100 µg from 10 g: 10 mg/kg.
    assert compute_leached_mg_kg(400, 0.25, 0.01) == pytest.approx(10)
    assert compute_leached_mg_kg(400, 0.25, 0.01) == pytest.approx(solution_to_solid_mg_kg(400, 250, 1, 10))
    assert compute_liquid_to_solid(0.25, 0.01) == 25
    assert compute_desorption_percent(10, 16) == 62.5


def test_desorption_of_nothing_is_refused():
    with pytest.raises(ValueError, match="positive total"):
        compute_desorption_percent(1, 0)


def test_contained_oxide_of_a_wet_lot():
    assert compute_dry_tonnes(100, 25) == 75
    assert compute_contained_kg(75, 40) == pytest.approx(3)

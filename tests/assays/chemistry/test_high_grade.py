"""High-grade products by weight and titration: mass balances worked by hand, and their budgets."""

from __future__ import annotations

import math

import pytest

from assays.chemistry.high_grade import (
    Determined,
    Taken,
    Titration,
    check_total,
    compute_gravimetric_treo,
    compute_loss_on_ignition,
    compute_mean_oxide_mass,
    compute_titrimetric_treo,
)

TAKEN = Taken(0.5, 250.0, 50.0, 0.0001, 0.05, 0.08, 0.15)


def test_loss_on_ignition_is_of_the_portion_and_its_slopes_are_the_formulas():
    found = compute_loss_on_ignition(20.0, 21.0, 20.7, 0.0001)
    assert found.value == pytest.approx(30.0)
    # ∂/∂before 70, ∂/∂after 100, ∂/∂crucible 30 percent per gram of a one-gram portion
    assert found.u == pytest.approx(0.0001 * math.sqrt(70**2 + 100**2 + 30**2))


def test_ignited_oxide_gives_treo_and_the_small_difference_of_weighings_tells():
    # 0.0925 g of oxide less 0.0005 g blank from a fifth of 0.5 g: 92 %
    found = compute_gravimetric_treo(TAKEN, 15.0, 15.0925, 0.0005)
    assert found.value == pytest.approx(92.0)
    assert max(found.shares_percent, key=found.shares_percent.get) == "ignited oxide"
    assert 0.1 < found.u < 0.3


def test_titration_counts_one_edta_a_rare_earth():
    # 0.01 mol/L × 49 mL = 0.49 mmol; × 186.5 g/mol = 91.385 mg of Dy2O3/2 in a fifth of 0.5 g
    titration = Titration(49.2, 0.2, 0.01, 186.5, 0.02, 0.1, 0.2)
    assert compute_titrimetric_treo(TAKEN, titration).value == pytest.approx(91.385)


def test_mean_oxide_mass_of_one_rare_earth_is_half_its_sesquioxide():
    assert compute_mean_oxide_mass({"Dy": 5.0}) == pytest.approx(162.5 * 1.147683, rel=1e-5)
    assert 160 < compute_mean_oxide_mass({"La": 1.0, "Dy": 1.0}) < 190


def test_total_is_near_on_its_limits_and_not_beyond():
    treo, loi = Determined(92.0, 0.2, {}), Determined(7.0, 0.1, {})
    assert check_total(treo, loi, 0.5, 99.5, 101.5).near
    assert not check_total(treo, loi, 0.4, 99.5, 101.5).near
    assert check_total(treo, loi, 0, 0, 100).u == pytest.approx(math.hypot(0.2, 0.1))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: compute_loss_on_ignition(20, 20, 20, 0.0001),
        lambda: compute_gravimetric_treo(TAKEN, 15.0, 15.0, 0.0),
        lambda: compute_titrimetric_treo(TAKEN, Titration(1, 2, 0.01, 186, 0.02, 0.1, 0.2)),
        lambda: compute_mean_oxide_mass({}),
        lambda: check_total(Determined(1, 1, {}), Determined(1, 1, {}), -1, 0, 1),
        lambda: Taken(0.5, 10, 20, 0, 0, 0, 0).factor,
    ],
)
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=r"\w{4}"):
        wrong()

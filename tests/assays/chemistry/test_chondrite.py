import pytest

from assays.chemistry.chondrite import (
    CHONDRITE,
    compute_cerium_anomaly,
    compute_europium_anomaly,
    compute_ratio,
    find_irregularities,
    normalise,
)

SMOOTH = {symbol: value * 100 * 0.9**i for i, (symbol, value) in enumerate(CHONDRITE.items())}


def test_chondrite_over_chondrite_is_one_in_plotting_order():
    points = normalise(CHONDRITE)
    assert [p.symbol for p in points] == ["La", "Ce", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb", "Dy", "Y", "Ho", "Er", "Tm", "Yb", "Lu"]
    assert all(p.value == 1 for p in points)


def test_only_what_was_measured_is_plotted():
    assert [p.symbol for p in normalise({"Lu": 1.0, "Dy": 1.0, "Th": 5.0})] == ["Dy", "Lu"]


def test_smooth_pattern_has_no_irregularity_nor_anomaly():
    assert find_irregularities(SMOOTH) == ()
    assert compute_cerium_anomaly(SMOOTH) == pytest.approx(1)
    assert compute_europium_anomaly(SMOOTH) == pytest.approx(1)


def test_saw_tooth_names_the_wrong_element_first():
    wrong = {**SMOOTH, "Tb": SMOOTH["Tb"] * 2}
    found = find_irregularities(wrong)
    assert found[0].symbol == "Tb"
    assert found[0].ratio == pytest.approx(2, rel=0.06)


def test_cerium_and_europium_may_stand_off_the_curve():
    redox = {**SMOOTH, "Ce": SMOOTH["Ce"] * 3, "Eu": SMOOTH["Eu"] / 3, "Y": SMOOTH["Y"] * 2}
    assert find_irregularities(redox) == ()
    assert compute_cerium_anomaly(redox) == pytest.approx(3)
    assert compute_europium_anomaly(redox) == pytest.approx(1 / 3)


@pytest.mark.parametrize("lacking", ["La", "Ce", "Pr"])
def test_anomaly_needs_the_element_and_both_neighbours(lacking):
    assert compute_cerium_anomaly({k: v for k, v in SMOOTH.items() if k != lacking}) is None
    assert compute_cerium_anomaly({**SMOOTH, lacking: 0.0}) is None


def test_ratio_needs_both_elements():
    assert compute_ratio(SMOOTH, "La", "Yb") == pytest.approx(0.9**-13)
    assert compute_ratio({"La": 1.0}, "La", "Yb") is None

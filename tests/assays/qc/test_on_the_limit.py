"""What stands on a limit in decimals is on it, whatever binary floats make of the numbers that led there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.qc import blanks, control_charts, duplicates, horwitz, interlab, recoveries, reference_materials
from assays.qc.verdicts import Outcome, Reading, exceeds

# Results of a laboratory have decimals: a value and a unit of the last place.
_DECIMALS = st.integers(min_value=1, max_value=99_999)
_PLACES = st.sampled_from([1, 10, 100, 1000])


@given(_DECIMALS, _DECIMALS, _PLACES, st.sampled_from([-3, -2, 2, 3]))
def test_z_on_a_limit_gets_the_better_outcome(certified: int, sd: int, places: int, multiple: int) -> None:
    value = (certified + multiple * sd) / places
    z = reference_materials.compute_z(value, certified / places, sd / places)
    assert reference_materials.classify_z(z) is (Outcome.PASS if abs(multiple) == 2 else Outcome.WARN)


@given(_DECIMALS, _PLACES, st.sampled_from([70, 75, 80, 90, 110, 120, 125, 130]))
def test_recovery_on_the_edge_of_its_window_passes(nominal: int, places: int, percent: int) -> None:
    recovery = recoveries.compute_recovery_percent(nominal * percent / (100 * places), nominal / places)
    low, high = (percent, 200) if percent < 100 else (50, percent)
    assert recoveries.classify_window(recovery, low, high) is Outcome.PASS


@given(_DECIMALS, _PLACES, st.sampled_from([3, 5, 10]))
def test_blank_at_its_multiple_of_the_limit_passes(limit: int, places: int, multiple: int) -> None:
    assert blanks.classify_blank(Reading(-limit * multiple / places), multiple * (limit / places)) is Outcome.PASS


@pytest.mark.parametrize("pair", [(0.9, 1.1), (0.09, 0.11), (45, 55), (1.1, 0.9)])
def test_pair_of_exactly_ten_percent_does_not_exceed_it(pair: tuple[float, float]) -> None:
    assert not exceeds(duplicates.compute_hard_percent(*pair), 10)


@given(_DECIMALS, _DECIMALS, _PLACES)
def test_score_of_exactly_three_is_unsatisfactory(assigned: int, sigma: int, places: int) -> None:
    score = interlab.compute_z_score((assigned + 3 * sigma) / places, assigned / places, sigma / places)
    assert interlab.classify_score(score) is Outcome.FAIL


def test_chart_point_on_a_limit_fires_nothing() -> None:
    z = [(10 + k * 0.2 - 10) / 0.2 for k in (2, -2, 2, 2)]
    assert control_charts.find_westgard_signals(z) == []
    assert control_charts.find_nelson_signals(z) == []


def test_horwitz_floor_and_ceiling_leave_their_own_content_to_the_middle_rule() -> None:
    assert horwitz.predict_sd_mg_kg(0.12) == pytest.approx(horwitz.predict_geopt_sd_mg_kg(0.12, 0.02))
    assert horwitz.predict_sd_mg_kg(138_000) == pytest.approx(horwitz.predict_geopt_sd_mg_kg(138_000, 0.02))
    assert horwitz.predict_sd_mg_kg(0.11999) == pytest.approx(0.22 * 0.11999)


def test_a_hair_beyond_is_beyond() -> None:
    assert exceeds(2.0000001, 2)
    assert not exceeds(2, 2)

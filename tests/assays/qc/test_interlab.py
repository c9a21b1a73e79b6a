import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.qc.horwitz import compute_horrat, predict_geopt_sd_mg_kg, predict_rsd_percent, predict_sd_mg_kg
from assays.qc.interlab import (
    classify_score,
    compute_en_score,
    compute_weighted_mean,
    compute_z_score,
    compute_zeta_score,
    estimate_precision,
    estimate_robust,
    find_grubbs_critical_value,
    run_grubbs_test,
)

results = st.lists(st.floats(1, 1000).map(lambda x: round(x, 3)), min_size=5, max_size=30, unique=True)


@given(results)
def test_robust_estimate_is_a_fixed_point(values):
    found = estimate_robust(values)
    clipped = [min(max(x, found.x_star - 1.5 * found.s_star), found.x_star + 1.5 * found.s_star) for x in values]
    assert statistics.fmean(clipped) == pytest.approx(found.x_star, rel=1e-8)
    assert 1.134 * statistics.stdev(clipped) == pytest.approx(found.s_star, rel=1e-6, abs=1e-9)


@given(results, st.floats(0.1, 10), st.floats(0, 100))
def test_robust_estimate_follows_scale_and_shift(values, scale, shift):
    found, moved = estimate_robust(values), estimate_robust([scale * x + shift for x in values])
    assert moved.x_star == pytest.approx(scale * found.x_star + shift, rel=1e-6)
    assert moved.s_star == pytest.approx(scale * found.s_star, rel=1e-5)


def test_robust_mean_hardly_feels_an_outlier():
    clean, spoilt = [9.8, 9.9, 10.0, 10.1, 10.2, 10.0], [9.8, 9.9, 10.0, 10.1, 10.2, 100.0]
    assert estimate_robust(spoilt).x_star == pytest.approx(estimate_robust(clean).x_star, abs=0.2)
    assert statistics.fmean(spoilt) > 24


def test_mostly_equal_results_start_from_the_ordinary_sd():
    found = estimate_robust([5.0, 5.0, 5.0, 5.0, 6.0])
    assert 5.0 <= found.x_star < 5.2
    assert estimate_robust([5.0, 5.0, 5.0]).s_star == 0


def test_scores():
    assert compute_z_score(13, 10, 1.5) == 2
    assert compute_z_score(15, 10, 3, 4) == 1
    assert compute_zeta_score(15, 3, 10, 4) == 1
    assert compute_en_score(15, 3, 10, 4) == 1
    assert [classify_score(s) for s in (1.99, -2.0, 2.99, 3.0, -4)] == ["pass", "warn", "warn", "fail", "fail"]


def test_score_without_a_spread_is_refused():
    with pytest.raises(ValueError, match="above zero"):
        compute_z_score(1, 1, 0)


def test_weighted_mean_leans_to_the_surer_result():
    found = compute_weighted_mean([(10, 1), (13, 2)])
    assert found.mean == pytest.approx(10.6)
    assert found.u == pytest.approx(math.sqrt(0.8))
    assert found.chi2 == pytest.approx(1.8)
    assert found.birge_ratio == pytest.approx(math.sqrt(1.8))


def test_precision_of_laboratories():
    # Means 10, 12, 14 (variance 4), within-laboratory variance 2, two replicates: s_L² = 4 - 1 = 3, s_R² = 5.
    found = estimate_precision({"a": [9, 11], "b": [11, 13], "c": [13, 15]})
    assert (found.s_r**2, found.s_l**2, found.s_big_r**2) == pytest.approx((2, 3, 5))
    assert (found.repeatability_limit, found.reproducibility_limit) == pytest.approx((2.8 * 2**0.5, 2.8 * 5**0.5))


def test_between_laboratory_variance_is_never_negative():
    assert estimate_precision({"a": [0, 10], "b": [1, 9]}).s_l == 0


def test_unequal_replicates_are_refused():
    with pytest.raises(ValueError, match="equally many"):
        estimate_precision({"a": [1, 2], "b": [1, 2, 3]})


# ISO 5725-2, table 5 (one outlying observation): upper 5 % and 1 %, that is two-sided.
@pytest.mark.parametrize(
    ("n", "five", "one"), [(3, 1.155, 1.155), (5, 1.715, 1.764), (10, 2.290, 2.482), (20, 2.709, 3.001), (40, 3.036, 3.381)]
)
def test_grubbs_critical_values_are_those_of_the_standard(n, five, one):
    assert find_grubbs_critical_value(n, 0.05) == pytest.approx(five, abs=1e-3)
    assert find_grubbs_critical_value(n, 0.01) == pytest.approx(one, abs=1e-3)


def test_grubbs_names_the_farthest_value():
    found = run_grubbs_test([10.0, 10.1, 9.9, 10.05, 9.95, 12.0])
    assert found.suspect == 12.0
    assert found.is_straggler
    assert found.is_outlier
    assert not run_grubbs_test([10.0, 10.1, 9.9, 10.05, 9.95]).is_straggler
    assert not run_grubbs_test([1.0, 1.0, 1.0]).is_straggler


def test_horwitz_is_sixteen_percent_at_one_ppm_and_two_at_pure():
    assert predict_rsd_percent(1) == pytest.approx(16)
    assert predict_rsd_percent(1e6) == pytest.approx(2)
    assert predict_rsd_percent(1e-3) == pytest.approx(45.25, abs=0.01)


def test_thompson_bends_horwitz_at_both_ends():
    assert predict_sd_mg_kg(0.1) == pytest.approx(0.022)
    assert predict_sd_mg_kg(250_000) == pytest.approx(5000)
    assert predict_sd_mg_kg(100) == predict_geopt_sd_mg_kg(100, 0.02) == pytest.approx(2 * predict_geopt_sd_mg_kg(100, 0.01))


def test_horrat_is_found_over_predicted():
    found = compute_horrat([0.84, 1.0, 1.16])
    assert (found.found_percent, found.predicted_percent) == pytest.approx((16, 16))
    assert found.ratio == pytest.approx(1)


def test_spread_at_nothing_is_refused():
    with pytest.raises(ValueError, match="positive content"):
        predict_rsd_percent(0)

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.qc.duplicates import (
    compute_ard_percent,
    compute_average_cv_percent,
    compute_duplicate_sd,
    compute_hard_percent,
    compute_pair_cv_percent,
    fit_precision_model,
    judge_average_cv,
    judge_hard,
)
from assays.qc.measurements import ControlKind, DuplicateMeasurement
from assays.qc.verdicts import Outcome, Reading

LIMITS = {"hard_percent": 10.0, "loq_multiple": 1.0}
RANKS = [Outcome.PASS, Outcome.WARN, Outcome.FAIL]
contents = st.floats(0, 1e5)


def pair(first, second, first_qualifier="", second_qualifier="", loq=0.05):
    return DuplicateMeasurement(
        kind=ControlKind.PULP_DUPLICATE,
        control="positions 4 and 5",
        analyte="Dy",
        first=Reading(first, first_qualifier),
        second=Reading(second, second_qualifier),
        loq=loq,
    )


def judge(*args, **kwargs):
    return judge_hard([pair(*args, **kwargs)], LIMITS)[0].outcome


def test_ninety_and_hundred_and_ten_differ_by_ten_percent_hard():
    assert compute_hard_percent(90, 110) == 10
    assert compute_ard_percent(90, 110) == 20
    assert compute_pair_cv_percent(90, 110) == pytest.approx(10 * math.sqrt(2))
    assert compute_hard_percent(0, 0) == 0


def test_negative_content_has_no_relative_difference():
    with pytest.raises(ValueError, match="not negative"):
        compute_hard_percent(-1, 2)


@given(contents, contents)
def test_hard_is_symmetric_and_at_most_hundred(a, b):
    assert compute_hard_percent(a, b) == compute_hard_percent(b, a)
    assert 0 <= compute_hard_percent(a, b) <= 100


def test_average_cv_is_the_root_mean_square_of_the_pairs():
    pairs = [(90, 110), (100, 100)]
    assert compute_average_cv_percent(pairs) == pytest.approx(10)
    assert compute_duplicate_sd([(1, 3), (3, 1)]) == pytest.approx(math.sqrt(2))


def test_no_pairs_have_no_precision():
    with pytest.raises(ValueError, match="at least one pair"):
        compute_average_cv_percent([])


@pytest.mark.parametrize(("second", "outcome"), [(122.2, "pass"), (122.3, "fail"), (82, "pass"), (81, "fail")])
def test_pair_is_judged_by_hard(second, outcome):
    assert judge(100, second) == outcome


def test_near_the_loq_the_difference_counts():
    assert judge(0.06, 0.11) == "pass"
    assert judge(0.06, 0.12) == "fail"


def test_censored_pair_passes_only_where_it_could_agree():
    assert judge(0.05, 0.05, "<", "<") == "pass"
    assert judge(0.05, 0.08, "<") == "pass"
    assert judge(0.05, 0.5, "<") == "fail"


def test_over_range_pair_fails():
    assert judge(5000, 5000, ">", ">") == "fail"


@given(st.floats(0.01, 1000), st.floats(0, 1000), st.floats(0, 1000))
def test_pair_verdict_never_improves_with_the_difference(first, a, b):
    near, far = sorted((a, b))
    assert RANKS.index(judge(first, first + near)) <= RANKS.index(judge(first, first + far))


def test_average_cv_waits_for_enough_quantified_pairs():
    limits = {"cv_avg_percent": 10.0, "minimum_pairs": 2}
    wide, censored = pair(80, 120), pair(0.05, 0.05, "<", "<")
    assert judge_average_cv([wide, censored], limits) == []
    (verdict,) = judge_average_cv([wide, wide], limits)
    assert (verdict.outcome, verdict.value) == (Outcome.FAIL, pytest.approx(20 * math.sqrt(2)))


def test_precision_model_finds_the_line_it_was_made_of():
    # Every group has the median difference that 1.048 turns into s = 0.1 + 0.02 c.
    pairs = [(c - d / 2, c + d / 2) for c in range(10, 100, 10) for d in [(0.1 + 0.02 * c) / 1.048] * 11]
    model = fit_precision_model(pairs)
    assert (model.s0, model.k) == pytest.approx((0.1, 0.02))
    assert model.predict_sd(50) == pytest.approx(1.1)
    assert model.predict_precision_percent(50) == pytest.approx(4.4)


def test_precision_model_does_not_depend_on_the_order_and_drops_the_remainder():
    pairs = [(c, c * 1.02) for c in range(1, 31)]
    shuffled = random.Random(1).sample(pairs, len(pairs))
    model = fit_precision_model(pairs)
    assert (model.n_pairs, model.n_groups) == (30, 2)
    assert fit_precision_model(shuffled) == model
    assert fit_precision_model(pairs[:22]).k == pytest.approx(model.k)


def test_one_group_makes_no_line():
    with pytest.raises(ValueError, match="at least two groups of 11"):
        fit_precision_model([(1, 2)] * 21)

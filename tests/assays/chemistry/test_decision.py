import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.chemistry.decision import Side, Statement, decide

RANKS = [Statement.FAIL, Statement.CONDITIONAL_FAIL, Statement.CONDITIONAL_PASS, Statement.PASS]


@pytest.mark.parametrize(
    ("value", "statement"),
    [
        (209, "pass"),
        (208.9, "conditional pass"),
        (200, "conditional pass"),
        (199.9, "conditional fail"),
        (191, "conditional fail"),
        (190.9, "fail"),
    ],
)
def test_lower_limit_with_guard_band(value, statement):
    assert decide(value, 9, 200, Side.LOWER).statement == statement


@pytest.mark.parametrize(
    ("value", "statement"),
    [
        (236, "pass"),
        (236.1, "conditional pass"),
        (246, "conditional pass"),
        (246.1, "conditional fail"),
        (256, "conditional fail"),
        (256.1, "fail"),
    ],
)
def test_upper_limit_with_guard_band(value, statement):
    assert decide(value, 10, 246, Side.UPPER).statement == statement


def test_simple_acceptance_has_no_guard_band():
    decision = decide(200, 9, 200, Side.LOWER, guard_band=0)
    assert (decision.statement, decision.acceptance_limit) == (Statement.PASS, 200)
    assert decide(199.99, 9, 200, Side.LOWER, guard_band=0).statement is Statement.FAIL


def test_value_on_the_acceptance_limit_passes_in_decimals_too():
    assert decide(0.3, 0.1, 0.2, Side.LOWER).statement is Statement.PASS


def test_probability_is_half_on_the_limit_and_five_percent_at_one_and_two_thirds_u():
    assert decide(200, 9, 200, Side.LOWER).violation_probability == pytest.approx(0.5)
    assert decide(200 + 1.6448536 * 4.5, 9, 200, Side.LOWER).violation_probability == pytest.approx(0.05, abs=1e-6)
    assert decide(200 - 1.6448536 * 4.5, 9, 200, Side.UPPER).violation_probability == pytest.approx(0.05, abs=1e-6)


def test_without_uncertainty_the_answer_is_certain():
    assert decide(199, 0, 200, Side.LOWER).violation_probability == 1
    assert decide(200, 0, 200, Side.LOWER).statement is Statement.PASS


def test_negative_uncertainty_is_refused():
    with pytest.raises(ValueError, match="not negative"):
        decide(1, -1, 2, Side.LOWER)


@given(st.floats(0, 500), st.floats(0, 500), st.floats(0, 50), st.sampled_from(Side))
def test_statement_never_improves_towards_the_limit(a, b, uncertainty, side):
    better, worse = (max(a, b), min(a, b)) if side is Side.LOWER else (min(a, b), max(a, b))
    good, bad = decide(better, uncertainty, 200, side), decide(worse, uncertainty, 200, side)
    assert RANKS.index(good.statement) >= RANKS.index(bad.statement)
    assert good.violation_probability <= bad.violation_probability

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.chemistry.censored import (
    DETECTED_NOT_QUANTIFIED,
    NOT_DETECTED,
    Censored,
    average_replicates,
    censor_below_loq,
    parse_censored,
    sum_bounds,
    sum_with_substitution,
)

values = st.builds(Censored, st.floats(0, 1e6), st.sampled_from(["", "<", ">"]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12.5", Censored(12.5)),
        ("<0.05", Censored(0.05, "<")),
        ("> 1000", Censored(1000, ">")),
        (" 1e-3 ", Censored(0.001)),
        ("-0.2", Censored(-0.2)),
    ],
)
def test_text_is_read_with_its_qualifier(text, expected):
    assert parse_censored(text) == expected


@pytest.mark.parametrize("text", ["", "<", "N.A.", "1,5", "<<1", "--", "nan", "0.1 ppm"])
def test_text_that_is_no_number_is_refused(text):
    with pytest.raises(ValueError, match="not a number"):
        parse_censored(text)


def test_unknown_qualifier_is_refused():
    with pytest.raises(ValueError, match="qualifier"):
        Censored(1.0, "~")


@given(st.lists(values, max_size=20))
def test_bounds_of_a_sum_are_in_order(members):
    bounds = sum_bounds(members)
    assert bounds.lower <= bounds.half <= bounds.upper
    assert bounds.censored_count == sum(m.qualifier != "" for m in members)


@given(st.lists(st.builds(Censored, st.floats(0, 1e6)), max_size=20))
def test_bounds_without_censored_members_are_one_number(members):
    bounds = sum_bounds(members)
    assert bounds.lower == bounds.half == bounds.upper


def test_member_above_its_range_leaves_the_sum_open():
    bounds = sum_bounds([Censored(5), Censored(100, ">")])
    assert (bounds.lower, bounds.half, bounds.upper) == (105, 105, math.inf)


def test_substitution_touches_only_members_below_their_limit():
    assert sum_with_substitution([Censored(1), Censored(2, "<"), Censored(10, ">")], 0.5) == 12


@pytest.mark.parametrize(
    ("value", "text", "flag"),
    [
        (0.06, "0.06", ""),
        (0.0599, "<0.06", DETECTED_NOT_QUANTIFIED),
        (0.02, "<0.06", DETECTED_NOT_QUANTIFIED),
        (0.019, "<0.06", NOT_DETECTED),
        (-1, "<0.06", NOT_DETECTED),
    ],
)
def test_content_is_shown_by_its_limits(value, text, flag):
    detection = censor_below_loq(value, 0.02, 0.06)
    assert (detection.display.text, detection.flag) == (text, flag)


def test_lod_above_loq_is_refused():
    with pytest.raises(ValueError, match="LOD"):
        censor_below_loq(1, 0.2, 0.1)


def test_quantified_replicates_are_averaged():
    average = average_replicates([Censored(1.0), Censored(2.0)])
    assert (average.mean, average.low, average.high, average.report) == (1.5, 1.5, 1.5, "1.5")


def test_censored_replicate_is_never_averaged():
    average = average_replicates([Censored(0.05, "<"), Censored(0.2)])
    assert average.mean is None
    assert (average.low, average.high) == pytest.approx((0.1, 0.125))
    assert average.report == "not averaged; report 0.2 and <0.05 or flag"


def test_nothing_has_no_average():
    with pytest.raises(ValueError, match="at least one"):
        average_replicates([])

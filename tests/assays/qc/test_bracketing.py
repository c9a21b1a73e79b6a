"""A control that fails takes the samples around it along, up to the next one that passed."""

from __future__ import annotations

import pytest

from assays.qc.bracketing import Tube, find_affected

# 1 blank, 2 reference, 3-5 samples, 6 reference, 7-8 samples, 9 duplicate of 7, 10 reference.
TRAY = [
    Tube(1, "blank"),
    Tube(2, "reference"),
    *(Tube(number, "sample") for number in (3, 4, 5)),
    Tube(6, "reference"),
    *(Tube(number, "sample") for number in (7, 8)),
    Tube(9, "duplicate", original=7),
    Tube(10, "reference"),
]
GOOD = {1: "pass", 2: "pass", 6: "pass", 9: "pass", 10: "pass"}


@pytest.mark.parametrize(
    ("failed", "samples"),
    [
        ({}, set()),
        ({2}, {3, 4, 5}),
        ({6}, {3, 4, 5, 7, 8}),
        ({10}, {7, 8}),
        ({6, 10}, {3, 4, 5, 7, 8}),
        ({1}, {3, 4, 5, 7, 8}),
        ({9}, {7}),
    ],
)
def test_samples_up_to_the_next_good_control_of_the_kind_are_affected(failed: set[int], samples: set[int]) -> None:
    outcomes = GOOD | dict.fromkeys(failed, "fail")
    assert set(find_affected(TRAY, outcomes, {"fail"})) == samples


def test_each_sample_names_the_control_that_affects_it() -> None:
    assert find_affected(TRAY, GOOD | {9: "fail", 10: "fail"}, {"fail"}) == {7: 9, 8: 10}


def test_a_control_that_was_not_judged_for_the_analyte_is_no_bracket() -> None:
    outcomes = {number: outcome for number, outcome in GOOD.items() if number != 6} | {10: "fail"}
    assert set(find_affected(TRAY, outcomes, {"fail"})) == {3, 4, 5, 7, 8}


def test_warnings_are_asked_for_by_name() -> None:
    outcomes = GOOD | {6: "warn"}
    assert find_affected(TRAY, outcomes, {"fail"}) == {}
    assert set(find_affected(TRAY, outcomes, {"warn"})) == {3, 4, 5, 7, 8}

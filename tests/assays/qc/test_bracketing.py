"""A control that fails takes the samples around it along, up to the next one that passed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.qc.bracketing import USUAL_SCOPES, Scope, Tube, find_affected
from assays.qc.measurements import ControlKind

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


@st.composite
def trays(draw: st.DrawFn) -> tuple[list[Tube], str, Scope]:
    """A tray of controls of one sort among samples, with what that sort condemns."""
    kinds = draw(st.lists(st.sampled_from(["sample", "sample", "drift", "duplicate"]), min_size=1, max_size=20))
    samples = [number for number, kind in enumerate(kinds, 1) if kind == "sample"]
    tubes = [
        Tube(number, kind, draw(st.sampled_from(samples)) if kind == "duplicate" and samples else None, "ccv")
        for number, kind in enumerate(kinds, 1)
    ]
    return tubes, "ccv", draw(st.sampled_from(list(Scope)))


@given(trays(), st.data())
def test_more_failures_never_condemn_fewer(tray: tuple[list[Tube], str, Scope], data: st.DataObject) -> None:
    tubes, sort, scope = tray
    numbers = [tube.number for tube in tubes]
    failed = data.draw(st.sets(st.sampled_from(numbers)))
    more = failed | data.draw(st.sets(st.sampled_from(numbers)))

    def condemned(bad: set[int]) -> set[int]:
        return set(find_affected(tubes, {one: "fail" if one in bad else "pass" for one in numbers}, {"fail"}, {sort: scope}))

    samples = {tube.number for tube in tubes if tube.kind == "sample"}
    assert condemned(set()) == set()
    assert condemned(failed) <= condemned(more) <= samples


@pytest.mark.parametrize(
    ("scope", "samples"),
    [(Scope.RUN, {3, 4, 5, 7, 8}), (Scope.BRACKET, {3, 4, 5, 7, 8}), (Scope.NOTHING, set()), (Scope.POSITION, set())],
)
def test_what_a_control_condemns_is_data(scope: Scope, samples: set[int]) -> None:
    tubes = [Tube(one.number, one.kind, one.original, "reference_material") for one in TRAY]
    assert set(find_affected(tubes, GOOD | {6: "fail"}, {"fail"}, {"reference_material": scope})) == samples


def test_every_kind_of_control_says_what_it_condemns_and_why() -> None:
    assert set(USUAL_SCOPES) == set(ControlKind)
    assert all(source for _, source in USUAL_SCOPES.values())

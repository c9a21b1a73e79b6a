"""The pass over a session: what must hold whatever the numbers, and what stands in the way of a result."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assays.calculation.plan import read_plan
from assays.calculation.session import Session, compute_session
from assays.calculation.tubes import Role, Tube

ISOTOPES = {"Pr": "141Pr", "Nd": "146Nd", "Gd": "157Gd", "Tb": "159Tb"}
PLAN: dict[str, Any] = {
    "source": "counts",
    "internal_standards": {"*": "Rh"},
    "drift": {"limit_percent": 20},
    "interferences": {"parents": ["141Pr", "146Nd"]},
}
amounts = st.floats(0.01, 900)


def tube(order: int, role: Role, contents: dict[str, float], nominal: dict[str, float] | None = None, **more: Any) -> Tube:
    """A tube that reads 1000 cps per µg/L without any fault."""
    signals = {symbol: 1000.0 * contents.get(symbol, 0.0) for symbol in ISOTOPES}
    return Tube(order, order, f"tube {order}", role, signals, {"Rh": 5e5}, nominal or {}, **more)


def make_session(*samples: dict[str, float]) -> list[Tube]:
    """Blank, three standards, a drift check, the samples, a drift check, pure solutions."""
    levels = [(1, 0.0), (2, 1.0), (3, 100.0), (4, 1000.0)]
    tubes = [tube(order, Role.STANDARD, dict.fromkeys(ISOTOPES, level), {"*": level}) for order, level in levels]
    check = dict.fromkeys(ISOTOPES, 50.0)
    tubes.append(tube(5, Role.DRIFT, check, {"*": 50.0}))
    tubes += [tube(order, Role.OTHER, contents) for order, contents in enumerate(samples, 6)]
    last = len(tubes) + 1
    tubes.append(tube(last, Role.DRIFT, check, {"*": 50.0}))
    return tubes + [tube(last + place, Role.PURE, {one: 500.0}, {one: 500.0}) for place, one in enumerate(["Pr", "Nd"], 1)]


def read(session: Session, number: int, symbol: str) -> float:
    [found] = session.readings[number][symbol]
    assert not found.qualifier
    return found.value


def compute(tubes: list[Tube], plan: dict[str, Any] | None = None) -> Session:
    return compute_session(tubes, read_plan(PLAN if plan is None else plan, ISOTOPES), ISOTOPES)


def scale(one: Tube, factor: float, *, standard: bool = False) -> Tube:
    signals = {symbol: value * factor for symbol, value in one.signals.items()}
    return replace(one, signals=signals, standards={"Rh": 5e5 * factor} if standard else one.standards)


@settings(max_examples=40, deadline=None)
@given(contents=st.fixed_dictionaries(dict.fromkeys(ISOTOPES, amounts)), gain=st.floats(0.01, 100), matrix=st.floats(0.3, 2))
def test_neither_the_gain_of_the_instrument_nor_a_suppressed_tube_changes_a_result(
    contents: dict[str, float], gain: float, matrix: float
) -> None:
    tubes = make_session(contents)
    changed = [scale(one, gain) for one in tubes]
    changed[5] = scale(changed[5], matrix, standard=True)
    session = compute(changed)
    assert not session.faults
    for symbol, content in contents.items():
        assert read(session, 6, symbol) == pytest.approx(content, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(contents=st.fixed_dictionaries(dict.fromkeys(ISOTOPES, amounts)))
def test_without_oxides_and_drift_correcting_for_them_changes_nothing(contents: dict[str, float]) -> None:
    tubes = make_session(contents)
    plain = compute(tubes, {"source": "counts"})
    full = compute(tubes)
    assert {one.value for one in full.factors} == {0.0}
    assert all(read(full, 6, symbol) == pytest.approx(read(plain, 6, symbol), rel=1e-12) for symbol in ISOTOPES)


@settings(max_examples=40, deadline=None)
@given(end=st.floats(0.85, 1.15), contents=st.fixed_dictionaries(dict.fromkeys(ISOTOPES, amounts)))
def test_linear_drift_between_two_checks_is_taken_out(end: float, contents: dict[str, float]) -> None:
    tubes = make_session(contents, contents, contents)
    drifted = [scale(one, 1 + (end - 1) * max(0, one.order - 5) / 4) if one.order <= 9 else one for one in tubes]
    session = compute(drifted)
    assert read(session, 7, "Tb") == pytest.approx(contents["Tb"], rel=1e-9)
    # The check that corrects is left as it was read: it judges how far the session drifted.
    assert read(session, 9, "Tb") == pytest.approx(50 * end, rel=1e-9)


def test_an_oxide_of_an_oxide_s_victim_is_corrected_in_order_of_mass() -> None:
    # Pr sits on Gd by 2 %, Nd on Tb by 0.5 %: 800 µg/L Nd feign 4 µg/L Tb, beside 1 that is there.
    contents = {"Pr": 300.0, "Nd": 800.0, "Gd": 5.0, "Tb": 1.0}
    ions = {"Gd": ("Pr", 0.02), "Tb": ("Nd", 0.005)}
    tubes = []
    for one in make_session(contents):
        held = {symbol: value / 1000 for symbol, value in one.signals.items()}
        extra = {symbol: 1000 * held[parent] * share for symbol, (parent, share) in ions.items()}
        tubes.append(replace(one, signals={symbol: value + extra.get(symbol, 0) for symbol, value in one.signals.items()}))
    session = compute(tubes)
    assert read(session, 6, "Gd") == pytest.approx(5)
    assert read(session, 6, "Tb") == pytest.approx(1)
    shares = session.flagged
    assert shares[6, "Tb"] == pytest.approx(80)
    assert shares[6, "Gd"] == pytest.approx(100 * 6 / 11)
    factor = next(one for one in session.factors if (one.analyte, one.parent) == ("Gd", "Pr"))
    # 141Pr16O of 99.757 %: MO⁺/M⁺ is hardly more than the factor.
    assert factor.ion_ratio == pytest.approx(0.02 * 100 / 99.757)


def test_above_the_highest_standard_a_reading_is_only_a_bound() -> None:
    session = compute(make_session({"Tb": 1000.5, "Nd": 5.0, "Pr": 1.0, "Gd": 1.0}))
    [found] = session.readings[6]["Tb"]
    assert (found.qualifier, found.value) == (">", 1000.0)
    allowed = compute(make_session({"Tb": 1000.5, "Nd": 5.0, "Pr": 1.0, "Gd": 1.0}), PLAN | {"calibration": {"beyond_percent": 1}})
    assert read(allowed, 6, "Tb") == pytest.approx(1000.5)


def without(tubes: list[Tube], *roles: Role) -> list[Tube]:
    return [one for one in tubes if one.role not in roles]


def deaf(one: Tube) -> Tube:
    return replace(one, standards={}) if one.order == 6 else one


@pytest.mark.parametrize(
    ("break_it", "code"),
    [
        (lambda tubes: without(tubes, Role.PURE), "pure_solution_missing"),
        (lambda tubes: without(tubes, Role.DRIFT), "drift_check_missing"),
        (lambda tubes: without(tubes, Role.STANDARD), "internal_standard_unread"),
        (lambda tubes: [deaf(one) for one in tubes], "internal_standard_unread"),
        (lambda tubes: [scale(one, 0.7) if one.order == 7 else one for one in tubes], "drift_too_large"),
    ],
)
def test_what_the_plan_needs_and_does_not_find_is_a_fault_with_a_sentence(break_it: Any, code: str) -> None:
    session = compute(break_it(make_session({"Tb": 3.0, "Nd": 5.0, "Pr": 1.0, "Gd": 1.0})))
    faults = [one for one in session.faults if one.code == code]
    assert faults
    assert all(one.sentence.endswith(".") for one in faults)


def test_without_standards_nothing_is_calibrated_and_without_their_blank_no_background_is_known() -> None:
    tubes = make_session({"Tb": 3.0})
    assert {one.code for one in compute(without(tubes, Role.STANDARD), {"source": "counts"}).faults} == {
        "calibration_missing",
        "calibration_blank_missing",
    }
    session = compute([one for one in tubes if not one.is_calibration_blank], {"source": "counts"})
    assert {(one.code, one.analyte) for one in session.faults} == {("calibration_blank_missing", symbol) for symbol in ISOTOPES}


def test_a_tube_whose_internal_standard_is_missing_gives_nothing_and_others_do() -> None:
    tubes = [deaf(one) for one in make_session({"Tb": 3.0}, {"Tb": 4.0})]
    session = compute(tubes)
    assert 6 not in session.readings
    assert read(session, 7, "Tb") == pytest.approx(4)

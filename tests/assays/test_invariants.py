"""What must hold for every number a laboratory can meet."""

from __future__ import annotations

import math
from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from assays.chemistry.censored import Censored, sum_bounds
from assays.chemistry.decision import Side, Statement, decide
from assays.chemistry.elements import ANALYTES, RARE_EARTHS
from assays.chemistry.groups import GROUPS, sum_group
from assays.chemistry.moisture import to_as_received, to_dry
from assays.chemistry.oxides import to_element, to_oxide
from assays.chemistry.rounding import Rule, report, round_significant
from assays.chemistry.units import UNITS, Kind, convert
from assays.qc.reference_materials import classify_z, compute_z
from assays.qc.verdicts import Outcome

_CONTENT = st.floats(1e-4, 9e5)
_MOISTURE = st.floats(0, 99)
_CENSORED = st.builds(Censored, _CONTENT, st.sampled_from(["", "", "<"]))
_DECIMAL = st.decimals(Decimal("-1e6"), Decimal("1e6"), places=6)
_ORDER = list(Statement)
_OUTCOMES = [Outcome.PASS, Outcome.WARN, Outcome.FAIL]
_OXIDES = {symbol: (analyte.oxide, f"{symbol}2O3") for symbol, analyte in ANALYTES.items()}


@given(st.sampled_from([Kind.MASS_FRACTION, Kind.MASS_CONCENTRATION]), st.data(), _DECIMAL)
def test_units_come_back_exactly_and_by_any_way(kind: Kind, data: st.DataObject, value: Decimal) -> None:
    # ppm and ppb belong to two kinds: between two of them the way is that of the first.
    units = st.sampled_from(sorted(set(UNITS[kind]) - {"ppm", "ppb"}))
    one, other, third = data.draw(units), data.draw(units), data.draw(units)
    assert convert(convert(value, one, other), other, one) == value
    assert convert(convert(value, one, other), other, third) == convert(value, one, third)


@given(_CONTENT, _MOISTURE, _MOISTURE)
def test_dry_is_never_below_as_received_and_comes_back(content: float, moisture: float, other: float) -> None:
    assert to_dry(content, moisture) >= content >= to_as_received(content, moisture)
    assert math.isclose(to_as_received(to_dry(content, moisture), moisture), content, rel_tol=1e-12)
    low, high = sorted((moisture, other))
    assert to_dry(content, low) <= to_dry(content, high)


@given(st.lists(_CENSORED, min_size=1, max_size=15))
def test_bounds_of_a_sum_stand_in_order_and_meet_without_censored_members(values: list[Censored]) -> None:
    bounds = sum_bounds(values)
    assert bounds.lower <= bounds.half <= bounds.upper
    assert (bounds.lower == bounds.upper) == (bounds.censored_count == 0)


@given(_CONTENT, _CONTENT, st.floats(0.01, 1e4), _CONTENT, st.sampled_from(list(Side)))
def test_a_better_value_never_gets_a_worse_statement(one: float, other: float, uncertainty: float, limit: float, side: Side) -> None:
    worse, better = sorted((one, other)) if side is Side.LOWER else sorted((one, other), reverse=True)
    low, high = (decide(value, uncertainty, limit, side) for value in (worse, better))
    assert _ORDER.index(high.statement) <= _ORDER.index(low.statement)
    assert high.violation_probability <= low.violation_probability


@given(_CONTENT, st.floats(0.01, 1e3), st.floats(0, 10), st.floats(0, 10))
def test_a_larger_deviation_never_gets_a_better_verdict(certified: float, sd: float, one: float, other: float) -> None:
    near, far = sorted((one, other))
    for sign in (-1, 1):
        verdicts = [classify_z(compute_z(certified + sign * deviation * sd, certified, sd)) for deviation in (near, far)]
        assert _OUTCOMES.index(verdicts[0]) <= _OUTCOMES.index(verdicts[1])


@given(st.sampled_from(sorted(ANALYTES)), st.integers(0, 1), _CONTENT)
def test_oxides_come_back_and_weigh_more(symbol: str, choice: int, content: float) -> None:
    oxide = _OXIDES[symbol][choice]
    there = to_oxide(symbol, content, oxide)
    assert there > content
    assert math.isclose(to_element(symbol, there, oxide), content, rel_tol=1e-14)


@given(_DECIMAL, st.integers(1, 8), st.sampled_from(list(Rule)))
def test_rounding_twice_is_rounding_once_and_keeps_the_order(value: Decimal, figures: int, rule: Rule) -> None:
    once = round_significant(value, figures, rule)
    assert round_significant(once, figures, rule) == once
    assert rule is not Rule.HALF_EVEN or abs(Decimal(once) - value) * 2 <= Decimal(10) ** (value.adjusted() - figures + 1)


@given(_CONTENT, st.floats(1e-4, 1e4))
def test_a_reported_value_stands_and_is_reported_again_as_it_stands(value: float, uncertainty: float) -> None:
    once = report(value, uncertainty)
    assume(float(once.uncertainty_text) > 0)
    again = report(float(once.text), float(once.uncertainty_text))
    assert Decimal(again.text) == Decimal(once.text)
    assert Decimal(again.uncertainty_text) == Decimal(once.uncertainty_text)


@given(st.dictionaries(st.sampled_from(RARE_EARTHS), _CENSORED, min_size=1), st.data(), _CONTENT)
def test_no_sum_falls_when_an_element_rises_or_is_measured(values: dict[str, Censored], data: st.DataObject, more: float) -> None:
    symbol = data.draw(st.sampled_from(RARE_EARTHS))
    before = values.get(symbol)
    raised = values | {symbol: Censored(more + (before.value if before else 0.0), before.qualifier if before else "")}
    for definition in GROUPS.values():
        low, high = sum_group(definition, values), sum_group(definition, raised)
        assert low.lower <= high.lower or math.isclose(low.lower, high.lower, rel_tol=1e-12)
        assert low.half <= high.half
        assert low.upper <= high.upper
        assert set(high.missing) <= set(low.missing)

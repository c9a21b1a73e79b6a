"""What a sample's own results must stand, and the two rules that look at a history."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.chemistry.chondrite import CHONDRITE
from assays.chemistry.dilution import WELL_WITHIN, choose_dilution_step
from assays.qc.measurements import (
    ComparisonMeasurement,
    ControlKind,
    DuplicateMeasurement,
    PatternMeasurement,
    ReferenceMeasurement,
    TotalMeasurement,
)
from assays.qc.rules import RULES
from assays.qc.samples import find_pattern_residuals
from assays.qc.verdicts import Outcome, Reading

ELEMENTS = ["La", "Ce", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu"]
NUMBERS = [57, 58, 59, 60, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71]
# Post-Archaean Australian shale, mg/kg (McLennan 1989): a natural pattern, with its europium anomaly.
PAAS = [38.2, 79.6, 8.83, 33.9, 5.55, 1.08, 4.66, 0.774, 4.68, 0.991, 2.85, 0.405, 2.82, 0.433]
STEPS = {"warn_percent": 25, "fail_percent": 50}


def pattern(contents: list[float]) -> PatternMeasurement:
    points = tuple((symbol, z, content / CHONDRITE[symbol]) for symbol, z, content in zip(ELEMENTS, NUMBERS, contents, strict=True))
    return PatternMeasurement(kind=ControlKind.REE_PATTERN, control="position 3, A", analyte="", points=points)


def test_a_natural_pattern_is_smooth_and_one_wrong_element_is_named() -> None:
    [good] = RULES["ree_pattern_smoothness"].judge([pattern(PAAS)], STEPS)
    assert good.outcome is Outcome.PASS
    # Terbium as oxide taken for the element, and a quarter more: 1.18 × 1.4.
    wrong = [content * 1.65 if symbol == "Tb" else content for symbol, content in zip(ELEMENTS, PAAS, strict=True)]
    [bad] = RULES["ree_pattern_smoothness"].judge([pattern(wrong)], STEPS)
    assert (bad.outcome, bad.analyte, bad.rule) == (Outcome.FAIL, "Tb", "ree_pattern_smoothness")
    assert bad.value == pytest.approx(65, abs=12)
    assert "Tb stands +" in bad.sentence


@given(st.floats(0.001, 1000), st.floats(-0.2, 0.2))
def test_a_straight_pattern_has_no_residuals_at_any_level(level: float, slope: float) -> None:
    points = [(symbol, z, level * 2.718281828 ** (slope * (z - 57))) for symbol, z in zip(ELEMENTS, NUMBERS, strict=True)]
    assert all(abs(residual) < 1e-6 for residual in find_pattern_residuals(points).values())


def test_oxides_and_techniques_are_compared() -> None:
    total = TotalMeasurement(kind=ControlKind.SUM_OF_OXIDES, control="position 3, A", analyte="", total=104.2, count=15)
    [verdict] = RULES["sum_of_oxides"].judge([total], {"low_percent": 97, "high_percent": 102})
    assert (verdict.outcome, verdict.limit) == (Outcome.FAIL, "97-102 %")
    assert verdict.sentence == "15 oxides of position 3, A add up to 104 %."
    beside = ComparisonMeasurement(
        kind=ControlKind.METHOD_COMPARISON,
        control="position 3, A",
        analyte="Nd",
        reading=Reading(110),
        other=Reading(90),
        other_method="XRF-1",
    )
    [verdict] = RULES["method_comparison"].judge([beside], {"warn_percent": 10, "fail_percent": 30})
    assert (verdict.outcome, verdict.value) == (Outcome.WARN, 20)


def test_thompson_and_howarth_speak_from_two_full_groups_on() -> None:
    def pair(first: float, second: float, previous: tuple[tuple[float, float], ...] = ()) -> DuplicateMeasurement:
        return DuplicateMeasurement(
            kind=ControlKind.PULP_DUPLICATE, control="positions 3 and 9", analyte="Dy", first=Reading(first), second=Reading(second), loq=1,
            previous_pairs=previous,
        )  # fmt: skip

    limits = {"precision_percent": 10, "group_size": 11}
    judge = RULES["duplicate_thompson_howarth"].judge
    # Differences of 4 % of the content: s = 1.048·0.04 c, P(95 %) = 200 s/c = 8.4 %.
    history = tuple((content * 0.98, content * 1.02) for content in range(10, 31))
    assert judge([pair(20, 20.8, history[:20])], limits) == []
    [verdict] = judge([pair(19.6, 20.4, history)], limits)
    assert verdict.value == pytest.approx(200 * 1.048 * 0.04, rel=0.02)
    assert (verdict.outcome, verdict.control) == (Outcome.PASS, "22 pairs")


def test_nelson_warns_of_a_trend_and_fails_beyond_three() -> None:
    def point(value: float, *previous: float) -> ReferenceMeasurement:
        return ReferenceMeasurement(
            kind=ControlKind.BLIND_CONTROL, control="position 4", analyte="Dy", material="OREAS 461", reading=Reading(value),
            certified_value=100, between_lab_sd=10, previous_z=previous,
        )  # fmt: skip

    judge = RULES["reference_material_nelson"].judge
    assert judge([point(101)], {})[0].outcome is Outcome.PASS
    [rising] = judge([point(115, -1.0, -0.5, 0.0, 0.5, 1.0)], {})
    assert (rising.outcome, "rule 3 of Nelson" in rising.sentence) == (Outcome.WARN, True)
    assert judge([point(131)], {})[0].outcome is Outcome.FAIL


@given(st.floats(1, 1000))
def test_a_dilution_brings_a_content_well_into_the_range_and_no_further_than_it_must(excess: float) -> None:
    step = choose_dilution_step(excess)
    assert excess / step <= WELL_WITHIN
    assert step == 2 or excess / (step / 2.5) > WELL_WITHIN

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assays.qc.evaluate import (
    ControlRequirement,
    InvalidRequirement,
    MethodRequirements,
    RunMeasurements,
    check_requirement,
    count_required,
    evaluate_controls,
)
from assays.qc.measurements import BlankMeasurement, ControlKind, DuplicateMeasurement, RecoveryMeasurement, ReferenceMeasurement
from assays.qc.rules import RULES, RULES_VERSION
from assays.qc.verdicts import Outcome, Reading

BLANK = ControlRequirement(ControlKind.REAGENT_BLANK, "blank_lod", {"multiple": 5.0})
REFERENCE = ControlRequirement(ControlKind.REFERENCE_MATERIAL, "reference_material_z", {"warn_z": 2.0, "fail_z": 3.0, "consecutive_z": 2.0})
DUPLICATE = ControlRequirement(ControlKind.PULP_DUPLICATE, "duplicate_hard", {"hard_percent": 10.0, "loq_multiple": 1.0})
METHOD = MethodRequirements(("Tb", "Dy", "Lu"), (BLANK, REFERENCE, DUPLICATE))
CERTIFIED = {"Tb": (9.08, 0.31), "Dy": (34.8, 1.44), "Lu": (0.515, 0.044)}


def measure_blank(analyte, value=0.01, control="position 1, BLK"):
    return BlankMeasurement(kind=ControlKind.REAGENT_BLANK, control=control, analyte=analyte, reading=Reading(value), lod=0.02, loq=0.06)


def measure_reference(analyte, z=0.5, control="position 2, OREAS 461", material="OREAS 461", certified=True, read=True):
    value, sd = CERTIFIED[analyte]
    return ReferenceMeasurement(
        kind=ControlKind.REFERENCE_MATERIAL,
        control=control,
        analyte=analyte,
        material=material,
        reading=Reading(value + z * sd if read else None),
        certified_value=value if certified else None,
        between_lab_sd=sd if certified else None,
    )


def measure_duplicate(analyte, second=10.2, control="positions 5 and 6"):
    return DuplicateMeasurement(
        kind=ControlKind.PULP_DUPLICATE, control=control, analyte=analyte, first=Reading(10.0), second=Reading(second), loq=0.06
    )


def good_controls(analytes=("Tb", "Dy", "Lu")):
    return tuple(measure(a) for measure in (measure_blank, measure_reference, measure_duplicate) for a in analytes)


def run(controls, measured=("Tb", "Dy", "Lu"), **more):
    return RunMeasurements(tuple(controls), frozenset(measured), **more)


def sentences(evaluation):
    return [blocker.sentence for blocker in evaluation.blockers]


def without(controls, kind, analyte=None):
    return [c for c in controls if not (c.kind == kind and analyte in (None, c.analyte))]


def test_run_with_all_controls_in_order_passes():
    evaluation = evaluate_controls(METHOD, run(good_controls()))
    assert (evaluation.outcome, evaluation.blockers) == (Outcome.PASS, ())
    assert len(evaluation.verdicts) == 9
    assert {v.outcome for v in evaluation.verdicts} == {Outcome.PASS}
    assert evaluation.rules_version == RULES_VERSION


@pytest.mark.parametrize("kind", ["reagent_blank", "reference_material", "pulp_duplicate"])
def test_missing_control_blocks_and_is_named(kind):
    evaluation = evaluate_controls(METHOD, run(without(good_controls(), kind)))
    assert evaluation.outcome is Outcome.BLOCKED
    assert sentences(evaluation) == [f"No {kind.replace('_', ' ')} was measured; the method asks for 1."]


def test_run_without_any_control_names_every_kind():
    evaluation = evaluate_controls(METHOD, run([]))
    assert [b.kind for b in evaluation.blockers] == ["reagent_blank", "reference_material", "pulp_duplicate"]
    assert evaluation.verdicts == ()


def test_analyte_without_a_reading_anywhere_is_named_once():
    evaluation = evaluate_controls(METHOD, run(good_controls(("Dy",)), measured=("Dy",)))
    assert evaluation.outcome is Outcome.BLOCKED
    assert sentences(evaluation) == ["Tb: no reading in any position.", "Lu: no reading in any position."]
    assert len(evaluation.verdicts) == 3


@pytest.mark.parametrize("kind", ["reagent_blank", "reference_material", "pulp_duplicate"])
def test_analyte_without_a_reading_on_a_control_is_named(kind):
    evaluation = evaluate_controls(METHOD, run(without(good_controls(), kind, "Lu")))
    assert sentences(evaluation) == [f"Lu has no reading in any {kind.replace('_', ' ')}."]
    assert evaluation.blockers[0].analyte == "Lu"


def test_control_given_without_a_number_counts_as_not_read():
    controls = [*without(good_controls(), "reference_material"), *(measure_reference(a, read=False) for a in METHOD.analytes)]
    assert sentences(evaluate_controls(METHOD, run(controls))) == ["No reference material was measured; the method asks for 1."]


def test_analyte_without_a_certified_value_for_the_method_is_named_with_the_material():
    controls = [*without(good_controls(), "reference_material", "Tb"), measure_reference("Tb", certified=False)]
    evaluation = evaluate_controls(METHOD, run(controls))
    assert evaluation.outcome is Outcome.BLOCKED
    assert sentences(evaluation) == ["Tb has no certified value for this method in OREAS 461."]


def test_materials_may_complement_each_other():
    other = measure_reference("Tb", control="position 9, OREAS 101b", material="OREAS 101b")
    controls = [*without(good_controls(), "reference_material", "Tb"), measure_reference("Tb", certified=False), other]
    assert evaluate_controls(METHOD, run(controls)).outcome is Outcome.PASS


def test_too_few_controls_block():
    method = replace(METHOD, controls=(replace(BLANK, minimum_count=2), REFERENCE, DUPLICATE))
    assert sentences(evaluate_controls(method, run(good_controls()))) == ["Only 1 of 2 reagent blanks measured."]


def test_rate_asks_for_more_in_a_longer_run():
    blank = replace(BLANK, rate_percent=5.0)
    assert [count_required(blank, n) for n in (0, 20, 21, 60)] == [1, 1, 2, 3]
    method = replace(METHOD, controls=(blank, REFERENCE, DUPLICATE))
    assert evaluate_controls(method, run(good_controls(), sample_count=20)).outcome is Outcome.PASS
    assert evaluate_controls(method, run(good_controls(), sample_count=21)).outcome is Outcome.BLOCKED


def test_analyte_left_out_of_one_of_two_asked_controls_blocks():
    method = replace(METHOD, controls=(replace(BLANK, minimum_count=2),))
    second = [measure_blank(a, control="position 30, BLK") for a in ("Tb", "Dy")]
    evaluation = evaluate_controls(method, run([*good_controls(), *second]))
    assert sentences(evaluation) == ["Lu was read in 1 of 2 reagent blanks."]


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        (measure_blank("Dy", 0.2), "blank_lod"),
        (measure_reference("Dy", z=3.5), "reference_material_z"),
        (measure_duplicate("Dy", second=20.0), "duplicate_hard"),
    ],
)
def test_failing_control_fails_the_run_and_names_the_rule(bad, rule):
    controls = [*without(good_controls(), bad.kind, "Dy"), bad]
    evaluation = evaluate_controls(METHOD, run(controls))
    assert (evaluation.outcome, evaluation.blockers) == (Outcome.FAIL, ())
    assert [(v.rule, v.analyte) for v in evaluation.verdicts if v.outcome is Outcome.FAIL] == [(rule, "Dy")]


def test_warning_is_the_outcome_where_nothing_fails():
    controls = [*without(good_controls(), "reference_material", "Dy"), measure_reference("Dy", z=2.5)]
    assert evaluate_controls(METHOD, run(controls)).outcome is Outcome.WARN


def test_blocked_run_still_shows_its_failing_verdicts():
    controls = [*without(good_controls(("Tb", "Dy")), "reagent_blank", "Dy"), measure_blank("Dy", 0.2)]
    evaluation = evaluate_controls(METHOD, run(controls))
    assert evaluation.outcome is Outcome.BLOCKED
    assert any(v.outcome is Outcome.FAIL for v in evaluation.verdicts)


def test_internal_standard_that_is_an_analyte_blocks():
    evaluation = evaluate_controls(METHOD, run(good_controls(), internal_standards=("In", "Lu")))
    assert [(b.code, b.analyte) for b in evaluation.blockers] == [("unfit_internal_standard", "Lu")]


def test_internal_standard_is_asked_for_no_analyte_in_particular():
    requirement = ControlRequirement(
        ControlKind.INTERNAL_STANDARD, "recovery_window", {"low_percent": 80.0, "high_percent": 120.0}, analytes=()
    )
    method = replace(METHOD, controls=(*METHOD.controls, requirement))
    indium = RecoveryMeasurement(
        kind=ControlKind.INTERNAL_STANDARD, control="position 7", analyte="In", reading=Reading(700_000), nominal=1_000_000
    )
    evaluation = evaluate_controls(method, run([*good_controls(), indium]))
    assert [(v.analyte, v.outcome) for v in evaluation.verdicts if v.kind == "internal_standard"] == [("In", Outcome.FAIL)]
    assert sentences(evaluate_controls(method, run(good_controls()))) == ["No internal standard was measured; the method asks for 1."]


def test_two_rules_on_one_kind_of_control_name_what_is_missing_once():
    westgard = ControlRequirement(ControlKind.REFERENCE_MATERIAL, "reference_material_westgard", {})
    method = replace(METHOD, controls=(*METHOD.controls, westgard))
    assert len(evaluate_controls(method, run(without(good_controls(), "reference_material"))).blockers) == 1
    assert len(evaluate_controls(method, run(good_controls())).verdicts) == 12


def test_optional_analyte_is_judged_where_it_can_be():
    method = replace(METHOD, analytes=("Tb", "Dy"))
    controls = [*without(good_controls(), "reagent_blank", "Lu"), measure_blank("Lu", 9.9)]
    assert evaluate_controls(method, run(controls)).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("requirement", "message"),
    [
        (replace(BLANK, rule="blank_guess"), "'blank_guess' is not known"),
        (replace(BLANK, rule="duplicate_hard"), "does not judge a reagent blank"),
        (replace(BLANK, limits={}), "lacks multiple"),
        (replace(BLANK, limits={"multiple": 5.0, "colour": 1.0}), "knows no limit colour"),
        (replace(BLANK, minimum_count=0), "At least one reagent blank"),
    ],
)
def test_requirement_that_cannot_be_applied_is_refused(requirement, message):
    with pytest.raises(InvalidRequirement, match=message):
        check_requirement(requirement)
    with pytest.raises(InvalidRequirement, match=message):
        evaluate_controls(MethodRequirements(("Dy",), (requirement,)), run(good_controls()))


def test_measurement_of_the_wrong_sort_is_refused():
    wrong = RecoveryMeasurement(kind=ControlKind.REAGENT_BLANK, control="position 1", analyte="Dy", reading=Reading(1.0), nominal=1.0)
    with pytest.raises(TypeError, match="given as BlankMeasurement"):
        evaluate_controls(METHOD, run([wrong]))


def test_every_rule_names_what_it_judges():
    assert all(rule.kinds and rule.name == name for name, rule in RULES.items())


@given(st.sets(st.integers(0, 8)))
def test_taking_controls_away_never_makes_a_run_better(removed):
    controls = [c for i, c in enumerate(good_controls()) if i not in removed]
    expected = Outcome.BLOCKED if removed else Outcome.PASS
    assert evaluate_controls(METHOD, run(controls)).outcome is expected


@given(st.floats(-6, 6), st.floats(-6, 6))
def test_run_outcome_never_improves_with_the_deviation_of_its_reference(a, b):
    ranks = [Outcome.PASS, Outcome.WARN, Outcome.FAIL]

    def judge(z):
        controls = [*without(good_controls(), "reference_material", "Dy"), measure_reference("Dy", z=abs(z))]
        return ranks.index(evaluate_controls(METHOD, run(controls)).outcome)

    near, far = sorted((a, b), key=abs)
    assert judge(near) <= judge(far)

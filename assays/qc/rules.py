"""The rules that a method's controls may name, and the version under which verdicts are stored.

``RULES_VERSION`` changes whenever a rule could give another verdict for the same measurements and limits.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from assays.qc import blanks, calibration, duplicates, oxide_formation, recoveries, reference_materials, samples
from assays.qc.measurements import (
    BlankMeasurement,
    CalibrationMeasurement,
    ComparisonMeasurement,
    ControlKind,
    ControlMeasurement,
    DuplicateMeasurement,
    FormationMeasurement,
    PatternMeasurement,
    RecoveryMeasurement,
    ReferenceMeasurement,
    SpikeMeasurement,
    TotalMeasurement,
)
from assays.qc.verdicts import Verdict

RULES_VERSION = "1.0"

Judge = Callable[[Sequence[Any], Mapping[str, float]], list[Verdict]]


@dataclass(frozen=True)
class Rule:
    """A named criterion.

    ``kinds`` are the controls it judges, given as objects of ``measurement``; ``limits`` are the numbers it must be given
    and ``optional`` those it may be. ``judge`` takes the measurements of one kind and analyte in run order.
    """

    name: str
    kinds: frozenset[ControlKind]
    measurement: type[ControlMeasurement]
    limits: frozenset[str]
    judge: Judge
    optional: frozenset[str] = frozenset()


_BLANKS = (ControlKind.REAGENT_BLANK, ControlKind.PULP_BLANK, ControlKind.COARSE_BLANK)
_REFERENCES = (ControlKind.REFERENCE_MATERIAL, ControlKind.BLIND_CONTROL)
_DUPLICATES = (
    ControlKind.INSTRUMENT_DUPLICATE,
    ControlKind.PULP_DUPLICATE,
    ControlKind.COARSE_DUPLICATE,
    ControlKind.FIELD_DUPLICATE,
)
_RECOVERIES = (
    ControlKind.INITIAL_CALIBRATION_VERIFICATION,
    ControlKind.CONTINUING_CALIBRATION_VERIFICATION,
    ControlKind.INTERNAL_STANDARD,
)


def _rule(
    name: str,
    kinds: Iterable[ControlKind],
    measurement: type[ControlMeasurement],
    limits: Iterable[str],
    judge: Judge,
    optional: Iterable[str] = (),
) -> Rule:
    return Rule(name, frozenset(kinds), measurement, frozenset(limits), judge, frozenset(optional))


_STEPS = ("warn_percent", "fail_percent")
_WINDOW = ("low_percent", "high_percent")

_RULES = (
    _rule("blank_lod", _BLANKS, BlankMeasurement, ("multiple",), blanks.judge_blank_lod),
    _rule("blank_loq", _BLANKS, BlankMeasurement, ("multiple",), blanks.judge_blank_loq),
    _rule("reference_material_z", _REFERENCES, ReferenceMeasurement, ("warn_z", "fail_z", "consecutive_z"), reference_materials.judge_z),
    _rule("reference_material_westgard", _REFERENCES, ReferenceMeasurement, (), reference_materials.judge_westgard),
    _rule("reference_material_nelson", _REFERENCES, ReferenceMeasurement, (), reference_materials.judge_nelson),
    _rule(
        "reference_material_bias",
        _REFERENCES,
        ReferenceMeasurement,
        ("warn_percent", "fail_percent", "minimum_readings"),
        reference_materials.judge_mean_bias,
    ),
    _rule("duplicate_hard", _DUPLICATES, DuplicateMeasurement, ("hard_percent", "loq_multiple"), duplicates.judge_hard, ("warn_percent",)),
    _rule("duplicate_cv_avg", _DUPLICATES, DuplicateMeasurement, ("cv_avg_percent", "minimum_pairs"), duplicates.judge_average_cv),
    _rule(
        "duplicate_thompson_howarth",
        _DUPLICATES,
        DuplicateMeasurement,
        ("precision_percent", "group_size"),
        duplicates.judge_precision_model,
    ),
    _rule("spike_recovery", (ControlKind.MATRIX_SPIKE,), SpikeMeasurement, (*_WINDOW, "minimum_added_percent"), recoveries.judge_spike),
    _rule("recovery_window", _RECOVERIES, RecoveryMeasurement, _WINDOW, recoveries.judge_recovery, ("rsd_percent",)),
    _rule(
        "calibration_back_calculation",
        (ControlKind.CALIBRATION,),
        CalibrationMeasurement,
        ("lowest_percent", "other_percent"),
        calibration.judge_back_calculation,
    ),
    _rule("oxide_formation", (ControlKind.INTERFERENCE_SOLUTION,), FormationMeasurement, _STEPS, oxide_formation.judge_formation),
    _rule("sum_of_oxides", (ControlKind.SUM_OF_OXIDES,), TotalMeasurement, _WINDOW, samples.judge_sum_of_oxides),
    _rule("ree_pattern_smoothness", (ControlKind.REE_PATTERN,), PatternMeasurement, _STEPS, samples.judge_pattern),
    _rule("method_comparison", (ControlKind.METHOD_COMPARISON,), ComparisonMeasurement, _STEPS, samples.judge_comparison),
)

RULES = MappingProxyType({rule.name: rule for rule in _RULES})

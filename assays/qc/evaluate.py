"""The judgement of a run: does it carry the controls its method asks for, and do they pass?

A caller (the service ``evaluating.evaluate_run``) gives plain values and stores what comes back::

    z_limits = {"warn_z": 2.0, "fail_z": 3.0, "consecutive_z": 2.0}
    method = MethodRequirements(
        analytes=("Tb", "Dy", "Lu"),
        controls=(
            ControlRequirement(ControlKind.REAGENT_BLANK, "blank_lod", {"multiple": 5.0}),
            ControlRequirement(ControlKind.REFERENCE_MATERIAL, "reference_material_z", z_limits, rate_percent=5.0),
        ),
    )
    run = RunMeasurements(
        controls=(BlankMeasurement(...), ReferenceMeasurement(...)),
        measured_analytes=frozenset({"Tb", "Dy"}),
        sample_count=40,
    )
    evaluation = evaluate_controls(method, run)

- ``controls`` of a run hold one measurement per control and analyte, in run order, also for an analyte that has no reading
  there (``Reading(None)``) and for a reference material without a certified value for the method's group (None).
- A control that is missing never passes: the run is then ``blocked``, and ``blockers`` name each one, by kind and analyte.
- Otherwise the run's outcome is the worst of its verdicts. Verdicts of a blocked run are kept too.
- ``rules_version`` is stored with the verdicts. A requirement that cannot be applied raises ``InvalidRequirement``;
  ``check_requirement`` lets a form ask beforehand.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from assays.qc.bracketing import Scope
from assays.qc.insertion import count_controls
from assays.qc.measurements import (
    NO_CERTIFIED_VALUE,
    NO_READING,
    SAMPLE_CHECKS,
    ControlKind,
    ControlMeasurement,
    ReferenceMeasurement,
)
from assays.qc.recoveries import find_unfit_internal_standards
from assays.qc.rules import RULES, RULES_VERSION, Rule
from assays.qc.verdicts import Outcome, Verdict, find_worst


class InvalidRequirement(ValueError):
    """A requirement names a rule that is not known, does not fit its kind of control, or lacks a limit."""


@dataclass(frozen=True)
class ControlRequirement:
    """What a method version asks of one kind of control.

    At least ``minimum_count`` controls, or ``rate_percent`` of the run's samples rounded up where that is more, each judged
    by ``rule`` with ``limits``. ``analytes`` are those that must be judged: None for all of the method, empty where the
    control concerns none in particular (internal standards). Whatever else was measured on such a control is judged too.
    """

    kind: ControlKind
    rule: str
    limits: Mapping[str, float]
    minimum_count: int = 1
    rate_percent: float = 0.0
    analytes: tuple[str, ...] | None = None
    condemns: str = ""


@dataclass(frozen=True)
class MethodRequirements:
    """The analytes a method version must report and the controls it must carry."""

    analytes: tuple[str, ...]
    controls: tuple[ControlRequirement, ...]


@dataclass(frozen=True)
class RunMeasurements:
    """A run as measured: its controls in run order, the analytes read in **any** position, the number of samples."""

    controls: tuple[ControlMeasurement, ...]
    measured_analytes: frozenset[str]
    sample_count: int = 0
    internal_standards: tuple[str, ...] = ()


@dataclass(frozen=True)
class Blocker:
    """What keeps a run from review: ``kind`` and ``analyte`` are empty where it concerns no single one."""

    code: str
    kind: str
    analyte: str
    sentence: str


@dataclass(frozen=True)
class Evaluation:
    """The judgement of a run under ``rules_version``."""

    outcome: Outcome
    verdicts: tuple[Verdict, ...]
    blockers: tuple[Blocker, ...]
    rules_version: str = RULES_VERSION


def evaluate_controls(requirements: MethodRequirements, measurements: RunMeasurements) -> Evaluation:
    """Judge a run; see the module's text. Raises ``InvalidRequirement``."""
    blockers = list(_find_run_blockers(requirements, measurements))
    verdicts: list[Verdict] = []
    for requirement in requirements.controls:
        rule = check_requirement(requirement)
        own = [m for m in measurements.controls if m.kind == requirement.kind]
        if requirement.kind not in SAMPLE_CHECKS:
            blockers += _find_control_blockers(requirement, requirements.analytes, own, measurements)
        verdicts += _judge(rule, requirement, own)
    unique = tuple(dict.fromkeys(blockers))
    outcome = Outcome.BLOCKED if unique else find_worst(verdict.outcome for verdict in verdicts)
    return Evaluation(outcome, tuple(verdicts), unique)


def check_requirement(requirement: ControlRequirement) -> Rule:
    """The rule of a requirement; raises ``InvalidRequirement`` with what is wrong."""
    rule = RULES.get(requirement.rule)
    if rule is None:
        raise InvalidRequirement(f"The rule {requirement.rule!r} is not known; known are {', '.join(RULES)}.")
    if requirement.kind not in rule.kinds:
        raise InvalidRequirement(f"The rule {rule.name} does not judge a {requirement.kind.words}.")
    if requirement.condemns and requirement.condemns not in list(Scope):
        raise InvalidRequirement(f"A control condemns one of {', '.join(Scope)}, not {requirement.condemns!r}.")
    if requirement.minimum_count < 1 or requirement.rate_percent < 0:
        raise InvalidRequirement(f"At least one {requirement.kind.words} must be asked for, at a rate that is not negative.")
    given = frozenset(requirement.limits)
    if missing := sorted(rule.limits - given):
        raise InvalidRequirement(f"The rule {rule.name} for a {requirement.kind.words} lacks {', '.join(missing)}.")
    if unknown := sorted(given - rule.limits - rule.optional):
        raise InvalidRequirement(f"The rule {rule.name} knows no limit {', '.join(unknown)}.")
    return rule


def count_required(requirement: ControlRequirement, sample_count: int) -> int:
    """How many controls a run of so many samples needs; planners insert and evaluation checks by this one number."""
    return max(requirement.minimum_count, count_controls(sample_count, requirement.rate_percent))


def _find_run_blockers(requirements: MethodRequirements, run: RunMeasurements) -> Iterator[Blocker]:
    for analyte in requirements.analytes:
        if analyte not in run.measured_analytes:
            yield Blocker("analyte_not_read", "", analyte, f"{analyte}: no reading in any position.")
    for symbol in find_unfit_internal_standards(run.internal_standards, requirements.analytes):
        sentence = f"{symbol} served as internal standard; it is an analyte and present in the samples."
        yield Blocker("unfit_internal_standard", ControlKind.INTERNAL_STANDARD, symbol, sentence)


def _find_control_blockers(
    requirement: ControlRequirement, method_analytes: tuple[str, ...], own: list[ControlMeasurement], run: RunMeasurements
) -> Iterator[Blocker]:
    words, needed = requirement.kind.words, count_required(requirement, run.sample_count)
    found = len({m.control for m in own if m.obstacle != NO_READING})
    if found == 0:
        yield Blocker("control_missing", requirement.kind, "", f"No {words} was measured; the method asks for {needed}.")
        return
    if found < needed:
        yield Blocker("too_few_controls", requirement.kind, "", f"Only {found} of {needed} {words}s measured.")
    for analyte in method_analytes if requirement.analytes is None else requirement.analytes:
        if analyte in run.measured_analytes:
            yield from _find_analyte_blockers(requirement.kind, analyte, [m for m in own if m.analyte == analyte], min(found, needed))


def _find_analyte_blockers(kind: ControlKind, analyte: str, own: list[ControlMeasurement], needed: int) -> Iterator[Blocker]:
    """A reading on as many controls as asked for, of which at least one can be judged: materials may complement each other."""
    read = {m.control for m in own if m.obstacle != NO_READING}
    if not read:
        yield Blocker(NO_READING, kind, analyte, f"{analyte} has no reading in any {kind.words}.")
    elif all(m.obstacle for m in own):
        materials = sorted({m.material for m in own if isinstance(m, ReferenceMeasurement)})
        sentence = f"{analyte} has no certified value for this method in {', '.join(materials)}."
        yield Blocker(NO_CERTIFIED_VALUE, kind, analyte, sentence)
    elif len(read) < needed:
        yield Blocker("too_few_readings", kind, analyte, f"{analyte} was read in {len(read)} of {needed} {kind.words}s.")


def _judge(rule: Rule, requirement: ControlRequirement, own: list[ControlMeasurement]) -> Iterator[Verdict]:
    by_analyte: dict[str, list[ControlMeasurement]] = {}
    for measurement in own:
        if not isinstance(measurement, rule.measurement):
            raise TypeError(f"A {requirement.kind.words} is given as {rule.measurement.__name__}, not {type(measurement).__name__}.")
        if not measurement.obstacle:
            by_analyte.setdefault(measurement.analyte, []).append(measurement)
    for group in by_analyte.values():
        yield from rule.judge(group, requirement.limits)

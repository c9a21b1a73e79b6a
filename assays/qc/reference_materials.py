"""Reference materials: z on the between-laboratory SD, bias, and values of in-house materials."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from assays.qc.control_charts import find_nelson_signals, find_westgard_signals
from assays.qc.measurements import ReferenceMeasurement
from assays.qc.verdicts import Outcome, Verdict, exceeds, write_number

MINIMUM_RUNS = 10
"""An in-house material has a value and an SD only from this many recorded runs."""


@dataclass(frozen=True)
class InHouseValue:
    """Value and run-to-run SD of an in-house material from ``n`` runs; ``u`` is the standard uncertainty of the mean."""

    value: float
    sd: float
    n: int
    u: float


@dataclass(frozen=True)
class ExpectedContent:
    """What a control material is certified for, with its between-laboratory standard deviation (None: information, no control)."""

    value: Decimal
    sd: Decimal | None


def compute_z(value: float, certified: float, sd: float) -> float:
    """(x - µ)/sd, where sd is the between-laboratory SD of the certificate."""
    if sd <= 0:
        raise ValueError("A z score needs a standard deviation above zero.")
    return (value - certified) / sd


def compute_recovery_percent(value: float, certified: float) -> float:
    """100 x/µ."""
    if certified == 0:
        raise ValueError("A recovery needs a certified value that is not zero.")
    return 100 * value / certified


def compute_bias_percent(value: float, certified: float) -> float:
    """100 (x - µ)/µ."""
    return compute_recovery_percent(value - certified, certified)


def classify_z(z: float, warn_z: float = 2.0, fail_z: float = 3.0) -> Outcome:
    """Warn above ``warn_z`` and fail above ``fail_z`` in absolute value; on a limit the better outcome holds."""
    if exceeds(abs(z), fail_z):
        return Outcome.FAIL
    return Outcome.WARN if exceeds(abs(z), warn_z) else Outcome.PASS


def has_two_on_one_side(previous: float | None, z: float, limit: float = 2.0) -> bool:
    """Whether two consecutive points lie beyond ``limit`` on the same side: a shift, not chance."""
    return previous is not None and exceeds(min(abs(previous), abs(z)), limit) and (previous > 0) == (z > 0)


def establish_in_house_value(run_values: Sequence[float]) -> InHouseValue:
    """Mean and SD (n - 1) of an in-house material, one value per run; raises ``ValueError`` below ``MINIMUM_RUNS``."""
    n = len(run_values)
    if n < MINIMUM_RUNS:
        raise ValueError(f"An in-house material needs at least {MINIMUM_RUNS} recorded runs; {n} are there.")
    sd = statistics.stdev(run_values)
    return InHouseValue(statistics.fmean(run_values), sd, n, sd / n**0.5)


def judge_z(measurements: Sequence[ReferenceMeasurement], limits: Mapping[str, float]) -> list[Verdict]:
    """|z| against ``warn_z`` and ``fail_z``; two consecutive beyond ``consecutive_z`` on one side fail as well."""
    return [_judge_one_z(m, previous[-1] if previous else None, limits) for m, previous in _with_previous(measurements)]


def judge_westgard(measurements: Sequence[ReferenceMeasurement], limits: Mapping[str, float]) -> list[Verdict]:
    """Westgard's rules at each new point, with the points before it; 1_2s alone warns, any other fails."""
    return [_judge_one_westgard(m, previous) for m, previous in _with_previous(measurements)]


def judge_nelson(measurements: Sequence[ReferenceMeasurement], limits: Mapping[str, float]) -> list[Verdict]:
    """Nelson's rules at each new point, with the points before it: a point beyond three SD fails, any other signal warns of a change that
    wants an explanation."""
    return [_judge_one_nelson(m, previous) for m, previous in _with_previous(measurements)]


def judge_mean_bias(measurements: Sequence[ReferenceMeasurement], limits: Mapping[str, float]) -> list[Verdict]:
    """Mean bias over a run's reference materials in percent; judged from ``minimum_readings`` on, for one reading proves little."""
    quantified = [m for m in measurements if not m.reading.qualifier]
    if len(quantified) < limits["minimum_readings"]:
        return []
    bias = statistics.fmean(compute_bias_percent(*_numbers(m)[:2]) for m in quantified)
    outcome = classify_z(bias, limits["warn_percent"], limits["fail_percent"])
    first = quantified[0]
    return [
        Verdict(
            kind=first.kind,
            control=f"{len(quantified)} readings",
            analyte=first.analyte,
            statistic="mean_bias_percent",
            value=bias,
            limit=f"|mean bias| <= {limits['warn_percent']:g} % (fail above {limits['fail_percent']:g} %)",
            rule="reference_material_bias",
            outcome=outcome,
            sentence=f"{first.analyte}: mean bias {bias:+.1f} % over {len(quantified)} readings of reference materials.",
        )
    ]


def _judge_one_z(measurement: ReferenceMeasurement, previous: float | None, limits: Mapping[str, float]) -> Verdict:
    if measurement.reading.qualifier:
        return _refuse_censored(measurement, "reference_material_z")
    z = compute_z(*_numbers(measurement))
    outcome = classify_z(z, limits["warn_z"], limits["fail_z"])
    sentence = f"{_describe(measurement)}: z = {z:+.2f}"
    if outcome is not Outcome.FAIL and has_two_on_one_side(previous, z, limits["consecutive_z"]):
        outcome = Outcome.FAIL
        sentence += f", after {previous:+.2f}: two in succession beyond {limits['consecutive_z']:g} on one side"
    return _verdict(
        measurement, z, f"|z| <= {limits['warn_z']:g} (fail above {limits['fail_z']:g})", "reference_material_z", outcome, f"{sentence}."
    )


def _judge_one_westgard(measurement: ReferenceMeasurement, previous: tuple[float, ...]) -> Verdict:
    if measurement.reading.qualifier:
        return _refuse_censored(measurement, "reference_material_westgard")
    z = compute_z(*_numbers(measurement))
    fired = [signal.rule for signal in find_westgard_signals((*previous, z)) if signal.index == len(previous)]
    outcome = Outcome.PASS if not fired else Outcome.WARN if fired == ["1_2s"] else Outcome.FAIL
    says = f"rule {', '.join(fired)}" if fired else "no rule"
    return _verdict(
        measurement, z, "1_3s, 2_2s, R_4s, 4_1s, 10_x", "reference_material_westgard", outcome,
        f"{_describe(measurement)}: z = {z:+.2f}, {says} of Westgard fires.",
    )  # fmt: skip


def _judge_one_nelson(measurement: ReferenceMeasurement, previous: tuple[float, ...]) -> Verdict:
    if measurement.reading.qualifier:
        return _refuse_censored(measurement, "reference_material_nelson")
    z = compute_z(*_numbers(measurement))
    fired = [signal.rule for signal in find_nelson_signals((*previous, z)) if signal.index == len(previous)]
    outcome = Outcome.FAIL if "nelson_1" in fired else Outcome.WARN if fired else Outcome.PASS
    says = f"rule {', '.join(rule.removeprefix('nelson_') for rule in fired)}" if fired else "no rule"
    return _verdict(
        measurement, z, "Nelson's rules 1 to 8 over its history", "reference_material_nelson", outcome,
        f"{_describe(measurement)}: z = {z:+.2f}, {says} of Nelson fires over {len(previous) + 1} points.",
    )  # fmt: skip


def _with_previous(measurements: Iterable[ReferenceMeasurement]) -> Iterable[tuple[ReferenceMeasurement, tuple[float, ...]]]:
    """Each measurement with the z scores of its material before it: of former runs, then of this one."""
    earlier: dict[str, tuple[float, ...]] = {}
    for measurement in measurements:
        previous = earlier.get(measurement.material, measurement.previous_z)
        yield measurement, previous
        if not measurement.reading.qualifier:
            earlier[measurement.material] = (*previous, compute_z(*_numbers(measurement)))


def _refuse_censored(measurement: ReferenceMeasurement, rule: str) -> Verdict:
    sentence = f"{_describe(measurement)}: a value outside the quantifiable range cannot be compared with the certified one."
    return _verdict(measurement, None, "a quantified reading", rule, Outcome.FAIL, sentence)


def _verdict(measurement: ReferenceMeasurement, z: float | None, limit: str, rule: str, outcome: Outcome, sentence: str) -> Verdict:
    return Verdict(measurement.kind, measurement.control, measurement.analyte, "z", z, limit, rule, outcome, sentence)


def _numbers(measurement: ReferenceMeasurement) -> tuple[float, float, float]:
    value, certified, sd = measurement.reading.value, measurement.certified_value, measurement.between_lab_sd
    if value is None or certified is None or sd is None:
        raise ValueError(f"{measurement.control} cannot be judged for {measurement.analyte}: {measurement.obstacle}.")
    return value, certified, sd


def _describe(measurement: ReferenceMeasurement) -> str:
    _value, certified, _sd = _numbers(measurement)
    return f"{measurement.analyte} {measurement.reading.text} in {measurement.material}, certified {write_number(certified)}"

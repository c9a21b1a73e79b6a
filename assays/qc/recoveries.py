"""Recoveries: spikes, calibration checks (ICV, CCV) and internal standards."""

from collections.abc import Mapping, Sequence

from assays.qc.measurements import RecoveryMeasurement, SpikeMeasurement
from assays.qc.verdicts import Outcome, Verdict, exceeds, write_number

UNFIT_INTERNAL_STANDARDS = frozenset({"Sc", "Y", "Tb", "Ho", "Lu"})
"""Usual internal standards elsewhere; analytes here, and present in every sample."""


def compute_recovery_percent(found: float, nominal: float) -> float:
    """100 found/nominal."""
    if nominal <= 0:
        raise ValueError("A recovery needs a positive nominal value.")
    return 100 * found / nominal


def compute_spike_recovery_percent(spiked: float, native: float, added: float) -> float:
    """100 (spiked - native)/added."""
    return compute_recovery_percent(spiked - native, added)


def can_judge_spike(native: float, added: float, minimum_percent: float = 25.0) -> bool:
    """Whether enough was added: at least 25 % of the native content (native at most four times the spike), as EPA 6020B."""
    return not exceeds(minimum_percent * native, 100 * added)


def correct_by_internal_standard(value: float, recovery_percent: float) -> float:
    """A raw value over its internal standard's recovery; never for a concentration that the instrument corrected already."""
    if recovery_percent <= 0:
        raise ValueError("A correction needs a positive recovery of the internal standard.")
    return value * 100 / recovery_percent


def classify_window(value: float, low: float, high: float) -> Outcome:
    """Pass from ``low`` to ``high``, both included."""
    return Outcome.FAIL if exceeds(low, value) or exceeds(value, high) else Outcome.PASS


def find_unfit_internal_standards(used: Sequence[str], reported: Sequence[str]) -> tuple[str, ...]:
    """Internal standards that are reported analytes or rare earths present in the samples."""
    return tuple(symbol for symbol in used if symbol in reported or symbol in UNFIT_INTERNAL_STANDARDS)


def judge_spike(measurements: Sequence[SpikeMeasurement], limits: Mapping[str, float]) -> list[Verdict]:
    """Recovery from ``low_percent`` to ``high_percent``; void, with a warning, below ``minimum_added_percent`` of native."""
    return [_judge_one_spike(m, limits) for m in measurements]


def judge_recovery(measurements: Sequence[RecoveryMeasurement], limits: Mapping[str, float]) -> list[Verdict]:
    """Recovery from ``low_percent`` to ``high_percent`` and, where ``rsd_percent`` is given, replicates within it."""
    return [_judge_one_recovery(m, limits) for m in measurements]


def _judge_one_spike(measurement: SpikeMeasurement, limits: Mapping[str, float]) -> Verdict:
    spiked, native = measurement.spiked.value, measurement.native.value
    if spiked is None or native is None:
        raise ValueError(f"{measurement.control} has no spike recovery for {measurement.analyte}.")
    # A native content below its limit is taken as nothing: its upper bound is small against any spike worth judging.
    base = 0.0 if measurement.native.qualifier == "<" else native
    recovery = compute_spike_recovery_percent(spiked, base, measurement.added)
    outcome = classify_window(recovery, limits["low_percent"], limits["high_percent"])
    sentence = f"{measurement.analyte}: spike recovery {recovery:.1f} %."
    if measurement.spiked.qualifier:
        outcome, sentence = (
            Outcome.FAIL,
            f"{measurement.analyte}: the spiked sample reads {measurement.spiked.text}, which gives no recovery.",
        )
    elif not can_judge_spike(base, measurement.added, limits["minimum_added_percent"]):
        outcome = Outcome.WARN
        added = f"{measurement.analyte}: spike of {write_number(measurement.added)}"
        sentence = f"{added} is void beside {write_number(native)} native; it must be judged otherwise."
    return Verdict(
        kind=measurement.kind,
        control=measurement.control,
        analyte=measurement.analyte,
        statistic="recovery_percent",
        value=recovery,
        limit=_describe_window(limits),
        rule="spike_recovery",
        outcome=outcome,
        sentence=sentence,
    )


def _judge_one_recovery(measurement: RecoveryMeasurement, limits: Mapping[str, float]) -> Verdict:
    if measurement.reading.value is None:
        raise ValueError(f"{measurement.control} has no recovery for {measurement.analyte}.")
    recovery = compute_recovery_percent(measurement.reading.value, measurement.nominal)
    outcome = classify_window(recovery, limits["low_percent"], limits["high_percent"])
    limit, sentence = _describe_window(limits), f"{measurement.analyte}: {measurement.kind.words} recovers {recovery:.1f} %"
    rsd_limit, rsd = limits.get("rsd_percent"), measurement.rsd_percent
    if rsd_limit is not None and rsd is not None:
        limit += f", RSD <= {rsd_limit:g} %"
        sentence += f" with {rsd:.1f} % RSD"
        outcome = outcome if rsd <= rsd_limit else Outcome.FAIL
    if measurement.reading.qualifier:
        outcome, sentence = Outcome.FAIL, f"{measurement.analyte}: {measurement.kind.words} reads {measurement.reading.text}"
    return Verdict(
        kind=measurement.kind,
        control=measurement.control,
        analyte=measurement.analyte,
        statistic="recovery_percent",
        value=recovery,
        limit=limit,
        rule="recovery_window",
        outcome=outcome,
        sentence=f"{sentence}.",
    )


def _describe_window(limits: Mapping[str, float]) -> str:
    return f"{limits['low_percent']:g}-{limits['high_percent']:g} %"

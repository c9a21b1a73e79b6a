"""How much of an element an instrument turns into oxide ions, judged on single-element solutions of the session."""

from collections.abc import Mapping, Sequence

from assays.qc.measurements import FormationMeasurement
from assays.qc.verdicts import Outcome, Verdict, exceeds


def judge_formation(measurements: Sequence[FormationMeasurement], limits: Mapping[str, float]) -> list[Verdict]:
    """Each solution: warn above ``warn_percent`` and fail above ``fail_percent``; a tuned instrument shows CeO⁺/Ce⁺ below 1 to 2 %."""
    return [_judge_one(m, m.percent, limits) for m in measurements if m.percent is not None]


def _judge_one(measurement: FormationMeasurement, percent: float, limits: Mapping[str, float]) -> Verdict:
    failed, warned = exceeds(percent, limits["fail_percent"]), exceeds(percent, limits["warn_percent"])
    return Verdict(
        kind=measurement.kind,
        control=measurement.control,
        analyte="",
        statistic="oxide_formation_percent",
        value=percent,
        limit=f"<= {limits['warn_percent']:g} % (fail above {limits['fail_percent']:g} %)",
        rule="oxide_formation",
        outcome=Outcome.FAIL if failed else Outcome.WARN if warned else Outcome.PASS,
        sentence=f"{measurement.element}: oxide and hydroxide ions make {percent:.2g} % of its signal.",
    )

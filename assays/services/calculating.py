"""What a run's results are computed from, as its method version says: the instrument's concentrations, or the counts of the whole session;
with the limits that censor, and everything an auditor needs to compute it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from assays.calculation import facts
from assays.calculation.plan import CalculationPlan, InvalidPlan, Source, read_plan
from assays.calculation.run_limits import DecidedLimits, decide_limits
from assays.calculation.session import Session, compute_session
from assays.calculation.tubes import Fault
from assays.chemistry.tray import AnalyteLimits, Portion, SolutionReading, TrayInput, count_blank
from assays.models import MethodAnalyte, MethodVersion, Reduction, ReductionStage, Run, RunPosition
from assays.selectors.session_tubes import read_tubes
from lims.core.errors import Invalid

Readings = dict[int, dict[str, list[SolutionReading]]]


@dataclass(frozen=True)
class Calculation:
    """How a run is computed: the plan, the session where it starts from counts (else None), what the instrument's own software gave in µg/L
    of the measured solution by (position, symbol), the limits, and what stands in the way."""

    plan: CalculationPlan = field(default_factory=CalculationPlan)
    session: Session | None = None
    compared: Mapping[tuple[int, str], float] = field(default_factory=dict)
    limits: Mapping[str, DecidedLimits] = field(default_factory=dict)
    blanks: facts.Blanks = field(default_factory=dict)
    faults: Sequence[Fault] = ()

    def inputs_of(self, number: int, symbol: str) -> dict[str, Any]:
        """What a result version keeps of the way to its concentration beyond what every version keeps; nothing on the plain way."""
        if self.session is None:
            return {}
        traces = self.session.traces.get((number, symbol), [])
        compared = self.compared.get((number, symbol))
        return {
            "readings": [one for trace in traces for one in trace.reading_ids],
            "acquisitions": [{"order": trace.order, "steps": [step.as_data() for step in trace.steps]} for trace in traces],
            "instrument_ug_l": None if compared is None else repr(compared),
        }


def plan_of(version: MethodVersion, analytes: Mapping[str, MethodAnalyte]) -> CalculationPlan:
    """A method version's plan. Raises `Invalid('calculation')` where it does not fit its analytes."""
    try:
        return read_plan(version.calculation, {symbol: one.isotope for symbol, one in analytes.items()})
    except InvalidPlan as error:
        raise Invalid("calculation", f"{version}: {error}") from error


def compute_solutions(
    run: Run, plan: CalculationPlan, positions: Mapping[int, RunPosition], analytes: Mapping[str, MethodAnalyte], read: Readings
) -> tuple[Readings, Calculation]:
    """The concentrations that count, by position and symbol. `read` are the instrument's own: they count on the plain way, and stand beside
    the computed ones where the method starts from counts."""
    if plan.source == Source.INSTRUMENT:
        return read, Calculation(plan)
    isotopes = {symbol: one.isotope for symbol, one in analytes.items()}
    tubes, faults = read_tubes(run, positions, plan, isotopes)
    session = compute_session(tubes, plan, isotopes)
    compared = {
        (number, symbol): fmean(one.value / one.applied_dilution for one in found)
        for number, symbols in read.items()
        for symbol, found in symbols.items()
        if found and not any(one.qualifier for one in found)
    }
    return session.readings, Calculation(plan, session, compared, faults=[*faults, *session.faults])


def limits_of_run(
    plan: CalculationPlan, stated: Mapping[str, AnalyteLimits], blanks: Sequence[Mapping[str, Sequence[SolutionReading]]], nominal: Portion
) -> dict[str, DecidedLimits]:
    """The limits of each analyte; `blanks` are the readings of each reagent blank by symbol."""
    found = {symbol: [reading for blank in blanks for reading in blank.get(symbol, ())] for symbol in stated}
    return decide_limits(stated, found, nominal, plan.limits)


def blanks_of_run(blanks: Sequence[TrayInput]) -> dict[str, list[tuple[int, float]]]:
    """What each reading of each reagent blank counts, as `mean_blanks` takes it."""
    found: dict[str, list[tuple[int, float]]] = {}
    for one in blanks:
        for symbol, readings in one.readings.items():
            found.setdefault(symbol, []).extend((one.number, count_blank(reading)) for reading in readings)
    return found


def store_stages(reduction: Reduction, calculation: Calculation) -> None:
    """Keep what the stages found for the run as a whole. Part of the caller's transaction."""
    found = facts.stage_facts(calculation.plan, calculation.session, calculation.limits, calculation.blanks)
    ReductionStage.objects.bulk_create(ReductionStage(reduction=reduction, stage=name, data=data) for name, data in found.items())

"""What a run's results are computed from, as its method version says: the instrument's concentrations, or the counts of the whole session;
with the limits that censor, and everything an auditor needs to compute it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from assays.calculation import facts
from assays.calculation.corrections import NO_CORRECTION
from assays.calculation.plan import CalculationPlan, Evaluation, InvalidPlan, Replicates, Source, read_plan
from assays.calculation.run_limits import DecidedLimits, decide_limits
from assays.calculation.session import Session, compute_session
from assays.calculation.steps import Step
from assays.calculation.tubes import Fault
from assays.calculation.uncertainties import Evaluated, Quantities, evaluate_uncertainties, make_budget
from assays.chemistry.tray import AnalyteLimits, Portion, SolutionReading, TrayInput, TrayResult, count_blank
from assays.models import MethodAnalyte, MethodVersion, Reduction, ReductionStage, Run, RunPosition
from assays.selectors.control_histories import read_histories
from assays.selectors.session_tubes import read_tubes
from lims.core import clock
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
    uncertainties: Mapping[str, Evaluated] = field(default_factory=dict)
    budgets: Mapping[tuple[int, str], Step] = field(default_factory=dict)
    faults: Sequence[Fault] = ()

    def inputs_of(self, number: int, symbol: str) -> dict[str, Any]:
        """What a result version keeps of the way to its concentration beyond what every version keeps; nothing on the plain way."""
        found = self._uncertainty_of(number, symbol)
        if self.plan.replicates != Replicates.MEAN:
            found |= {"replicates": self.plan.replicates}
        return found if self.session is None else found | self._acquisitions_of(self.session, number, symbol)

    def _uncertainty_of(self, number: int, symbol: str) -> dict[str, Any]:
        evaluated = self.uncertainties.get(symbol)
        if evaluated is None or self.plan.uncertainty.evaluation == Evaluation.STATED:
            return {}
        if evaluated.percent is not None:
            return {"uncertainty_evaluation": evaluated.evaluation, "relative_uncertainty_percent": repr(evaluated.percent)}
        budget = self.budgets.get((number, symbol))
        return {"uncertainty_evaluation": evaluated.evaluation, "budget": None if budget is None else budget.as_data()}

    def _acquisitions_of(self, session: Session, number: int, symbol: str) -> dict[str, Any]:
        traces = session.traces.get((number, symbol), [])
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


def uncertainties_of_run(run: Run, plan: CalculationPlan, analytes: Mapping[str, MethodAnalyte]) -> dict[str, Evaluated]:
    """Each analyte's uncertainty as the method version has it evaluated; Nordtest from what was measured before this run."""
    asked, histories = plan.uncertainty, {}
    if asked.evaluation == Evaluation.NORDTEST:
        histories = read_histories(run, run.measured_at or clock.now(), asked.days)
    stated = {symbol: float(one.relative_uncertainty_percent) for symbol, one in analytes.items()}
    return evaluate_uncertainties(asked, stated, histories)


def budgets_of_run(
    calculation: Calculation, results: Mapping[tuple[int, str], TrayResult], portions: Mapping[int, Portion]
) -> dict[tuple[int, str], Step]:
    """A budget for every quantified result, where the method has its uncertainty evaluated so."""
    if calculation.plan.uncertainty.evaluation != Evaluation.BUDGET:
        return {}
    components = calculation.plan.uncertainty.components
    found = {}
    for (number, symbol), result in results.items():
        # A net value of nothing has no relative uncertainty; it is below any limit.
        net = (result.solution_ug_l - result.blank_ug_l) * result.dilution / portions[number].dilution
        if not result.qualifier and net > 0:
            quantities = _quantities(calculation, number, symbol, net, portions[number])
            found[number, symbol] = make_budget(result.value, quantities, components)
    return found


def _quantities(calculation: Calculation, number: int, symbol: str, net: float, portion: Portion) -> Quantities:
    session, limits = calculation.session, calculation.limits[symbol]
    error, corrections = None, NO_CORRECTION
    if session is not None:
        corrections = session.corrections.get((number, symbol), corrections)
        replicates = len(session.readings[number][symbol])
        error = session.lines[symbol].standard_error(net, replicates)
    scatter = limits.method_s_ug_l if limits.run_s_ug_l is None else limits.run_s_ug_l
    blank = scatter / max(limits.n, 1) ** 0.5
    return Quantities(net, portion.mass_g, portion.moisture_percent, error, blank, portion.dilution_u_percent, corrections)


def store_stages(reduction: Reduction, calculation: Calculation) -> None:
    """Keep what the stages found for the run as a whole. Part of the caller's transaction."""
    found = facts.stage_facts(calculation.plan, calculation.session, calculation.limits, calculation.blanks, calculation.uncertainties)
    ReductionStage.objects.bulk_create(ReductionStage(reduction=reduction, stage=name, data=data) for name, data in found.items())

"""From the counts of a whole session to concentrations: one pure pass over all tubes and elements, in a fixed order.

1. internal standard: every signal over the recovery of its standard, against the calibration blanks
2. background: less the mean of the calibration blanks
3. drift: over the sensitivity between two drift checks
4. interference: less oxides and hydroxides, light elements first, so that a parent is itself corrected before its ions are
5. calibration line, fitted to standards that went through the same steps

What corrects does not judge itself: a drift check keeps its drift, and a single-element solution its ions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any

from assays.calculation.corrections import (
    NO_CORRECTION,
    CorrectionUncertainty,
    SignalError,
    Subtracted,
    combine_corrections,
    standard_error_of_factor,
    weigh_signal,
)
from assays.calculation.drift import DriftCourse, follow_drift
from assays.calculation.interference_table import overlaps_on, ratio_of_ions
from assays.calculation.lines import CalibrationLine, fit_calibration_line
from assays.calculation.plan import CalculationPlan, InterferencePlan, combine_replicates, mass_of
from assays.calculation.steps import Step
from assays.calculation.tubes import Fault, Role, Tube
from assays.chemistry.interference import correct_signal
from assays.chemistry.tray import SolutionReading
from assays.qc.recoveries import compute_recovery_percent, correct_by_internal_standard


@dataclass(frozen=True)
class Factor:
    """The share of a parent's signal that appears at an analyte's isotope, from the single-element solutions of the session, with
    its standard uncertainty."""

    analyte: str
    parent: str
    value: float
    tubes: tuple[int, ...]
    ions: tuple[str, ...]
    ion_ratio: float | None
    u: float = 0.0


@dataclass(frozen=True)
class Trace:
    """How one element of one acquisition became a concentration: its order in the session, the ids of its cells, its steps."""

    order: int
    reading_ids: tuple[str, ...]
    steps: tuple[Step, ...]


@dataclass
class Session:
    """Everything a session gives: concentrations (µg/L of the measured solution) and traces by (tube, element), the lines, factors and
    drift they were made with, the references of the internal standards, the backgrounds, and what stands in the way."""

    readings: dict[int, dict[str, list[SolutionReading]]] = field(default_factory=dict)
    traces: dict[tuple[int, str], list[Trace]] = field(default_factory=dict)
    lines: dict[str, CalibrationLine] = field(default_factory=dict)
    factors: list[Factor] = field(default_factory=list)
    drift: dict[str, DriftCourse] = field(default_factory=dict)
    references: dict[str, float] = field(default_factory=dict)
    backgrounds: dict[str, float] = field(default_factory=dict)
    standards: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    flagged: dict[tuple[int, str], float] = field(default_factory=dict)
    corrections: dict[tuple[int, str], CorrectionUncertainty] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


Signals = dict[tuple[int, str], float]
"""Counts per second by (order of acquisition, element)."""


def compute_session(tubes: Sequence[Tube], plan: CalculationPlan, isotopes: Mapping[str, str]) -> Session:
    """Concentrations of every tube. `isotopes` are those of the method's analytes by symbol; parents of interferences that are no analytes
    are taken along. What cannot be computed as the plan says is absent and named among the faults."""
    return _Pass(tubes, plan, isotopes).run()


class _Pass:
    """One pass over a session: each step turns the signals of all tubes and appends to their steps."""

    def __init__(self, tubes: Sequence[Tube], plan: CalculationPlan, isotopes: Mapping[str, str]) -> None:
        self.tubes = sorted(tubes, key=lambda one: one.order)
        self.plan, self.isotopes = plan, isotopes
        # A parent is lighter than every isotope its ions fall on: in order of mass each is corrected before it corrects.
        measured = plan.parents | dict(isotopes)
        self.elements = sorted(measured, key=lambda symbol: mass_of(measured[symbol]))
        self.signals: Signals = {
            (tube.order, symbol): tube.signals[symbol] for tube in self.tubes for symbol in self.elements if symbol in tube.signals
        }
        self.steps: dict[tuple[int, str], list[Step]] = {key: [] for key in self.signals}
        self.subtracted: dict[tuple[int, str], list[Subtracted]] = {}
        self.session = Session()

    def run(self) -> Session:
        self._combine_replicates()
        if self.plan.internal_standards:
            self._correct_by_standards()
        self._subtract_background()
        if self.plan.drift is not None:
            self._correct_drift(self.plan.drift.limit_percent)
        if self.plan.interferences is not None:
            self._find_factors(self.plan.interferences)
            self._correct_interferences(self.plan.interferences.flag_percent)
        self._fit_lines()
        if self.plan.interferences is not None:
            self._weigh_corrections(self.plan.interferences.reading_u_percent)
        self._read_lines()
        return self.session

    def _apply(self, key: tuple[int, str], step: Step) -> None:
        self.signals[key] = step.output
        self.steps[key].append(step)

    def _fault(self, code: str, analyte: str, sentence: str) -> None:
        self.session.faults.append(Fault(code, analyte, sentence))

    def _combine_replicates(self) -> None:
        for tube in self.tubes:
            for symbol in self.elements:
                cells = tube.cells.get(symbol, ())
                if (tube.order, symbol) in self.signals and len(cells) > 1:
                    inputs = {f"replicate_{place}": value for place, (value, _) in enumerate(cells, 1)}
                    output = combine_replicates(list(inputs.values()), self.plan.replicates)
                    self._apply((tube.order, symbol), Step(f"replicates_{self.plan.replicates}_1", inputs, output))

    def _correct_by_standards(self) -> None:
        for standard in dict.fromkeys(self.plan.internal_standards.values()):
            blanks = [one.standards[standard] for one in self.tubes if one.is_calibration_blank and one.standards.get(standard, 0) > 0]
            if blanks:
                self.session.references[standard] = fmean(blanks)
            else:
                self._fault("internal_standard_unread", "", f"{standard} was not read in a calibration blank: nothing is corrected by it.")
        for tube in self.tubes:
            for standard in sorted({self.plan.standard_of(one) for one in self.elements} - {""}):
                if not tube.standards.get(standard, 0) > 0 and standard in self.session.references:
                    sentence = f"{standard} was not read at position {tube.number}, {tube.label}: nothing was computed there by it."
                    self._fault("internal_standard_unread", "", sentence)
            for symbol in self.elements:
                self._correct_by_standard(tube, symbol)

    def _correct_by_standard(self, tube: Tube, symbol: str) -> None:
        key, standard = (tube.order, symbol), self.plan.standard_of(symbol)
        if key not in self.signals or not standard:
            return
        reference, counts = self.session.references.get(standard), tube.standards.get(standard, 0.0)
        if reference is None or counts <= 0:
            del self.signals[key]
            return
        recovery = compute_recovery_percent(counts, reference)
        output = correct_by_internal_standard(self.signals[key], recovery)
        inputs = {"signal": self.signals[key], "reference": reference, "standard": counts}
        self._apply(key, Step("internal_standard_1", inputs, output, {"standard": standard, "recovery_percent": recovery}))

    def _subtract_background(self) -> None:
        blanks = [one for one in self.tubes if one.is_calibration_blank]
        for symbol in self.elements:
            values = [self.signals[one.order, symbol] for one in blanks if (one.order, symbol) in self.signals]
            if not values:
                if any((one.order, symbol) in self.signals for one in self.tubes):
                    self._fault("calibration_blank_missing", symbol, f"{symbol} was not read in a calibration blank.")
                continue
            background = self.session.backgrounds[symbol] = fmean(values)
            for tube in self.tubes:
                if (key := (tube.order, symbol)) in self.signals:
                    inputs = {"signal": self.signals[key], "background": background}
                    self._apply(key, Step("background_1", inputs, self.signals[key] - background))

    def _correct_drift(self, limit_percent: float) -> None:
        checks = [one for one in self.tubes if one.role == Role.DRIFT]
        if not checks:
            self._fault("drift_check_missing", "", "The method corrects drift, but no drift check was measured.")
        for symbol in self.elements:
            held = [one for one in checks if (one.holds(symbol) or 0) > 0 and (one.order, symbol) in self.signals]
            course = follow_drift([(one.order, self.signals[one.order, symbol]) for one in held])
            if course is None:
                continue
            self.session.drift[symbol] = course
            if course.worst_percent > limit_percent:
                sentence = f"{symbol} drifted by {course.worst_percent:.1f} %; up to {limit_percent:g} % may be corrected. Calibrate again."
                self._fault("drift_too_large", symbol, sentence)
                continue
            for tube in self.tubes:
                key = (tube.order, symbol)
                if tube.role != Role.DRIFT and key in self.signals:
                    before, after, place = course.at(tube.order)
                    inputs = {"signal": self.signals[key], "before": before, "after": after, "place": place}
                    about = {"bracketed": tube.order < course.last}
                    self._apply(key, Step("drift_1", inputs, self.signals[key] / (before + (after - before) * place), about))

    def _find_factors(self, interferences: InterferencePlan) -> None:
        parents = self.plan.parents
        for parent, isotope in parents.items():
            pure = [one for one in self.tubes if one.role == Role.PURE and (one.holds(parent) or 0) > 0 and len(one.nominal) == 1]
            read = [one for one in pure if self.signals.get((one.order, parent), 0) > 0]
            if not read:
                self._fault(
                    "pure_solution_missing", "", f"No solution of {parent} alone was measured at {isotope}: its oxides stay unknown."
                )
                continue
            for analyte in self.elements:
                overlap = overlaps_on(self.isotopes.get(analyte, "")).get(parent)
                found = [one for one in read if (one.order, analyte) in self.signals]
                if overlap is None or not found:
                    continue
                # Noise around nothing is no ion: a factor is never negative.
                ratios = [self.signals[one.order, analyte] / self.signals[one.order, parent] for one in found]
                value = max(0.0, fmean(ratios))
                u = standard_error_of_factor(ratios, interferences.ratio_u_percent)
                ratio = ratio_of_ions(value, self.isotopes[analyte], isotope)
                numbers = tuple(one.number for one in found)
                self.session.factors.append(Factor(analyte, parent, value, numbers, overlap.ions, ratio, u))

    def _correct_interferences(self, flag_percent: float) -> None:
        by_analyte: dict[str, list[Factor]] = {}
        for factor in self.session.factors:
            by_analyte.setdefault(factor.analyte, []).append(factor)
        for symbol in self.elements:
            for tube in self.tubes if symbol in by_analyte else ():
                if tube.role != Role.PURE and (tube.order, symbol) in self.signals:
                    share = self._correct_interference(tube, symbol, by_analyte[symbol])
                    if share > flag_percent:
                        worst = self.session.flagged.get((tube.number, symbol), 0.0)
                        self.session.flagged[tube.number, symbol] = max(worst, share)

    def _correct_interference(self, tube: Tube, symbol: str, factors: Sequence[Factor]) -> float:
        """Subtract each parent's ions; the whole correction in percent of the signal, 0 for a signal of nothing."""
        key, start, share = (tube.order, symbol), self.signals[tube.order, symbol], 0.0
        for factor in factors:
            parent = max(0.0, self.signals.get((tube.order, factor.parent), 0.0))
            inputs = {"signal": self.signals[key], "factor": factor.value, "parent": parent}
            about: dict[str, Any] = {"parent": factor.parent, "u_factor": factor.u}
            cells = tuple(value for value, _ in tube.cells.get(factor.parent, ()))
            self.subtracted.setdefault(key, []).append(Subtracted(factor.parent, factor.value, factor.u, parent, cells))
            if start > 0:
                about["percent"] = correct_signal(start, parent, factor.value).percent
                share += about["percent"]
            self._apply(key, Step("interference_1", inputs, self.signals[key] - factor.value * parent, about))
        return share

    def _fit_lines(self) -> None:
        standards = [one for one in self.tubes if one.role == Role.STANDARD]
        for symbol in self.isotopes:
            points = [
                (one, amount, self.signals[one.order, symbol])
                for one in standards
                if (amount := one.holds(symbol)) is not None and (one.order, symbol) in self.signals and symbol not in one.over
            ]
            if not any((one.order, symbol) in self.signals for one in self.tubes):
                continue
            try:
                line = fit_calibration_line([one[1] for one in points], [one[2] for one in points], self.plan.calibration)
            except ValueError as error:
                self._fault("calibration_missing", symbol, f"{symbol} has no calibration. {error}")
                continue
            self.session.lines[symbol] = line
            self.session.standards[symbol] = [
                {"position": tube.number, "ug_l": amount, "signal": signal, "read_ug_l": (signal - line.intercept) / line.slope}
                for tube, amount, signal in points
            ]

    def _weigh_corrections(self, assumed_percent: float) -> None:
        """The uncertainty of each tube's corrections; of several acquisitions the largest, for they share their factors."""
        lines = self.session.lines
        for tube in self.tubes:
            for symbol, line in lines.items():
                if found := self.subtracted.get((tube.order, symbol)):
                    errors = [weigh_signal(parent, lines.get(parent.parent), assumed_percent) for parent in found]
                    self._note_errors((tube.order, symbol), errors)
                    one = combine_corrections(found, errors, line.slope)
                    known = self.session.corrections.get((tube.number, symbol), NO_CORRECTION)
                    self.session.corrections[tube.number, symbol] = CorrectionUncertainty(
                        max(one.by_factors, known.by_factors), max(one.by_readings, known.by_readings)
                    )

    def _note_errors(self, key: tuple[int, str], errors: Sequence[SignalError]) -> None:
        """Beside u(k), every correction states u(P) and where it came from: with the slope the budget's share can be worked out again."""
        steps, waiting = self.steps[key], iter(errors)
        for place, step in enumerate(steps):
            if step.name == "interference_1":
                error = next(waiting)
                steps[place] = replace(step, about={**step.about, "u_parent": error.u, "u_parent_from": error.source})

    def _read_lines(self) -> None:
        for tube in self.tubes:
            for symbol, line in self.session.lines.items():
                key = (tube.order, symbol)
                if key not in self.signals:
                    if symbol in tube.over:
                        self._keep(tube, symbol, SolutionReading(line.highest, ">"), ())
                    continue
                inputs = {"signal": self.signals[key], "intercept": line.intercept, "slope": line.slope}
                read = (self.signals[key] - line.intercept) / line.slope
                end = line.highest * (1 + self.plan.calibration.beyond_percent / 100)
                over = tube.role != Role.STANDARD and (symbol in tube.over or read > end)
                about = {"over_range": True, "highest_standard": line.highest} if over else {}
                self._apply(key, Step("calibration_1", inputs, read, about))
                self._keep(tube, symbol, SolutionReading(line.highest, ">") if over else SolutionReading(read), tuple(self.steps[key]))

    def _keep(self, tube: Tube, symbol: str, found: SolutionReading, steps: tuple[Step, ...]) -> None:
        self.session.readings.setdefault(tube.number, {}).setdefault(symbol, []).append(found)
        ids = tuple(reading_id for _, reading_id in tube.cells.get(symbol, ()))
        self.session.traces.setdefault((tube.number, symbol), []).append(Trace(tube.order, ids, steps))

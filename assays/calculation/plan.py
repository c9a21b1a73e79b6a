"""What a method version says of the way from raw readings to reported values: `MethodVersion.calculation`, read and checked. Pure.

An empty plan is the plain way: the instrument's concentrations, the run's blank, the method's limits and stated uncertainty.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from statistics import fmean, median
from typing import Any

import msgspec

from assays.qc.recoveries import UNFIT_INTERNAL_STANDARDS

EVERY = "*"


class InvalidPlan(ValueError):
    """A method version's plan cannot be followed; the text says what to change."""


class Source(StrEnum):
    """What results are computed from."""

    INSTRUMENT = "instrument"
    COUNTS = "counts"


class Weights(StrEnum):
    """The weight of a standard in the fit: 1, 1/c or 1/c²."""

    NONE = "none"
    INVERSE = "1/x"
    INVERSE_SQUARE = "1/x2"

    @property
    def power(self) -> int:
        """The power of the concentration a residual is divided by."""
        return {Weights.NONE: 0, Weights.INVERSE: 1, Weights.INVERSE_SQUARE: 2}[self]


class Through(StrEnum):
    """Whether the line is forced through the calibration blank, or has an intercept of its own."""

    BLANK = "blank"
    INTERCEPT = "intercept"


class Decides(StrEnum):
    """Whose limits censor: the method version's, or the larger of those and the run's own."""

    METHOD = "method"
    LARGER = "larger"


class Replicates(StrEnum):
    """How accepted replicates become one value; never over a bound."""

    MEAN = "mean"
    MEDIAN = "median"


class Evaluation(StrEnum):
    """How an uncertainty is evaluated: as the method version states it, by Nordtest TR 537, or by a GUM budget."""

    STATED = "stated"
    NORDTEST = "nordtest"
    BUDGET = "budget"


class CalibrationPlan(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The line of each analyte. A reading more than `beyond_percent` above the highest standard is over range."""

    weights: Weights = Weights.NONE
    through: Through = Through.BLANK
    beyond_percent: float = 0.0


class DriftPlan(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Drift is corrected linearly between drift checks; more than `limit_percent` is not corrected but blocks the run."""

    limit_percent: float


class InterferencePlan(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`parents` are the isotopes whose oxides and hydroxides are corrected, each measured alone in a solution of its element in the same
    session; a correction above `flag_percent` of the signal is flagged. Into a budget go the standard uncertainties of MO⁺/M⁺ and of the
    parent's reading; where a session does not show them, `ratio_u_percent` and `reading_u_percent` (assumptions of this laboratory)."""

    parents: tuple[str, ...]
    flag_percent: float = 5.0
    ratio_u_percent: float = 5.0
    reading_u_percent: float = 2.0


class LimitsPlan(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Who decides on censoring; the run's own limits need at least `minimum_blanks` procedural blanks."""

    decides: Decides = Decides.METHOD
    minimum_blanks: int = 3


class UncertaintyPlan(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The evaluation and what it needs. Nordtest: at least `minimum_points` measurements of certified materials in the last `days` days.
    A budget: `components` by name (`COMPONENTS`)."""

    evaluation: Evaluation = Evaluation.STATED
    minimum_points: int = 8
    days: int = 365
    components: dict[str, float] = {}


COMPONENTS = {
    "mass_g": "standard uncertainty of the balance in g",
    "volume_percent": "of the final volume, percent",
    "dilution_percent": "of the dilution, percent",
    "standard_percent": "of the calibration standards, percent",
    "calibration_percent": "of the calibration line where results are the instrument's own, percent",
    "recovery_percent": "of digestion and recovery, percent",
    "repeatability_percent": "of preparation and measurement, percent",
    "moisture_percent": "of the moisture, in percent of mass",
}
"""The components a method version may state, all as standard uncertainties; those of line and blank are found in each run."""


class CalculationPlan(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole way. `internal_standards` name one for each analyte symbol, `*` for the others; `gas_mode` the mode that counts where an
    isotope is measured in several."""

    source: Source = Source.INSTRUMENT
    gas_mode: str = ""
    calibration: CalibrationPlan = CalibrationPlan()
    internal_standards: dict[str, str] = {}
    drift: DriftPlan | None = None
    interferences: InterferencePlan | None = None
    limits: LimitsPlan = LimitsPlan()
    replicates: Replicates = Replicates.MEAN
    uncertainty: UncertaintyPlan = UncertaintyPlan()

    def standard_of(self, symbol: str) -> str:
        """The internal standard of an analyte, empty for none."""
        return self.internal_standards.get(symbol, self.internal_standards.get(EVERY, ""))

    @property
    def parents(self) -> dict[str, str]:
        """The isotopes of interfering elements by symbol."""
        return {element_of(isotope): isotope for isotope in self.interferences.parents} if self.interferences else {}


def read_plan(data: Mapping[str, Any], isotopes: Mapping[str, str] | None = None) -> CalculationPlan:
    """The plan of a method version; `isotopes` are those of its analytes by symbol, and a plan that does not fit them is refused.

    Raises `InvalidPlan`.
    """
    try:
        plan = msgspec.convert(dict(data), CalculationPlan)
    except msgspec.ValidationError as error:
        raise InvalidPlan(f"The calculation cannot be read: {error}.") from error
    _refuse_standards(plan, isotopes or {})
    _refuse_without_counts(plan)
    _refuse_numbers(plan)
    _refuse_parents(plan, isotopes or {})
    return plan


def refuse_for_solid(plan: CalculationPlan) -> None:
    """Raise `InvalidPlan` where the plan asks for what only a solution has: counts of a session, limits of procedural blanks, a budget of
    volume and calibration line."""
    if plan.source != Source.INSTRUMENT or plan.limits.decides != Decides.METHOD or plan.uncertainty.evaluation == Evaluation.BUDGET:
        raise InvalidPlan("A solid is computed from the instrument's contents, with the method's limits and no budget of a solution.")


def combine_replicates(values: Sequence[float], rule: Replicates) -> float:
    """Accepted replicates, none of them a bound, as one number by the method's rule."""
    return median(values) if rule == Replicates.MEDIAN else fmean(values)


def element_of(isotope: str) -> str:
    """`159Tb` is `Tb`; a symbol is itself."""
    return re.sub(r"[^A-Za-z]", "", isotope)


def mass_of(isotope: str) -> int:
    """`159Tb` is 159; of an MS/MS pair the first mass; 0 where none is named."""
    digits = re.sub(r"\D", "", isotope.split("->")[0])
    return int(digits or 0)


def _refuse_standards(plan: CalculationPlan, analytes: Collection[str]) -> None:
    for symbol in dict.fromkeys(plan.internal_standards.values()):
        if symbol in UNFIT_INTERNAL_STANDARDS or symbol in analytes:
            raise InvalidPlan(
                f"{symbol} cannot be an internal standard: it is an analyte and present in the samples. Choose another element."
            )


def _refuse_without_counts(plan: CalculationPlan) -> None:
    """Corrections of signals need signals."""
    named = [name for name in ("internal_standards", "drift", "interferences") if getattr(plan, name)]
    if plan.source != Source.COUNTS and named:
        raise InvalidPlan(
            f"{', '.join(named)} correct counts, but the source is {plan.source}: set the source to counts, or leave them out."
        )


def _refuse_numbers(plan: CalculationPlan) -> None:
    drift, found = plan.drift, plan.interferences
    if drift is not None and not 0 < drift.limit_percent <= 50:
        raise InvalidPlan("The limit of what drift may be corrected lies above 0 and at most at 50 %.")
    if found is not None and not 0 < found.flag_percent <= 100:
        raise InvalidPlan("The share of the signal above which a correction is flagged lies above 0 and at most at 100 %.")
    if found is not None and not (0 < found.ratio_u_percent <= 50 and 0 < found.reading_u_percent <= 50):
        raise InvalidPlan("The assumed uncertainties of a ratio and of a reading lie above 0 and at most at 50 %.")
    if plan.limits.minimum_blanks < 2:
        raise InvalidPlan("Limits of a run need at least 2 blanks; 10 or more are wanted.")
    if plan.uncertainty.minimum_points < 4 or plan.uncertainty.days < 1:
        raise InvalidPlan("Nordtest needs at least 4 measurements of certified materials over at least a day.")
    _refuse_components(plan)
    if not 0 <= plan.calibration.beyond_percent <= 20:
        raise InvalidPlan("A reading may lie at most 20 % above the highest standard.")


def _refuse_components(plan: CalculationPlan) -> None:
    given, asked = plan.uncertainty.components, plan.uncertainty.evaluation == Evaluation.BUDGET
    if given and not asked:
        raise InvalidPlan("Components belong to a budget: set the evaluation to budget, or leave them out.")
    if asked and plan.source == Source.INSTRUMENT and "calibration_percent" not in given:
        raise InvalidPlan("A budget of the instrument's concentrations needs calibration_percent: the line is not known here.")
    if missing := sorted({"mass_g", "volume_percent", "recovery_percent"} - set(given)) if asked else []:
        raise InvalidPlan(f"A budget needs at least mass_g, volume_percent and recovery_percent; it lacks {', '.join(missing)}.")
    if unknown := sorted(set(given) - set(COMPONENTS)):
        raise InvalidPlan(f"A budget knows no {', '.join(unknown)}; it knows {', '.join(COMPONENTS)}.")
    if any(not 0 <= u < 100 for u in given.values()):
        raise InvalidPlan("The components of a budget are standard uncertainties, from 0 to below 100.")


def _refuse_parents(plan: CalculationPlan, isotopes: Mapping[str, str]) -> None:
    for symbol, isotope in plan.parents.items():
        if not mass_of(isotope):
            raise InvalidPlan(f"The interfering element {symbol} needs the isotope it is measured at, as in 140Ce.")
        if symbol in isotopes and mass_of(isotopes[symbol]) != mass_of(isotope):
            raise InvalidPlan(f"{symbol} is measured at {isotopes[symbol]}; its oxides cannot be corrected from {isotope}.")

"""Worked examples of the stages between counts, or what is read of a solid, and a reported value, each computed by the functions that the
product itself uses."""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from assays.calculation.lines import fit_calibration_line
from assays.calculation.plan import CalculationPlan, Evaluation, UncertaintyPlan, read_plan
from assays.calculation.session import compute_session
from assays.calculation.tubes import Role, Tube
from assays.calculation.uncertainties import MaterialHistory, Quantities, evaluate_uncertainties, make_budget
from assays.chemistry.oxides import find_factor
from assays.chemistry.solids import SolidInput, SolidPortion, portion_factor, reduce_solids
from assays.chemistry.tray import AnalyteLimits, SolutionReading
from assays.chemistry.units import convert
from assays.validation.calculations import Calculation, Inputs, Outputs

_SOME_DAY = datetime(2000, 1, 1, tzinfo=UTC)


def _read_back(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    """A concentration read from a line, with its standard error."""
    plan = _plan({"source": "counts", "calibration": inputs.get("calibration", {"through": "intercept"})}, {})
    line = fit_calibration_line(inputs["conc_x"], inputs["intensity"], plan.calibration)
    read = (inputs["signal"] - line.intercept) / line.slope
    return {"x0": read, "s_x0": line.standard_error(read, inputs.get("replicates", 1)), "s_yx": line.residual_sd}


def _session(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    """A whole session from counts: concentrations by tube and element, flagged shares, and the codes of what stands in the way."""
    isotopes = inputs["isotopes"]
    tubes = [
        Tube(order, order, one["label"], Role(one["role"]), one["cps"], one.get("internal_standards", {}), one.get("ug_l", {}))
        for order, one in enumerate(inputs["tubes"], 1)
    ]
    found = compute_session(tubes, _plan(inputs["plan"], isotopes), isotopes)
    labels = {tube.number: tube.label for tube in tubes}
    return {
        "ug_l": {
            labels[number]: {symbol: f"{one.qualifier}{one.value:g}" if one.qualifier else one.value for symbol, [one] in symbols.items()}
            for number, symbols in found.readings.items()
            if labels[number] in inputs["asked"]
        },
        "share_percent": {f"{symbol} in {labels[number]}": share for (number, symbol), share in found.flagged.items()},
        "faults": sorted({one.code for one in found.faults}),
    }


def _nordtest(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    """Nordtest from the readings of several certified materials: reproducibility pooled, biases as root mean square."""
    histories = [
        MaterialHistory(name, tuple(one["results"]), one["certified"], one["u_certified"], "", _SOME_DAY, _SOME_DAY)
        for name, one in inputs["materials"].items()
    ]
    plan = UncertaintyPlan(evaluation=Evaluation.NORDTEST, minimum_points=4)
    found = evaluate_uncertainties(plan, {"x": 0.0}, {"x": histories})["x"]
    return {
        "u_Rw_pct": found.found["u_rw_percent"],
        "bias_pct": found.found["bias_percent"],
        "u_Cref_pct": found.found["u_reference_percent"],
        "U_pct": found.percent,
        "n": found.found["n"],
    }


def _budget(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    quantities = Quantities(
        inputs["net_ug_l"], inputs["mass_g"], inputs["moisture_pct"], inputs["u_calibration_ug_l"], inputs["u_blank_ug_l"]
    )
    step = make_budget(inputs["value_mg_kg"], quantities, inputs["components"])
    return {"U_mg_kg": step.output, "share_pct": {one["component"]: one["share_percent"] for one in step.about["components"]}}


def _solid(inputs: Inputs, wanted: Collection[str]) -> Outputs:
    """A content of a solid from what its instrument reports of an oxide or element."""
    portion = SolidPortion(inputs["m_g"], inputs.get("M_pct", 0.0), inputs.get("specimen_g"), inputs.get("loi_pct"))
    symbol, species, of = inputs["symbol"], inputs["species"], inputs["reported_of"]
    factor = 1.0 if species == symbol else find_factor(symbol, species)
    read = float(inputs["read"]) * float(convert(Decimal(1), inputs["unit"], "mg/kg")) / factor
    tube = SolidInput(1, portion, {symbol: [SolutionReading(read)]})
    found = reduce_solids([tube], {symbol: AnalyteLimits(0.0, 0.0, math.inf, 0.0)}, portion, of)
    return {"C_dry_mg_kg": found.results[1, symbol].value, "portion_factor": portion_factor(portion, of)}


def _plan(data: dict[str, Any], isotopes: dict[str, str]) -> CalculationPlan:
    return read_plan(data, isotopes)


CALCULATION_CALCULATIONS = (
    Calculation("calibration_reading", ("conc_x", "intensity", "signal"), _read_back),
    Calculation("session", ("tubes", "plan", "isotopes"), _session),
    Calculation("nordtest_materials", ("materials",), _nordtest),
    Calculation("solid", ("read", "unit", "reported_of"), _solid),
    Calculation("budget", ("net_ug_l", "components"), _budget),
)

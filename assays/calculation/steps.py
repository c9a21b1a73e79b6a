"""The steps of a calculation as they are kept: a name, the numbers that went in, the number that came out. Pure.

Each step is one line of arithmetic over its own inputs, so that an auditor with a spreadsheet, or a program of ten lines, gets the same
output. `FORMULAS` are their texts; a formula that changes gets a new name, for what is stored names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Formula:
    """`expression` is arithmetic (+ - * / ** and brackets) over the names of the inputs, or says what is done with all of them; `unit` is
    that of the output."""

    name: str
    expression: str
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one analyte at one tube; `about` says of what without entering the arithmetic: the standard, the parent, a flag."""

    name: str
    inputs: Mapping[str, float]
    output: float
    about: Mapping[str, Any] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """The step as it is stored: numbers with every digit they have."""
        return {"step": self.name, "inputs": dict(self.inputs), "output": self.output, "about": dict(self.about)}


_FORMULAS = (
    Formula("internal_standard_1", "signal * reference / standard", "cps", "Signal over the recovery of its internal standard"),
    Formula("background_1", "signal - background", "cps", "Less the mean of the calibration blanks"),
    Formula("drift_1", "signal / (before + (after - before) * place)", "cps", "Over the sensitivity, linear between two drift checks"),
    Formula("interference_1", "signal - factor * parent", "cps", "Less the oxide and hydroxide ions of one element"),
    Formula("calibration_1", "(signal - intercept) / slope", "µg/L", "From the calibration line"),
    Formula("reading_solution_1", "reading * unit_factor / oxide_factor", "µg/L", "One reading as the element, in µg/L"),
    Formula("solution_mean_1", "mean of the inputs", "µg/L", "Mean of the accepted replicates"),
    Formula("solution_median_1", "median of the inputs", "µg/L", "Median of the accepted replicates"),
    Formula("reading_solid_1", "reading * unit_factor / oxide_factor", "mg/kg", "One reading of a solid as the element, in mg/kg"),
    Formula("solid_mean_1", "mean of the inputs", "mg/kg", "Mean of the accepted replicates"),
    Formula("solid_median_1", "median of the inputs", "mg/kg", "Median of the accepted replicates"),
    Formula("of_sample_1", "read", "mg/kg", "Reported of the sample as prepared: nothing was dissolved or diluted, no factor is applied"),
    Formula("of_specimen_1", "read * specimen_g / mass_g", "mg/kg", "Reported of the pellet or bead: content of the portion in it"),
    Formula("of_ignited_1", "read * (100 - ignition_loss_percent) / 100", "mg/kg", "Reported of the ignited sample: as before it"),
    Formula(
        "of_ignited_dry_1",
        "read * (100 - ignition_loss_percent) / 100 * (100 - moisture_percent) / 100",
        "mg/kg",
        "Reported of the ignited sample, its loss being of the dried portion: as before drying",
    ),
    Formula("procedural_blank_1", "mean of the inputs", "µg/L", "Mean of the run's reagent blanks; bounds and negative ones count as zero"),
    Formula("blank_scale_1", "blank * applied_dilution", "µg/L", "The blank on the scale of a reading that carries its dilution"),
    Formula("content_1", "(solution - blank) * volume_ml * dilution / (1000 * mass_g)", "mg/kg", "Content of the portion as weighed"),
    Formula("dry_1", "content * 100 / (100 - moisture_percent)", "mg/kg dry", "On the dry basis"),
    Formula(
        "gravimetric_treo_1",
        "100 * (ignited_g - crucible_g - blank_g) * solution_ml / (aliquot_ml * mass_g)",
        "%",
        "Oxides weighed after ignition, of the portion as weighed",
    ),
    Formula(
        "titrimetric_treo_1",
        "100 * titrant_mol_l * (titre_ml - blank_ml) * mean_oxide_g_mol * solution_ml / (1000 * aliquot_ml * mass_g)",
        "%",
        "Oxides titrated with EDTA, of the portion as weighed",
    ),
    Formula("dry_percent_1", "content * 100 / (100 - moisture_percent)", "% dry", "On the dry basis"),
    Formula(
        "loss_on_ignition_1",
        "100 * (loi_before_g - loi_after_g) / (loi_before_g - loi_crucible_g)",
        "%",
        "Loss on ignition",
    ),
    Formula(
        "budget_1",
        "2 * value * root of the sum of the squares of the others",
        "mg/kg dry",
        "Expanded uncertainty, k = 2, from the relative standard uncertainties of the budget",
    ),
    Formula(
        "relative_uncertainty_dilution_1",
        "value * (percent * percent + 4 * dilution_u_percent * dilution_u_percent) ** 0.5 / 100",
        "mg/kg dry",
        "Expanded uncertainty, k = 2, with the standard uncertainty of a dilution series",
    ),
    Formula("relative_uncertainty_1", "value * percent / 100", "mg/kg dry", "Expanded uncertainty, k = 2, from a relative one"),
)

FORMULAS: Mapping[str, Formula] = MappingProxyType({formula.name: formula for formula in _FORMULAS})

"""The calculation trail of a stored result: everything an auditor needs to compute its number again, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from assays.calculation.steps import FORMULAS, Step
from assays.calculation.trails import Cell, tell_determination, tell_steps
from assays.chemistry.oxides import find_factor
from assays.chemistry.units import convert
from assays.instruments.models import Reading
from assays.instruments.parsers.nomenclature import read_unit
from assays.models import ReductionStage, ResultVersion
from assays.selectors.results import readings_behind

TRAIL_RELATIONS = (
    "result__sample", "result__analyte", "reduction__reduced_by", "reduction__run", "position__aliquot__preparation",
    "method_version__method",
)  # fmt: skip


def _tell(version: ResultVersion, symbol: str, stages: dict[str, Any], cells: Sequence[Reading]) -> list[dict[str, Any]]:
    if "determination" in version.inputs:
        return tell_determination(version.inputs, symbol)
    return tell_steps(
        version.inputs,
        [] if version.inputs.get("acquisitions") else _contents(cells, symbol, "mg/kg" if "read_mg_kg" in version.inputs else "ug/L"),
        [one["ug_l"] for one in stages.get("procedural_blanks", ())],
        _tell_uncertainty(version),
        float(version.inputs.get("portion_moisture_percent", 0)),
    )


_PORTION = (
    "mass_g",
    "volume_ml",
    "specimen_g",
    "ignition_loss_percent",
    "reported_of",
    "wet_mass_g",
    "dry_mass_g",
    "portion_moisture_percent",
)


def trail_of(version: ResultVersion) -> dict[str, Any]:
    """The trail of one version, as it was computed then; versions from before a stage was kept tell what they hold."""
    symbol = version.result.analyte.symbol
    stages = _stages_of(version, symbol)
    cells = readings_behind(version)
    steps = _tell(version, symbol, stages, cells)
    used = {row["step"] for row in steps}
    return {
        "sample": version.result.sample.blind_code,
        "analyte": symbol,
        "run": version.reduction.run.code,
        "position": version.position.number,
        "method_version": str(version.method_version),
        "version": version.version,
        "reduction": version.reduction.number,
        "software": version.reduction.software,
        "reduced_at": version.reduction.reduced_at.isoformat(),
        "carried_from": version.inputs.get("carried_from"),
        "result": {
            "text": version.text,
            "qualifier": "" if version.qualifier == "=" else version.qualifier,
            "value": str(version.value),
            "uncertainty": None if version.uncertainty is None else str(version.uncertainty),
            "uncertainty_text": version.uncertainty_text or None,
            "k": str(version.k),
            "unit": version.unit,
            "basis": version.basis,
            "lod": str(version.lod),
            "loq": str(version.loq),
        },
        "instrument_ug_l": version.inputs.get("instrument_ug_l"),
        "portion": {name: version.inputs[name] for name in _PORTION if name in version.inputs},
        "cells": [_cell(one) for one in cells],
        "steps": steps,
        "formulas": [
            {"name": one.name, "expression": one.expression, "unit": one.unit, "meaning": one.meaning}
            for one in FORMULAS.values()
            if one.name in used
        ],
        "stages": stages,
    }


def _stages_of(version: ResultVersion, symbol: str) -> dict[str, Any]:
    """What the stages of its reduction found that concerns the element; the plan whole. A carried version was made by another reduction."""
    origin = version.inputs.get("carried_from")
    reduction = ResultVersion.objects.values_list("reduction", flat=True).get(pk=origin) if origin else version.reduction_id
    found: dict[str, Any] = dict(ReductionStage.objects.filter(reduction=reduction).values_list("stage", "data"))
    own = {name: data if name in {"plan", "internal_standards"} else _of_element(data, symbol) for name, data in found.items()}
    return {name: data for name, data in own.items() if data}


def _of_element(data: Any, symbol: str) -> Any:
    if isinstance(data, dict):
        return data.get(symbol)
    return [one for one in data if one.get("analyte") in {symbol, ""}]


def _cell(reading: Reading) -> dict[str, Any]:
    row = reading.row
    return {
        "id": str(reading.pk),
        "file": row.upload.file_name,
        "sha256": row.upload.sha256,
        "cell": f"{reading.column}{reading.source_row or ''}",
        "label": row.label,
        "text": reading.raw,
        "value": None if reading.value is None else str(reading.value),
        "quantity": reading.quantity,
        "unit": reading.unit,
        "isotope": reading.isotope,
        "gas_mode": reading.gas_mode,
    }


def _contents(cells: Sequence[Reading], symbol: str, target: str) -> list[Cell]:
    """What the instrument reported, with the factors of its units and oxides; none where one of them is a bound, for then no mean was
    formed."""
    if any(one.value is None or one.bound for one in cells):
        return []
    return [
        Cell(
            float(one.value or Decimal(0)),
            float(convert(Decimal(1), _unit_of(one), target)),
            1.0 if one.analyte == symbol else find_factor(symbol, one.analyte),
            {"read": one.analyte, "unit": _unit_of(one), "cell": f"{one.column}{one.source_row or ''}"},
        )
        for one in cells
    ]


def _unit_of(cell: Reading) -> str:
    """The unit the cell was reduced in: its own, or the one that was said for its file."""
    unit = cell.unit or cell.row.upload.stated_unit
    return read_unit(unit) or unit


def _tell_uncertainty(version: ResultVersion) -> list[Step]:
    if version.uncertainty is None:
        return []
    budget = version.inputs.get("budget")
    if budget:
        return [Step(budget["step"], budget["inputs"], budget["output"], budget["about"])]
    if "relative_uncertainty_percent" not in version.inputs:
        return []
    percent = float(version.inputs["relative_uncertainty_percent"])
    inputs = {"value": float(version.value), "percent": percent}
    series = float(version.inputs.get("dilution_u_percent", 0))
    if series:
        return [Step("relative_uncertainty_dilution_1", inputs | {"dilution_u_percent": series}, float(version.uncertainty))]
    return [Step("relative_uncertainty_1", inputs, float(version.uncertainty))]

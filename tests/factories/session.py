"""An instrument with every fault that a calculation from counts corrects, so that a test can ask whether the truth comes back.

A tube's signal is (sensitivity · concentration + the ions of its other elements) · suppression of the tube · drift, on a background.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from assays.instruments.writers import BatchAnalyte, BatchRow, BatchValues, write_batch_table
from assays.models import ControlRequirement, MethodVersion, Run, RunPosition
from tests.factories.bench import method_version
from tests.factories.measurement import contents_of, make_headings, positions_of

PLAN: dict[str, Any] = {
    "source": "counts",
    "calibration": {"weights": "1/x", "through": "blank"},
    "internal_standards": {"*": "Rh"},
    "drift": {"limit_percent": 10},
    "interferences": {"parents": ["137Ba", "140Ce", "141Pr", "146Nd", "147Sm", "157Gd", "159Tb"]},
    "limits": {"decides": "larger", "minimum_blanks": 3},
}
IONS = {
    ("Eu", "Ba"): 0.0020, ("Gd", "Ce"): 0.0010, ("Gd", "Pr"): 0.0110, ("Tb", "Ce"): 0.0002, ("Tb", "Nd"): 0.0060, ("Dy", "Nd"): 0.0004,
    ("Dy", "Sm"): 0.0090, ("Yb", "Gd"): 0.0100, ("Lu", "Tb"): 0.0080,
}  # fmt: skip
"""Counts at an analyte's isotope per count of the parent's."""
SENSITIVITY, BACKGROUND, RHODIUM = 20_000.0, 40.0, 1_000_000.0
BARIUM = 400.0
"""mg/kg in every sample; no analyte, but its oxide falls on europium."""


class _Rhodium:
    symbol, heading = "Rh", "103  Rh ( ISTD )  [ He ] "


def ask_for_counts(plan: Mapping[str, Any] | None = None) -> MethodVersion:
    """The fusion method, computing from counts: with calibration standards, drift checks and single-element solutions on its trays."""
    version = method_version()
    MethodVersion.objects.filter(pk=version.pk).update(calculation=PLAN if plan is None else plan)
    window = {"low_percent": 90, "high_percent": 110}
    asked: list[tuple[str, str, dict[str, float], dict[str, Any]]] = [
        ("calibration", "calibration_back_calculation", {"lowest_percent": 30, "other_percent": 10}, {"levels": [0, 1, 10, 100, 1000]}),
        ("continuing_calibration_verification", "recovery_window", window, {"every": 4, "nominal": {"*": 10}}),
        (
            "interference_solution", "oxide_formation", {"warn_percent": 5, "fail_percent": 10},
            {"solutions": dict.fromkeys(["Ba", "Ce", "Pr", "Nd", "Sm", "Gd", "Tb"], 500)},
        ),
        ("internal_standard", "recovery_window", {"low_percent": 80, "high_percent": 120}, {}),
    ]  # fmt: skip
    for order, (kind, rule, limits, placement) in enumerate(asked, 10):
        solution = kind in {"interference_solution", "internal_standard"}
        ControlRequirement.objects.create(
            method_version=version, kind=kind, rule=rule, limits=limits, placement=placement, order=order, analytes=[] if solution else None
        )
    return MethodVersion.objects.get(pk=version.pk)


def true_solution(position: RunPosition) -> dict[str, float]:
    """What a tube holds, µg/L as measured."""
    version = position.run.method_version
    symbols = [one.analyte.symbol for one in version.analytes.select_related("analyte")]
    if position.kind in {"calibration", "drift"}:
        return {symbol: float(position.nominal.get(symbol, position.nominal.get("*", 0))) for symbol in [*symbols, "Ba"]}
    portion = position.aliquot or position
    to_solution = float(portion.mass_g or version.test_portion_g) / float(portion.volume_ml or version.volume_ml) * 1000
    contents = contents_of(position) | ({"Ba": BARIUM} if position.aliquot is not None else {})
    factor = to_solution / float(portion.dilution or version.dilution)
    noise = 1 + 0.3 * (position.number % 3 - 1) if position.kind == "blank" else 1
    return {symbol: content * factor * noise for symbol, content in contents.items()}


def make_counts_export(
    run: Run,
    *,
    drift: Callable[[float], float] = lambda place: 1 - 0.06 * place,
    suppression: Callable[[RunPosition], float] = lambda position: 0.9 if position.kind == "sample" else 1.0,
    without: str = "",
) -> bytes:
    """The run's batch with counts; the instrument's own concentrations know nothing of drift, suppression or ions. `drift` is the
    sensitivity at a place from 0 to 1 through the session, after the calibration."""
    headings: list[Any] = [*make_headings(run), BatchAnalyte("Ba", 137), _Rhodium()]
    tubes = positions_of(run)
    measured = [one for one in tubes if one.kind != "calibration"]
    first_check = next((index for index, one in enumerate(measured) if one.kind == "drift"), 0)
    rows = []
    for position in tubes:
        place = max(0.0, (measured.index(position) - first_check) / len(measured)) if position in measured else 0.0
        solution = true_solution(position)
        sensitivity = suppression(position) * drift(place)
        values: dict[str, BatchValues] = {"Rh": BatchValues(None, None, _cell(RHODIUM * suppression(position)), None)}
        for heading in headings[:-1]:
            symbol = heading.symbol
            ions = sum(solution.get(parent, 0.0) * share for (analyte, parent), share in IONS.items() if analyte == symbol)
            counts = SENSITIVITY * (solution.get(symbol, 0.0) + ions) * sensitivity + BACKGROUND
            dilution = float((position.aliquot or position).dilution or run.method_version.dilution)
            read = (counts - BACKGROUND) / SENSITIVITY * dilution
            values[symbol] = BatchValues(_cell(read) if symbol != "Ba" else None, None, _cell(counts), None)
        kind = {"calibration": "CalStd" if position.nominal.get("*") else "CalBlk"}.get(position.kind, "Sample")
        dilution = (position.aliquot or position).dilution or run.method_version.dilution
        if position.label != without:
            rows.append(BatchRow(position.label, kind, values, f"{position.number:03d}SMPL.d", total_dilution=dilution))
    return write_batch_table(rows, headings)


def _cell(value: float) -> Decimal:
    return Decimal(f"{value:.10g}")

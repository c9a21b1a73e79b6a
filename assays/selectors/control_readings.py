"""Raw readings that only controls need: counts of internal standards and calibration standards, and what another technique found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from statistics import fmean
from typing import Any

from django.db.models import Q

from assays.instruments.models import Reading, RowOutcome, UploadState
from assays.models import MethodAnalyte, Result, Run
from assays.models.methods import Extraction, Form
from assays.models.runs import PositionKind
from assays.qc.measurements import ControlKind

EVERY = "*"
"""In `RunPosition.nominal`: every analyte that is not named."""

_USUAL = {
    PositionKind.BLANK: ControlKind.REAGENT_BLANK,
    PositionKind.REFERENCE: ControlKind.REFERENCE_MATERIAL,
    PositionKind.CALIBRATION: ControlKind.CALIBRATION,
    PositionKind.DRIFT: ControlKind.CONTINUING_CALIBRATION_VERIFICATION,
    PositionKind.SPIKE: ControlKind.MATRIX_SPIKE,
}

Channel = tuple[str, str]
"""Isotope and gas mode."""


def sort_of_control(position: Any, usual_duplicate: str = "") -> ControlKind | None:
    """What a planned or stored position controls; None for a sample. A duplicate that does not say its stage is of the method's own."""
    if position.control:
        return ControlKind(position.control)
    if position.kind == PositionKind.DUPLICATE:
        return ControlKind(usual_duplicate) if usual_duplicate else ControlKind.PULP_DUPLICATE
    return _USUAL.get(position.kind)


def usual_stage(asked: Iterable[str]) -> str:
    """The stage of a duplicate that does not say its own, among the sorts of control a method asks for; empty where it asks for none.
    Field duplicates are samples and say so."""
    wanted = set(asked)
    stages = (ControlKind.PULP_DUPLICATE, ControlKind.COARSE_DUPLICATE, ControlKind.INSTRUMENT_DUPLICATE)
    return next((one for one in stages if one in wanted), "")


def nominal_of(position: Any, symbol: str) -> float | None:
    """What a position is known to hold of an analyte: µg/L in a standard or check, µg added in a spike; None where it is not known."""
    value = position.nominal.get(symbol, position.nominal.get(EVERY))
    return None if value is None else float(value)


def internal_standard_counts(run: Run) -> tuple[dict[tuple[int, str], dict[Channel, float]], dict[tuple[str, Channel], float]]:
    """The counts of internal standards: by (position number, symbol) and channel, and the mean of the calibration blanks by (symbol,
    channel)."""
    cells = (
        _counts(run)
        .filter(internal_standard=True)
        .values_list(
            "row__position__number", "row__position__kind", "row__position__nominal", "row__kind", "row__outcome",
            "analyte", "isotope", "gas_mode", "value",
        )
    )  # fmt: skip
    found: defaultdict[tuple[int, str], defaultdict[Channel, list[float]]] = defaultdict(lambda: defaultdict(list))
    blanks: defaultdict[tuple[str, Channel], list[float]] = defaultdict(list)
    for number, kind, nominal, row_kind, outcome, symbol, isotope, gas, value in cells:
        channel = (isotope, gas)
        if _is_calibration_blank(kind, nominal, row_kind, outcome):
            blanks[symbol, channel].append(float(value))
        elif number is not None:
            found[number, symbol][channel].append(float(value))
    means = {key: {channel: fmean(values) for channel, values in channels.items()} for key, channels in found.items()}
    return means, {key: fmean(values) for key, values in blanks.items()}


def _is_calibration_blank(kind: str | None, nominal: Mapping[str, Any] | None, row_kind: str, outcome: str) -> bool:
    if kind == PositionKind.CALIBRATION:
        return bool(nominal) and all(float(value) == 0 for value in (nominal or {}).values())
    return outcome == RowOutcome.CALIBRATION and row_kind == "blank"


def standard_counts(run: Run, analytes: Mapping[str, MethodAnalyte]) -> dict[tuple[int, str], float]:
    """The mean counts at each calibration position by (number, symbol), in the method's own channel."""
    cells = (
        _counts(run)
        .filter(internal_standard=False, row__position__kind=PositionKind.CALIBRATION, analyte__in=list(analytes))
        .values_list("row__position__number", "analyte", "isotope", "value")
    )
    found: defaultdict[tuple[int, str], list[float]] = defaultdict(list)
    for number, symbol, isotope, value in cells:
        if _mass(isotope) in {"", _mass(analytes[symbol].isotope)}:
            found[number, symbol].append(float(value))
    return {key: fmean(values) for key, values in found.items()}


def _counts(run: Run) -> Any:
    recorded = Reading.objects.filter(row__upload__run=run, row__upload__state=UploadState.RECORDED, quantity="counts")
    return recorded.exclude(value=None).exclude(row__outcome__in=[RowOutcome.IGNORED, RowOutcome.PARKED])


def _mass(isotope: str) -> str:
    return "".join(character for character in isotope.split("->")[0] if character.isdigit())


def contents_by_other_technique(run: Run, samples: Collection[Any]) -> dict[tuple[Any, str], tuple[float, str, str]]:
    """The current total contents of the samples by X-ray fluorescence, or by any other method that measures solids, at the same laboratory
    in the same unit and basis; for a run of such a method by the others, read in solutions: (sample, symbol) → value, qualifier, method."""
    version, method = run.method_version, run.method_version.method
    in_solids = Q(test__method_version__method__method_group__icontains="xrf") | ~Q(test__method_version__form=Form.SOLUTION)
    rows = (
        Result.objects.filter(
            ~in_solids if version.is_solid or "xrf" in method.method_group.casefold() else in_solids,
            sample__in=list(samples),
            current__isnull=False,
            current__unit=run.method_version.unit,
            current__basis=run.method_version.basis,
            test__submission__laboratory=run.laboratory_id,
            test__method_version__method__extraction=Extraction.TOTAL,
        )
        .exclude(test__method_version__method=method)
        .order_by("test__changed_at", "pk")
        .values_list("sample", "analyte__symbol", "current__value", "current__qualifier", "test__method_version__method__code")
    )
    return {(sample, symbol): (float(value), qualifier.strip("="), method) for sample, symbol, value, qualifier, method in rows}

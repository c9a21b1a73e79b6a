"""From a run's recorded readings to result versions. Set-based: one query for positions, one for readings, COPY for versions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from assays.chemistry.rounding import Rule, report, round_significant
from assays.chemistry.tray import AnalyteLimits, DilutionMismatch, Portion, SolutionReading, TrayInput, TrayResult, reduce_tray
from assays.chemistry.units import convert
from assays.instruments.models import Reading, RowOutcome, UploadState
from assays.instruments.parsers.nomenclature import read_unit
from assays.models import MethodAnalyte, MethodVersion, Reduction, Result, ResultVersion, Run, RunPosition
from lims.core import clock
from lims.core.copying import copy_rows
from lims.core.errors import Invalid
from lims.core.ids import uuid7

SOFTWARE = "lims-reduction 1"
# The product's own order of trust: a concentration that carries its dilution before the one of the measured solution.
_QUANTITIES = ("concentration", "measured_concentration")
_BOUNDS = {"": "", "<": "<", ">": ">", "OVER": ">"}


@dataclass(frozen=True)
class ReducedRun:
    """Everything a judgement needs: the run's positions and method analytes, and the contents by (position number, symbol)."""

    positions: dict[int, RunPosition]
    analytes: dict[str, MethodAnalyte]
    results: dict[tuple[int, str], TrayResult]
    internal_standards: tuple[str, ...]


def compute_run(run: Run) -> ReducedRun:
    """Reduce the run's readings without storing anything.

    Raises `Invalid('dilution')` when the instrument applied a dilution that is not the aliquot's, `Invalid('unit')` for a unit that is no
    concentration of a solution.
    """
    version = run.method_version
    analytes = {one.analyte.symbol: one for one in version.analytes.select_related("analyte")}
    positions = {
        position.number: position
        for position in run.positions.select_related("aliquot__preparation", "aliquot__test__sample", "material", "duplicate_of")
    }
    readings, standards = _read(run, analytes)
    tray = [
        TrayInput(number, _portion(position, version), readings.get(number, {}), is_blank=position.kind == "blank")
        for number, position in positions.items()
    ]
    limits = {
        symbol: AnalyteLimits(float(one.lod), float(one.loq), float(one.upper_limit), float(one.relative_uncertainty_percent))
        for symbol, one in analytes.items()
    }
    try:
        results = reduce_tray(tray, limits, _nominal(version))
    except DilutionMismatch as error:
        raise Invalid(
            "dilution", f"In run {run.code} {error}. Correct the dilution at the instrument or on the aliquot, then send the file again."
        ) from error
    return ReducedRun(positions, analytes, results, standards)


def _nominal(version: MethodVersion) -> Portion:
    return Portion(float(version.test_portion_g), float(version.volume_ml), float(version.dilution))


def _portion(position: RunPosition, version: MethodVersion) -> Portion:
    """The portion behind a tube: the aliquot's, or the control's own amounts, else the method's nominal ones."""
    if position.aliquot is not None:
        aliquot = position.aliquot
        moisture = aliquot.preparation.portion_moisture_percent
        return Portion(float(aliquot.mass_g), float(aliquot.volume_ml), float(aliquot.dilution), moisture)
    nominal = _nominal(version)
    return Portion(
        float(position.mass_g or nominal.mass_g),
        float(position.volume_ml or nominal.volume_ml),
        float(position.dilution or nominal.dilution),
    )


def _read(run: Run, analytes: dict[str, MethodAnalyte]) -> tuple[dict[int, dict[str, list[SolutionReading]]], tuple[str, ...]]:
    """The usable readings of the recorded uploads by position number and symbol, and the internal standards they were taken with."""
    recorded = Reading.objects.filter(row__upload__run=run, row__upload__state=UploadState.RECORDED)
    standards = recorded.filter(internal_standard=True).values_list("analyte", flat=True).distinct()
    cells = recorded.filter(
        row__outcome=RowOutcome.MATCHED,
        row__position__run=run,
        internal_standard=False,
        analyte__in=list(analytes),
        quantity__in=_QUANTITIES,
    ).values_list("row__position__number", "analyte", "isotope", "quantity", "unit", "value", "qualifier", "row__total_dilution", "id")
    by_quantity: dict[tuple[int, str], dict[str, list[SolutionReading]]] = defaultdict(lambda: defaultdict(list))
    for number, symbol, isotope, quantity, unit, value, qualifier, dilution, reading_id in cells:
        if _is_of_channel(isotope, analytes[symbol].isotope) and qualifier in _BOUNDS and (value is not None or qualifier == "OVER"):
            reading = _solution_reading(
                value, unit, qualifier, dilution if quantity == "concentration" else None, reading_id, analytes[symbol]
            )
            by_quantity[number, symbol][quantity].append(reading)
    found: dict[int, dict[str, list[SolutionReading]]] = defaultdict(dict)
    for (number, symbol), groups in by_quantity.items():
        found[number][symbol] = next(groups[quantity] for quantity in _QUANTITIES if quantity in groups)
    return found, tuple(sorted(standards))


def _is_of_channel(read: str, expected: str) -> bool:
    """Whether a reading is of the method's isotope; a reading that names none is taken for it."""
    digits = "".join(character for character in read.split("->")[0] if character.isdigit())
    wanted = "".join(character for character in expected if character.isdigit())
    return not digits or not wanted or digits == wanted


def _solution_reading(
    value: Decimal | None, unit: str, qualifier: str, dilution: Decimal | None, reading_id: UUID, analyte: MethodAnalyte
) -> SolutionReading:
    """One cell in µg/L. `OVER` carries no number: it ends as a bound at the end of the working range."""
    if value is None:
        return SolutionReading(0.0, ">", float(dilution or 1), str(reading_id))
    try:
        micrograms = convert(value, read_unit(unit) or unit, "ug/L")
    except ValueError as error:
        raise Invalid(
            "unit",
            f"{analyte.analyte.symbol} was read in {unit or 'no unit'}; the method works in {analyte.method_version.solution_unit}. {error}",
        ) from error
    return SolutionReading(float(micrograms), _BOUNDS[qualifier], float(dilution or 1), str(reading_id))


def reduce_run(*, run: Run, by: Any, at: datetime | None = None) -> Reduction:
    """Reduce a run and store a new version of each result; nothing is overwritten. The caller holds the run's lock."""
    with transaction.atomic():
        reduced = compute_run(run)
        number = (run.reductions.aggregate(last=Max("number"))["last"] or 0) + 1
        uploads = run.uploads.filter(state=UploadState.RECORDED).order_by("id").values_list("sha256", flat=True)
        reduction = Reduction.objects.create(
            run=run,
            number=number,
            reduced_by=by if getattr(by, "full_name", None) else None,
            reduced_at=at or clock.now(),
            software=SOFTWARE,
            uploads=list(uploads),
        )
        _store_versions(reduction, reduced)
    return reduction


_VERSION_COLUMNS = [
    "id", "result_id", "version", "reduction_id", "position_id", "method_version_id", "text", "value", "qualifier", "unit", "basis",
    "uncertainty", "uncertainty_text", "k", "lod", "loq", "inputs",
]  # fmt: skip


def _store_versions(reduction: Reduction, reduced: ReducedRun) -> None:
    """A version for every sample position and analyte; the heads point to the new ones, and to nothing where a reading was withdrawn."""
    samples = {number: position for number, position in reduced.positions.items() if position.kind == "sample"}
    tests = {position.aliquot.test_id: position.aliquot.test.sample_id for position in samples.values() if position.aliquot}
    heads = _ensure_heads(tests, [one.analyte_id for one in reduced.analytes.values()])
    wanted = [(number, symbol, found) for (number, symbol), found in reduced.results.items() if number in samples]
    rows, current = [], {}
    for number, symbol, found in wanted:
        position, analyte = samples[number], reduced.analytes[symbol]
        head, last = heads[position.aliquot.test_id, analyte.analyte_id]  # type: ignore[union-attr]
        version_id = current[head] = uuid7()
        rows.append((version_id, head, last + 1, reduction.pk, position.pk, *_version_values(position, analyte, found, reduced)))
    copy_rows("assays_resultversion", _VERSION_COLUMNS, rows)
    stale = {head for head, _ in heads.values()} - current.keys()
    Result.objects.bulk_update([Result(pk=head, current_id=version) for head, version in current.items()], ["current"])
    Result.objects.filter(pk__in=stale).update(current=None)


def _ensure_heads(tests: dict[UUID, UUID], analyte_ids: list[UUID]) -> dict[tuple[UUID, UUID], tuple[UUID, int]]:
    """The head of each (test, analyte) with its last version number."""
    Result.objects.bulk_create(
        [Result(test_id=test, sample_id=sample, analyte_id=analyte) for test, sample in tests.items() for analyte in analyte_ids],
        ignore_conflicts=True,
    )
    heads = Result.objects.filter(test__in=tests).values_list("pk", "test_id", "analyte_id")
    last = dict(ResultVersion.objects.filter(result__test__in=tests).values_list("result").annotate(last=Max("version")))
    return {(test, analyte): (head, last.get(head, 0)) for head, test, analyte in heads}


def report_text(found: TrayResult) -> tuple[str, str]:
    """Value and uncertainty as reported: a bound to two figures (a `<` never rounded down), a value to the place of its uncertainty."""
    if found.qualifier:
        return found.qualifier + round_significant(found.value, 2, Rule.UP if found.qualifier == "<" else Rule.HALF_EVEN), ""
    reported = report(found.value, found.uncertainty)
    return reported.text, reported.uncertainty_text


def _version_values(position: RunPosition, analyte: MethodAnalyte, found: TrayResult, reduced: ReducedRun) -> tuple[Any, ...]:
    version = analyte.method_version
    aliquot = position.aliquot
    text, uncertainty_text = report_text(found)
    inputs = {
        "readings": list(found.reading_ids),
        "solution_ug_l": repr(found.solution_ug_l),
        "blank_ug_l": repr(found.blank_ug_l),
        "mass_g": str(aliquot.mass_g),
        "volume_ml": str(aliquot.volume_ml),
        "dilution": repr(found.dilution),
        "wet_mass_g": str(aliquot.preparation.wet_mass_g),
        "dry_mass_g": str(aliquot.preparation.dry_mass_g),
        "portion_moisture_percent": repr(aliquot.preparation.portion_moisture_percent),
        "net_mg_kg": repr(found.net),
        "relative_uncertainty_percent": str(analyte.relative_uncertainty_percent),
    }
    return (
        version.pk, text, _decimal(found.value), found.qualifier or "=", version.unit, version.basis,
        _decimal(found.uncertainty), uncertainty_text, Decimal(2), _decimal(found.lod, 6), _decimal(found.loq, 6), inputs,
    )  # fmt: skip


def _decimal(value: float | None, places: int = 12) -> Decimal | None:
    return None if value is None else Decimal(repr(value)).quantize(Decimal(1).scaleb(-places))

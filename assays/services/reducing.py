"""From a run's recorded readings to contents, nothing stored. Set-based: one query for positions, one for readings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from assays.calculation.plan import combine_replicates
from assays.calculation.run_limits import DecidedLimits, keep_limits
from assays.calculation.tubes import Fault
from assays.calculation.uncertainties import Evaluated
from assays.chemistry.solids import OF_IGNITED, SolidInput, SolidPortion, reduce_solids
from assays.chemistry.tray import AnalyteLimits, Portion, SolutionReading, TrayInput, TrayResult, reduce_tray
from assays.chemistry.units import convert
from assays.instruments.models import Reading, RowOutcome, UploadRow, UploadState
from assays.instruments.oxides import OxideFactor, find_upload_oxides
from assays.instruments.parsers.model import CONCENTRATIONS, LOSS, MASS_FRACTION
from assays.instruments.parsers.nomenclature import find_mass_or_line, find_oxide_element, read_unit
from assays.models import HighGradeConditions, MethodAnalyte, MethodVersion, Run, RunPosition
from assays.models.high_grade import WET_CHEMISTRY
from assays.models.runs import PositionKind
from assays.qc.measurements import ControlKind
from assays.selectors.methods import analytes_of
from assays.services.calculating import (
    Calculation,
    blanks_of_run,
    budgets_of_run,
    compute_solutions,
    limits_of_run,
    plan_of,
    uncertainties_of_run,
)
from assays.services.high_grade import DeterminedRun, compute_determined
from assays.services.solutions import Solutions, apply_solution, read_solutions
from lims.core.errors import Invalid

# What a cell's qualifier says of the truth. Not detected is below the limit; what is not available says nothing.
_BOUNDS = {"": "", "<": "<", ">": ">", "OVER": ">", "ND": "<"}


@dataclass(frozen=True)
class ReducedRun:
    """Everything a judgement needs: the run's positions with their portions and method analytes, the contents by (position number, symbol),
    the analytes that were read at any position, and for each position that could not be reduced why."""

    positions: dict[int, RunPosition]
    portions: dict[int, Portion]
    analytes: dict[str, MethodAnalyte]
    results: dict[tuple[int, str], TrayResult]
    analytes_read: frozenset[str]
    mismatches: dict[int, str]
    internal_standards: tuple[str, ...]
    calculation: Calculation = field(default_factory=Calculation)
    determined: dict[int, dict[str, Any]] = field(default_factory=dict)
    solutions: Solutions = field(default_factory=Solutions)


def compute_run(run: Run) -> ReducedRun:
    """Reduce the run's readings without storing anything. Raises `Invalid('unit')` for a unit that is no concentration of a solution, or no
    share of a mass where the method measures solids."""
    version = run.method_version
    analytes = analytes_of(version)
    positions = _load_positions(run)
    if run.instrument.technique == WET_CHEMISTRY:
        return _compute_wet(version, positions, analytes)
    if version.is_solid:
        return _compute_solid(run, positions, analytes)
    plan = plan_of(version, analytes)
    read, standards = _read(run, analytes)
    readings, calculation = compute_solutions(run, plan, positions, analytes, read)
    solutions = read_solutions(positions.values())
    portions = {number: apply_solution(_portion(position, version), position, solutions) for number, position in positions.items()}
    tray = [
        TrayInput(
            number,
            portions[number],
            readings.get(number, {}),
            is_blank=_is_reagent_blank(position),
            corrected=position.kind != PositionKind.BLANK,
        )
        for number, position in positions.items()
    ]
    stated = _stated_limits(analytes)
    blanks = [one for one in tray if one.is_blank]
    decided = limits_of_run(plan, stated, [one.readings for one in blanks], _nominal(version))
    uncertainties = uncertainties_of_run(run, plan, analytes)
    reduced = reduce_tray(
        tray, _censoring(decided, uncertainties), _nominal(version), average=partial(combine_replicates, rule=plan.replicates)
    )
    measured = frozenset(symbol for found in readings.values() for symbol in found)
    calculation = replace(calculation, limits=decided, blanks=blanks_of_run(blanks), uncertainties=uncertainties)
    budgets = budgets_of_run(calculation, reduced.results, portions)
    results = reduced.results | {key: reduced.results[key]._replace(uncertainty=budget.output) for key, budget in budgets.items()}
    calculation = replace(calculation, budgets=budgets)
    return ReducedRun(positions, portions, analytes, results, measured, reduced.mismatches, standards, calculation, solutions=solutions)


def _stated_limits(analytes: Mapping[str, MethodAnalyte]) -> dict[str, AnalyteLimits]:
    return {
        symbol: AnalyteLimits(float(one.lod), float(one.loq), float(one.upper_limit), float(one.relative_uncertainty_percent))
        for symbol, one in analytes.items()
    }


def _censoring(decided: Mapping[str, DecidedLimits], uncertainties: Mapping[str, Evaluated]) -> dict[str, AnalyteLimits]:
    """The limits that censor, each with the uncertainty the run was given."""
    return {
        symbol: one.used if (percent := uncertainties[symbol].percent) is None else replace(one.used, relative_uncertainty_percent=percent)
        for symbol, one in decided.items()
    }


def _compute_solid(run: Run, positions: dict[int, RunPosition], analytes: dict[str, MethodAnalyte]) -> ReducedRun:
    """A run of pellets or beads: nothing was dissolved, so there is neither blank nor volume nor dilution."""
    version = run.method_version
    plan = plan_of(version, analytes)
    read, standards = _read(run, analytes, SOLID_UNIT)
    losses = read_ignition_losses(run) if version.reported_of in OF_IGNITED else {}
    solids = {number: _solid_portion(position, version, losses.get(number)) for number, position in positions.items()}
    nominal = SolidPortion(float(version.test_portion_g), 0.0, _number(version.specimen_g))
    decided = keep_limits(_stated_limits(analytes))
    uncertainties = uncertainties_of_run(run, plan, analytes)
    reduced = reduce_solids(
        [SolidInput(number, portion, read.get(number, {})) for number, portion in solids.items()],
        _censoring(decided, uncertainties),
        nominal,
        version.reported_of,
        average=partial(combine_replicates, rule=plan.replicates),
    )
    portions = {number: Portion(one.mass_g, 0.0, 1.0, one.moisture_percent) for number, one in solids.items()}
    measured = frozenset(symbol for found in read.values() for symbol in found)
    calculation = Calculation(plan, limits=decided, uncertainties=uncertainties)
    return ReducedRun(positions, portions, analytes, reduced.results, measured, reduced.mismatches, standards, calculation)


def _solid_portion(position: RunPosition, version: MethodVersion, loss: float | None) -> SolidPortion:
    """The portion behind a specimen: the aliquot's, with the loss on ignition recorded for it or else read beside its contents; or the
    control's own mass and the method's specimen."""
    aliquot = position.aliquot
    if aliquot is None:
        return SolidPortion(float(position.mass_g or version.test_portion_g), 0.0, _number(version.specimen_g), loss)
    recorded = _number(aliquot.ignition_loss_percent)
    return SolidPortion(
        float(aliquot.mass_g),
        aliquot.preparation.portion_moisture_percent,
        _number(aliquot.specimen_g),
        loss if recorded is None else recorded,
    )


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def read_ignition_losses(run: Run) -> dict[int, float]:
    """The loss on ignition in percent that the recorded uploads give beside the contents, by position number; none where they disagree."""
    recorded = Reading.objects.filter(row__upload__run=run, row__upload__state=UploadState.RECORDED, row__outcome=RowOutcome.MATCHED)
    cells = recorded.filter(quantity=LOSS, qualifier="", unit__in=["", "%", "wt%"])
    found: defaultdict[int, set[float]] = defaultdict(set)
    for number, value in cells.values_list("row__position__number", "value"):
        if value is not None:
            found[number].add(float(value))
    return {number: values.pop() for number, values in found.items() if len(values) == 1}


def _load_positions(run: Run) -> dict[int, RunPosition]:
    """The run's tubes by number, each with its portion. The original of a duplicate stands on the same tray and is taken from there, and
    the earlier tube of a re-run is asked for only where there is one: joined to every tube, both double what is read."""
    found = run.positions.select_related("aliquot__preparation", "aliquot__test", "material").prefetch_related("retest_of__run")
    tubes = {tube.pk: tube for tube in found}
    for tube in tubes.values():
        if tube.duplicate_of_id in tubes:
            tube.duplicate_of = tubes[tube.duplicate_of_id]
    return {tube.number: tube for tube in tubes.values()}


def _compute_wet(version: MethodVersion, positions: dict[int, RunPosition], analytes: dict[str, MethodAnalyte]) -> ReducedRun:
    """A run that was weighed and titrated instead of read by an instrument."""
    stated = HighGradeConditions.objects.filter(method_version=version).first()
    found = compute_determined(stated, positions, analytes) if stated is not None else DeterminedRun()
    faults = [Fault("total_not_near_100", "TREO", sentence) for sentence in found.faults]
    portions = {number: _portion(position, version) for number, position in positions.items()}
    measured = frozenset(symbol for _number, symbol in found.results)
    calculation = Calculation(faults=faults)
    solutions = read_solutions(positions.values())
    return ReducedRun(positions, portions, analytes, found.results, measured, found.mismatches, (), calculation, found.inputs, solutions)


def _nominal(version: MethodVersion) -> Portion:
    return Portion(float(version.test_portion_g), float(version.volume_ml or 0), float(version.dilution))


def _is_reagent_blank(position: RunPosition) -> bool:
    """Whether it is subtracted from the others: what a barren pulp or rock shows is contamination on the way, not the reagents'."""
    return position.kind == PositionKind.BLANK and position.control in {"", ControlKind.REAGENT_BLANK}


def _portion(position: RunPosition, version: MethodVersion) -> Portion:
    """The portion behind a tube: the aliquot's, or the control's own amounts, else the method's nominal ones. A spike is as moist as the
    sample it was made of."""
    if position.aliquot is not None:
        aliquot = position.aliquot
        moisture = aliquot.preparation.portion_moisture_percent
        return Portion(float(aliquot.mass_g), float(aliquot.volume_ml or 0), float(position.dilution or aliquot.dilution), moisture)
    nominal = _nominal(version)
    native = position.duplicate_of.aliquot if position.kind == PositionKind.SPIKE and position.duplicate_of is not None else None
    return Portion(
        float(position.mass_g or nominal.mass_g),
        float(position.volume_ml or nominal.volume_ml),
        float(position.dilution or nominal.dilution),
        native.preparation.portion_moisture_percent if native is not None else 0.0,
    )


SOLUTION_UNIT, SOLID_UNIT = "ug/L", "mg/kg"
"""What readings are reduced in."""


def _read(
    run: Run, analytes: dict[str, MethodAnalyte], target: str = SOLUTION_UNIT
) -> tuple[dict[int, dict[str, list[SolutionReading]]], tuple[str, ...]]:
    """The usable readings of the recorded uploads in the unit `target` by position number and symbol, and the internal standards they were
    taken with."""
    recorded = Reading.objects.filter(row__upload__run=run, row__upload__state=UploadState.RECORDED)
    standards, oxides = _find_other_names(recorded, analytes)
    rows = _placed_rows(run)
    cells = (
        Reading.objects.filter(
            row__in=[*rows], internal_standard=False, analyte__in=[*analytes, *{name for _, name in oxides}], quantity__in=CONCENTRATIONS
        )
        .order_by("row_id", "sequence")  # by "row" the rows would be joined once more for their own order
        .values_list(
            Cast("row_id", TextField()),
            "analyte",
            "isotope",
            "quantity",
            "unit",
            "value",
            "qualifier",
            Cast("id", TextField()),
            "replicate",
        )
    )
    of_row: dict[str, list[tuple[Any, ...]]] = {row: [] for row in rows}
    for row, *cell in cells:
        of_row[row].append(tuple(cell))
    by_quantity: dict[tuple[int, str], dict[str, list[SolutionReading]]] = defaultdict(lambda: defaultdict(list))
    for row, (number, upload, stated, total_dilution) in rows.items():
        for name, isotope, quantity, unit, value, qualifier, reading_id, _replicate in _prefer_means(of_row[row]):
            oxide = oxides.get((upload, name)) if oxides else None
            symbol = oxide.symbol if oxide else name
            if (
                symbol in analytes
                and _is_of_channel(isotope, analytes[symbol].isotope)
                and qualifier in _BOUNDS
                and (value is not None or qualifier in {"OVER", "ND"})
            ):
                applied = None if quantity == "measured_concentration" else total_dilution
                if quantity == MASS_FRACTION and target != SOLID_UNIT:
                    raise Invalid("unit", f"{name} was read as a mass fraction of a solid; {run.method_version} measures solutions.")
                reading = _solution_reading(value, (unit or stated, target), qualifier, applied, reading_id, analytes[symbol])
                if oxide:
                    reading = reading._replace(value=reading.value / oxide.factor)
                by_quantity[number, symbol][quantity].append(reading)
    found: dict[int, dict[str, list[SolutionReading]]] = defaultdict(dict)
    for (number, symbol), groups in by_quantity.items():
        found[number][symbol] = next(groups[quantity] for quantity in CONCENTRATIONS if quantity in groups)
    return found, tuple(sorted(standards))


def _find_other_names(recorded: QuerySet[Reading], analytes: Collection[str]) -> tuple[set[str], dict[tuple[UUID, str], OxideFactor]]:
    """What else was read than the method's analytes: the internal standards, and the oxides that stand for one of the analytes. Of a
    hundred thousand cells few are asked about; which elements an upload holds only where it has an oxide too."""
    measured = Q(quantity__in=CONCENTRATIONS, internal_standard=False)
    told = recorded.order_by().values_list("row__upload", "analyte", "internal_standard").distinct()
    named = list(told.filter(Q(internal_standard=True) | measured & ~Q(analyte__in=[*analytes])))
    standards = {name for _, name, is_standard in named if is_standard}
    if not any(find_oxide_element(name) in analytes for _, name, is_standard in named if not is_standard):
        return standards, {}
    return standards, find_upload_oxides({(upload, name) for upload, name, _ in told.filter(measured)}, analytes)


def _placed_rows(run: Run) -> dict[str, tuple[int, Any, str, Decimal | None]]:
    """The rows of the recorded uploads that stand at a position, in their order: position number, upload, the unit stated for its
    readings, and the dilution they already carry, by the row's key. Apart from the cells, of which each row has many."""
    found = (
        UploadRow.objects.filter(upload__run=run, upload__state=UploadState.RECORDED, outcome=RowOutcome.MATCHED, position__run=run)
        .order_by("upload", "index")
        .values_list(Cast("id", TextField()), "position__number", "upload", "upload__stated_unit", "total_dilution")
    )
    return {row: tuple(said) for row, *said in found}


def _prefer_means(cells: Sequence[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """A row's cells. Where it has a mean and the replicates it was made of, the mean counts alone."""
    with_mean = {cell[:3] for cell in cells if cell[-1] is None}
    return (cell for cell in cells if cell[-1] is None or cell[:3] not in with_mean)


@lru_cache(maxsize=1024)
def _is_of_channel(read: str, expected: str) -> bool:
    """Whether a reading is of the method's isotope; a reading that names none is taken for it."""
    measured, wanted = find_mass_or_line(read), find_mass_or_line(expected)
    return measured is None or wanted is None or measured == wanted


@lru_cache(maxsize=256)
def _unit_factor(unit: str, target: str) -> Decimal:
    """What one of the unit is in `target`; raises `ValueError` where they measure different things."""
    return convert(Decimal(1), read_unit(unit) or unit, target)


def _solution_reading(
    value: Decimal | None, units: tuple[str, str], qualifier: str, dilution: Decimal | None, reading_id: str, analyte: MethodAnalyte
) -> SolutionReading:
    """One cell, in the second of the units. `OVER` and `ND` carry no number: they end as bounds at the ends of the working range."""
    applied, bound = float(dilution or 1), _BOUNDS[qualifier]
    if value is None:
        return SolutionReading(0.0, bound, applied, reading_id)
    try:
        factor = _unit_factor(*units)
    except ValueError as error:
        method = analyte.method_version
        message = f"{analyte.analyte.symbol} was read in {units[0] or 'no unit'}; the method works in {method.solution_unit}. {error}"
        raise Invalid("unit", message) from error
    return SolutionReading(float(value * factor), bound, applied, reading_id)

"""What was measured on a run's controls, as plain values for the rules; with what leads back from a verdict to its tube and numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef

from assays.calculation.plan import Through
from assays.calculation.session import Session
from assays.chemistry.chondrite import CHONDRITE
from assays.chemistry.rounding import round_significant
from assays.lifecycle import RunState
from assays.models import CertifiedValue, Evaluation, Run, RunPosition, Verdict
from assays.models.runs import PositionKind
from assays.qc.evaluate import MethodRequirements
from assays.qc.measurements import (
    BlankMeasurement,
    CalibrationMeasurement,
    ComparisonMeasurement,
    ControlKind,
    ControlMeasurement,
    DuplicateMeasurement,
    FormationMeasurement,
    PatternMeasurement,
    RecoveryMeasurement,
    ReferenceMeasurement,
    SpikeMeasurement,
    TotalMeasurement,
)
from assays.qc.reference_materials import ExpectedContent
from assays.qc.verdicts import Reading
from assays.selectors.control_readings import (
    contents_by_other_technique,
    internal_standard_counts,
    nominal_of,
    sort_of_control,
    standard_counts,
    usual_stage,
)
from assays.selectors.run_lots import contents_of_lots
from assays.services.reducing import ReducedRun

EARLIER = 14
"""Points of a material before a run that its rules may look at: Nelson's longest window has fifteen."""
_EARLIER_RUNS_OF_PAIRS = 60
_LANTHANIDES = ("La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu")
_ATOMIC_NUMBERS = {symbol: number for number, symbol in enumerate(_LANTHANIDES, start=57)}
_CHECKS = {ControlKind.INITIAL_CALIBRATION_VERIFICATION, ControlKind.CONTINUING_CALIBRATION_VERIFICATION}


@dataclass
class Controls:
    """A run's controls as the rules take them; the tube behind a control by its name, by (control, symbol) what was found and what was
    expected, as text, and by (tube, symbol) the value a material is certified for."""

    measurements: list[ControlMeasurement] = field(default_factory=list)
    tubes: dict[str, RunPosition] = field(default_factory=dict)
    shown: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    certified: dict[tuple[int, str], ExpectedContent] = field(default_factory=dict)

    def add(self, tube: RunPosition, measurement: ControlMeasurement, found: str = "", expected: str = "") -> None:
        """Keep a measurement of a tube with the numbers that stand beside its verdict."""
        self.measurements.append(measurement)
        self.tubes[measurement.control] = tube
        self.shown[measurement.control, measurement.analyte] = (found, expected)


def gather_controls(run: Run, reduced: ReducedRun, requirements: MethodRequirements) -> Controls:
    """The controls on the tray in run order, and the checks of its samples that the method asks for."""
    asked = {one.kind for one in requirements.controls}
    gathered = Controls()
    _gather_tubes(run, reduced, requirements, gathered)
    if ControlKind.CALIBRATION in asked:
        _gather_calibration(run, reduced, gathered)
    if ControlKind.INTERFERENCE_SOLUTION in asked:
        _gather_formations(reduced, gathered)
    if ControlKind.INTERNAL_STANDARD in asked:
        _gather_internal_standards(run, reduced, gathered)
    if asked & {ControlKind.SUM_OF_OXIDES, ControlKind.REE_PATTERN}:
        _gather_sample_checks(reduced, gathered)
    if ControlKind.METHOD_COMPARISON in asked:
        _gather_comparisons(run, reduced, gathered)
    return gathered


def name_control(position: RunPosition) -> str:
    """What a person calls a control: `position 12, OREAS 461`, `positions 3 and 9, A-26-00007-K`."""
    if position.duplicate_of is not None:
        return f"positions {position.duplicate_of.number} and {position.number}, {position.label}"
    return f"position {position.number}, {position.label}"


def _gather_tubes(run: Run, reduced: ReducedRun, requirements: MethodRequirements, gathered: Controls) -> None:
    usual_duplicate = usual_stage(one.kind for one in requirements.controls)
    controls = [(tube, kind) for tube in reduced.positions.values() if (kind := sort_of_control(tube, usual_duplicate))]
    placed = [tube for tube, _ in controls if tube.material_id is not None]
    certified = _certified_values(run, placed)
    by_lot = {key: ExpectedContent(*one) for key, one in contents_of_lots(run, {key: one.sd for key, one in certified.items()}).items()}
    scores = _earlier_scores(run, {tube.material_id for tube in placed})
    wants_pairs = {one.kind for one in requirements.controls if one.rule == "duplicate_thompson_howarth"}
    pairs = _earlier_pairs(run, wants_pairs) if wants_pairs else {}
    for tube, kind in controls:
        name = name_control(tube)
        for symbol, analyte in reduced.analytes.items():
            reading = content_at(reduced, tube.number, symbol)
            if tube.material is not None:
                # Nobody named the lot of a blind control.
                stated = None if tube.blind_id else by_lot.get((tube.material_id, symbol))
                value = stated or certified.get((tube.material_id, symbol))
                if value is not None:
                    gathered.certified[tube.number, symbol] = value
                earlier = scores.get((tube.material_id, symbol), ())
                measurement = _reference(kind, name, symbol, reading, tube.material.code, value, earlier)
                gathered.add(tube, measurement, as_text(reading), round_significant(value.value, 4) if value else "")
            elif kind == ControlKind.MATRIX_SPIKE:
                _gather_spike(reduced, gathered, tube, name, symbol)
            elif tube.duplicate_of is not None:
                first = content_at(reduced, tube.duplicate_of.number, symbol)
                pair = DuplicateMeasurement(
                    kind=kind, control=name, analyte=symbol, first=first, second=reading, loq=float(analyte.loq),
                    previous_pairs=pairs.get((kind, symbol), ()),
                )  # fmt: skip
                gathered.add(tube, pair, as_text(reading), as_text(first))
            elif kind in _CHECKS:
                _gather_check(reduced, gathered, tube, kind, symbol)
            elif tube.kind == PositionKind.BLANK:
                lod, loq = float(analyte.lod), float(analyte.loq)
                gathered.add(
                    tube,
                    BlankMeasurement(kind=kind, control=name, analyte=symbol, reading=reading, lod=lod, loq=loq),
                    as_text(reading),
                )


def content_at(reduced: ReducedRun, number: int, symbol: str) -> Reading:
    """The content at a position, uncensored where the reading was a number: quality control judges what was read."""
    found = reduced.results.get((number, symbol))
    if found is None:
        return Reading(None)
    return Reading(found.value, found.qualifier) if found.net is None else Reading(found.net)


def _reference(
    kind: ControlKind, name: str, symbol: str, reading: Reading, material: str, value: ExpectedContent | None, earlier: tuple[float, ...]
) -> ReferenceMeasurement:
    return ReferenceMeasurement(
        kind=kind,
        control=name,
        analyte=symbol,
        material=material,
        reading=reading,
        certified_value=float(value.value) if value else None,
        between_lab_sd=float(value.sd) if value and value.sd else None,
        previous_z=earlier,
    )


def _gather_check(reduced: ReducedRun, gathered: Controls, tube: RunPosition, kind: ControlKind, symbol: str) -> None:
    """A check: what was read in it against what it is known to hold, both as measured, µg/L of a solution or mg/kg of a solid. Without a
    known amount it gives no reading, and where nothing else does the run is blocked."""
    nominal = nominal_of(tube, symbol)
    reading = _read_at(reduced, tube.number, symbol) if nominal else Reading(None)
    measurement = RecoveryMeasurement(kind=kind, control=name_control(tube), analyte=symbol, reading=reading, nominal=nominal or 0.0)
    gathered.add(tube, measurement, as_text(reading), f"{nominal:g}" if nominal else "")


def _read_at(reduced: ReducedRun, number: int, symbol: str) -> Reading:
    found = reduced.results.get((number, symbol))
    if found is None:
        return Reading(None)
    read = found.solution_ug_l if found.solid is None else found.solid.read_mg_kg
    return Reading(read, found.qualifier if found.net is None else "")


def _gather_spike(reduced: ReducedRun, gathered: Controls, tube: RunPosition, name: str, symbol: str) -> None:
    """A spike: what was added to its portion, as a content of the dry portion; nothing where nothing was added."""
    added_ug, native = nominal_of(tube, symbol), tube.duplicate_of
    if not added_ug or native is None:
        return
    portion = reduced.portions[tube.number]
    added = added_ug / (portion.mass_g * (1 - portion.moisture_percent / 100))
    spiked, base = content_at(reduced, tube.number, symbol), content_at(reduced, native.number, symbol)
    measurement = SpikeMeasurement(
        kind=ControlKind.MATRIX_SPIKE, control=name, analyte=symbol, spiked=spiked, native=base, added=added
    )  # fmt: skip
    total = "" if base.value is None else round_significant(base.value + added, 4)
    gathered.add(tube, measurement, as_text(spiked), total)


def _gather_calibration(run: Run, reduced: ReducedRun, gathered: Controls) -> None:
    """Each analyte's curve: the known amounts of the standards on the tray against their counts."""
    standards = [one for one in reduced.positions.values() if one.kind == PositionKind.CALIBRATION]
    if not standards:
        return
    if reduced.calculation.session is not None:
        _gather_fitted(reduced.calculation.session, standards, gathered)
        return
    counts = standard_counts(run, reduced.analytes)
    name = f"{len(standards)} standards"
    for symbol in reduced.analytes:
        points = [
            (nominal, counts[one.number, symbol])
            for one in standards
            if (nominal := nominal_of(one, symbol)) is not None and (one.number, symbol) in counts
        ]
        measurement = CalibrationMeasurement(
            kind=ControlKind.CALIBRATION,
            control=name,
            analyte=symbol,
            concentrations=tuple(point[0] for point in points),
            intensities=tuple(point[1] for point in points),
        )
        gathered.add(standards[0], measurement)


def _gather_fitted(session: Session, standards: list[RunPosition], gathered: Controls) -> None:
    """The lines that results were read from, judged as they were fitted: corrected signals, weights, blank."""
    for symbol, line in session.lines.items():
        measurement = CalibrationMeasurement(
            kind=ControlKind.CALIBRATION,
            control=f"{len(standards)} standards",
            analyte=symbol,
            concentrations=line.concentrations,
            intensities=line.signals,
            weight_power=line.plan.weights.power,
            through_zero=line.plan.through == Through.BLANK,
        )
        gathered.add(standards[0], measurement)


def _gather_formations(reduced: ReducedRun, gathered: Controls) -> None:
    """Each single-element solution by the largest of the ion ratios that were found in it."""
    session = reduced.calculation.session
    for tube in reduced.positions.values():
        if tube.control == ControlKind.INTERFERENCE_SOLUTION and session is not None:
            element = next(iter(tube.nominal), "")
            ratios = [one.ion_ratio for one in session.factors if tube.number in one.tubes and one.ion_ratio is not None]
            percent = 100 * max(ratios) if ratios else None
            measurement = FormationMeasurement(
                kind=ControlKind.INTERFERENCE_SOLUTION, control=name_control(tube), analyte="", element=element, percent=percent
            )
            gathered.add(tube, measurement, "" if percent is None else f"{percent:.3g} %")


def _gather_internal_standards(run: Run, reduced: ReducedRun, gathered: Controls) -> None:
    """Each internal standard's counts at each tube, against its mean in the calibration blanks."""
    counts, blanks = internal_standard_counts(run)
    for (number, symbol), channels in sorted(counts.items()):
        tube = reduced.positions.get(number)
        if tube is None or tube.kind == PositionKind.CALIBRATION:
            continue
        known = [(value, blanks[symbol, channel]) for channel, value in channels.items() if blanks.get((symbol, channel))]
        # Of several channels the one that moved most speaks for the tube.
        value, nominal = max(known, key=lambda one: abs(one[0] / one[1] - 1), default=(None, 0.0))
        measurement = RecoveryMeasurement(
            kind=ControlKind.INTERNAL_STANDARD,
            control=f"position {number}, {tube.label}",
            analyte=symbol,
            reading=Reading(value),
            nominal=nominal,
        )
        gathered.add(
            tube, measurement, "" if value is None else round_significant(value, 4), round_significant(nominal, 4) if nominal else ""
        )


def _gather_sample_checks(reduced: ReducedRun, gathered: Controls) -> None:
    """The sum of a sample's oxides, and its chondrite-normalised pattern, from its quantified contents."""
    for tube in _samples(reduced):
        name = f"position {tube.number}, {tube.label}"
        contents = dict(_quantified(reduced, tube.number))
        oxides = [content * float(reduced.analytes[symbol].analyte.oxide_factor) / 10_000 for symbol, content in contents.items()]
        total = TotalMeasurement(kind=ControlKind.SUM_OF_OXIDES, control=name, analyte="", total=sum(oxides), count=len(oxides))
        points = [(symbol, z, contents[symbol] / CHONDRITE[symbol]) for symbol, z in _ATOMIC_NUMBERS.items() if contents.get(symbol, 0) > 0]
        pattern = PatternMeasurement(kind=ControlKind.REE_PATTERN, control=name, analyte="", points=tuple(points))
        gathered.add(tube, total, round_significant(sum(oxides), 4))
        gathered.add(tube, pattern)


def _quantified(reduced: ReducedRun, number: int) -> Iterator[tuple[str, float]]:
    for symbol in reduced.analytes:
        found = reduced.results.get((number, symbol))
        if found is not None and not found.qualifier:
            yield symbol, found.value


def _gather_comparisons(run: Run, reduced: ReducedRun, gathered: Controls) -> None:
    """A sample's contents beside those of the other kind of technique, where both exist: by X-ray fluorescence beside those in a solution,
    by a solution beside those by X-ray fluorescence."""
    tubes = {tube.aliquot.test.sample_id: tube for tube in _samples(reduced) if tube.aliquot is not None}
    for (sample, symbol), (value, qualifier, method) in contents_by_other_technique(run, tubes).items():
        if symbol in reduced.analytes:
            tube = tubes[sample]
            name, reading, other = (
                f"position {tube.number}, {tube.label}",
                content_at(reduced, tube.number, symbol),
                Reading(value, qualifier),
            )
            measurement = ComparisonMeasurement(
                kind=ControlKind.METHOD_COMPARISON, control=name, analyte=symbol, reading=reading, other=other, other_method=method
            )
            gathered.add(tube, measurement, as_text(reading), as_text(other))


def _samples(reduced: ReducedRun) -> list[RunPosition]:
    return [tube for tube in reduced.positions.values() if tube.kind == PositionKind.SAMPLE]


def _certified_values(run: Run, placed: Iterable[RunPosition]) -> dict[tuple[Any, str], ExpectedContent]:
    """The values certified for the method's own group: another digestion's would be another quantity."""
    values = CertifiedValue.objects.filter(
        material__in={tube.material_id for tube in placed}, method_group=run.method_version.method.method_group
    ).select_related("analyte")
    return {(value.material_id, value.analyte.symbol): ExpectedContent(value.value, value.sd) for value in values}


def _earlier_scores(run: Run, materials: Collection[Any]) -> dict[tuple[Any, str], tuple[float, ...]]:
    """The last z scores of the same materials in earlier runs of this method on this instrument, oldest first. A run that was sent back
    does not count: what was wrong with it was put right before the next."""
    if not materials:
        return {}
    holding = RunPosition.objects.filter(run=OuterRef("pk"), material__in=materials)
    newest = _newest_evaluations(run, run.instrument_id, Exists(holding), EARLIER)
    rows = (
        Verdict.objects.filter(evaluation__in=newest, statistic="z", position__material__in=materials)
        .exclude(value="")
        .order_by("evaluation__run__measured_at", "position__number")
        .values_list("position", "position__material", "analyte__symbol", "value")
    )
    found: dict[tuple[Any, str], dict[Any, float]] = {}
    for position, material, symbol, value in rows:
        found.setdefault((material, symbol), {})[position] = float(value)
    return {key: tuple(scores.values())[-EARLIER:] for key, scores in found.items()}


def _earlier_pairs(run: Run, kinds: Collection[str]) -> dict[tuple[str, str], tuple[tuple[float, float], ...]]:
    """The quantified pairs of earlier runs of this method by sort of duplicate and analyte, oldest first, from what is kept beside their
    verdicts."""
    newest = _newest_evaluations(
        run, None, Exists(RunPosition.objects.filter(run=OuterRef("pk"), control__in=kinds)), _EARLIER_RUNS_OF_PAIRS
    )
    rows = (
        Verdict.objects.filter(evaluation__in=newest, statistic="hard_percent", position__control__in=kinds)
        .exclude(found="")
        .exclude(expected="")
        .order_by("evaluation__run__measured_at", "position__number")
        .values_list("position__control", "analyte__symbol", "found", "expected")
    )
    pairs: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for kind, symbol, found, expected in rows:
        if found[0] not in "<>" and expected[0] not in "<>":
            pairs.setdefault((kind, symbol), []).append((float(expected), float(found)))
    return {key: tuple(values) for key, values in pairs.items()}


def _newest_evaluations(run: Run, instrument: Any, holding: Any, most: int) -> list[Any]:
    """The evaluations that count of the last runs of the method before this one; on one instrument where it is named."""
    runs = Run.objects.filter(
        holding, laboratory=run.laboratory_id, method_version__method=run.method_version.method_id, measured_at__lt=run.measured_at
    )
    if instrument is not None:
        runs = runs.filter(instrument=instrument)
    last = list(runs.exclude(state=RunState.SENT_BACK).order_by("-measured_at").values_list("pk", flat=True)[:most])
    return list(Evaluation.objects.filter(run__in=last).order_by("run_id", "-number").distinct("run_id").values_list("pk", flat=True))


def as_text(reading: Reading) -> str:
    """A number beside a verdict: four significant figures."""
    return "" if reading.value is None else reading.qualifier + round_significant(reading.value, 4)

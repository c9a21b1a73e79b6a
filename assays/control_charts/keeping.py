"""Points of control charts, kept with every judgement of a run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from assays.control_charts.models import ControlPoint, ControlSeries
from assays.models import Evaluation, Run, RunPosition
from assays.qc.reference_materials import ExpectedContent
from lims.core.copying import copy_rows
from lims.core.ids import uuid7_series

Key = tuple[UUID, UUID]
_COLUMNS = [
    "id", "series_id", "run_id", "evaluation_id", "evaluation_number", "position_id", "verdict_id", "measured_at", "value", "qualifier",
    "unit", "expected", "sd", "outcome",
]  # fmt: skip


@dataclass(frozen=True)
class JudgedControl:
    """A control material's content of one analyte as read, with its verdict; `value` in the method's unit, a limit with `<` or `>`."""

    position: RunPosition
    analyte: UUID
    value: float
    qualifier: str
    certified: ExpectedContent | None
    verdict: UUID | None
    outcome: str


def keep_points(run: Run, evaluation: Evaluation, judged: Sequence[JudgedControl]) -> int:
    """Add the points of one evaluation to their series; how many. Part of the caller's transaction."""
    if not judged or run.measured_at is None:
        return 0
    series = _series_of(run, {_key(one) for one in judged})
    unit = run.method_version.unit
    rows = [
        (
            pk, series[_key(one)], run.pk, evaluation.pk, evaluation.number, one.position.pk, one.verdict, run.measured_at,
            as_kept(one.value), one.qualifier, unit, *_expected(one.certified), one.outcome,
        )
        for pk, one in zip(uuid7_series(len(judged)), judged, strict=True)
    ]  # fmt: skip
    return copy_rows(ControlPoint._meta.db_table, _COLUMNS, rows)


def _expected(value: ExpectedContent | None) -> tuple[Decimal | None, Decimal | None]:
    return (value.value, value.sd) if value else (None, None)


def _key(one: JudgedControl) -> Key:
    material = one.position.material_id
    if material is None:
        raise ValueError(f"Position {one.position.number} holds no control material.")
    return material, one.analyte


def _series_of(run: Run, wanted: Collection[Key]) -> dict[Key, UUID]:
    """The series by (material, analyte), made where a control is measured for the first time."""
    found = _find_series(run, wanted)
    missing = [key for key in wanted if key not in found]
    if not missing:
        return found
    method, laboratory, instrument = run.method_version.method_id, run.laboratory_id, run.instrument_id
    new = [
        ControlSeries(laboratory_id=laboratory, method_id=method, instrument_id=instrument, material_id=material, analyte_id=analyte)
        for material, analyte in missing
    ]
    # Two runs may meet here at once: the second takes the first one's.
    ControlSeries.objects.bulk_create(new, ignore_conflicts=True)
    return _find_series(run, wanted)


def _find_series(run: Run, wanted: Collection[Key]) -> dict[Key, UUID]:
    rows = ControlSeries.objects.filter(
        laboratory=run.laboratory_id,
        method=run.method_version.method_id,
        instrument=run.instrument_id,
        material__in={material for material, _ in wanted},
    )
    return {(material, analyte): pk for pk, material, analyte in rows.values_list("pk", "material", "analyte")}


def as_kept(value: float) -> Decimal:
    """A number with the twelve decimals of its column."""
    return Decimal(repr(value)).quantize(Decimal("1e-12"))

"""Reading control charts: the points of a series, their limits, statistics and notes, and which series there are."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from assays.control_charts.models import ChartLimits, ControlPoint, ControlSeries, NoteKind, PointNote
from assays.models import CertifiedValue, Evaluation
from assays.models.judgements import Outcome
from assays.qc.control_charts import (
    FEWEST_FOR_LIMITS,
    Cusum,
    IndividualsChart,
    compute_cusum,
    compute_individuals_chart,
    compute_moving_ranges,
)
from lims.core import clock
from lims.core.days import begin_of

FEWEST, MOST = 20, 10_000
COUNTS = (200, 500, 1000, 3000, MOST)
"""How many of the newest points a chart may show."""
_ODD = (Outcome.WARN, Outcome.FAIL)
EXPLAINING = (NoteKind.CAUSE, NoteKind.NO_CAUSE)


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement on a chart; `value` in the chart's unit, a limit where `qualifier` is set; `z` where the material has an SD."""

    series: UUID
    position: UUID
    run: str
    number: int
    measured_at: datetime
    value: float
    qualifier: str
    expected: float | None
    sd: float | None
    outcome: str
    instrument: str

    @property
    def z(self) -> float | None:
        if self.qualifier or self.expected is None or not self.sd:
            return None
        return (self.value - self.expected) / self.sd

    @property
    def recovery_percent(self) -> float | None:
        return None if self.qualifier or not self.expected else 100 * self.value / self.expected


@dataclass(frozen=True)
class Limits:
    """What points are held against: `certificate`, `history` as set by a person, or `shown`, computed from the points of the chart."""

    source: str
    centre: float
    sigma: float
    n: int | None = None
    stored: ChartLimits | None = None


@dataclass(frozen=True)
class ControlHistory:
    """A material's measurements of one analyte by one method, oldest first, with the value of the method's group and the limits in
    force."""

    certified: CertifiedValue | None
    unit: str
    points: list[Point]
    limits: Limits | None
    notes: dict[tuple[UUID, UUID], list[PointNote]] = field(default_factory=dict)
    sentences: dict[UUID, tuple[str, str, str]] = field(default_factory=dict)

    @property
    def numbers(self) -> list[Point]:
        """The points that are numbers: what a statistic may be computed from."""
        return [point for point in self.points if not point.qualifier]

    @property
    def individuals(self) -> IndividualsChart | None:
        """Centre, moving range and limits of the points shown; none of fewer than two."""
        values = [point.value for point in self.numbers]
        return compute_individuals_chart(values) if len(values) > 1 else None

    def moving_ranges(self) -> list[tuple[Point, float]]:
        """Each point with its distance from the one before."""
        pairs = zip(self.numbers, compute_moving_ranges([point.value for point in self.numbers]), strict=True)
        return [(point, moved) for point, moved in pairs if moved is not None]

    def cusum(self) -> list[tuple[Point, Cusum]]:
        """The cumulative sums against the limits in force; nothing without limits."""
        if self.limits is None or not self.limits.sigma:
            return []
        scores = [(point.value - self.limits.centre) / self.limits.sigma for point in self.numbers]
        return list(zip(self.numbers, compute_cusum(scores), strict=True))

    def is_explained(self, point: Point) -> bool:
        """Whether somebody has said what was wrong, or that nothing was found."""
        return any(note.kind in EXPLAINING for note in self.notes.get((point.series, point.position), ()))


@dataclass(frozen=True)
class Asked:
    """Which chart: codes of method, material and instrument (empty for all of the laboratory), the analyte's symbol, how many of the
    newest points, and the days they were measured between."""

    method: str
    material: str
    analyte: str
    instrument: str = ""
    count: int = COUNTS[0]
    since: date | None = None
    until: date | None = None
    limits: str = "certificate"


def read_history(viewer: Any, asked: Asked) -> ControlHistory:
    """The chart asked for, within the viewer's laboratory. A run counts as it was judged last; one that was sent back stays."""
    series = list(find_series(viewer, asked).values_list("pk", "instrument__code"))
    points = _read_points(series, asked)
    certified = (
        CertifiedValue.objects.filter(material__code=asked.material, analyte__symbol=asked.analyte, method_group=_group_of(asked.method))
        .select_related("analyte", "material")
        .first()
    )
    unit = certified.unit if certified else _unit_of(series)
    limits = _choose_limits([pk for pk, _ in series], certified, points, asked.limits)
    return ControlHistory(certified, unit, points, limits, _notes_of(series, points), _sentences_of(points))


def find_series(viewer: Any, asked: Asked) -> QuerySet[ControlSeries]:
    """The series that a chart gathers: one for each instrument asked for."""
    found = ControlSeries.objects.visible_to(viewer).filter(
        method__code=asked.method, material__code=asked.material, analyte__symbol=asked.analyte
    )
    return found.filter(instrument__code=asked.instrument) if asked.instrument else found


def newest_points(points: QuerySet[ControlPoint] | None = None) -> QuerySet[ControlPoint]:
    """Points as judged last, of runs that hold readings."""
    # As an anti-join: PostgreSQL then knows that nearly all points count, and reads the newest of a series by their index.
    newer = Evaluation.objects.filter(run=OuterRef("run"), number__gt=OuterRef("evaluation_number"))
    rows = ControlPoint.objects.all() if points is None else points
    return rows.filter(~Exists(newer), run__measured_at__isnull=False)


def _read_points(series: Sequence[tuple[UUID, str]], asked: Asked) -> list[Point]:
    """The newest of every series by its index, then the newest of all."""
    found = [Point(*row, instrument) for pk, instrument in series for row in _rows_of(pk, asked)]  # type: ignore[call-arg]
    found.sort(key=lambda point: (point.measured_at, point.number))
    return found[-asked.count :]


def _rows_of(series: UUID, asked: Asked) -> Iterable[tuple[Any, ...]]:
    rows = newest_points(ControlPoint.objects.filter(series=series))
    if asked.since:
        rows = rows.filter(measured_at__gte=begin_of(asked.since))
    if asked.until:
        rows = rows.filter(measured_at__lt=begin_of(asked.until + timedelta(days=1)))
    values = rows.order_by("-measured_at", "-id").values_list(
        "series", "position", "run__code", "position__number", "measured_at", "value", "qualifier", "expected", "sd", "outcome"
    )
    for *names, value, qualifier, expected, sd, outcome in values[: asked.count]:
        yield (*names, float(value), qualifier, _float(expected), _float(sd), outcome)


def _unit_of(series: Sequence[tuple[UUID, str]]) -> str:
    return ControlPoint.objects.filter(series__in=[pk for pk, _ in series]).values_list("unit", flat=True).first() or ""


def _float(number: Any) -> float | None:
    return None if number is None else float(number)


def _choose_limits(series: Sequence[UUID], certified: CertifiedValue | None, points: Sequence[Point], asked: str) -> Limits | None:
    if asked == "certificate" and certified is not None and certified.sd:
        return Limits("certificate", float(certified.value), float(certified.sd))
    stored = (
        ChartLimits.objects.filter(series__in=series).select_related("set_by").order_by("-set_at").first() if len(series) == 1 else None
    )
    if stored is not None:
        return Limits("history", float(stored.centre), float(stored.sigma), stored.n, stored)
    values = [point.value for point in points if not point.qualifier]
    if len(values) < FEWEST_FOR_LIMITS:
        return None
    chart = compute_individuals_chart(values)
    return Limits("shown", chart.center, chart.sigma, len(values)) if chart.sigma else None


def limits_in_force(series: UUID) -> ChartLimits | None:
    """The limits that were set last from the series' history."""
    return ChartLimits.objects.filter(series=series).select_related("set_by").order_by("-set_at").first()


def _group_of(method: str) -> Any:
    from assays.models import Method

    return Subquery(Method.objects.filter(code=method).values("method_group")[:1])


def _notes_of(series: Sequence[tuple[UUID, str]], points: Sequence[Point]) -> dict[tuple[UUID, UUID], list[PointNote]]:
    notes = PointNote.objects.filter(series__in=[pk for pk, _ in series]).select_related("noted_by") if points else []
    found: dict[tuple[UUID, UUID], list[PointNote]] = {}
    for note in notes:
        found.setdefault((note.series_id, note.position_id), []).append(note)
    return found


def _sentences_of(points: Sequence[Point]) -> dict[UUID, tuple[str, str, str]]:
    """Rule, limit and sentence of what did not pass, by position."""
    odd = [point for point in points if point.outcome in _ODD]
    if not odd:
        return {}
    judged = ControlPoint.objects.filter(series__in={point.series for point in odd}, outcome__in=_ODD)
    rows = newest_points(judged).filter(position__in=[point.position for point in odd], verdict__isnull=False)
    return {
        position: (rule, limit, sentence)
        for position, rule, limit, sentence in rows.values_list("position", "verdict__rule", "verdict__limit", "verdict__sentence")
    }


def unexplained(viewer: Any) -> QuerySet[ControlPoint]:
    """Failed points, as judged last, that nobody has explained."""
    explained = PointNote.objects.filter(series=OuterRef("series"), position=OuterRef("position"), kind__in=EXPLAINING)
    failed = ControlPoint.objects.filter(series__in=ControlSeries.objects.visible_to(viewer), outcome=Outcome.FAIL)
    return newest_points(failed).exclude(Exists(explained))


def select_open_failures(viewer: Any) -> QuerySet[ControlPoint]:
    """The failed points of the last ninety days that wait for an explanation, for the rail of every page; the list of charts counts all."""
    return unexplained(viewer).filter(measured_at__gte=clock.now() - timedelta(days=90))


@dataclass(frozen=True)
class SeriesLine:
    """A series in the list of charts: when it was measured last and how, how its newest points stand, and how many failures nobody
    explained."""

    material: str
    analyte: str
    method: str
    instrument: str
    points: int
    warned: int
    failed: int
    last_at: datetime
    last_z: float | None
    last_outcome: str
    open_failures: int


_NEWEST = 30
_LINES = """
SELECT material.code, analyte.symbol, method.code, instrument.code, newest.*
FROM control_charts_controlseries s
JOIN assays_referencematerial material ON material.id = s.material_id
JOIN assays_analyte analyte ON analyte.id = s.analyte_id
JOIN assays_method method ON method.id = s.method_id
JOIN instruments_instrument instrument ON instrument.id = s.instrument_id
CROSS JOIN LATERAL (
    SELECT count(*) AS n, count(*) FILTER (WHERE p.outcome = 'warn'), count(*) FILTER (WHERE p.outcome = 'fail'), max(p.measured_at),
        (array_agg(p.z ORDER BY p.measured_at DESC, p.id DESC))[1], (array_agg(p.outcome ORDER BY p.measured_at DESC, p.id DESC))[1]
    FROM (
        SELECT c.id, c.measured_at, c.outcome, CASE WHEN c.qualifier = '' THEN (c.value - c.expected) / nullif(c.sd, 0) END AS z
        FROM control_charts_controlpoint c
        JOIN assays_run r ON r.id = c.run_id AND r.measured_at IS NOT NULL
        WHERE c.series_id = s.id
            AND NOT EXISTS (SELECT FROM assays_evaluation e WHERE e.run_id = c.run_id AND e.number > c.evaluation_number)
        ORDER BY c.measured_at DESC, c.id DESC
        LIMIT %s
    ) p
) newest
WHERE s.id = ANY(%s) AND newest.n > 0
ORDER BY method.code, material.code, analyte."order", instrument.code
"""


def list_series(viewer: Any, *, symbols: Sequence[str] = ()) -> list[SeriesLine]:
    """The charts there are, of the elements named (all by default), each with its newest thirty points counted by outcome."""
    series = ControlSeries.objects.visible_to(viewer)
    if symbols:
        series = series.filter(analyte__symbol__in=symbols)
    open_failures = count_unexplained(viewer)
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [_NEWEST, list(series.values_list("pk", flat=True))])
        rows = cursor.fetchall()
    return [
        SeriesLine(*key, points, warned, failed, last_at, _float(z), outcome, open_failures.get(key, 0))
        for key, (points, warned, failed, last_at, z, outcome) in ((_key(row), row[4:]) for row in rows)
    ]


def _key(row: Sequence[str]) -> tuple[str, str, str, str]:
    material, analyte, method, instrument = row[:4]
    return material, analyte, method, instrument


def count_unexplained(viewer: Any) -> dict[tuple[str, str, str, str], int]:
    """Unexplained failures by (material, analyte, method, instrument)."""
    keys = ("series__material__code", "series__analyte__symbol", "series__method__code", "series__instrument__code")
    rows = unexplained(viewer).order_by(*keys).values_list(*keys)
    return {key: len(list(group)) for key, group in itertools.groupby(rows)}

"""A month of quality control: how many controls were inserted, how precise and how true they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from math import sqrt
from typing import Any

from django.db import connection

from assays.models import ControlRequirement, Run
from assays.models.runs import PositionKind
from lims.core.days import begin_of


@dataclass(frozen=True)
class Insertion:
    """Tubes of one kind among a method's runs of the month; `rate_percent` of the samples, `asked_percent` by the method in force."""

    method: str
    kind: str
    tubes: int
    runs: int
    samples: int
    asked_percent: float | None

    @property
    def rate_percent(self) -> float | None:
        return 100 * self.tubes / self.samples if self.samples else None

    @property
    def is_short(self) -> bool:
        """Whether fewer were inserted than the method asks for."""
        return self.asked_percent is not None and self.rate_percent is not None and self.rate_percent < self.asked_percent


@dataclass(frozen=True)
class Trueness:
    """A material's z scores of the month for one element: their mean and standard deviation (None below two), the mean bias in percent."""

    method: str
    material: str
    analyte: str
    n: int
    mean_z: float | None
    sd_z: float | None
    mean_bias_percent: float | None
    warned: int
    failed: int


@dataclass(frozen=True)
class Precision:
    """Duplicate pairs of the month for one element: average CV (Stanley & Lawie 2007) and the share of pairs whose HARD is at most
    10 %; pairs with a bound are left out."""

    method: str
    rule: str
    analyte: str
    pairs: int
    cv_avg_percent: float
    hard_within_10_percent: float
    failed: int


@dataclass(frozen=True)
class Month:
    """The report of one laboratory's month."""

    first: date
    insertions: list[Insertion]
    trueness: list[Trueness]
    precision: list[Precision]

    @property
    def is_empty(self) -> bool:
        return not self.insertions


def read_month(viewer: Any, first: date, *, symbols: Sequence[str] = ()) -> Month:
    """What was measured from the first day of a month until before the next, within the viewer's laboratory; of the elements named (all
    by default)."""
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    span = (begin_of(first), begin_of(following))
    runs = list(Run.objects.visible_to(viewer).filter(measured_at__gte=span[0], measured_at__lt=span[1]).values_list("pk", flat=True))
    return Month(first, _count_insertions(runs, first), _gather(Trueness, _TRUENESS, runs, symbols), list(_read_precision(runs, symbols)))


_INSERTIONS = """
SELECT method.code, p.kind, count(*), samples.runs, samples.n
FROM assays_runposition p
JOIN assays_run r ON r.id = p.run_id
JOIN assays_methodversion v ON v.id = r.method_version_id
JOIN assays_method method ON method.id = v.method_id
JOIN LATERAL (
    SELECT count(DISTINCT s.run_id) AS runs, count(*) FILTER (WHERE s.kind = 'sample') AS n
    FROM assays_runposition s
    JOIN assays_run sr ON sr.id = s.run_id
    JOIN assays_methodversion sv ON sv.id = sr.method_version_id
    WHERE sv.method_id = method.id AND s.run_id = ANY(%s)
) samples ON true
WHERE p.run_id = ANY(%s)
GROUP BY method.id, method.code, p.kind, samples.runs, samples.n
ORDER BY method.code, p.kind
"""

_TRUENESS = """
SELECT method.code, material.code, analyte.symbol, count(z), avg(z), stddev_samp(z), avg(bias),
    count(*) FILTER (WHERE outcome = 'warn'), count(*) FILTER (WHERE outcome = 'fail')
FROM (
    SELECT c.series_id, c.outcome,
        CASE WHEN c.qualifier = '' THEN (c.value - c.expected) / nullif(c.sd, 0) END AS z,
        CASE WHEN c.qualifier = '' THEN 100 * (c.value - c.expected) / nullif(c.expected, 0) END AS bias
    FROM control_charts_controlpoint c
    WHERE c.run_id = ANY(%s)
        AND NOT EXISTS (SELECT FROM assays_evaluation e WHERE e.run_id = c.run_id AND e.number > c.evaluation_number)
) point
JOIN control_charts_controlseries s ON s.id = point.series_id
JOIN assays_referencematerial material ON material.id = s.material_id
JOIN assays_method method ON method.id = s.method_id
JOIN assays_analyte analyte ON analyte.id = s.analyte_id
WHERE (cardinality(%s::text[]) = 0 OR analyte.symbol = ANY(%s))
GROUP BY method.code, material.code, analyte.symbol, analyte."order"
ORDER BY method.code, material.code, analyte."order"
"""

_PRECISION = """
SELECT method.code, v.rule, analyte.symbol, count(*), avg(v.value::numeric * v.value::numeric),
    100.0 * count(*) FILTER (WHERE v.value::numeric <= 10) / count(*), count(*) FILTER (WHERE v.outcome = 'fail')
FROM assays_verdict v
JOIN assays_evaluation e ON e.id = v.evaluation_id
JOIN assays_run r ON r.id = e.run_id
JOIN assays_methodversion mv ON mv.id = r.method_version_id
JOIN assays_method method ON method.id = mv.method_id
JOIN assays_analyte analyte ON analyte.id = v.analyte_id
WHERE e.run_id = ANY(%s) AND v.statistic = 'hard_percent' AND v.value <> ''
    AND e.number = (SELECT max(newest.number) FROM assays_evaluation newest WHERE newest.run_id = e.run_id)
    AND (cardinality(%s::text[]) = 0 OR analyte.symbol = ANY(%s))
GROUP BY method.code, v.rule, analyte.symbol, analyte."order"
ORDER BY method.code, analyte."order"
"""


def _count_insertions(runs: list[Any], first: date) -> list[Insertion]:
    with connection.cursor() as cursor:
        cursor.execute(_INSERTIONS, [runs, runs])
        rows = cursor.fetchall()
    asked = _asked_rates(first)
    return [
        Insertion(method, str(PositionKind(kind).label), tubes, count, samples, asked.get((method, kind)))
        for method, kind, tubes, count, samples in rows
        if kind != PositionKind.SAMPLE
    ]


def _asked_rates(day: date) -> dict[tuple[str, str], float]:
    """The rate each method asked for in the month, by the kind of tube that its control stands in."""
    found = ControlRequirement.objects.filter(method_version__in_force_from__lte=day, rate_percent__gt=0)
    rows = found.order_by("method_version__number").values_list("method_version__method__code", "kind", "rate_percent")
    return {(method, tube): float(rate) for method, kind, rate in rows if (tube := _tube_of(kind))}


def _tube_of(kind: str) -> str:
    """The kind of position a control stands in: by its own name, else by its last word."""
    words = {**{value: value for value in PositionKind.values}, "reference_material": PositionKind.REFERENCE}
    return str(words.get(kind) or words.get(kind.rsplit("_", 1)[-1], ""))


def _gather(make: Any, statement: str, runs: list[Any], symbols: Sequence[str]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [runs, list(symbols), list(symbols)])
        return [make(*(_plain(cell) for cell in row)) for row in cursor.fetchall()]


def _read_precision(runs: list[Any], symbols: Sequence[str]) -> Iterator[Precision]:
    """CV_i of a pair is √2 times its HARD, so CV_avg is √2 times the root mean square of HARD."""
    for one in _gather(lambda *cells: cells, _PRECISION, runs, symbols):
        method, rule, analyte, pairs, mean_square, within, failed = one
        yield Precision(method, rule, analyte, pairs, sqrt(2 * mean_square), within, failed)


def _plain(cell: Any) -> Any:
    return cell if cell is None or isinstance(cell, str | int | datetime) else float(cell)


def month_rows(month: Month) -> Iterator[dict[str, Any]]:
    """The report as one table, a line for each number."""
    for table, rows in (("insertion", month.insertions), ("trueness", month.trueness), ("precision", month.precision)):
        for row in rows:
            facts = asdict(row) | ({"rate_percent": row.rate_percent} if isinstance(row, Insertion) else {})
            keys = {name: facts.pop(name, "") for name in ("method", "kind", "material", "rule", "analyte")}
            for statistic, value in facts.items():
                yield {
                    "month": f"{month.first:%Y-%m}",
                    "table": table,
                    **keys,
                    "statistic": statistic,
                    "value": "" if value is None else value,
                }

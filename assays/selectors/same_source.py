"""What was found earlier at the source of a sample, for those who decide on its results. The source is never named: no mine, no sample
code, no day; and nothing is told of a source with fewer than `LEAST_EARLIER` earlier samples, where a value would point at one sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.db import connection

from assays.models import ResultVersion, Run
from assays.review_risk import LEAST_EARLIER, is_far
from assays.selectors.blinding import knows_blind_controls

SYMBOLS = ("Dy", "Tb")
MOST_EARLIER = 20
"""Of each source, element and method so many results of the newest samples are looked at."""

Key = tuple[Any, Any, str]
"""Mine, method, symbol of the element."""


@dataclass(frozen=True)
class EarlierRow:
    """One sample's result beside what was found earlier at its source: how many samples, their median and range, in the result's unit."""

    version: ResultVersion
    count: int
    middle: float
    lowest: float
    highest: float
    far: bool

    @property
    def factor(self) -> float:
        """How many times the median this result is."""
        return float(self.version.value) / self.middle if self.middle else 0.0


def may_compare_sources(viewer: Any) -> bool:
    """Who may learn how a sample compares with its source: those who judge and know the blind controls, never those who measure."""
    return knows_blind_controls(viewer)


def earlier_values(keys: Iterable[Key], laboratory: Any, without: Iterable[Any]) -> Mapping[Key, tuple[float, ...]]:
    """Authorised contents the laboratory itself found for each key, without the samples named; those of too few samples are left out.
    One query, whose cost follows the keys and not the results on record; values of one key share the unit and basis of its method."""
    wanted, found = sorted(set(keys), key=str), dict[Key, dict[Any, float]]()
    columns = {"mines": [str(key[0]) for key in wanted], "methods": [str(key[1]) for key in wanted], "symbols": [key[2] for key in wanted]}
    with connection.cursor() as cursor:
        bounds = {"laboratory": laboratory, "without": [str(one) for one in without], "most": MOST_EARLIER}
        cursor.execute(_EARLIER, columns | bounds)
        for place, sample, value in cursor.fetchall():
            # Of a sample that was measured again the newest authorised value counts.
            found.setdefault(wanted[place - 1], {}).setdefault(sample, value)
    return {key: tuple(values.values()) for key, values in found.items() if len(values) >= LEAST_EARLIER}


def explain_earlier(laboratory: Any) -> list[str]:
    """The plan the database makes for the earlier values of one key, line by line."""
    columns: dict[str, Any] = {"mines": [str(laboratory)], "methods": [str(laboratory)], "symbols": list(SYMBOLS[:1])}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {_EARLIER}", columns | {"laboratory": laboratory, "without": [], "most": MOST_EARLIER})
        return [line for (line,) in cursor.fetchall()]


# Each key by itself, so that a busy source does not crowd out a quiet one; newest samples first, by the index of a mine's samples, and no
# further than is looked at.
_EARLIER = """
SELECT k.place, e.sample, e.value
FROM unnest(%(mines)s::uuid[], %(methods)s::uuid[], %(symbols)s::text[]) WITH ORDINALITY AS k(mine, method, symbol, place)
JOIN assays_analyte a ON a.symbol = k.symbol
CROSS JOIN LATERAL (
    SELECT s.id::text AS sample, v.value::float8 AS value
    FROM samples_sample s
    JOIN assays_result r ON r.sample_id = s.id AND r.analyte_id = a.id
    JOIN assays_submissiontest t ON t.id = r.test_id
    JOIN assays_methodversion m ON m.id = t.method_version_id AND m.method_id = k.method
    JOIN assays_submission o ON o.id = t.submission_id AND o.laboratory_id = %(laboratory)s
    JOIN assays_resultversion v ON v.id = r.authorised_id
    WHERE s.mine_id = k.mine AND s.id <> ALL(%(without)s::uuid[])
    ORDER BY s.id DESC, r.authorised_at DESC LIMIT %(most)s
) e
"""


def compare_with_source(run: Run, versions: Sequence[ResultVersion], viewer: Any) -> list[EarlierRow]:
    """The run's Dy and Tb beside what was found earlier at the source of each sample, far ones first. Empty for who may not know it."""
    if not may_compare_sources(viewer):
        return []
    rows = list(
        ResultVersion.objects.filter(pk__in=[one.pk for one in versions if one.result.analyte.symbol in SYMBOLS])
        .select_related("result__sample", "result__analyte", "method_version")
        .defer("inputs")
        .order_by("result__sample__blind_code", "result__analyte__order")
    )
    keys = {one.pk: (one.result.sample.mine_id, one.method_version.method_id, one.result.analyte.symbol) for one in rows}
    known = [key for key in keys.values() if key[0] is not None]
    earlier = earlier_values(known, run.laboratory_id, {one.result.sample_id for one in rows}) if known else {}
    told = [_row(one, earlier[keys[one.pk]]) for one in rows if keys[one.pk] in earlier]
    return sorted(told, key=lambda row: not row.far)


def _row(version: ResultVersion, values: tuple[float, ...]) -> EarlierRow:
    return EarlierRow(version, len(values), median(values), min(values), max(values), is_far(float(version.value), values))

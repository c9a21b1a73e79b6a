"""What was found earlier at the source of a sample, for those who decide on its results. The source is never named: no mine, no sample
code, no day; and nothing is told of a source with fewer than `LEAST_EARLIER` earlier samples, where a value would point at one sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from assays.models import Result, ResultVersion, Run
from assays.review_risk import LEAST_EARLIER, is_far
from assays.selectors.blinding import knows_blind_controls

SYMBOLS = ("Dy", "Tb")
MOST_EARLIER = 200
"""Of each source, element and method so many of the newest samples are looked at."""

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
    One query; values of one key share the unit and basis of its method."""
    wanted = set(keys)
    of_its_key = Window(
        RowNumber(),
        partition_by=[F("sample__mine"), F("test__method_version__method"), F("analyte__symbol")],
        order_by=F("authorised_at").desc(),
    )
    rows = (
        Result.objects.filter(
            authorised__isnull=False,
            analyte__symbol__in={key[2] for key in wanted},
            sample__mine__in={key[0] for key in wanted},
            test__method_version__method__in={key[1] for key in wanted},
            test__submission__laboratory=laboratory,
        )
        .exclude(sample__in=list(without))
        # Counted for each key by itself: a busy source must not crowd out a quiet one.
        .annotate(place=of_its_key)
        .filter(place__lte=MOST_EARLIER)
        .order_by("-authorised_at")
        .values_list("sample__mine", "test__method_version__method", "analyte__symbol", "sample", "authorised__value")
    )
    found: dict[Key, dict[Any, float]] = {}
    for mine, method, symbol, sample, value in rows:
        # Of a sample that was measured again the newest authorised value counts.
        if (mine, method, symbol) in wanted:
            found.setdefault((mine, method, symbol), {}).setdefault(sample, float(value))
    return {key: tuple(values.values()) for key, values in found.items() if len(values) >= LEAST_EARLIER}


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

"""What the ministry's overview shows: read-only questions, answered by a fixed number of queries whatever the number of samples.

Grades are of authorised results only. Total, four-acid and leachable contents are never mixed: the filter chooses one.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Min, Q, QuerySet
from django.utils.translation import gettext as _

from assays.chemistry.censored import Censored
from assays.chemistry.oxides import find_factor
from assays.chemistry.rounding import Rule, report, round_significant
from assays.chemistry.summary import Summary, percentile, summarise
from assays.models import ClockStop, Result, Submission, SubmissionTest
from assays.models.methods import Extraction
from assays.reports.models import CertificateStatus
from lims.accounts.models import Organisation
from lims.core import clock
from samples.models import ConsignmentItem, Hold, Mine, Sample
from samples.provenance.selectors import Summary as ProvenanceSummary
from samples.provenance.selectors import summarise as summarise_provenance
from samples.selectors.consignments import ConsignmentRow, row_of, select_consignments

ELEMENTS = ("Dy", "Tb")
LISTED = 50

Values = dict[UUID, dict[str, list[Censored]]]
"""Contents in mg/kg dry by mine and element."""


@dataclass(frozen=True)
class Filters:
    """What part of the whole is shown. `days` counts back from now by collection; None is all."""

    days: int | None = None
    belt: str = ""
    firm: UUID | None = None
    extraction: str = Extraction.TOTAL


@dataclass(frozen=True)
class Figure:
    """A number with its uncertainty and what it rests on, as text."""

    text: str
    uncertainty: str
    n: int
    censored: int


@dataclass(frozen=True)
class MineRow:
    """One mine: its samples, and the median of each oxide in mg/kg: of the content that was chosen, and `beside` it the other one."""

    mine: Mine
    samples: int
    summaries: dict[str, Summary]
    figures: dict[str, Figure]
    beside: dict[str, Figure]


@dataclass(frozen=True)
class FunnelRow:
    """How many samples reached a step."""

    key: str
    label: str
    count: int


@dataclass(frozen=True)
class TurnaroundRow:
    """One laboratory's working time from submission to completion, in days, without the time its clock stood."""

    laboratory: Organisation
    median: float
    p90: float
    n: int
    open: int


@dataclass(frozen=True)
class Overview:
    """Everything on the page, as of `as_of`. `holds` are the oldest `LISTED`; `held` counts them all. Provenance is of all records,
    whatever the filters."""

    as_of: datetime
    collected: int
    mines: int
    on_the_way: int
    consignments: list[ConsignmentRow]
    oxides: dict[str, Figure | None]
    pit_to_certificate: tuple[float, float, int] | None
    mine_rows: list[MineRow]
    funnel: list[FunnelRow]
    turnaround: list[TurnaroundRow]
    holds: list[Hold]
    held: int
    provenance: ProvenanceSummary

    @property
    def overdue(self) -> int:
        """How many consignments should have arrived and have not."""
        return sum(one.overdue for one in self.consignments)


def select_samples(viewer: Any, filters: Filters) -> QuerySet[Sample]:
    """The samples within the viewer's scope that the filters leave."""
    samples = Sample.objects.visible_to(viewer).filter(kind__in=["field", "field_duplicate"])
    if filters.days:
        samples = samples.filter(collected_at__gte=clock.now() - timedelta(days=filters.days))
    if filters.belt:
        samples = samples.filter(mine__belt=filters.belt)
    if filters.firm:
        samples = samples.filter(owner=filters.firm)
    return samples


def build_overview(viewer: Any, filters: Filters) -> Overview:
    """The whole page."""
    samples = select_samples(viewer, filters)
    counts = samples.aggregate(
        collected=Count("pk"),
        mines=Count("mine", distinct=True),
        moving=Count("pk", filter=Q(state="in_transit")),
        held=Count("pk", filter=Q(on_hold=True)),
    )
    values, beside = _authorised_oxides(samples, filters.extraction), _authorised_oxides(samples, beside_of(filters.extraction))
    return Overview(
        as_of=clock.now(),
        collected=counts["collected"],
        mines=counts["mines"],
        on_the_way=counts["moving"],
        consignments=_consignments(viewer, samples),
        oxides={symbol: _figure(summarise([value for by in values.values() for value in by[symbol]])) for symbol in ELEMENTS},
        pit_to_certificate=_pit_to_certificate(samples),
        mine_rows=_mine_rows(samples, values, beside),
        funnel=_funnel(samples),
        turnaround=_turnaround(samples),
        holds=list(Hold.objects.filter(sample__in=samples, released_at=None).select_related("sample__mine").order_by("opened_at")[:LISTED]),
        held=counts["held"],
        provenance=summarise_provenance(viewer),
    )


def beside_of(extraction: str) -> str:
    """What stands beside a content: leachable beside a total, total beside leachable."""
    return Extraction.TOTAL if extraction == Extraction.LEACHABLE else Extraction.LEACHABLE


def _consignments(viewer: Any, samples: QuerySet[Sample]) -> list[ConsignmentRow]:
    """Those under way with any of the samples, oldest first."""
    packed = ConsignmentItem.objects.filter(sample__in=samples, removed_at=None).values("consignment")
    rows = select_consignments(viewer).filter(pk__in=packed, state="dispatched").order_by("dispatched_at", "id")
    return [row_of(one, viewer) for one in rows]


def _authorised_oxides(samples: QuerySet[Sample], extraction: str) -> Values:
    """Authorised Dy2O3 and Tb4O7; the newest authorised result of a sample by each method. Between methods a number counts before a bound,
    for a technique that cannot see so little says nothing against one that can; then the newest."""
    rows = (
        Result.objects.filter(
            sample__in=samples,
            analyte__symbol__in=ELEMENTS,
            authorised__isnull=False,
            authorised__method_version__method__extraction=extraction,
            authorised__basis="dry",
        )
        .order_by("sample_id", "analyte_id", "authorised__method_version__method_id", "-authorised_at")
        .distinct("sample_id", "analyte_id", "authorised__method_version__method_id")
        .values_list("sample", "sample__mine", "analyte__symbol", "authorised__value", "authorised__qualifier", "authorised_at")
    )
    chosen: dict[tuple[UUID, str], tuple[tuple[bool, datetime | None], UUID, Censored]] = {}
    for sample, mine, symbol, value, qualifier, moment in rows:
        rank, key = (qualifier == "=", moment), (sample, symbol)
        if key not in chosen or rank > chosen[key][0]:
            chosen[key] = rank, mine, Censored(float(value) * find_factor(symbol), qualifier.replace("=", ""))
    found: Values = defaultdict(lambda: {symbol: [] for symbol in ELEMENTS})
    for (_sample, symbol), (_rank, mine, content) in chosen.items():
        found[mine][symbol].append(content)
    return found


def _figure(summary: Summary | None) -> Figure | None:
    """A summary in words: the median with its uncertainty, or the range it lies in."""
    if summary is None:
        return None
    if not summary.is_exact:
        return Figure(_range_text(summary), "", summary.n, summary.censored)
    reported = report(summary.upper, summary.uncertainty)
    return Figure(reported.text, reported.uncertainty_text, summary.n, summary.censored)


def _range_text(summary: Summary) -> str:
    """Bounds, rounded outwards."""
    lower = round_significant(summary.lower, 3, Rule.DOWN)
    if math.isinf(summary.upper):
        return f">{lower}"
    upper = round_significant(summary.upper, 3, Rule.UP)
    return f"{lower}–{upper}" if summary.lower else f"<{upper}"


def _mine_rows(samples: QuerySet[Sample], values: Values, beside: Values) -> list[MineRow]:
    """Richest in dysprosium first; mines without a grade last."""
    counted = dict(samples.values_list("mine").annotate(n=Count("pk")).order_by())
    rows = []
    for mine in Mine.objects.filter(pk__in=counted):
        summaries = _summaries(values, mine)
        rows.append(MineRow(mine, counted[mine.pk], summaries, _figures(summaries), _figures(_summaries(beside, mine))))
    return sorted(rows, key=lambda row: (-(row.summaries["Dy"].upper if "Dy" in row.summaries else 0), row.mine.name))


def _summaries(values: Values, mine: Mine) -> dict[str, Summary]:
    found = {symbol: summarise(members) for symbol, members in values[mine.pk].items()} if mine.pk in values else {}
    return {symbol: summary for symbol, summary in found.items() if summary is not None}


def _figures(summaries: dict[str, Summary]) -> dict[str, Figure]:
    found = {symbol: _figure(summary) for symbol, summary in summaries.items()}
    return {symbol: figure for symbol, figure in found.items() if figure is not None}


def _funnel(samples: QuerySet[Sample]) -> list[FunnelRow]:
    """Samples that reached each step, whatever became of them afterwards."""
    reached = samples.aggregate(
        collected=Count("pk"),
        dispatched=Count("pk", filter=~Q(state__in=["collected", "packed"])),
        received=Count("pk", filter=Q(received_at__isnull=False)),
    )
    at = {
        "prepared": ["prepared", "in_run", "measured", "reviewed", "authorised", "certified"],
        "measured": ["measured", "reviewed", "authorised", "certified"],
        "reviewed": ["reviewed", "authorised", "certified"],
        "authorised": ["authorised", "certified"],
        "certified": ["certified"],
    }
    tests = SubmissionTest.objects.filter(sample__in=samples).aggregate(
        **{key: Count("sample", filter=Q(state__in=states), distinct=True) for key, states in at.items()}
    )
    labels = {
        "collected": _("Collected"),
        "dispatched": _("Dispatched"),
        "received": _("Received"),
        "prepared": _("Weighed in"),
        "measured": _("Measured"),
        "reviewed": _("QC passed, reviewed"),
        "authorised": _("Authorised"),
        "certified": _("Certified"),
    }
    counts = reached | tests
    return [FunnelRow(key, label, counts[key]) for key, label in labels.items()]


def _pit_to_certificate(samples: QuerySet[Sample]) -> tuple[float, float, int] | None:
    """Median and 90th percentile of the days from collection to the first certificate, and how many samples."""
    rows = (
        CertificateStatus.objects.filter(status="issued", certificate__samples__sample__in=samples)
        .values("certificate__samples__sample")
        .annotate(first=Min("at"), collected=F("certificate__samples__sample__collected_at"))
        .values_list("first", "collected")
    )
    days = [(first - collected).total_seconds() / 86400 for first, collected in rows]
    middle, most = percentile(days, 0.5), percentile(days, 0.9)
    return None if middle is None or most is None else (middle, most, len(days))


def _turnaround(samples: QuerySet[Sample]) -> list[TurnaroundRow]:
    """Per laboratory, over submissions that hold any of these samples."""
    submissions = Submission.objects.filter(tests__sample__in=samples).exclude(state="cancelled").select_related("laboratory").distinct()
    stopped: dict[UUID, timedelta] = defaultdict(timedelta)
    for submission_id, started, ended in ClockStop.objects.filter(submission__in=submissions, ended_at__isnull=False).values_list(
        "submission", "started_at", "ended_at"
    ):
        stopped[submission_id] += ended - started if ended else timedelta()
    days: dict[Organisation, list[float]] = defaultdict(list)
    waiting: dict[Organisation, int] = defaultdict(int)
    for one in submissions:
        if one.completed_at:
            days[one.laboratory].append((one.completed_at - one.submitted_at - stopped[one.pk]).total_seconds() / 86400)
        else:
            waiting[one.laboratory] += 1
    laboratories = sorted({*days, *waiting}, key=lambda laboratory: laboratory.name)
    return [
        TurnaroundRow(one, percentile(days[one], 0.5) or 0.0, percentile(days[one], 0.9) or 0.0, len(days[one]), waiting[one])
        for one in laboratories
    ]

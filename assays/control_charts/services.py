"""What people add to control charts: notes on points, and limits from a series' own history."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from assays.control_charts.keeping import as_kept
from assays.control_charts.models import ChartLimits, ControlPoint, ControlSeries, NoteKind, PointNote
from assays.control_charts.selectors import newest_points
from assays.models import RunPosition
from assays.qc.control_charts import FEWEST_FOR_LIMITS, compute_individuals_chart
from lims.core import clock
from lims.core.errors import Blocked, Blocker, Invalid, NotFound, Problem
from lims.core.roles import Action, require
from lims.core.scope import fetch_visible
from samples.services.movement import checked_texts


def note_point(*, series: ControlSeries, position: UUID, kind: str, text: str, by: Any, at: datetime | None = None) -> PointNote:
    """Say what was found out about a measurement of a control. Raises `Invalid` without words or for another kind, `NotFound` for a
    position that the series does not hold."""
    require(by, Action.CHART_NOTE)
    if kind not in NoteKind.values:
        raise _refuse("kind", "unknown_choice", f"A note is one of: {', '.join(NoteKind.values)}.")
    text = checked_texts(PointNote, text=_require_words("text", text, "Say what you found about this measurement."))["text"]
    with transaction.atomic():
        series = fetch_visible(ControlSeries, by, pk=series.pk)
        found = RunPosition.objects.filter(pk=position, pk__in=ControlPoint.objects.filter(series=series).values("position")).first()
        if found is None:
            raise NotFound()
        return PointNote.objects.create(series=series, position=found, kind=kind, text=text, noted_by=by, noted_at=at or clock.now())


def set_limits(
    *, series: ControlSeries, first_at: datetime, last_at: datetime, reason: str, by: Any, at: datetime | None = None
) -> ChartLimits:
    """Set a series' limits from its points measured from `first_at` until before `last_at`: centre their mean, sigma their mean moving
    range / 1.128. Raises `Blocked` for fewer than twenty numbers or without variation."""
    require(by, Action.CHART_LIMITS)
    reason = checked_texts(ChartLimits, reason=_require_words("reason", reason, "Say why these points describe the method in control."))[
        "reason"
    ]
    with transaction.atomic():
        series = fetch_visible(ControlSeries, by, pk=series.pk)
        points = newest_points(ControlPoint.objects.filter(series=series, qualifier="", measured_at__gte=first_at, measured_at__lt=last_at))
        rows = list(points.order_by("measured_at", "id").values_list("measured_at", "value", "unit"))
        if len(rows) < FEWEST_FOR_LIMITS:
            sentence = (
                f"Limits need at least {FEWEST_FOR_LIMITS} measured numbers; there are {len(rows)} in this span. Choose a longer one."
            )
            raise Blocked([Blocker("too_few_points", sentence)])
        chart = compute_individuals_chart([float(value) for _at, value, _unit in rows])
        if not chart.sigma:
            raise Blocked([Blocker("no_variation", "All points of this span are equal: limits cannot be computed from them.")])
        return ChartLimits.objects.create(
            series=series,
            centre=as_kept(chart.center),
            sigma=as_kept(chart.sigma),
            unit=rows[-1][2],
            n=len(rows),
            first_at=rows[0][0],
            last_at=rows[-1][0],
            reason=reason,
            set_by=by,
            set_at=at or clock.now(),
        )


def _require_words(name: str, text: str, sentence: str) -> str:
    if not text.strip():
        raise _refuse(name, "missing", sentence)
    return text.strip()


def _refuse(name: str, code: str, sentence: str) -> Invalid:
    return Invalid(code, sentence, problems=[Problem(f"/{name}", code, sentence)])

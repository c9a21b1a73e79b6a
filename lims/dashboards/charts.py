"""The overview's numbers as the charts take them."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from lims.charts.funnel import FunnelStep, funnel_chart
from lims.charts.grades import MineGrade, grade_by_mine_chart
from lims.charts.maps import MapPoint, map_chart
from lims.charts.outlines import read_outlines
from lims.charts.turnaround import Turnaround, turnaround_chart
from lims.dashboards.selectors import MineRow, Overview

Spec = dict[str, Any]


def mine_url(row: MineRow) -> str:
    """The rows behind a mine's numbers."""
    return f"{reverse('samples:list')}?mine={row.mine.code}"


def grade_spec(overview: Overview) -> Spec | None:
    """Dy and Tb oxide by mine with error bars; a median that is only a bound has no point and stands in the table. None
    without any point."""
    grades = [
        MineGrade(
            mine=row.mine.name,
            element=symbol,  # type: ignore[arg-type]
            value=summary.upper,
            lower=max(summary.upper - (summary.uncertainty or 0), summary.upper / 100),
            upper=summary.upper + (summary.uncertainty or 0),
            n=summary.n,
            censored=summary.censored,
            url=mine_url(row),
        )
        for row in overview.mine_rows
        for symbol, summary in row.summaries.items()
        if summary.is_exact
    ]
    return grade_by_mine_chart(grades, basis=_("dry basis")) if grades else None


def funnel_spec(overview: Overview) -> Spec | None:
    """Samples that reached each step; None while there is no sample."""
    if not overview.collected:
        return None
    return funnel_chart([FunnelStep(row.label, row.count) for row in overview.funnel])


def coarse(degrees: Any) -> float:
    """To the nearest quarter of a degree (about 25 km): no more than the belt tells."""
    return round(float(degrees) * 4) / 4


def map_spec(overview: Overview, *, exact: bool = False) -> Spec | None:
    """Mines and laboratories; None where no place is known. A mine stands at its coarse place, or where it is when the looks at the exact
    places were recorded (`exact`)."""
    place = float if exact else coarse
    mines = [
        MapPoint(
            label=row.mine.name,
            longitude=place(row.mine.longitude),
            latitude=place(row.mine.latitude),
            kind="mine",
            count=row.samples,
            short=row.mine.code,
            detail=row.mine.belt,
            url=mine_url(row),
        )
        for row in overview.mine_rows
        if row.mine.latitude is not None and row.mine.longitude is not None
    ]
    laboratories = [
        MapPoint(
            label=row.laboratory.name,
            longitude=float(row.laboratory.longitude),
            latitude=float(row.laboratory.latitude),
            kind="laboratory",
            count=row.n + row.open,
            short=row.laboratory.code,
        )
        for row in overview.turnaround
        if row.laboratory.latitude is not None and row.laboratory.longitude is not None
    ]
    places = [*mines, *laboratories]
    return map_chart(places, read_outlines()) if places else None


def turnaround_spec(overview: Overview) -> Spec | None:
    """Days per laboratory; None while nothing is complete."""
    rows = [Turnaround(row.laboratory.name, row.median, row.p90, row.n) for row in overview.turnaround if row.n]
    return turnaround_chart(rows) if rows else None

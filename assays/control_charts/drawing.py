"""A control's history as a drawing: the same on screen and on paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db.models import TextChoices
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assays.control_charts.selectors import Asked, ControlHistory, Point
from assays.models.judgements import Outcome
from assays.qc.control_charts import CUSUM_DECISION
from lims.charts.control import ControlPoint, CusumPoint, Line, control_chart, cusum_chart, sigma_lines
from lims.charts.frame import Spec
from lims.core.days import LABORATORY_ZONE


class View(TextChoices):
    """What a chart shows of the same points."""

    VALUE = "x", gettext_lazy("value")
    MOVING_RANGE = "mr", gettext_lazy("moving range")
    CUSUM = "cusum", gettext_lazy("cumulative sum")
    RECOVERY = "recovery", gettext_lazy("recovery")


def draw(history: ControlHistory, asked: Asked, view: str, *, height: int = 260) -> Spec:
    """The chart of a history in one of its views."""
    return _DRAWINGS[View(view)](history, asked, height)


def _draw_values(history: ControlHistory, asked: Asked, height: int) -> Spec:
    limits = history.limits
    lines = sigma_lines(limits.centre, limits.sigma) if limits else []
    points = _mark(history, history.numbers, [point.value for point in history.numbers])
    return control_chart(points, lines, title=f"{asked.analyte}, {history.unit}", description=_describe(asked, View.VALUE), height=height)


def _draw_recovery(history: ControlHistory, asked: Asked, height: int) -> Spec:
    known = [(point, percent) for point in history.numbers if (percent := point.recovery_percent) is not None]
    limits = history.limits
    lines = sigma_lines(limits.centre, limits.sigma, unit=100 / limits.centre) if limits and limits.centre else []
    points = _mark(history, [point for point, _percent in known], [percent for _point, percent in known])
    title = _("recovery, %")
    return control_chart(points, lines, title=title, description=_describe(asked, View.RECOVERY), height=height)


def _draw_moving_range(history: ControlHistory, asked: Asked, height: int) -> Spec:
    moved, chart = history.moving_ranges(), history.individuals
    lines = [Line(chart.mean_range, "MR̄", "centre-line"), Line(chart.range_upper, "3.267 MR̄", "fail-line")] if chart else []
    points = [
        ControlPoint(
            run=point.run,
            measured_at=_moment(point),
            value=distance,
            verdict="fail" if chart and distance > chart.range_upper else "pass",
            url=_address(point),
        )
        for point, distance in moved
    ]
    title = _("moving range, %(unit)s") % {"unit": history.unit}
    return control_chart(points, lines, title=title, description=_describe(asked, View.MOVING_RANGE), height=height)


def _draw_cusum(history: ControlHistory, asked: Asked, height: int) -> Spec:
    points = [CusumPoint(point.run, _moment(point), sums.up, sums.down, _address(point)) for point, sums in history.cusum()]
    return cusum_chart(points, CUSUM_DECISION, description=_describe(asked, View.CUSUM), height=height)


_DRAWINGS: dict[View, Callable[[ControlHistory, Asked, int], Spec]] = {
    View.VALUE: _draw_values,
    View.RECOVERY: _draw_recovery,
    View.MOVING_RANGE: _draw_moving_range,
    View.CUSUM: _draw_cusum,
}


def _mark(history: ControlHistory, points: Sequence[Point], values: Sequence[float]) -> list[ControlPoint]:
    return [
        ControlPoint(
            run=point.run,
            measured_at=_moment(point),
            value=value,
            verdict=point.outcome,  # type: ignore[arg-type]
            rule="" if point.outcome == Outcome.PASS else history.sentences.get(point.position, ("", "", ""))[1],
            url=_address(point),
            note="; ".join(note.text for note in history.notes.get((point.series, point.position), ())),
        )
        for point, value in zip(points, values, strict=True)
    ]


def _moment(point: Point) -> str:
    return f"{point.measured_at.astimezone(LABORATORY_ZONE):%Y-%m-%d %H:%M} IST"


def _address(point: Point) -> str:
    return reverse("control_charts:point", args=[point.series, point.position])


def _describe(asked: Asked, view: View) -> str:
    return _("Control chart, %(view)s: %(analyte)s in %(material)s by %(method)s.") % {
        "view": view.label,
        "analyte": asked.analyte,
        "material": asked.material,
        "method": asked.method,
    }

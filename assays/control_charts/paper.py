"""A control chart gathered for its paper."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from assays.control_charts.drawing import View, draw
from assays.control_charts.selectors import Asked, ControlHistory, Limits, Point
from assays.models import Method
from assays.models.judgements import Outcome
from lims.charts.render import to_svg
from lims.core.days import LABORATORY_ZONE
from lims.core.models import Installation
from lims.documents.control_chart import ControlChartPaper, OddPoint, render_control_chart

_DRAWN = (View.VALUE, View.MOVING_RANGE, View.CUSUM)
_HEIGHT = 170


def print_chart(history: ControlHistory, asked: Asked, viewer: Any, *, printed_at: datetime) -> bytes:
    """The chart as PDF: values, moving ranges and cumulative sums, and every point that did not pass."""
    title = _("%(analyte)s in %(material)s") % {"analyte": asked.analyte, "material": asked.material}
    specs = {str(view): draw(history, asked, view, height=_HEIGHT) for view in _DRAWN}
    individuals, value = history.individuals, history.certified
    paper = ControlChartPaper(
        title=title,
        laboratory=viewer.organisation.name,
        method=f"{asked.method}, {Method.objects.get(code=asked.method).name}",
        instrument=asked.instrument or _("all"),
        expected=f"{_figures(value.value)} {value.unit}, SD {_figures(value.sd)}" if value and value.sd else "",
        source=value.source if value else "",
        limits=_limits_words(history.limits),
        mean=f"{_figures(individuals.center)} {history.unit}" if individuals else "",
        sigma=f"{_figures(individuals.sigma)} {history.unit}" if individuals else "",
        span=_span(history.points),
        points=len(history.points),
        printed=_moment(printed_at),
        drawings=tuple((str(view), str(view.label).capitalize(), specs[str(view)]["description"]) for view in _DRAWN),
        odd=tuple(_odd_point(history, point) for point in history.points if point.outcome in {Outcome.WARN, Outcome.FAIL}),
    )
    svgs = {name: to_svg(spec) for name, spec in specs.items()}
    return render_control_chart(paper, svgs, printed_at=printed_at, synthetic=Installation.current().synthetic)


def _odd_point(history: ControlHistory, point: Point) -> OddPoint:
    return OddPoint(
        run=point.run,
        measured=_moment(point.measured_at),
        found=f"{point.qualifier}{_figures(point.value)}",
        z="" if point.z is None else f"{point.z:+.2f}",
        outcome=str(Outcome(point.outcome).label),
        sentence=history.sentences.get(point.position, ("", "", ""))[2],
        notes=tuple(f"{note.get_kind_display()}: {note.text}" for note in history.notes.get((point.series, point.position), ())),
    )


def _limits_words(limits: Limits | None) -> str:
    if limits is None:
        return _("none")
    words = {
        "certificate": _("certified value ± 2 and 3 of its between-laboratory standard deviation"),
        "history": _("mean ± 2 and 3 sigma of %(n)s earlier points") % {"n": limits.n},
        "shown": _("mean ± 2 and 3 sigma of the points shown"),
    }
    return words[limits.source]


def _span(points: list[Point]) -> str:
    return f"{_moment(points[0].measured_at)} – {_moment(points[-1].measured_at)}" if points else _("none measured")


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(LABORATORY_ZONE):%d %b %Y, %H:%M} IST"


def _figures(number: Any) -> str:
    return f"{float(number):.4g}"

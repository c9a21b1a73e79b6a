"""Pages of control charts: the list, a chart, a point, limits from history, the month."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from assays.control_charts import selectors
from assays.control_charts.drawing import View, draw
from assays.control_charts.forms import ChartForm, LimitsForm, MonthForm, NoteForm
from assays.control_charts.models import ControlPoint, ControlSeries
from assays.control_charts.monthly import month_rows, read_month
from assays.control_charts.paper import print_chart
from assays.control_charts.services import note_point, set_limits
from assays.models.judgements import Outcome
from assays.selectors.measured_badges import Badge, verdict_badge
from lims.core import clock
from lims.core.api.views import stream_csv
from lims.core.days import begin_of
from lims.core.errors import DomainError, Invalid, NotFound
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action, allowed
from lims.core.scope import fetch_visible

_FIRST = ("Dy", "Tb")
_SHOWN = 200
"""Rows of the table under a chart; the file holds all."""


class Charts(Page):
    """The charts of the laboratory; with a material, an element and a method, that chart."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.QC_VIEW}
    template = "control_charts/chart.html"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if not request.GET.get("material"):
            return self._list(request)
        form = ChartForm(request.GET, viewer=request.user)
        if not form.is_valid():
            return self.render({"form": form, "history": None}, status=422)
        asked, view = form.asked(), form.view_chosen
        history = selectors.read_history(request.user, asked)
        if request.GET.get("format") == "csv":
            name = f"control-chart-{asked.material}-{asked.analyte}-{asked.method}.csv".replace(" ", "-")
            return stream_csv(_rows(history), name)
        return self.render(
            {
                "form": form,
                "asked": asked,
                "history": history,
                "spec": draw(history, asked, view),
                "views": _tabs(request, view),
                "chart": history.individuals,
                "rows": [_shown(history, point) for point in reversed(history.points[-_SHOWN:])],
                "failed": [point for point in history.points if point.outcome == Outcome.FAIL],
                "unexplained": sum(point.outcome == Outcome.FAIL and not history.is_explained(point) for point in history.points),
                "series": _only_series(request.user, asked),
                "may_set_limits": allowed(request.user, Action.CHART_LIMITS),
                "query": request.GET.urlencode(),
            }
        )

    def _list(self, request: HttpRequest) -> HttpResponseBase:
        every = request.GET.get("elements") == "all"
        lines = selectors.list_series(request.user, symbols=() if every else _FIRST)
        if request.GET.get("format") == "csv":
            return stream_csv((asdict(line) for line in lines), "control-charts.csv")
        return self.render(
            {"lines": [(line, _badge(line.last_outcome)) for line in lines], "every": every, "form": ChartForm(viewer=request.user)},
            template="control_charts/list.html",
        )


def _badge(outcome: str) -> Badge:
    """What was said of a point. Missing is not said in a chart: where no value is certified by the method there is nothing to judge by."""
    return ("none", _("not judged")) if outcome == "missing" else verdict_badge(outcome)


def _only_series(viewer: Any, asked: selectors.Asked) -> ControlSeries | None:
    """The series of the chart where it is one: limits belong to one instrument."""
    found = list(selectors.find_series(viewer, asked)[:2])
    return found[0] if len(found) == 1 else None


def _tabs(request: HttpRequest, chosen: str) -> list[dict[str, Any]]:
    tabs = []
    for value, label in View.choices:
        query = request.GET.copy()
        query["view"] = value
        tabs.append({"label": label, "url": f"?{query.urlencode()}#chart", "active": value == chosen})
    return tabs


def _shown(history: selectors.ControlHistory, point: selectors.Point) -> dict[str, Any]:
    return {
        "point": point,
        "badge": _badge(point.outcome),
        "sentence": history.sentences.get(point.position, ("", "", ""))[2],
        "notes": history.notes.get((point.series, point.position), []),
        "open": point.outcome == Outcome.FAIL and not history.is_explained(point),
    }


def _rows(history: selectors.ControlHistory) -> Any:
    """The whole chart as a file, oldest first."""
    for point in history.points:
        rule, limit, sentence = history.sentences.get(point.position, ("", "", ""))
        yield {
            "run": point.run,
            "position": point.number,
            "instrument": point.instrument,
            "measured_at": point.measured_at.isoformat(),
            "qualifier": point.qualifier,
            "value": repr(point.value),
            "unit": history.unit,
            "expected": "" if point.expected is None else repr(point.expected),
            "sd": "" if point.sd is None else repr(point.sd),
            "z": "" if point.z is None else f"{point.z:.4f}",
            "recovery_percent": "" if point.recovery_percent is None else f"{point.recovery_percent:.3f}",
            "outcome": point.outcome,
            "rule": rule,
            "limit": limit,
            "sentence": sentence,
            "notes": " | ".join(note.text for note in history.notes.get((point.series, point.position), ())),
        }


class ChartPaper(Page):
    """A chart as PDF, the same drawing as on the page."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.QC_VIEW}

    def get(self, request: HttpRequest) -> HttpResponse:
        form = ChartForm(request.GET, viewer=request.user)
        if not form.is_valid():
            raise Invalid("chart_unknown", _("Choose the material, the element and the method of the chart first."))
        asked = form.asked()
        data = print_chart(selectors.read_history(request.user, asked), asked, request.user, printed_at=clock.now())
        name = f"control-chart-{asked.material}-{asked.analyte}.pdf".replace(" ", "-")
        return HttpResponse(data, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})


class MonthPage(Page):
    """How many controls were inserted in a month, how true and how precise they were."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.QC_VIEW}
    template = "control_charts/month.html"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        form = MonthForm(request.GET)
        if not form.is_valid():
            return self.render({"form": form, "month": None}, status=422)
        every = request.GET.get("elements") == "all"
        first = form.cleaned_data["month"] or MonthForm.last_month()
        month = read_month(request.user, first, symbols=() if every else _FIRST)
        if request.GET.get("format") == "csv":
            return stream_csv(month_rows(month), f"quality-control-{first:%Y-%m}.csv")
        shown = MonthForm(initial={"month": first})
        return self.render({"form": shown, "month": month, "every": every, "first": first})


class PointPage(Page):
    """One measurement of a control: its verdict, and what people found out about it."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.QC_VIEW, "POST": Action.CHART_NOTE}
    template = "control_charts/point.html"

    def get(self, request: HttpRequest, series: UUID, position: UUID) -> HttpResponse:
        return self._show(series, position, NoteForm())

    def post(self, request: HttpRequest, series: UUID, position: UUID) -> HttpResponse:
        form = NoteForm(request.POST)
        if not form.is_valid():
            return self._show(series, position, form, status=422)
        try:
            note_point(series=fetch_series(request.user, series), position=position, by=request.user, **form.cleaned_data)
        except DomainError as error:
            add_form_errors(form, error)
            return self._show(series, position, form, status=422)
        messages.success(request, _("The note stands with the point."))
        return redirect("control_charts:point", series, position)

    def _show(self, series: UUID, position: UUID, form: NoteForm, status: int = 200) -> HttpResponse:
        found = fetch_series(self.request.user, series)
        points = ControlPoint.objects.filter(series=found, position=position)
        related = points.select_related("run", "position", "verdict", "evaluation")
        judged = list(related.order_by("-evaluation__number"))
        if not judged:
            raise NotFound()
        notes = found.notes.filter(position=position).select_related("noted_by")
        return self.render(
            {
                "series": found,
                "point": judged[0],
                "badge": _badge(judged[0].outcome),
                "earlier": [(one, _badge(one.outcome)) for one in judged[1:]],
                "notes": notes,
                "form": form if allowed(self.request.user, Action.CHART_NOTE) else None,
                "chart_url": chart_address(found),
            },
            status=status,
        )


class LimitsPage(Page):
    """Setting the limits of one series from its own history."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CHART_LIMITS, "POST": Action.CHART_LIMITS}
    template = "control_charts/limits.html"

    def get(self, request: HttpRequest, series: UUID) -> HttpResponse:
        return self._show(series, LimitsForm())

    def post(self, request: HttpRequest, series: UUID) -> HttpResponse:
        form, found = LimitsForm(request.POST), fetch_series(request.user, series)
        if not form.is_valid():
            return self._show(series, form, status=422)
        days = form.cleaned_data
        try:
            limits = set_limits(
                series=found,
                first_at=begin_of(days["since"]),
                last_at=begin_of(days["until"] + timedelta(days=1)),
                reason=days["reason"],
                by=request.user,
            )
        except DomainError as error:
            add_form_errors(form, error)
            return self._show(series, form, status=422)
        messages.success(request, _("Limits are set from %(n)s points.") % {"n": limits.n})
        return redirect(chart_address(found) + "&limits=history")

    def _show(self, series: UUID, form: LimitsForm, status: int = 200) -> HttpResponse:
        found = fetch_series(self.request.user, series)
        history = found.limits.select_related("set_by").order_by("-set_at")
        return self.render({"series": found, "form": form, "limits": history, "chart_url": chart_address(found)}, status=status)


def fetch_series(viewer: Any, pk: UUID) -> ControlSeries:
    """A series within the viewer's scope."""
    rows = ControlSeries.objects.select_related("material", "analyte", "method", "instrument")
    return fetch_visible(ControlSeries, viewer, queryset=rows.visible_to(viewer), pk=pk)


def chart_address(series: ControlSeries) -> str:
    """The chart of one series."""
    query = QueryDict(mutable=True)
    query.update(
        {
            "material": series.material.code,
            "analyte": series.analyte.symbol,
            "method": series.method.code,
            "instrument": series.instrument.code,
        }
    )
    return f"{reverse('control_charts:charts')}?{query.urlencode()}"

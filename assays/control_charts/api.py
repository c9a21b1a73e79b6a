"""Control charts in the API."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from assays.control_charts.keeping import as_kept
from assays.control_charts.selectors import COUNTS, FEWEST, MOST, Asked, ControlHistory, read_history
from assays.models import Analyte, Method, ReferenceMaterial
from assays.models.judgements import Outcome
from assays.selectors.runs import number_text
from lims.core.api.views import ActionView
from lims.core.errors import Invalid, Problem
from lims.core.roles import Action

_NUMBER = "A number as text, in full"


class ChartPointSchema(serializers.Serializer[Any]):
    run = serializers.CharField()
    position = serializers.IntegerField()
    instrument = serializers.CharField()
    measured_at = serializers.DateTimeField()
    qualifier = serializers.CharField(help_text="`<` or `>` where the value is a limit, else empty")
    found = serializers.CharField(help_text=_NUMBER)
    z = serializers.CharField(allow_null=True, help_text=_NUMBER)
    recovery_percent = serializers.CharField(allow_null=True, help_text=_NUMBER)
    moving_range = serializers.CharField(allow_null=True, help_text="Distance from the number before")
    cusum_up = serializers.CharField(allow_null=True, help_text="In standard deviations of the limits")
    cusum_down = serializers.CharField(allow_null=True, help_text="In standard deviations of the limits")
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    rule = serializers.CharField()
    limit = serializers.CharField()
    sentence = serializers.CharField()
    notes = serializers.ListField(child=serializers.CharField())


class ChartLimitsSchema(serializers.Serializer[Any]):
    source = serializers.ChoiceField(choices=["certificate", "history", "shown"])  # type: ignore[assignment]
    centre = serializers.CharField(help_text=_NUMBER)
    sigma = serializers.CharField(help_text=_NUMBER)
    n = serializers.IntegerField(allow_null=True, help_text="Points the limits were computed from")
    warn = serializers.ListField(child=serializers.CharField(), help_text="Centre ∓ 2 sigma")
    fail = serializers.ListField(child=serializers.CharField(), help_text="Centre ∓ 3 sigma")  # type: ignore[assignment]


class ControlChartSchema(serializers.Serializer[Any]):
    method = serializers.CharField()
    material = serializers.CharField()
    analyte = serializers.CharField()
    unit = serializers.CharField(allow_null=True)
    expected = serializers.CharField(allow_null=True, help_text=_NUMBER)
    sd = serializers.CharField(allow_null=True, help_text="Between-laboratory SD, or that of the recorded in-house runs")
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]  # a member, not the field's own source
    limits = ChartLimitsSchema(allow_null=True)
    points = ChartPointSchema(many=True)


class _Span(forms.Form):
    points = forms.IntegerField(required=False, min_value=FEWEST, max_value=MOST)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    limits = forms.ChoiceField(required=False, choices=[("certificate", ""), ("history", "")])


class ControlCharts(ActionView):
    """The history of one reference material."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.QC_VIEW}

    @extend_schema(
        operation_id="qc_charts",
        parameters=[
            OpenApiParameter("method", str, required=True, description="Code of the method"),
            OpenApiParameter("material", str, required=True, description="Code of the reference material"),
            OpenApiParameter("analyte", str, required=True, description="Element symbol"),
            OpenApiParameter("instrument", str, description="Code; all of the laboratory when left out"),
            OpenApiParameter("points", int, description=f"How many of the newest, {FEWEST} to {MOST:,}; {COUNTS[0]} when left out"),
            OpenApiParameter("since", str, description="First day of measurement at the laboratory, 2026-11-02"),
            OpenApiParameter("until", str, description="Last day"),
            OpenApiParameter("limits", str, enum=["certificate", "history"], description="Which limits; `certificate` when left out"),
        ],
        responses=ControlChartSchema,
    )
    def get(self, request: Request) -> Response:
        """Points as they were judged, oldest first, with the value expected by the method's group, limits, moving range and cusum."""
        named = {name: request.query_params.get(name, "").strip() for name in ("method", "material", "analyte")}
        problems = [*_unknown(named)]
        span = _Span(request.query_params)
        problems += [Problem(f"/{name}", "unusable", " ".join(map(str, texts))) for name, texts in span.errors.items()]
        if problems:
            raise Invalid(problems[0].code, problems[0].detail, problems=problems)
        asked = Asked(
            **named,
            instrument=request.query_params.get("instrument", "").strip(),
            count=span.cleaned_data["points"] or COUNTS[0],
            since=span.cleaned_data["since"],
            until=span.cleaned_data["until"],
            limits=span.cleaned_data["limits"] or "certificate",
        )
        return Response(named | chart_data(read_history(request.user, asked)))


def _unknown(named: dict[str, str]) -> list[Problem]:
    known = {
        "method": Method.objects.filter(code=named["method"]),
        "material": ReferenceMaterial.objects.filter(code=named["material"]),
        "analyte": Analyte.objects.filter(symbol=named["analyte"]),
    }
    return [
        Problem(f"/{name}", f"unknown_{name}", f"There is no {name} “{named[name]}”. Name one with ?{name}=.")
        for name, rows in known.items()
        if not rows.exists()
    ]


def chart_data(history: ControlHistory) -> dict[str, Any]:
    """A control chart as numbers: value, limits at two and three standard deviations, and every point."""
    value, limits = history.certified, history.limits
    ranges = {point.position: moved for point, moved in history.moving_ranges()}
    sums = {point.position: one for point, one in history.cusum()}
    return {
        "unit": history.unit or None,
        "expected": _text(value.value) if value else None,
        "sd": _text(value.sd) if value else None,
        "source": value.source if value else None,
        "limits": {
            "source": limits.source,
            "centre": _text(limits.centre),
            "sigma": _text(limits.sigma),
            "n": limits.n,
            **{
                name: [_text(limits.centre - factor * limits.sigma), _text(limits.centre + factor * limits.sigma)]
                for name, factor in (("warn", 2), ("fail", 3))
            },
        }
        if limits
        else None,
        "points": [_point_data(history, point, ranges.get(point.position), sums.get(point.position)) for point in history.points],
    }


def _point_data(history: ControlHistory, point: Any, moved: float | None, sums: Any) -> dict[str, Any]:
    rule, limit, sentence = history.sentences.get(point.position, ("", "", ""))
    return {
        "run": point.run,
        "position": point.number,
        "instrument": point.instrument,
        "measured_at": point.measured_at.isoformat(),
        "qualifier": point.qualifier,
        "found": _text(point.value),
        "z": _text(point.z),
        "recovery_percent": _text(point.recovery_percent),
        "moving_range": _text(moved),
        "cusum_up": _text(sums.up) if sums else None,
        "cusum_down": _text(sums.down) if sums else None,
        "outcome": point.outcome,
        "rule": rule,
        "limit": limit,
        "sentence": sentence,
        "notes": [note.text for note in history.notes.get((point.series, point.position), ())],
    }


def _text(number: float | Decimal | None) -> str | None:
    """A number in full, as every other of the interface."""
    return number_text(as_kept(number) if isinstance(number, float) else number)

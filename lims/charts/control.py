"""The control chart of a reference material: every run against the certified value and its standard deviation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _

from lims.charts.frame import Spec, build_empty, build_frame, build_layer

Verdict = Literal["pass", "warn", "fail"]
VERDICTS: tuple[Verdict, ...] = ("pass", "warn", "fail")


@dataclass(frozen=True, slots=True)
class ControlPoint:
    """One measurement of the material. `rule` names the rule that fired; `url` leads to the run."""

    run: str
    measured_at: str
    value: float
    verdict: Verdict
    rule: str = ""
    url: str = ""


def control_chart(
    points: Sequence[ControlPoint], *, centre: float, standard_deviation: float, analyte: str, unit: str, height: int = 260
) -> Spec:
    """Points oldest first with lines at the centre and at ±2 s and ±3 s.

    `centre` and `standard_deviation` (greater than zero) are the material's in the chart's unit: the between-laboratory SD of its
    certificate or that of the laboratory's own runs, never the confidence interval of a mean.
    """
    if not points:
        return build_empty(_("This control has not been measured yet."))
    if standard_deviation <= 0:
        raise ValueError(f"A control chart of {analyte} needs a standard deviation above zero, not {standard_deviation}.")
    rows = [_point_row(number, point) for number, point in enumerate(points, start=1)]
    spec = build_frame(rows, description=_("Control chart of %(analyte)s in %(unit)s.") % {"analyte": analyte, "unit": unit}, height=height)
    linked, found = any(point.url for point in points), {point.verdict for point in points}
    spec["layer"] = [
        *_limit_layers(centre, standard_deviation),
        build_layer("line", "connector", _position(analyte, unit)),
        # A layer without points would be announced as a picture of nothing.
        *(_verdict_layer(verdict, analyte, unit, linked=linked) for verdict in VERDICTS if verdict in found),
    ]
    return spec


def _point_row(number: int, point: ControlPoint) -> dict[str, Any]:
    return {
        "number": number,
        "run": point.run,
        "at": point.measured_at,
        "value": point.value,
        "verdict": point.verdict,
        "rule": point.rule or "–",
        "url": point.url,
    }


def _position(analyte: str, unit: str) -> dict[str, Any]:
    x_axis = {"title": _("run, newest right"), "grid": False, "format": "d", "tickMinStep": 1}
    return {
        "x": {"field": "number", "type": "quantitative", "scale": {"zero": False, "nice": False, "padding": 10}, "axis": x_axis},
        "y": _value_axis(f"{analyte}, {unit}"),
    }


def _value_axis(title: str | None) -> dict[str, Any]:
    axis = {"title": title, "grid": False, "tickCount": 6}
    return {"field": "value", "type": "quantitative", "scale": {"zero": False, "padding": 10}, "axis": axis}


def _limit_layers(centre: float, sd: float) -> list[Spec]:
    lines = [("fail-line", 3, "+3s"), ("warn-line", 2, "+2s"), ("centre-line", 0, ""), ("warn-line", -2, "−2s"), ("fail-line", -3, "−3s")]
    layers = []
    for style, factor, label in lines:
        data = {"data": {"values": [{"value": centre + factor * sd, "label": label}]}}
        y = {"y": {"field": "value", "type": "quantitative"}}
        layers.append(data | build_layer("rule", style, y))
        if label:
            text = build_layer("text", "note", y | {"text": {"field": "label"}}, align="right", dy=-6, fontSize=10)
            text["mark"]["x"] = {"expr": "width"}
            layers.append(data | text)
    return layers


def _verdict_layer(verdict: Verdict, analyte: str, unit: str, *, linked: bool) -> Spec:
    encoding = _position(analyte, unit) | {
        "tooltip": [
            {"field": "run", "title": _("Run")},
            {"field": "at", "title": _("Measured")},
            {"field": "value", "title": f"{analyte}, {unit}"},
            {"field": "verdict", "title": _("Verdict")},
            {"field": "rule", "title": _("Rule")},
        ],
        **({"href": {"field": "url"}} if linked else {}),
    }
    return {"transform": [{"filter": {"field": "verdict", "equal": verdict}}]} | build_layer(
        "point", verdict, encoding, size=52, filled=True
    )

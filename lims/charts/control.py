"""Control charts: every measurement of a control material in the order of time, against lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _

from lims.charts.frame import Row, Spec, build_empty, build_frame, build_layer

Verdict = Literal["pass", "warn", "fail", "missing"]
VERDICTS: tuple[Verdict, ...] = ("pass", "warn", "fail")
_MANY = 600
"""Points from which those that passed are told by the line alone: a browser draws, and a person sees, what is odd."""


@dataclass(frozen=True, slots=True)
class ControlPoint:
    """One measurement of the material. `rule` names the rule that fired, `note` what a person found; `url` leads to the run."""

    run: str
    measured_at: str
    value: float
    verdict: Verdict
    rule: str = ""
    url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line across the chart at `value`, with its `label` at the right end."""

    value: float
    label: str
    style: Literal["centre-line", "warn-line", "fail-line"]


def sigma_lines(centre: float, standard_deviation: float, *, unit: float = 1.0) -> list[Line]:
    """Lines at the centre and at ±2 s and ±3 s, times `unit`.

    `centre` and `standard_deviation` are the material's: the between-laboratory SD of its certificate or that of the laboratory's own
    runs, never the confidence interval of a mean. Raises `ValueError` for a deviation of zero or less.
    """
    if standard_deviation <= 0:
        raise ValueError(f"A control chart needs a standard deviation above zero, not {standard_deviation}.")
    factors: list[tuple[int, str, Any]] = [
        (3, "+3s", "fail-line"),
        (2, "+2s", "warn-line"),
        (0, "", "centre-line"),
        (-2, "−2s", "warn-line"),
        (-3, "−3s", "fail-line"),
    ]
    return [Line(unit * (centre + factor * standard_deviation), label, style) for factor, label, style in factors]


def control_chart(points: Sequence[ControlPoint], lines: Sequence[Line] = (), *, title: str, description: str, height: int = 260) -> Spec:
    """Points oldest first against lines; `title` names the value axis with its unit. The wheel and dragging zoom along the runs."""
    if not points:
        return build_empty(_("This control has not been measured yet."))
    spec = build_frame([_point_row(number, point) for number, point in enumerate(points, 1)], description=description, height=height)
    linked, found = any(point.url for point in points), {point.verdict for point in points}
    if len(points) > _MANY:
        found -= {"pass"}
    spec["layer"] = [
        *_line_layers(lines),
        _connector(_position(title)),
        # A layer without points would be announced as a picture of nothing.
        *(_verdict_layer(verdict, title, linked=linked) for verdict in VERDICTS if verdict in found),
        *([_note_layer()] if any(point.note for point in points) else []),
    ]
    return spec


@dataclass(frozen=True, slots=True)
class CusumPoint:
    """The two sums after one measurement, in standard deviations, both zero or more."""

    run: str
    measured_at: str
    up: float
    down: float
    url: str = ""


def cusum_chart(points: Sequence[CusumPoint], decision: float, *, description: str, height: int = 260) -> Spec:
    """The sum upwards above zero and the sum downwards below it, with the decision interval on both sides."""
    if not points:
        return build_empty(_("Cumulative sums need limits: a certified standard deviation, or limits from at least twenty points."))
    rows = [
        {"number": number, "run": point.run, "at": point.measured_at, "value": value, "url": point.url, "side": side, "rule": ""}
        for number, point in enumerate(points, 1)
        for side, value in ((_("upwards"), point.up), (_("downwards"), -point.down))
    ]
    spec = build_frame(rows, description=description, height=height)
    title = _("cumulative sum, s")
    position = _position(title)
    out = f"abs(datum.value) > {decision}"
    spec["layer"] = [
        *_line_layers([Line(decision, "h", "fail-line"), Line(0, "", "centre-line"), Line(-decision, "−h", "fail-line")]),
        _connector(position | {"detail": {"field": "side"}}),
        *(
            [{"transform": [{"filter": out}]} | build_layer("point", "fail", position | {"tooltip": _tooltip(title)}, size=40, filled=True)]
            if any(max(point.up, point.down) > decision for point in points)
            else []
        ),
    ]
    return spec


def _point_row(number: int, point: ControlPoint) -> Row:
    return {
        "number": number,
        "run": point.run,
        "at": point.measured_at,
        "value": point.value,
        "verdict": point.verdict,
        "rule": point.rule or "–",
        "url": point.url,
        "note": point.note,
    }


def _position(title: str) -> dict[str, Any]:
    x_axis = {"title": _("run, newest right"), "grid": False, "format": "d", "tickMinStep": 1}
    y_axis = {"title": title, "grid": False, "tickCount": 6}
    return {
        "x": {"field": "number", "type": "quantitative", "scale": {"zero": False, "nice": False, "padding": 10}, "axis": x_axis},
        "y": {"field": "value", "type": "quantitative", "scale": {"zero": False, "padding": 10}, "axis": y_axis},
    }


def _connector(encoding: dict[str, Any]) -> Spec:
    """The line through the points; it carries the zoom."""
    zoom = {"name": "zoom", "select": {"type": "interval", "encodings": ["x"]}, "bind": "scales"}
    return build_layer("line", "connector", encoding, clip=True) | {"params": [zoom]}


def _line_layers(lines: Sequence[Line]) -> list[Spec]:
    layers = []
    for line in lines:
        data = {"data": {"values": [{"value": line.value, "label": line.label}]}}
        y = {"y": {"field": "value", "type": "quantitative"}}
        layers.append(data | build_layer("rule", line.style, y))
        if line.label:
            text = build_layer("text", "note", y | {"text": {"field": "label"}}, align="right", dy=-6, fontSize=10)
            text["mark"]["x"] = {"expr": "width"}
            layers.append(data | text)
    return layers


def _verdict_layer(verdict: Verdict, title: str, *, linked: bool) -> Spec:
    verdict_and_rule = [{"field": "verdict", "title": _("Verdict")}, {"field": "rule", "title": _("Rule")}]
    encoding = _position(title) | {
        "tooltip": [*_tooltip(title), *verdict_and_rule, {"field": "note", "title": _("Note")}],
        **({"href": {"field": "url"}} if linked else {}),
    }
    return {"transform": [{"filter": {"field": "verdict", "equal": verdict}}]} | build_layer(
        "point", verdict, encoding, size=52, filled=True, clip=True
    )


def _note_layer() -> Spec:
    """A ring around what somebody has said something about."""
    encoding = {"x": {"field": "number", "type": "quantitative"}, "y": {"field": "value", "type": "quantitative"}}
    return {"transform": [{"filter": "datum.note !== ''"}]} | build_layer(
        "point", "note", encoding, size=170, filled=False, strokeWidth=1.2, clip=True
    )


def _tooltip(title: str) -> list[dict[str, str]]:
    return [{"field": "run", "title": _("Run")}, {"field": "at", "title": _("Measured")}, {"field": "value", "title": title}]

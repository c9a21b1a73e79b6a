"""The chondrite-normalised rare-earth pattern of one or several samples, against the envelope of their mine where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lims.charts.frame import Spec, build_empty, build_frame, build_layer

ORDER = ("La", "Ce", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb", "Dy", "Y", "Ho", "Er", "Tm", "Yb", "Lu")
"""By ionic radius; yttrium stands between dysprosium and holmium."""
NAMED_SERIES = 6
"""Up to this many samples have a colour and a name; more are drawn alike."""


@dataclass(frozen=True, slots=True)
class PatternPoint:
    """A result divided by chondrite (dimensionless). A censored one is drawn at its limit as an open triangle."""

    element: str
    ratio: float
    censored: bool = False


@dataclass(frozen=True, slots=True)
class PatternSeries:
    """The pattern of one sample. Elements not measured are left out and leave a gap in the line."""

    label: str
    points: tuple[PatternPoint, ...]


@dataclass(frozen=True, slots=True)
class Envelope:
    """The range of the patterns of a mine: `(element, low, high)` as ratios, over `n` samples."""

    label: str
    n: int
    ranges: tuple[tuple[str, float, float], ...]


def pattern_chart(
    series: Sequence[PatternSeries], *, envelope: Envelope | None = None, normalisation: str = "McDonough & Sun 1995", height: int = 260
) -> Spec:
    """Sample / chondrite on a logarithmic axis, elements in order of ionic radius."""
    rows = [row for one in series for row in _series_rows(one)]
    if not any(row["ratio"] for row in rows):
        return build_empty(_("No rare-earth results yet, so there is no pattern to draw."))
    named = 1 < len(series) <= NAMED_SERIES
    spec = build_frame(rows, description=_describe(series, envelope, normalisation), height=height)
    spec["encoding"] = {
        "x": {"field": "element", "type": "nominal", "sort": list(ORDER), "axis": {"title": None, "labelAngle": 0, "grid": False}},
    }
    censored = any(row["censored"] for row in rows)
    spec["layer"] = [
        *([_envelope_layer(envelope)] if envelope else []),
        *_line_layers(named, single=len(series) == 1, censored=censored),
    ]
    return spec


def _series_rows(series: PatternSeries) -> list[dict[str, Any]]:
    known = {point.element: point for point in series.points if point.ratio > 0}
    return [
        {
            "sample": series.label,
            "element": element,
            "ratio": known[element].ratio if element in known else None,
            "censored": element in known and known[element].censored,
        }
        for element in ORDER
    ]


def _ratio_axis() -> dict[str, Any]:
    axis = {"title": _("sample / CI chondrite"), "format": ",~r", "tickCount": 6}
    return {"field": "ratio", "type": "quantitative", "scale": {"type": "log", "nice": False, "padding": 12}, "axis": axis}


def _line_layers(named: bool, *, single: bool, censored: bool) -> list[Spec]:
    style = "accent" if single else "quiet"
    encoding: dict[str, Any] = {"y": _ratio_axis(), "detail": {"field": "sample"}}
    if named:
        encoding["color"] = {"field": "sample", "type": "nominal", "sort": None, "legend": {"title": None}}
    tooltip = [
        {"field": "sample", "title": _("Sample")},
        {"field": "element", "title": _("Element")},
        {"field": "ratio", "title": _("Ratio"), "format": ".3~g"},
    ]
    width = 2 if single or named else 0.8
    alone = 1 if single or named else 0.5
    layers = [
        build_layer("line", style, encoding, strokeWidth=width, opacity=alone),
        {"transform": [{"filter": "!datum.censored && isValid(datum.ratio)"}]}
        | build_layer("point", style, encoding | {"tooltip": tooltip}, size=34, filled=True, opacity=alone),
    ]
    if censored:
        limit = build_layer("point", "quiet", encoding | {"tooltip": tooltip}, size=44, shape="triangle-down", filled=False)
        layers.append({"transform": [{"filter": "datum.censored"}]} | limit)
    return layers


def _envelope_layer(envelope: Envelope) -> Spec:
    rows = [{"element": element, "low": low, "high": high} for element, low, high in envelope.ranges if low > 0]
    rows.sort(key=lambda row: ORDER.index(str(row["element"])))
    encoding = {"y": _ratio_axis() | {"field": "low"}, "y2": {"field": "high"}}
    return {"data": {"values": rows}} | build_layer("area", "band", encoding)


def _describe(series: Sequence[PatternSeries], envelope: Envelope | None, normalisation: str) -> str:
    subject = (
        _("Rare-earth pattern of %(name)s") % {"name": series[0].label}
        if len(series) == 1
        else ngettext("Rare-earth patterns of %(n)d sample", "Rare-earth patterns of %(n)d samples", len(series)) % {"n": len(series)}
    )
    parts = [subject, _("normalised to chondrite (%(source)s)") % {"source": normalisation}]
    if envelope:
        parts.append(_("against the range of %(mine)s, n = %(n)d") % {"mine": envelope.label, "n": envelope.n})
    return ", ".join(parts) + "."

"""One look for every chart. Specifications name roles (`dy`, `fail`, `note`); the colours behind them are here, for paper and for screen.

A role is a Vega-Lite style: a mark with `style: "dy"` takes its colour, and for verdicts also its shape, from the theme that is merged on
paper by `render.to_svg` and in the browser by `charts.js`. On screen the colours are the page's own CSS variables, so a chart follows
light, dark and print as everything else does; on paper they are the light values of the same variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SANS = "Inter, 'Noto Sans Devanagari', 'Noto Sans Myanmar', sans-serif"

PAPER: Mapping[str, str] = {
    "ink": "#1d2433",
    "quiet": "#5b6270",
    "line": "#e4dfd6",
    "card": "#ffffff",
    "sunk": "#efece4",
    "accent": "#a4502f",
    "clay": "#e6d8cc",
    "bar": "#c9b8a6",
    "dysprosium": "#b8860b",
    "terbium": "#1f8a5b",
    "pass": "#1f8a5b",
    "warn": "#b7791f",
    "fail": "#b3261e",
    "wait": "#2f5d8a",
}
"""Colours by the name of their CSS variable."""
SCREEN: Mapping[str, str] = {name: f"var(--{name})" for name in PAPER}

SERIES = ("accent", "wait", "terbium", "dysprosium", "quiet", "fail")
"""Colours of several series in one chart, in order: the range `category`."""
ELEMENTS = ("dysprosium", "terbium")
"""Colours of dysprosium and terbium where both are shown: the range `ordinal`, which nothing else uses."""


def theme_config(token: Mapping[str, str]) -> dict[str, Any]:
    """The Vega-Lite configuration in the given colours (`PAPER` or `SCREEN`): type, axes, and every role of the specifications."""
    return {
        "background": "transparent",
        "font": SANS,
        "padding": {"left": 4, "right": 8, "top": 4, "bottom": 4},
        "view": {"stroke": "transparent"},
        "axis": {
            "domainColor": token["quiet"],
            "domainWidth": 0.6,
            "gridColor": token["line"],
            "gridWidth": 0.8,
            "labelColor": token["ink"],
            "labelFontSize": 11,
            "labelPadding": 5,
            "tickColor": token["quiet"],
            "tickSize": 4,
            "tickWidth": 0.6,
            "titleColor": token["quiet"],
            "titleFontSize": 11,
            "titleFontWeight": 500,
            "titlePadding": 8,
        },
        "legend": {
            "labelColor": token["ink"],
            "labelFontSize": 11,
            "titleColor": token["quiet"],
            "titleFontSize": 11,
            "titleFontWeight": 500,
            "orient": "top",
            "symbolOpacity": 1,
            "symbolSize": 70,
            "symbolStrokeWidth": 0,
        },
        "title": {"color": token["ink"], "subtitleColor": token["quiet"], "fontSize": 12, "fontWeight": 600, "anchor": "start"},
        "range": {"category": [token[name] for name in SERIES], "ordinal": [token[name] for name in ELEMENTS]},
        "style": _styles(token),
    }


def _styles(token: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    plain = {"ink": "ink", "quiet": "quiet", "accent": "accent", "dy": "dysprosium", "tb": "terbium", "bar": "bar"}
    return {
        **{role: {"color": token[name], "opacity": 1} for role, name in plain.items()},
        "pass": {"color": token["pass"], "shape": "circle", "opacity": 1},
        "warn": {"color": token["warn"], "shape": "triangle-up", "opacity": 1},
        "fail": {"color": token["fail"], "shape": "square", "opacity": 1},
        "band": {"color": token["clay"], "opacity": 0.85},
        "connector": {"color": token["quiet"], "strokeWidth": 0.9, "opacity": 0.8},
        "centre-line": {"color": token["quiet"], "strokeWidth": 1.2},
        "warn-line": {"color": token["warn"], "strokeWidth": 1.1, "strokeDash": [5, 4]},
        "fail-line": {"color": token["fail"], "strokeWidth": 1.1, "strokeDash": [3, 3]},
        "label": {"color": token["ink"], "fontSize": 11},
        "note": {"color": token["quiet"], "fontSize": 11},
        "land": {"fill": token["sunk"], "stroke": token["bar"], "strokeWidth": 0.6, "color": token["sunk"]},
        "place": {"color": token["quiet"], "fontSize": 10, "opacity": 0.75},
        "halo": {"stroke": token["card"], "strokeWidth": 3, "strokeJoin": "round", "color": token["card"], "fontSize": 11},
    }

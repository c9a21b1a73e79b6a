"""Dysprosium and terbium by mine: what has been authorised, how sure it is, and on how many samples it rests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _

from lims.charts.frame import Spec, build_empty, build_frame, fit_rows

OXIDES = {"Dy": "Dy₂O₃", "Tb": "Tb₄O₇"}
ROW_HEIGHT = 30


@dataclass(frozen=True, slots=True)
class MineGrade:
    """The grade of one oxide at one mine, in the chart's unit: `value` within `lower` and `upper` over `n` samples.

    `censored` of the n are below their limit and went into the value as bounds. `url` leads to the rows behind it.
    """

    mine: str
    element: Literal["Dy", "Tb"]
    value: float
    lower: float
    upper: float
    n: int
    censored: int = 0
    url: str = ""


def grade_by_mine_chart(grades: Sequence[MineGrade], *, unit: str = "mg/kg", basis: str = "", statistic: str = "") -> Spec:
    """One row per mine, richest in dysprosium first, on a logarithmic axis, each value with its error bar.

    `basis` (dry basis, fusion total) and `statistic` (what value and bar are) are printed with the axis. Values of zero or less cannot
    stand on the axis and are left out: a mine with nothing above the limit has no point, which its table row explains.
    """
    shown = [grade for grade in grades if grade.value > 0]
    if not shown:
        return build_empty(_("No authorised dysprosium or terbium result matches this selection yet."))
    labels = _mine_labels(shown)
    rows = [_grade_row(grade, labels[grade.mine]) for grade in shown]
    spec = build_frame(rows, description=_("Dysprosium and terbium grade by mine."), height=fit_rows(len(labels), ROW_HEIGHT))
    element = {
        "field": "oxide",
        "type": "nominal",
        "scale": {"domain": list(OXIDES.values()), "range": "ordinal"},
        "legend": {"title": None},
    }
    title = ", ".join(filter(None, [unit, basis, statistic]))
    axis = {"title": title, "format": ",~r", "tickCount": 8, "grid": True}
    scale = {"type": "log", "nice": False, "padding": 16}
    spec["encoding"] = {
        "y": {
            "field": "mine",
            "type": "nominal",
            "sort": list(labels.values()),
            "axis": {"title": None, "ticks": False, "labelLimit": 220},
        },
        "color": element,
        "tooltip": [
            {"field": "mine", "title": _("Mine")},
            {"field": "oxide", "title": _("Oxide")},
            {"field": "text", "title": unit},
            {"field": "n", "title": "n"},
            {"field": "censored", "title": _("below LOQ")},
        ],
    }
    x = {"field": "value", "type": "quantitative", "scale": scale, "axis": axis}
    spec["layer"] = [
        {
            "mark": {"type": "rule", "strokeWidth": 2.2, "opacity": 0.55},
            "encoding": {"x": x | {"field": "lower"}, "x2": {"field": "upper"}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 78, "opacity": 1},
            "encoding": {
                "x": x,
                "shape": {
                    "field": "oxide",
                    "type": "nominal",
                    "scale": {"domain": list(OXIDES.values()), "range": ["circle", "diamond"]},
                    "legend": {"title": None},
                },
                **({"href": {"field": "url"}} if any(grade.url for grade in shown) else {}),
            },
        },
    ]
    return spec


def _mine_labels(grades: Sequence[MineGrade]) -> dict[str, str]:
    """Mine → `name (n=18)`, richest in dysprosium first; two numbers where the elements differ in n."""
    mines = dict.fromkeys(grade.mine for grade in grades)
    by_mine = {mine: {grade.element: grade for grade in grades if grade.mine == mine} for mine in mines}
    order = sorted(mines, key=lambda mine: (-by_mine[mine]["Dy"].value if "Dy" in by_mine[mine] else 0.0, mine))
    return {mine: f"{mine} (n={'/'.join(dict.fromkeys(str(grade.n) for grade in by_mine[mine].values()))})" for mine in order}


def _grade_row(grade: MineGrade, label: str) -> dict[str, Any]:
    floor = min(grade.value, grade.lower) if grade.lower > 0 else grade.value / 2  # a bar that reaches zero has no end on a log axis
    return {
        "mine": label,
        "oxide": OXIDES[grade.element],
        "value": grade.value,
        "lower": floor,
        "upper": grade.upper,
        "text": f"{grade.value:.3g} ({grade.lower:.3g} – {grade.upper:.3g})",
        "n": grade.n,
        "censored": grade.censored,
        "url": grade.url,
    }

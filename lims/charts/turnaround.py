"""How long laboratories take, from receipt to certificate, with the clock stopped on hold."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from lims.charts.frame import Spec, build_empty, build_frame, build_layer, fit_rows

ROW_HEIGHT = 34
LABEL_WIDTH = 24
"""Letters in a line of a laboratory's name."""


@dataclass(frozen=True, slots=True)
class Turnaround:
    """Days for one laboratory or month over `n` submissions: half are done within `median`, nine of ten within `p90`.

    `promised` is the turnaround agreed; `url` leads to the submissions.
    """

    label: str
    median: float
    p90: float
    n: int
    promised: float | None = None
    url: str = ""


def turnaround_chart(rows: Sequence[Turnaround]) -> Spec:
    """One row each, in the order given: a bar from median to 90 %, a point at the median, a tick at what was promised."""
    if not rows:
        return build_empty(_("Nothing has been certified in this period yet, so there is no turnaround to show."))
    values = [_row(row) for row in rows]
    spec = build_frame(
        values, description=_("Turnaround in days: median, 90 % and what was promised."), height=fit_rows(len(rows), ROW_HEIGHT)
    )
    promised = any(row.promised is not None for row in rows)
    key = _("point: median · bar to 90 % · tick: promised") if promised else _("point: median · bar to 90 %")
    spec["title"] = {"text": key, "frame": "bounds", "fontSize": 11, "fontWeight": 400}
    axis = {"title": _("days"), "tickMinStep": 1, "format": "~g"}
    x = {"type": "quantitative", "axis": axis, "scale": {"domainMin": 0, "zero": True, "nice": True}}
    spec["encoding"] = {
        "y": {
            "field": "label",
            "type": "nominal",
            "sort": [value["label"] for value in values],
            "axis": {"title": None, "ticks": False, "labelLimit": 220, "labelExpr": "split(datum.label, '\\n')", "labelBaseline": "middle"},
        },
        "tooltip": [
            {"field": "label", "title": _("Laboratory")},
            {"field": "median", "title": _("Median, days"), "format": ".1f"},
            {"field": "p90", "title": _("90 % within, days"), "format": ".1f"},
            {"field": "promised", "title": _("Promised, days"), "format": "~g"},
        ],
    }
    link = {"href": {"field": "url"}} if any(row.url for row in rows) else {}
    spec["layer"] = [
        build_layer("bar", "bar", {"x": x | {"field": "median"}, "x2": {"field": "p90"}} | link, height=10, cornerRadius=2),
        build_layer("point", "accent", {"x": x | {"field": "median"}} | link, size=80, filled=True),
    ]
    if promised:
        tick = build_layer("tick", "ink", {"x": x | {"field": "promised"}}, thickness=2, size=20)
        spec["layer"].append({"transform": [{"filter": "isValid(datum.promised)"}]} | tick)
    return spec


def _row(row: Turnaround) -> dict[str, Any]:
    # Two short lines instead of one long one: on a phone the names leave room for the days.
    label = "\n".join(textwrap.wrap(f"{row.label} (n={row.n})", LABEL_WIDTH))
    return {"label": label, "median": row.median, "p90": row.p90, "promised": row.promised, "url": row.url}

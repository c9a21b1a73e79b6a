"""From mine to certificate: how many samples reached each step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from lims.charts.frame import Spec, build_empty, build_frame, build_layer, fit_rows

ROW_HEIGHT = 26


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """A step with the number of samples that reached it. `url` leads to them."""

    label: str
    count: int
    url: str = ""


def funnel_chart(steps: Sequence[FunnelStep]) -> Spec:
    """One bar per step in the order given, its number at its end."""
    if not any(step.count for step in steps):
        return build_empty(_("No samples yet. Register a sample at a mine and it appears here."))
    rows = [{"step": step.label, "count": step.count, "url": step.url} for step in steps]
    room = 1.12 * max(step.count for step in steps)  # for the number behind the longest bar
    spec = build_frame(
        rows,
        description=_("Samples that reached each step from the mine to the certificate."),
        height=fit_rows(len(steps), ROW_HEIGHT, around=10),
    )
    spec["encoding"] = {
        "y": {
            "field": "step",
            "type": "nominal",
            "sort": [step.label for step in steps],
            "axis": {"title": None, "ticks": False, "domain": False, "labelLimit": 200},
            "scale": {"paddingInner": 0.42},
        },
        "x": {"field": "count", "type": "quantitative", "axis": None, "scale": {"domain": [0, room], "nice": False}},
        "tooltip": [{"field": "step", "title": _("Step")}, {"field": "count", "title": _("Samples")}],
    }
    href = {"href": {"field": "url"}} if any(step.url for step in steps) else {}
    spec["layer"] = [
        build_layer("bar", "bar", href, cornerRadiusEnd=2),
        build_layer("text", "label", {"text": {"field": "count", "format": ","}}, align="left", dx=6),
    ]
    return spec

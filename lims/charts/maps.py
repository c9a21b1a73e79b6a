"""Where things are: outlines of the region under points for mines, laboratories and what is on its way."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from django.utils.translation import gettext as _

from lims.charts.frame import PAPER_WIDTH, Spec, build_empty, build_frame, build_layer
from lims.core.outlines import REGION, Extent, clip_features

PlaceKind = Literal["mine", "laboratory", "on_route", "overdue", "post", "hold"]

# In the order of the theme's series roles: laterite, blue, green, gold, grey, red. The shape says the same as the colour.
SHAPES: dict[PlaceKind, str] = {
    "mine": "circle",
    "laboratory": "diamond",
    "on_route": "triangle-right",
    "overdue": "triangle-up",
    "post": "cross",
    "hold": "square",
}
_SLENDER = 4.0
"""Land reaches this many times the box to either side, so that it fills a view of any proportion up to this one."""
_NARROW = 420
"""Pixels of width below which places go by their short names."""
_NAMED_AREA = 6000
"""Square pixels of a page that a country must show to be named."""


@dataclass(frozen=True, slots=True)
class MapPoint:
    """A place in degrees (WGS 84) with the number of samples there. `short` is its name where the map is a phone's, `detail` one line
    for the pointer; `url` leads to the rows."""

    label: str
    longitude: float
    latitude: float
    kind: PlaceKind
    count: int = 1
    short: str = ""
    detail: str = ""
    url: str = ""


def map_chart(points: Sequence[MapPoint], outlines: Mapping[str, Any], *, extent: Extent | None = None, height: int = 420) -> Spec:
    """The points over the outlines (a GeoJSON feature collection), fitted to `extent`, by default what holds all points with some air.

    Mercator projection. The outlines travel inside the specification: nothing is fetched. A note says that they are illustrative.
    """
    if not points:
        return build_empty(_("Nothing with a known place matches this selection."))
    box = extent or frame_points(points)
    shown = sorted((point for point in points if box.contains((point.longitude, point.latitude))), key=lambda point: -point.count)
    sheet = _Sheet(box, height)
    sides = _place_labels(shown, sheet)
    rows = [_point_row(point, side) for point, side in zip(shown, sides, strict=True)]
    spec = build_frame(rows, description=_("Map of places with samples. Outlines are illustrative."), height=height)
    spec["projection"] = _fit_projection(box)
    spec["layer"] = [
        {
            "data": {"values": clip_features(outlines, _widen(box))["features"]},
            "mark": {"type": "geoshape", "style": "land", "tooltip": None, "clip": True, "aria": False},
        },
        {"data": {"values": _name_countries(outlines, box, sheet)}} | build_layer("text", "place", _place() | {"text": {"field": "label"}}),
        _point_layer({row["kind"] for row in rows}),
        *_label_layers(),
        _note_layer(),
    ]
    return spec


def frame_points(points: Sequence[MapPoint], *, air: float = 0.12, least: float = 1.6) -> Extent:
    """The box around the points with a share of air on every side, at least `least` degrees wide, within the region of the outlines."""
    west, east = min(point.longitude for point in points), max(point.longitude for point in points)
    south, north = min(point.latitude for point in points), max(point.latitude for point in points)
    margin = max(air * max(east - west, north - south), least / 2)
    return Extent(
        max(west - margin, min(west, REGION.west)),
        max(south - margin, min(south, REGION.south)),
        min(east + margin, max(east, REGION.east)),
        min(north + margin, max(north, REGION.north)),
    )


def _mercator(latitude: float) -> float:
    return math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2))


def _fit_projection(box: Extent) -> dict[str, Any]:
    """Mercator with the box just inside a view of any size: its scale follows the view, so the chart can fill its container."""
    width, height = math.radians(box.east - box.west), _mercator(box.north) - _mercator(box.south)
    middle = 2 * math.atan(math.exp((_mercator(box.north) + _mercator(box.south)) / 2)) - math.pi / 2
    return {
        "type": "mercator",
        "center": [(box.west + box.east) / 2, math.degrees(middle)],
        "scale": {"expr": f"min(width / {width:.6f}, height / {height:.6f})"},
        "translate": {"expr": "[width / 2, height / 2]"},
    }


def _widen(box: Extent) -> Extent:
    reach_x, reach_y = ((_SLENDER - 1) / 2 * size for size in (box.north - box.south, box.east - box.west))
    west, east = box.west - reach_x, box.east + reach_x
    return Extent(max(west, -180), max(box.south - reach_y, -80), min(east, 180), min(box.north + reach_y, 80))


class _Sheet:
    """Where names have room, reckoned in pixels at the size of a page."""

    def __init__(self, box: Extent, height: int) -> None:
        width, tall = math.radians(box.east - box.west), _mercator(box.north) - _mercator(box.south)
        self.scale = min(PAPER_WIDTH / width, height / tall)
        self.left = self.scale * math.radians((box.west + box.east) / 2) - PAPER_WIDTH / 2
        self.taken: list[tuple[float, float, float, float]] = []

    def project(self, longitude: float, latitude: float) -> tuple[float, float]:
        return self.scale * math.radians(longitude), -self.scale * _mercator(latitude)

    def take(self, x: float, y: float, length: float) -> bool:
        """Claim the line of text that begins at x and is centred on y; false where something stands or the sheet ends."""
        wanted = (x, y - 7, x + length, y + 7)
        inside = self.left < x and x + length < self.left + PAPER_WIDTH
        free = inside and not any(a[0] < wanted[2] and wanted[0] < a[2] and a[1] < wanted[3] and wanted[1] < a[3] for a in self.taken)
        if free:
            self.taken.append(wanted)
        return free


def _place_labels(points: Sequence[MapPoint], sheet: _Sheet) -> list[str]:
    """On which side (`right`, `left`) each name has room, in the order given; empty where it would cover another name or a point."""
    at = [sheet.project(point.longitude, point.latitude) for point in points]
    sheet.taken += [(x - 6, y - 6, x + 6, y + 6) for x, y in at]
    sides = []
    for point, (x, y) in zip(points, at, strict=True):
        length = 6.3 * len(point.label)
        sides.append("right" if sheet.take(x + 9, y, length) else "left" if sheet.take(x - 9 - length, y, length) else "")
    return sides


def _name_countries(outlines: Mapping[str, Any], box: Extent, sheet: _Sheet) -> list[dict[str, Any]]:
    """Names in the middle of what the box shows of each country, where there is room."""
    named = []
    for feature in clip_features(outlines, box)["features"]:
        geometry = feature["geometry"]
        polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        area, longitude, latitude = max(_measure_ring(polygon[0]) for polygon in polygons)
        name = str(feature["properties"].get("name", "")).upper()
        x, y = sheet.project(longitude, latitude)
        if area * sheet.scale**2 * math.radians(1) ** 2 > _NAMED_AREA and sheet.take(x - 3.6 * len(name), y, 7.2 * len(name)):
            named.append({"label": name, "longitude": longitude, "latitude": latitude})
    return named


def _measure_ring(ring: Sequence[Sequence[float]]) -> tuple[float, float, float]:
    """Area in square degrees and centre of mass of a closed ring."""
    crosses = [(a[0] * b[1] - b[0] * a[1], a, b) for a, b in pairwise(ring)]
    doubled = sum(cross for cross, _a, _b in crosses) or 1e-12
    x = sum(cross * (a[0] + b[0]) for cross, a, b in crosses) / (3 * doubled)
    y = sum(cross * (a[1] + b[1]) for cross, a, b in crosses) / (3 * doubled)
    return abs(doubled) / 2, x, y


def _kind_names() -> dict[str, str]:
    return {
        "mine": _("Mine"),
        "laboratory": _("Laboratory"),
        "on_route": _("On route"),
        "overdue": _("Overdue"),
        "post": _("Border post"),
        "hold": _("On hold"),
    }


def _point_row(point: MapPoint, side: str) -> dict[str, Any]:
    return {
        "label": point.label,
        "short": point.short or point.label,
        "longitude": point.longitude,
        "latitude": point.latitude,
        "kind": _kind_names()[point.kind],
        "count": point.count,
        "detail": point.detail or point.label,
        "url": point.url,
        "side": side,
    }


def _place() -> dict[str, Any]:
    return {"longitude": {"field": "longitude", "type": "quantitative"}, "latitude": {"field": "latitude", "type": "quantitative"}}


def _point_layer(present: set[str]) -> Spec:
    names = _kind_names()
    kind = {"field": "kind", "type": "nominal", "legend": {"title": None, "values": [name for name in names.values() if name in present]}}
    encoding = _place() | {
        "color": kind | {"scale": {"domain": list(names.values()), "range": "category"}},
        "shape": kind | {"scale": {"domain": list(names.values()), "range": list(SHAPES.values())}},
        "size": {"field": "count", "type": "quantitative", "scale": {"type": "sqrt", "range": [50, 420], "domainMin": 0}, "legend": None},
        "href": {"field": "url"},
        "tooltip": [
            {"field": "label", "title": _("Place")},
            {"field": "kind", "title": _("What")},
            {"field": "count", "title": _("Samples")},
            {"field": "detail", "title": _("Detail")},
        ],
    }
    return {"mark": {"type": "point", "filled": True, "opacity": 0.9}, "encoding": encoding}


def _label_layers() -> list[Spec]:
    """Names beside the points, each over a halo that keeps it readable across borders."""
    layers = []
    for side, align, shift in (("right", "left", 11), ("left", "right", -11)):
        for style in ("halo", "label"):
            text = build_layer("text", style, _place() | {"text": {"field": "shown"}}, align=align, dx=shift, baseline="middle")
            name = {"calculate": f"width < {_NARROW} ? datum.short : datum.label", "as": "shown"}
            layers.append({"transform": [{"filter": {"field": "side", "equal": side}}, name]} | text)
    return layers


def _note_layer() -> Spec:
    mark = {"type": "text", "style": "note", "align": "right", "baseline": "bottom", "fontSize": 10, "tooltip": None}
    place = {"x": {"expr": "width - 6"}, "y": {"expr": "height - 5"}}
    text = _("Outlines are illustrative and show no official boundary.")
    return {"data": {"values": [{}]}, "mark": mark | place, "encoding": {"text": {"value": text}}}

"""Country outlines for small maps: TopoJSON to GeoJSON, thinned and cut to a box.

Plain values in, plain values out. The outlines come from Natural Earth (public domain); they orient the reader and claim nothing about any
boundary, which every map says in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Point = tuple[float, float]
"""Longitude and latitude in degrees (WGS 84)."""
Ring = list[Point]
Polygon = list[Ring]


@dataclass(frozen=True, slots=True)
class Extent:
    """A box in degrees. West is less than east; no box crosses the antimeridian."""

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self) -> None:
        if not (-180 <= self.west < self.east <= 180 and -90 < self.south < self.north < 90):
            raise ValueError(f"Extent {self} is not a box: give west < east and south < north, in degrees.")

    def contains(self, point: Point) -> bool:
        """Whether the point lies in the box, its edges included."""
        return self.west <= point[0] <= self.east and self.south <= point[1] <= self.north


REGION = Extent(west=66.0, south=4.0, east=108.0, north=38.0)
"""India, Myanmar and their neighbours: what `prepare_assets` keeps of the world."""


def decode_topology(topology: Mapping[str, Any], name: str, *, tolerance: float = 0.0, digits: int = 3) -> dict[str, Any]:
    """The geometries called `name` of a TopoJSON topology as a GeoJSON feature collection of polygons and multipolygons.

    Every arc is thinned once (Douglas and Peucker 1973) by at most `tolerance` degrees and rounded to `digits` decimals before the rings
    are put together, so that neighbours keep sharing their border. Rings that shrink below a triangle are dropped. Ring order is kept.
    """
    arcs = [[_rounded(point, digits) for point in thin_line(line, tolerance)] for line in _decode_arcs(topology)]
    features = []
    for geometry in topology["objects"][name]["geometries"]:
        polygons = [_assemble_polygon(rings, arcs) for rings in _polygon_arcs(geometry)]
        feature = build_feature(geometry.get("properties", {}), [polygon for polygon in polygons if polygon])
        if feature:
            features.append(feature)
    return {"type": "FeatureCollection", "features": features}


def clip_features(collection: Mapping[str, Any], extent: Extent) -> dict[str, Any]:
    """The feature collection cut to the box (Sutherland and Hodgman 1974). Features outside it are left out."""
    features = []
    for feature in collection["features"]:
        geometry = feature["geometry"]
        polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        clipped = [_clip_polygon(polygon, extent) for polygon in polygons]
        kept = build_feature(feature["properties"], [polygon for polygon in clipped if polygon])
        if kept:
            features.append(kept)
    return {"type": "FeatureCollection", "features": features}


def build_feature(properties: Mapping[str, Any], polygons: Sequence[Polygon]) -> dict[str, Any] | None:
    """A GeoJSON feature of one or more polygons; `None` for none at all."""
    if not polygons:
        return None
    geometry: dict[str, Any] = {"type": "MultiPolygon", "coordinates": list(polygons)}
    if len(polygons) == 1:
        geometry = {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "Feature", "properties": dict(properties), "geometry": geometry}


def thin_line(line: Sequence[Point], tolerance: float) -> list[Point]:
    """The line without the points that stray less than `tolerance` from it; both ends stay (Douglas and Peucker 1973)."""
    if tolerance <= 0 or len(line) < 3:
        return list(line)
    keep = {0, len(line) - 1}
    spans = [(0, len(line) - 1)]
    while spans:
        first, last = spans.pop()
        distances = [(_distance(line[i], line[first], line[last]), i) for i in range(first + 1, last)]
        farthest, index = max(distances, default=(0.0, first))
        if farthest > tolerance:
            keep.add(index)
            spans += [(first, index), (index, last)]
    return [line[i] for i in sorted(keep)]


def _decode_arcs(topology: Mapping[str, Any]) -> Iterable[list[Point]]:
    (scale_x, scale_y), (shift_x, shift_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    for arc in topology["arcs"]:
        x = y = 0
        line = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            line.append((x * scale_x + shift_x, y * scale_y + shift_y))
        yield line


def _polygon_arcs(geometry: Mapping[str, Any]) -> list[list[list[int]]]:
    if geometry["type"] == "Polygon":
        return [geometry["arcs"]]
    return list(geometry["arcs"]) if geometry["type"] == "MultiPolygon" else []


def _assemble_polygon(rings: Sequence[Sequence[int]], arcs: Sequence[list[Point]]) -> Polygon:
    """The rings of one polygon; a negative index means the arc read backwards. Empty when the outer ring vanished."""
    assembled = []
    for ring in rings:
        points: Ring = []
        for index in ring:
            arc = arcs[index] if index >= 0 else arcs[~index][::-1]
            points += arc[1:] if points else arc
        assembled.append(_without_repeats(points))
    if not assembled or len(assembled[0]) < 4:
        return []
    return [ring for ring in assembled if len(ring) >= 4]


def _clip_polygon(polygon: Sequence[Sequence[Sequence[float]]], extent: Extent) -> Polygon:
    rings = [_clip_ring([(point[0], point[1]) for point in ring], extent) for ring in polygon]
    if not rings or len(rings[0]) < 4:
        return []
    return [ring for ring in rings if len(ring) >= 4]


def _clip_ring(ring: Ring, extent: Extent) -> Ring:
    if all(extent.contains(point) for point in ring):
        return list(ring)
    edges = ((0, extent.west, 1), (0, extent.east, -1), (1, extent.south, 1), (1, extent.north, -1))
    for axis, bound, side in edges:
        ring = _clip_edge(ring, axis, bound, side)
        if not ring:
            return []
    return _follow_parallels(_without_repeats([*ring, ring[0]]), extent)


def _follow_parallels(ring: Ring, extent: Extent) -> Ring:
    """The ring with a point at every degree along the box's upper and lower edge: drawn as great circles, long edges would bulge."""
    followed = ring[:1]
    for start, end in pairwise(ring):
        if start[1] == end[1] and start[1] in (extent.south, extent.north):
            steps = int(abs(end[0] - start[0]))
            followed += [(round(start[0] + (end[0] - start[0]) * i / (steps + 1), 6), start[1]) for i in range(1, steps + 1)]
        followed.append(end)
    return followed


def _clip_edge(ring: Ring, axis: int, bound: float, side: int) -> Ring:
    """The part of a ring on one side of a line of constant longitude (axis 0) or latitude (axis 1)."""
    kept: Ring = []
    previous = ring[-1]
    for point in ring:
        before, now = (previous[axis] - bound) * side, (point[axis] - bound) * side
        if (before >= 0) != (now >= 0):
            kept.append(_cut(previous, point, axis, bound))
        if now >= 0:
            kept.append(point)
        previous = point
    return kept


def _cut(start: Point, end: Point, axis: int, bound: float) -> Point:
    share = (bound - start[axis]) / (end[axis] - start[axis])
    other = round(start[1 - axis] + share * (end[1 - axis] - start[1 - axis]), 6)
    return (bound, other) if axis == 0 else (other, bound)


def _without_repeats(points: Ring) -> Ring:
    return [point for i, point in enumerate(points) if i == 0 or point != points[i - 1]]


def _rounded(point: Point, digits: int) -> Point:
    return round(point[0], digits), round(point[1], digits)


def _distance(point: Point, start: Point, end: Point) -> float:
    """Distance of a point from the segment between two others, in degrees; a closed arc counts from its meeting point."""
    (px, py), (ax, ay), (bx, by) = point, start, end
    length = (bx - ax) ** 2 + (by - ay) ** 2
    if not length:
        return float(((px - ax) ** 2 + (py - ay) ** 2) ** 0.5)
    share = max(0.0, min(1.0, ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length))
    return float(((px - ax - share * (bx - ax)) ** 2 + (py - ay - share * (by - ay)) ** 2) ** 0.5)

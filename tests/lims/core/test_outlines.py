"""Decoding, thinning and cutting of outlines."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.core.outlines import Extent, clip_features, decode_topology, thin_line

SQUARE = [[(0.0, 0.0), (0.0, 10.0), (10.0, 10.0), (10.0, 0.0), (0.0, 0.0)]]


def features(*polygons: list[list[tuple[float, float]]]) -> dict[str, object]:
    geometry = {"type": "MultiPolygon", "coordinates": list(polygons)}
    return {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"name": "A"}, "geometry": geometry}]}


def area(ring: list[tuple[float, float]]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) / 2


def test_two_neighbours_share_one_arc_read_both_ways() -> None:
    topology = {
        "transform": {"scale": [0.5, 0.5], "translate": [10, 20]},
        "arcs": [[[2, 0], [0, 2]], [[2, 2], [-2, 0], [0, -2], [2, 0]], [[2, 0], [2, 0], [0, 2], [-2, 0]]],
        "objects": {
            "lands": {
                "geometries": [
                    {"type": "Polygon", "arcs": [[0, 1]], "properties": {"name": "West"}},
                    {"type": "MultiPolygon", "arcs": [[[2, -1]]], "properties": {"name": "East"}},
                ]
            }
        },
    }
    west, east = decode_topology(topology, "lands")["features"]
    assert west["geometry"]["coordinates"] == [[(11, 20), (11, 21), (10, 21), (10, 20), (11, 20)]]
    assert east["geometry"]["coordinates"] == [[(11, 20), (12, 20), (12, 21), (11, 21), (11, 20)]]
    assert (west["properties"]["name"], east["properties"]["name"]) == ("West", "East")


def test_a_line_keeps_its_ends_and_loses_what_strays_less_than_the_tolerance() -> None:
    line = [(0.0, 0.0), (1.0, 0.05), (2.0, 0.0), (3.0, 1.0), (4.0, 0.0)]
    assert thin_line(line, 0.1) == [(0.0, 0.0), (2.0, 0.0), (3.0, 1.0), (4.0, 0.0)]
    assert thin_line(line, 0.0) == line


def test_a_square_is_cut_to_the_corner_inside_the_box() -> None:
    clipped = clip_features(features(SQUARE), Extent(5, 5, 20, 20))
    ring = clipped["features"][0]["geometry"]["coordinates"][0]
    assert {(5, 5), (5, 10), (10, 10), (10, 5)} <= set(ring)
    assert ring[0] == ring[-1]


def test_a_cut_along_a_parallel_has_a_point_at_every_degree_so_that_it_is_drawn_straight() -> None:
    clipped = clip_features(features(SQUARE), Extent(-5, 5, 20, 20))
    edge = sorted(x for x, y in clipped["features"][0]["geometry"]["coordinates"][0] if y == 5)
    assert max(b - a for a, b in pairwise(edge)) <= 1


def test_what_lies_inside_is_untouched_and_what_lies_outside_is_gone() -> None:
    assert clip_features(features(SQUARE), Extent(-1, -1, 11, 11))["features"][0]["geometry"]["coordinates"] == SQUARE
    assert clip_features(features(SQUARE), Extent(20, 20, 30, 30))["features"] == []


@given(st.floats(-5, 9), st.floats(-5, 9), st.floats(0.5, 15), st.floats(0.5, 15))
def test_cutting_keeps_the_turn_of_the_ring_and_the_overlapping_area(west: float, south: float, width: float, height: float) -> None:
    extent = Extent(west, south, west + width, south + height)
    clipped = clip_features(features(SQUARE), extent)["features"]
    overlap = max(0.0, min(10, extent.east) - max(0, west)) * max(0.0, min(10, extent.north) - max(0, south))
    found = area(clipped[0]["geometry"]["coordinates"][0]) if clipped else 0.0
    assert found == pytest.approx(-overlap, abs=1e-4)


def test_a_box_turned_inside_out_is_refused() -> None:
    with pytest.raises(ValueError, match="west < east"):
        Extent(10, 0, 5, 10)

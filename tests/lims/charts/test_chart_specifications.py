"""Specifications: valid Vega-Lite, free of colours, honest about what is missing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import altair
import pytest
from django.conf import settings

from lims.charts.control import ControlPoint, control_chart, cusum_chart, sigma_lines
from lims.charts.funnel import FunnelStep, funnel_chart
from lims.charts.grades import MineGrade, grade_by_mine_chart
from lims.charts.maps import MapPoint, frame_points, map_chart
from lims.charts.pattern import ORDER, PatternPoint, PatternSeries, pattern_chart
from lims.charts.theme import PAPER, SCREEN, theme_config
from lims.charts.turnaround import turnaround_chart
from lims.core.outlines import REGION, Extent

NAMES = ("pattern", "patterns", "grades", "funnel", "map", "control", "cusum", "turnaround", "empty")
NO_LAND: dict[str, Any] = {"type": "FeatureCollection", "features": []}


def rows(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return spec["data"]["values"]


@pytest.mark.parametrize("name", NAMES)
def test_every_chart_is_valid_vega_lite_and_plain_json(charts: dict[str, Any], name: str) -> None:
    spec = json.loads(json.dumps(charts[name], allow_nan=False))
    altair.Chart.from_dict(spec, validate=True) if "layer" not in spec else altair.LayerChart.from_dict(spec, validate=True)


@pytest.mark.parametrize("name", NAMES)
def test_specifications_name_roles_and_no_colours(charts: dict[str, Any], name: str) -> None:
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb\(", json.dumps(charts[name]))


@pytest.mark.parametrize("name", NAMES)
def test_specifications_fetch_nothing_and_describe_themselves(charts: dict[str, Any], name: str) -> None:
    spec = charts[name]
    assert '"url": "http' not in json.dumps({key: value for key, value in spec.items() if key != "$schema"})
    assert spec["description"].endswith(".")
    assert spec["height"] >= 80


@pytest.mark.parametrize("name", NAMES)
def test_every_role_of_a_specification_is_in_the_theme(charts: dict[str, Any], name: str) -> None:
    roles = set(re.findall(r'"style": "([^"]+)"', json.dumps(charts[name])))
    assert roles <= set(theme_config(PAPER)["style"])


def test_paper_has_the_light_colours_of_the_screen() -> None:
    css = Path(settings.BASE_DIR, "lims/core/static/lims/css/tokens.css").read_text()
    light = dict(re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}),", css))
    assert {name: light[name] for name in PAPER} == dict(PAPER)
    assert SCREEN["dysprosium"] == "var(--dysprosium)"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (pattern_chart([]), "No rare-earth results yet"),
        (pattern_chart([PatternSeries("A", (PatternPoint("Dy", 0.0),))]), "No rare-earth results yet"),
        (grade_by_mine_chart([]), "No authorised dysprosium or terbium"),
        (grade_by_mine_chart([MineGrade("A", "Dy", 0, 0, 0, 3, censored=3)]), "No authorised dysprosium or terbium"),
        (funnel_chart([]), "No samples yet"),
        (funnel_chart([FunnelStep("Collected", 0)]), "No samples yet"),
        (map_chart([], NO_LAND), "Nothing with a known place"),
        (control_chart([], title="Dy", description="Dy."), "not been measured yet"),
        (cusum_chart([], 5, description="Dy."), "Cumulative sums need limits"),
        (turnaround_chart([]), "Nothing has been certified"),
    ],
)
def test_without_data_a_chart_says_so_in_a_sentence(spec: dict[str, Any], words: str) -> None:
    assert words in rows(spec)[0]["message"]
    assert words in spec["description"]


def test_an_element_not_measured_leaves_a_gap_in_its_place(charts: dict[str, Any]) -> None:
    gap = [row for row in rows(charts["patterns"]) if row["sample"] == "BL-2"]
    assert [row["element"] for row in gap] == list(ORDER)
    assert [row["element"] for row in gap if row["ratio"] is None] == ["Eu"]


def test_a_censored_element_is_drawn_apart(charts: dict[str, Any]) -> None:
    assert [row["element"] for row in rows(charts["pattern"]) if row["censored"]] == ["Tm"]
    shapes = [layer["mark"].get("shape") for layer in charts["pattern"]["layer"]]
    assert "triangle-down" in shapes
    assert "triangle-down" not in [layer["mark"].get("shape") for layer in charts["patterns"]["layer"]]


def test_mines_stand_richest_first_with_their_n() -> None:
    spec = grade_by_mine_chart(
        [MineGrade("Poor", "Dy", 10, 9, 11, 4), MineGrade("Rich", "Dy", 90, 80, 99, 18), MineGrade("Rich", "Tb", 9, 8, 10, 17)]
    )
    assert spec["encoding"]["y"]["sort"] == ["Rich (n=18/17)", "Poor (n=4)"]


def test_a_bar_that_reaches_zero_still_ends_on_the_logarithmic_axis(charts: dict[str, Any]) -> None:
    terbium = next(row for row in rows(charts["grades"]) if row["oxide"] == "Tb₄O₇")
    assert terbium["lower"] > 0
    assert terbium["text"] == "14 (0 – 16)"


def test_control_limits_stand_at_two_and_three_deviations(charts: dict[str, Any]) -> None:
    lines = [layer["data"]["values"][0]["value"] for layer in charts["control"]["layer"] if layer["mark"]["type"] == "rule"]
    assert lines == pytest.approx([23.2 + 2.64, 23.2 + 1.76, 23.2, 23.2 - 1.76, 23.2 - 2.64])


def test_a_control_chart_without_a_deviation_is_refused() -> None:
    with pytest.raises(ValueError, match="above zero"):
        sigma_lines(1, 0)


def test_of_many_points_only_the_odd_are_marked_and_all_stand_on_the_line() -> None:
    many = [ControlPoint(f"R{i}", "", 1, "fail" if i == 7 else "pass") for i in range(601)]
    spec = control_chart(many, title="Dy", description="Dy.")
    marked = [layer["transform"][0]["filter"]["equal"] for layer in spec["layer"] if layer["mark"]["type"] == "point"]
    assert (len(rows(spec)), marked) == (601, ["fail"])


def test_cusum_beyond_the_decision_interval_is_marked(charts: dict[str, Any]) -> None:
    assert [layer["mark"]["type"] for layer in charts["cusum"]["layer"]].count("point") == 1
    assert [row["value"] for row in rows(charts["cusum"])] == [0.4, 0, 5.3, 0]


def test_a_map_shows_what_lies_in_its_extent_and_says_the_outlines_are_illustrative() -> None:
    points = [MapPoint("In", 97, 25, "mine"), MapPoint("Out", 77, 23, "laboratory")]
    spec = map_chart(points, NO_LAND, extent=Extent(95, 23, 99, 28))
    assert [row["label"] for row in rows(spec)] == ["In"]
    assert "illustrative" in json.dumps(spec["layer"][-1])


def test_names_that_would_cover_each_other_are_left_to_the_pointer() -> None:
    crowd = [MapPoint(f"Mine {i}", 98 + i / 1000, 25, "mine", count=10 - i) for i in range(4)]
    spec = map_chart([*crowd, MapPoint("Bhopal", 77.4, 23.25, "laboratory")], NO_LAND)
    sides = {row["label"]: row["side"] for row in rows(spec)}
    assert sides["Bhopal"]
    assert sorted(sides[f"Mine {i}"] for i in range(4)) == ["", "", "", "left"] or sum(bool(sides[f"Mine {i}"]) for i in range(4)) <= 2


def test_the_frame_of_a_single_place_has_air_and_stays_in_the_region() -> None:
    box = frame_points([MapPoint("A", 97, 25, "mine")])
    assert box.contains((97, 25))
    assert box.east - box.west == pytest.approx(1.6)
    edge = frame_points([MapPoint("A", REGION.west, REGION.south, "mine")])
    assert (edge.west, edge.south) == (REGION.west, REGION.south)

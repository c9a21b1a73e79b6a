"""Charts on paper: drawn, deterministic, in the product's type."""

from __future__ import annotations

from typing import Any

import pytest

from lims.charts.control import ControlPoint, control_chart, sigma_lines
from lims.charts.render import to_svg
from lims.charts.theme import PAPER
from lims.core.errors import DomainError


@pytest.mark.parametrize("name", ["pattern", "patterns", "grades", "funnel", "map", "control", "turnaround", "empty"])
def test_the_same_chart_gives_the_same_bytes(charts: dict[str, Any], name: str) -> None:
    first = to_svg(charts[name])
    assert first.startswith("<svg ")
    assert to_svg(charts[name]) == first
    assert 'font-family="Inter' in first


def test_dysprosium_and_terbium_have_their_colours(charts: dict[str, Any]) -> None:
    svg = to_svg(charts["grades"])
    assert f'fill="{PAPER["dysprosium"]}"' in svg
    assert f'fill="{PAPER["terbium"]}"' in svg
    assert "var(--" not in svg


def test_a_failed_control_is_a_red_square_and_a_passed_one_a_green_circle() -> None:
    def draw(verdict: Any) -> str:
        return to_svg(control_chart([ControlPoint("R", "", 9, verdict)], sigma_lines(5, 1), title="Dy", description="Dy."))

    failed, passed = draw("fail"), draw("pass")
    red = next(mark for mark in failed.split("<path")[1:] if f'fill="{PAPER["fail"]}"' in mark)
    green = next(mark for mark in passed.split("<path")[1:] if f'fill="{PAPER["pass"]}"' in mark)
    assert "A" not in red.split('d="')[1].split('"')[0]  # a square is drawn by straight strokes, a circle by arcs
    assert "A" in green.split('d="')[1].split('"')[0]


def test_the_width_of_the_paper_is_the_width_of_the_drawing(charts: dict[str, Any]) -> None:
    assert 'width="640"' in to_svg(charts["pattern"], width=640)[:400]


def test_a_chart_that_would_fetch_is_refused(charts: dict[str, Any]) -> None:
    spec = charts["empty"] | {"data": {"url": "http://127.0.0.1:1/data.json"}}
    with pytest.raises(DomainError) as refusal:
        to_svg(spec)
    assert refusal.value.code == "chart_failed"

"""Every chart of the product with plausible data, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from lims.charts.control import ControlPoint, CusumPoint, control_chart, cusum_chart, sigma_lines
from lims.charts.funnel import FunnelStep, funnel_chart
from lims.charts.grades import MineGrade, grade_by_mine_chart
from lims.charts.maps import MapPoint, map_chart
from lims.charts.outlines import read_outlines
from lims.charts.pattern import ORDER, Envelope, PatternPoint, PatternSeries, pattern_chart
from lims.charts.turnaround import Turnaround, turnaround_chart
from lims.core.assets import prepare_assets

RATIOS = (612, 39.8, 428, 338, 245, 92, 218, 177, 149, 185, 128, 126, 106, 104, 89)


def make_series(label: str = "KCN-0142-7", *, without: tuple[str, ...] = (), censored: tuple[str, ...] = ()) -> PatternSeries:
    points = (PatternPoint(element, ratio, element in censored) for element, ratio in zip(ORDER, RATIOS, strict=True))
    return PatternSeries(label, tuple(point for point in points if point.element not in without))


def make_charts() -> dict[str, dict[str, Any]]:
    envelope = Envelope("Pangwa N", 31, tuple((e, 0.6 * r, 1.5 * r) for e, r in zip(ORDER, RATIOS, strict=True)))
    controls = [23.4, 22.9, 25.2, 23.0, 26.4, 22.7]
    verdicts = ("pass", "pass", "warn", "pass", "fail", "pass")
    return {
        "pattern": pattern_chart([make_series(censored=("Tm",))], envelope=envelope),
        "patterns": pattern_chart([make_series("BL-1"), make_series("BL-2", without=("Eu",))]),
        "grades": grade_by_mine_chart(
            [MineGrade("Pangwa N", "Dy", 80, 74, 86, 18, url="/mines/1/"), MineGrade("Pangwa N", "Tb", 14, 0, 16, 17, censored=1)],
            basis="dry basis, fusion total",
            statistic="median ± U (k = 2)",
        ),
        "funnel": funnel_chart([FunnelStep("Collected", 312, "/samples/"), FunnelStep("Received", 258), FunnelStep("Certified", 0)]),
        "map": map_chart(
            [
                MapPoint("Pangwa N", 98.6, 26.05, "mine", 42, url="/mines/1/"),
                MapPoint("Bhopal", 77.4, 23.25, "laboratory", 120),
                MapPoint("Pangsau Pass", 96.15, 27.25, "overdue", 18),
            ],
            read_outlines(),
        ),
        "control": control_chart(
            [
                ControlPoint(f"RUN-{i}", "2026-11-02 14:05 IST", value, verdict)  # type: ignore[arg-type]
                for i, (value, verdict) in enumerate(zip(controls, verdicts, strict=True))
            ],
            sigma_lines(23.2, 0.88),
            title="Dy, mg/kg",
            description="Control chart of Dy in mg/kg.",
        ),
        "cusum": cusum_chart([CusumPoint("RUN-1", "", 0.4, 0), CusumPoint("RUN-2", "", 5.3, 0)], 5, description="Sums of Dy."),
        "turnaround": turnaround_chart([Turnaround("Bhopal", 14, 22, 80, 15), Turnaround("Jamshedpur", 11, 16, 12)]),
        "empty": pattern_chart([]),
    }


@pytest.fixture(scope="session", autouse=True)
def _assets() -> None:
    prepare_assets(checkout=Path(settings.BASE_DIR), build_dir=Path(settings.BUILD_DIR))


@pytest.fixture(scope="session")
def charts(_assets: None) -> dict[str, dict[str, Any]]:
    """Every chart by name."""
    return make_charts()

"""Control charts: what they are drawn from, what people add, and who sees them."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from assays.control_charts.models import ChartLimits, ControlPoint, ControlSeries, PointNote
from assays.control_charts.monthly import read_month
from assays.control_charts.selectors import Asked, list_series, read_history, select_open_failures
from assays.control_charts.services import note_point, set_limits
from assays.models import Run
from lims.core import clock
from lims.core.days import local_day
from lims.core.errors import Blocked, Forbidden, Invalid, NotFound
from tests.factories.browsing import sign_in, text_of
from tests.factories.measurement import make_measured_run
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db

DY = Asked("FUS-MS", "OREAS 100a", "Dy")
ADDRESS = "/control-charts/?material=OREAS 100a&analyte=Dy&method=FUS-MS"


def series_of(run: Run, symbol: str = "Dy") -> ControlSeries:
    return ControlSeries.objects.distinct().get(points__run=run, analyte__symbol=symbol)


def make_points(run: Run, values: list[float], **more: Any) -> ControlSeries:
    """Further points of the run's series, one a day after it, as later runs would leave them."""
    series, first = series_of(run), ControlPoint.objects.filter(series__analyte__symbol="Dy", run=run).earliest("measured_at")
    assert run.measured_at
    ControlPoint.objects.bulk_create(
        ControlPoint(
            series=series,
            run=run,
            evaluation=first.evaluation,
            evaluation_number=first.evaluation_number,
            position=first.position,
            measured_at=run.measured_at + timedelta(days=day),
            value=value,
            unit="mg/kg",
            expected=first.expected,
            sd=first.sd,
            outcome="pass",
            **more,
        )
        for day, value in enumerate(values, 1)
    )
    return series


def test_every_judgement_leaves_a_point_for_each_element_unrounded_with_its_verdict(cast: Cast) -> None:
    run = make_measured_run(cast, 1, factors={"Dy": 1.15})
    point = ControlPoint.objects.get(run=run, series__analyte__symbol="Dy")
    assert point.verdict is not None
    assert (point.unit, point.outcome, point.verdict.statistic, point.qualifier) == ("mg/kg", "fail", "z", "")
    # OREAS 100a by fusion holds 23.198 mg/kg Dy with a between-laboratory SD of 0.88.
    assert float(point.value) == pytest.approx(23.19833 * 1.15, rel=1e-3)
    assert float(point.expected) == pytest.approx(23.19833)  # type: ignore[arg-type]
    assert (float(point.value) - float(point.expected)) / float(point.sd) == pytest.approx(float(point.verdict.value))  # type: ignore[arg-type]


def test_only_the_newest_judgement_of_a_run_that_holds_readings_counts(cast: Cast) -> None:
    from assays.services.evaluating import evaluate_run

    run = make_measured_run(cast, 1)
    evaluate_run(run=run, by=cast.analyst)
    assert ControlPoint.objects.filter(series=series_of(run)).count() == 2
    assert [point.run for point in read_history(cast.reviewer, DY).points] == [run.code]
    Run.objects.filter(pk=run.pk).update(measured_at=None)
    assert read_history(cast.reviewer, DY).points == []


def test_a_bound_is_shown_and_never_averaged(cast: Cast) -> None:
    run = make_measured_run(cast, 1)
    make_points(run, [23.0, 24.0])
    make_points(run, [0.05], qualifier="<")
    history = read_history(cast.reviewer, DY)
    assert len(history.points) == 4
    chart = history.individuals
    assert chart is not None
    first = history.points[0].value
    assert chart.center == pytest.approx((first + 47) / 3)
    assert len(history.moving_ranges()) == 2


def test_the_newest_points_are_counted_and_days_narrow_them(cast: Cast) -> None:
    run = make_measured_run(cast, 1)
    make_points(run, [20.0 + day for day in range(1, 31)])
    asked = Asked("FUS-MS", "OREAS 100a", "Dy", count=20)
    assert [round(point.value) for point in read_history(cast.reviewer, asked).points] == list(range(31, 51))
    assert run.measured_at
    day = local_day(run.measured_at + timedelta(days=5))
    narrowed = Asked("FUS-MS", "OREAS 100a", "Dy", since=day, until=day)
    assert [round(point.value) for point in read_history(cast.reviewer, narrowed).points] == [25]


def test_limits_come_from_at_least_twenty_numbers_of_the_series_and_are_kept(cast: Cast) -> None:
    run = make_measured_run(cast, 1)
    assert run.measured_at
    start, end = run.measured_at + timedelta(hours=1), run.measured_at + timedelta(days=40)
    series = make_points(run, [22.0, 24.0] * 9)
    refused = pytest.raises(Blocked, match="at least 20 measured numbers; there are 18")
    with refused:
        set_limits(series=series, first_at=start, last_at=end, reason="Six months in control", by=cast.quality_manager)
    make_points(run, [22.0, 24.0], qualifier="")
    limits = set_limits(series=series, first_at=start, last_at=end, reason="Six months in control", by=cast.quality_manager)
    assert (limits.n, float(limits.centre)) == (20, 23.0)
    found = read_history(cast.reviewer, Asked("FUS-MS", "OREAS 100a", "Dy", run.instrument.code, limits="history"))
    assert found.limits is not None
    assert (found.limits.source, found.limits.n) == ("history", 20)
    for person in (cast.analyst, cast.reviewer):
        with pytest.raises(Forbidden):
            set_limits(series=series, first_at=start, last_at=end, reason="No", by=person)
    with pytest.raises(Invalid, match="Say why"):
        set_limits(series=series, first_at=start, last_at=end, reason=" ", by=cast.quality_manager)
    assert ChartLimits.objects.count() == 1


def test_a_failure_stays_open_until_a_cause_is_noted_or_none_was_found(cast: Cast) -> None:
    run = make_measured_run(cast, 1, factors={"Dy": 1.15})
    point = ControlPoint.objects.get(run=run, outcome="fail")
    assert select_open_failures(cast.reviewer).count() == 1
    assert [(line.analyte, line.failed, line.open_failures) for line in list_series(cast.reviewer, symbols=["Dy"])] == [("Dy", 1, 1)]
    note_point(series=point.series, position=point.position_id, kind="remark", text="Seen.", by=cast.analyst)
    assert select_open_failures(cast.reviewer).count() == 1
    note_point(series=point.series, position=point.position_id, kind="cause", text="Cone worn; replaced.", by=cast.analyst)
    assert select_open_failures(cast.reviewer).count() == 0
    with pytest.raises(Invalid, match="Say what you found"):
        note_point(series=point.series, position=point.position_id, kind="cause", text="", by=cast.analyst)
    with pytest.raises(NotFound):
        note_point(series=point.series, position=point.position_id, kind="cause", text="Mine", by=cast.outsiders["analyst"])
    assert PointNote.objects.count() == 2


@pytest.mark.parametrize("view", ["x", "mr", "cusum", "recovery"])
def test_a_chart_is_shown_in_every_view_and_as_a_file(cast: Cast, view: str) -> None:
    run = make_measured_run(cast, 1, factors={"Dy": 1.15})
    make_points(run, [23.0, 23.5])
    client = sign_in(cast.quality_manager)
    page = text_of(client.get(f"{ADDRESS}&view={view}"))
    assert run.code in page
    assert "Explain it" in page
    lines = b"".join(client.get(f"{ADDRESS}&format=csv").streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 4
    assert "fail" in lines[1]


def test_a_point_that_no_certified_value_judges_is_not_called_missing(cast: Cast) -> None:
    run = make_measured_run(cast, 1)
    first = ControlPoint.objects.get(run=run, series__analyte__symbol="Dy")
    ControlPoint.objects.create(
        series=first.series,
        run=run,
        evaluation=first.evaluation,
        evaluation_number=first.evaluation_number,
        position=first.position,
        measured_at=first.measured_at + timedelta(days=1),
        value=1,
        unit="mg/kg",
        outcome="missing",
    )
    assert "not judged" in text_of(sign_in(cast.quality_manager).get("/control-charts/"))


def test_the_list_of_charts_is_a_file_too(cast: Cast) -> None:
    make_measured_run(cast, 1, factors={"Dy": 1.15})
    answer: Any = sign_in(cast.quality_manager).get("/control-charts/?format=csv")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == ["Tb", "Dy"]
    assert lines[2].endswith(",fail,1")


def test_a_point_is_explained_on_its_page_and_limits_are_set_on_theirs(cast: Cast) -> None:
    run = make_measured_run(cast, 1, factors={"Dy": 1.15})
    point = ControlPoint.objects.get(run=run, outcome="fail")
    address = f"/control-charts/{point.series_id}/points/{point.position_id}/"
    analyst = sign_in(cast.analyst)
    assert analyst.post(address, {"kind": "cause", "text": ""}).status_code == 422
    assert analyst.post(address, {"kind": "cause", "text": "Wrong dilution <b>twice</b>"}).status_code == 302
    page = text_of(analyst.get(address))
    assert "Wrong dilution" in page
    assert "<b>twice" not in page
    manager = sign_in(cast.quality_manager)
    day = clock.today().isoformat()
    refused = manager.post(f"/control-charts/{point.series_id}/limits/", {"since": day, "until": day, "reason": "In control"})
    assert refused.status_code == 422
    assert "at least 20" in text_of(refused)
    outsider = sign_in(cast.outsiders["quality_manager"])
    assert outsider.get(address).status_code == 404
    assert outsider.get(f"/control-charts/{point.series_id}/limits/").status_code == 404


def test_a_chart_of_a_series_costs_a_fixed_number_of_queries(cast: Cast, django_assert_num_queries: Any) -> None:
    run = make_measured_run(cast, 1)
    make_points(run, [23.0] * 30)
    with django_assert_num_queries(5):
        read_history(cast.reviewer, Asked("FUS-MS", "OREAS 100a", "Dy", run.instrument.code))


def test_a_chart_on_paper_carries_its_drawings_limits_and_what_did_not_pass(cast: Cast) -> None:
    run = make_measured_run(cast, 1, factors={"Dy": 1.15})
    make_points(run, [23.0, 23.5])
    answer = sign_in(cast.quality_manager).get(ADDRESS.replace("?", "paper/?"))
    assert answer.headers["Content-Type"] == "application/pdf"
    words = " ".join(" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(answer.content)).pages)
    for part in ("Dy in OREAS 100a", "between-laboratory standard deviation", "Moving range", "Points that did not pass", run.code):
        assert part in words
    assert sign_in(cast.quality_manager).get("/control-charts/paper/").status_code == 422


def test_a_month_counts_controls_trueness_and_precision_of_its_own_runs(cast: Cast) -> None:
    run = make_measured_run(cast, 4, factors={"Dy": 1.02})
    assert run.measured_at
    month = read_month(cast.quality_manager, local_day(run.measured_at).replace(day=1), symbols=["Dy"])
    counted = {one.kind: (one.tubes, one.samples) for one in month.insertions}
    assert counted == {"reagent blank": (1, 4), "reference material": (1, 4), "pulp duplicate": (1, 4)}
    assert all(not one.is_short for one in month.insertions)
    point = read_history(cast.reviewer, DY).points[0]
    assert [(one.n, one.mean_z, one.sd_z) for one in month.trueness] == [(1, pytest.approx(point.z), None)]
    # The factory's duplicate reads 1 % of the middling clay above its original at the first position or later.
    (pair,) = month.precision
    verdict = run.evaluations.get().verdicts.get(statistic="hard_percent", analyte__symbol="Dy")
    assert (pair.pairs, pair.failed, pair.hard_within_10_percent) == (1, 0, 100)
    assert pair.cv_avg_percent == pytest.approx(float(verdict.value) * 2**0.5)
    assert read_month(cast.outsiders["quality_manager"], month.first).is_empty
    assert read_month(cast.quality_manager, month.first.replace(year=month.first.year - 1)).is_empty
    client = sign_in(cast.quality_manager)
    page = client.get(f"/control-charts/monthly/?month={month.first:%Y-%m}")
    assert "OREAS 100a" in text_of(page)
    lines = b"".join(client.get(f"/control-charts/monthly/?month={month.first:%Y-%m}&format=csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert "trueness,FUS-MS,,OREAS 100a,,Dy,mean_z" in lines
    assert client.get("/control-charts/monthly/?month=2026-13").status_code == 422

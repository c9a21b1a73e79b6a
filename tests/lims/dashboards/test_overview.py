"""The ministry's page: what it counts, whose results, and that file and API show the same numbers."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from lims.core import clock
from lims.dashboards.selectors import Filters, build_overview
from samples.models import Mine
from samples.services.holding import hold_sample
from tests.factories import bench, consignments
from tests.factories.people import Cast
from tests.factories.release import CLAY, authorise, make_authorised, make_issued, make_reviewed_run, without
from tests.factories.samples import make_mine, make_samples


def get(user: Any, path: str = "/overview/") -> Any:
    client = Client()
    client.force_login(user)
    return client.get(path)


def api(user: Any, query: str = "") -> Any:
    return get(user, f"/api/v1/dashboards/overview/{query}").json()


def grades(*dysprosium: str) -> list[dict[str, str]]:
    return [without(Dy=text) for text in dysprosium]


def test_empty_installation_shows_a_page_that_says_what_comes(cast: Cast) -> None:
    page = get(cast.official)
    assert page.status_code == 200
    for words in ["nothing is authorised yet", "Nothing is on the way", "Nothing is on hold", "No submission yet"]:
        assert words in page.content.decode()
    data = api(cast.official)
    assert (data["collected"], data["dy2o3"], data["pit_to_certificate_days"], data["by_mine"]) == (0, None, None, [])


def test_medians_are_of_authorised_oxides_with_uncertainty_and_n(cast: Cast) -> None:
    make_authorised(cast, 3, grades("30.0", "36.6", "60.0"))
    data = api(cast.official)
    # 36.6 × 1.14768 = 42.0; the spread of three values gives U
    assert (data["dy2o3"]["n"], data["dy2o3"]["censored"], data["dy2o3"]["k"], data["dy2o3"]["basis"]) == (3, 0, "2", "dry")
    assert data["dy2o3"]["median"].startswith("42")
    assert data["dy2o3"]["uncertainty"]


def test_results_before_authorisation_count_nowhere(cast: Cast) -> None:
    make_reviewed_run(cast, bench.make_submission(cast, bench.make_received_samples(cast)))
    data = api(cast.official)
    assert data["dy2o3"] is None
    assert {row["step"]: row["count"] for row in data["funnel"]}["reviewed"] == 1
    assert {row["step"]: row["count"] for row in data["funnel"]}["authorised"] == 0


def test_bounds_are_counted_and_make_a_range_where_they_reach_the_middle(cast: Cast) -> None:
    make_authorised(cast, 2, [without(Tb="<0.05"), without(Tb="<0.05")])
    assert api(cast.official)["tb4o7"] == {
        "median": "<0.0589", "uncertainty": None, "k": None, "unit": "mg/kg", "basis": "dry", "n": 2, "censored": 2
    }  # fmt: skip


def test_total_and_leachable_are_never_mixed_but_stand_side_by_side(cast: Cast) -> None:
    submission = bench.make_submission(cast, bench.make_received_samples(cast), ["FUS-MS", "FUS-XRF", "LCH-MS"])
    authorise(cast, make_reviewed_run(cast, submission, [CLAY], method="FUS-MS"))
    # A technique that cannot see so little says nothing against one that can, however new it is.
    authorise(cast, make_reviewed_run(cast, submission, [without(Dy="<200", Tb="<200")], method="FUS-XRF"))
    authorise(cast, make_reviewed_run(cast, submission, [without(Dy="20.0")], method="LCH-MS"))
    (row,) = api(cast.official)["by_mine"]
    assert (row["dy2o3"]["median"], row["beside_dy2o3"]["median"]) == ("42.0", "23.0")
    (row,) = api(cast.official, "?extraction=leachable")["by_mine"]
    assert (row["dy2o3"]["median"], row["beside_dy2o3"]["median"]) == ("23.0", "42.0")


def test_filters_narrow_every_number(cast: Cast) -> None:
    make_mine("TSA", "Tsawlaw", belt="Tsawlaw belt")
    make_authorised(cast, 1, mine="TSA")
    make_authorised(cast, 1, [without(Dy="80.0")])
    make_samples(cast, 1, mine="TSA", collected_at=clock.now() - timedelta(days=200))
    everything = api(cast.official)
    belt = api(cast.official, "?belt=Tsawlaw belt")
    recent = api(cast.official, "?belt=Tsawlaw belt&days=90")
    assert [row["mine"] for row in everything["by_mine"]] == ["PW1", "TSA"]
    assert ([row["mine"] for row in belt["by_mine"]], belt["mines"]) == (["TSA"], 1)
    assert recent["collected"] == belt["collected"] - 1
    assert api(cast.official, "?firm=MIDWEST")["collected"] == 0
    assert belt["filters"] == {"days": None, "belt": "Tsawlaw belt", "firm": None, "content": "total"}


@pytest.mark.parametrize("query", ["?days=12", "?belt=Atlantis", "?firm=nobody", "?extraction=magic"])
def test_unusable_filter_is_refused_by_the_api_and_shown_on_the_page(cast: Cast, query: str) -> None:
    answer = get(cast.official, f"/api/v1/dashboards/overview/{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "filter")
    assert get(cast.official, f"/overview/{query}").status_code == 200


def test_consignments_and_holds_say_who_where_and_why(cast: Cast) -> None:
    consignment = consignments.make_dispatched(cast, 2)
    held = make_samples(cast)[0]
    hold_sample(sample=held, kind="customer", reason="Seal numbers to be checked", by=cast.collector)
    data = api(cast.official)
    assert (data["on_the_way"], data["on_hold"]) == (2, 1)
    (under_way,) = data["in_transit"]
    assert (under_way["consignment"], under_way["items"], under_way["holder"]) == (consignment.code, 2, "IREL (India) Limited")
    assert [(hold["sample"], hold["reason"]) for hold in data["holds"]] == [(held.code, "Seal numbers to be checked")]
    page = get(cast.official).content.decode()
    for words in [consignment.code, held.code, "Seal numbers to be checked"]:
        assert words in page


def test_turnaround_leaves_out_the_time_the_clock_stood(cast: Cast) -> None:
    from assays.models import ClockStop

    certificate = make_issued(cast)
    submission = certificate.submission
    submission.submitted_at = submission.completed_at - timedelta(days=10)
    submission.save()
    ClockStop.objects.create(
        submission=submission,
        reason="Customer asked to wait",
        started_at=submission.submitted_at,
        ended_at=submission.submitted_at + timedelta(days=4),
        started_by=cast.receptionist,
    )
    (row,) = api(cast.official)["turnaround"]
    assert (row["median_days"], row["complete"], row["open"]) == ("6.0", 1, 0)


def test_file_equals_the_screen(cast: Cast) -> None:
    make_issued(cast, make_authorised(cast, 3, grades("30.0", "36.6", "60.0")))
    data = api(cast.official, "?days=90")
    answer = get(cast.official, "/overview/?format=xlsx&days=90")
    assert answer["Content-Disposition"].startswith('attachment; filename="overview-')
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    summary = dict(book["Summary"].iter_rows(min_row=2, values_only=True))
    assert summary["dy2o3.median"] == data["dy2o3"]["median"]
    assert summary["filters.days"] == 90
    assert "as_of" in summary
    assert summary["provenance.lots_without_record"] == data["provenance"]["lots_without_record"]
    assert book["Provenance"].max_row >= len(data["provenance_records"])
    header, row = book["By mine"].iter_rows(values_only=True)
    mine = dict(zip(header, row, strict=True))
    assert mine["dy2o3.median"] == data["by_mine"][0]["dy2o3"]["median"]
    assert dict(book["From mine to certificate"].iter_rows(min_row=2, values_only=True)) == {
        row["step"]: row["count"] for row in data["funnel"]
    }
    page = get(cast.official, "/overview/?days=90").content.decode()
    assert data["dy2o3"]["median"] in page
    assert data["dy2o3"]["uncertainty"] in page
    csv = get(cast.official, "/overview/?format=csv").content.decode("utf-8-sig").splitlines()
    assert csv[0].startswith("mine,name,belt,samples,dy2o3.median")
    assert csv[1].startswith("PW1,")


def test_every_number_leads_to_the_rows_behind_it(cast: Cast) -> None:
    make_authorised(cast)
    assert "/samples/?mine=PW1" in get(cast.official).content.decode()


def test_any_number_of_samples_costs_the_same_queries(cast: Cast) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            build_overview(cast.official, Filters())
        return len(captured)

    make_issued(cast)
    consignments.make_dispatched(cast, 1)
    few = cost()
    make_mine("TSA", "Tsawlaw")
    make_issued(cast, make_authorised(cast, 2, mine="TSA"))
    consignments.make_dispatched(cast, 3)
    assert cost() == few
    # Four of them are provenance with its parts.
    assert few <= 17


def test_overview_is_the_ministrys(cast: Cast) -> None:
    for role in ["collector", "analyst", "signatory", "administrator", "custodian"]:
        assert get(cast.people[role]).status_code == 403, role
        assert get(cast.people[role], "/api/v1/dashboards/overview/").status_code == 403, role


def test_overview_needs_a_login() -> None:
    assert Client().get("/overview/").status_code == 302
    assert Client().get("/api/v1/dashboards/overview/").status_code == 401


def test_mines_without_coordinates_are_left_off_the_map(cast: Cast) -> None:
    make_authorised(cast)
    Mine.objects.update(latitude=None, longitude=None)
    assert get(cast.official).status_code == 200

"""`GET /grades/`: scope, blinding, bounds, CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.factories import bench
from tests.factories.callers import Caller
from tests.factories.people import Cast
from tests.factories.release import CLAY, authorise, make_authorised, make_reviewed_run, without
from tests.factories.samples import make_mine

LIST = "/api/v1/grades/"


def get(user: Any, query: str = "", **headers: str) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(f"{LIST}{query}", headers=headers)


def rows(user: Any, query: str = "") -> list[dict[str, Any]]:
    answer = get(user, query)
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def test_one_row_per_sample_and_method_with_text_bounds_and_definitions(cast: Cast) -> None:
    submission = make_authorised(cast, 1, [without("Lu", Tm="<0.05")])
    sample = submission.tests.get().sample
    (row,) = rows(cast.official)
    assert (row["sample"], row["mine"], row["belt"]) == (sample.code, "PW1", "Chipwe–Pangwa belt")
    assert (row["laboratory"], row["method"], row["extraction"]) == ("Bhopal Laboratory", "FUS-MS v1", "total")
    assert (row["dy"]["value"], row["dy2o3"]["value"], row["tb4o7"]["value"]) == ("36.6", "42.0", "7.50")
    assert row["treo"]["value"] is None
    assert (row["treo"]["complete"], row["treo"]["missing"], row["treo"]["censored"]) == (False, ["Lu"], ["Tm"])
    assert row["mreo"]["definition"] == "MREO = Pr6O11 + Nd2O3 + Tb4O7 + Dy2O3"


def test_laboratory_sees_its_own_blind_and_cannot_ask_for_a_mine(cast: Cast) -> None:
    sample = make_authorised(cast).tests.get().sample
    (row,) = rows(cast.analyst)
    assert (row["sample"], row["mine"]) == (sample.blind_code, None)
    refused = Caller(cast.analyst).get("/grades/?mine=PW1")
    assert (refused.status_code, refused.json()["code"]) == (422, "filter")
    assert rows(cast.analyst, f"?sample={sample.code}") == []
    assert len(rows(cast.analyst, f"?sample={sample.blind_code}")) == 1
    assert sample.code not in get(cast.analyst).content.decode()


def test_scope_decides_who_sees_what(cast: Cast) -> None:
    make_authorised(cast)
    assert len(rows(cast.collector)) == 1
    for outsider in ["collector", "analyst"]:
        assert get(cast.outsiders[outsider], "?count=1").json()["count"] == 0
    assert get(cast.custodian).status_code == 403
    assert get(cast.administrator).status_code == 403
    assert Client().get(LIST).status_code == 401


def test_results_that_are_not_authorised_are_absent(cast: Cast) -> None:
    make_reviewed_run(cast, bench.make_submission(cast, bench.make_received_samples(cast)))
    assert rows(cast.analyst) == []
    assert rows(cast.official) == []


def test_filters_and_pages(cast: Cast) -> None:
    make_mine("TSA", "Tsawlaw", belt="Tsawlaw belt")
    make_authorised(cast, 1, mine="TSA")
    make_authorised(cast, 2)
    assert [row["mine"] for row in rows(cast.official, "?mine=tsa")] == ["TSA"]
    assert [row["mine"] for row in rows(cast.official, "?belt=Tsawlaw belt")] == ["TSA"]
    assert len(rows(cast.official, "?laboratory=LAB")) == 3
    assert rows(cast.official, "?laboratory=OTHER_LAB") == []
    body = get(cast.official, "?page_size=2&count=1").json()
    assert (body["count"], len(body["results"])) == (3, 2)
    assert body["next"]
    assert rows(cast.official, "?fields=sample,dy")[0].keys() == {"sample", "dy"}
    assert get(cast.official, "?ordering=secret").status_code == 422


def test_csv_holds_the_same_rows_with_the_same_columns_whatever_was_measured(cast: Cast) -> None:
    submission = bench.make_submission(cast, bench.make_received_samples(cast), ["FUS-MS", "FAD-MS"])
    authorise(cast, make_reviewed_run(cast, submission, [without("Tb", "Dy", Tm="<0.05")], method="FUS-MS"))
    authorise(cast, make_reviewed_run(cast, submission, [CLAY], method="FAD-MS"))
    answer = get(cast.official, accept="text/csv")
    table = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert {row["method"]: (row["dy.value"], row["tb4o7.value"], row["treo.missing"], row["treo.censored"]) for row in table} == {
        "FUS-MS v1": ("", "", "Tb, Dy", "Tm"),
        "FAD-MS v1": ("36.6", "7.50", "", ""),
    }


def test_any_number_of_samples_costs_the_same_queries(cast: Cast) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            get(cast.official)
        return len(captured)

    make_authorised(cast, 1)
    few = cost()
    make_authorised(cast, 3)
    assert cost() == few


@pytest.mark.parametrize("query", ["?cursor=xyz", "?page_size=0", "?page_size=1001"])
def test_wrong_pages_are_refused(cast: Cast, query: str) -> None:
    assert get(cast.official, query).status_code == 422

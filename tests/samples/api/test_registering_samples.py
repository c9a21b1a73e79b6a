"""`POST /samples/`: one or up to a thousand, all or nothing, every problem named by row and member."""

from __future__ import annotations

from typing import Any

import pytest

from samples.custody.models import CustodyEvent
from samples.models import Sample
from tests.factories.callers import Caller
from tests.factories.people import Cast
from tests.factories.samples import make_mine, make_samples

BODY = {
    "mine": "PW1",
    "material": "clay",
    "method": "channel",
    "collected_at": "2026-03-02T09:15:00+06:30",
    "mass_g": "2140.5",
    "container": "poly bag",
}


def refuse(caller: Caller, body: Any, status: int = 422) -> dict[str, Any]:
    """The problem document of a request that must change nothing."""
    before = (Sample.objects.count(), CustodyEvent.objects.count())
    answer = caller.post("/samples/", body)
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert (Sample.objects.count(), CustodyEvent.objects.count()) == before
    problem: dict[str, Any] = answer.json()
    return problem


def places_of(problem: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["pointer"], one["code"]) for one in problem["errors"]]


def test_one_sample_is_registered_and_found_at_its_location(cast: Cast) -> None:
    make_mine()
    caller = Caller(cast.collector)
    answer = caller.post("/samples/", BODY | {"field_id": "bag 1", "latitude": 25.92345678901, "longitude": "98.6123"})
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert (body["state"], body["mass_g"], body["mine"], body["latitude"]) == ("collected", "2140.500", "PW1", "25.923457")
    assert answer["ETag"] == '"1"'
    assert answer["Location"] == f"/api/v1/samples/{body['code']}/"
    # The exact place is told back to whoever has just told it, and to nobody without a look.
    told_back = {"latitude", "longitude", "warnings"}
    assert caller.get(f"/samples/{body['code']}/").json() == {name: value for name, value in body.items() if name not in told_back}


def test_list_is_registered_with_one_outcome_per_row(cast: Cast) -> None:
    make_mine()
    answer = Caller(cast.collector).post("/samples/", [BODY | {"field_id": f"bag {n}"} for n in range(3)])
    assert answer.status_code == 201
    results = answer.json()["results"]
    assert [(one["index"], one["outcome"], one["field_id"]) for one in results] == [(n, "registered", f"bag {n}") for n in range(3)]
    assert set(Sample.objects.values_list("code", flat=True)) == {one["code"] for one in results}


def test_thousand_are_taken_and_one_more_is_not(cast: Cast) -> None:
    make_mine()
    caller = Caller(cast.collector)
    assert refuse(caller, [BODY] * 1001)["code"] == "too_many"
    assert caller.post("/samples/", [BODY] * 1000).status_code == 201
    assert Sample.objects.count() == 1000


def test_dry_run_says_what_would_happen_and_does_nothing(cast: Cast) -> None:
    make_mine()
    caller = Caller(cast.collector)
    for body in (BODY, [BODY, BODY]):
        answer = caller.post("/samples/?dry_run=1", body)
        assert answer.status_code == 200
        assert {one["outcome"] for one in answer.json()["results"]} == {"valid"}
    answer = caller.post("/samples/?dry_run=1", [BODY, BODY | {"mass_g": "-1"}])
    assert answer.status_code == 422
    assert not Sample.objects.exists()


def test_every_problem_of_every_row_is_named_at_once(cast: Cast) -> None:
    make_samples(cast, 1, seal_number="K-1")
    problem = refuse(
        Caller(cast.collector),
        [
            BODY,
            BODY | {"mine": "Atlantis", "mass_g": "-3"},
            "not an object",
            {key: value for key, value in BODY.items() if key != "container"} | {"colour": "red", "collected_at": "yesterday"},
            BODY | {"seal_number": "K-1", "collected_at": "2999-01-01T00:00:00Z"},
            BODY | {"mass_g": "12,5", "container_count": "2"},
        ],
    )
    assert sorted(places_of(problem)) == [
        ("/1/mass_g", "mass_not_positive"),
        ("/1/mine", "unknown_mine"),
        ("/2", "validation"),
        ("/3/collected_at", "validation"),
        ("/3/colour", "unknown_member"),
        ("/3/container", "missing"),
        ("/4/collected_at", "future_time"),
        ("/4/seal_number", "duplicate_seal"),
        ("/5/container_count", "validation"),
        ("/5/mass_g", "validation"),
    ]
    outcomes = [one["outcome"] for one in problem["details"]["results"]]
    assert outcomes == ["not_registered", *["refused"] * 5]


def test_problems_of_one_object_are_named_by_member(cast: Cast) -> None:
    make_mine()
    caller = Caller(cast.collector)
    assert places_of(refuse(caller, BODY | {"mass_g": "-3"})) == [("/mass_g", "mass_not_positive")]
    assert places_of(refuse(caller, BODY | {"mass_g": None})) == [("/mass_g", "validation")]
    assert "details" not in refuse(caller, BODY | {"mass_g": "-3"})


@pytest.mark.parametrize("moment", ["2026-03-02T09:15:00", "2026-03-02", 1772000000, "02/03/2026 09:15"])
def test_moment_without_date_time_and_zone_is_refused(cast: Cast, moment: Any) -> None:
    make_mine()
    assert places_of(refuse(Caller(cast.collector), BODY | {"collected_at": moment})) == [("/collected_at", "validation")]


@pytest.mark.parametrize("body", ["{", "[1,"])
def test_broken_json_is_malformed(cast: Cast, body: str) -> None:
    assert refuse(Caller(cast.collector), body, status=400)["status"] == 400


@pytest.mark.parametrize("body", ["[]", "1", '"text"', "null", "", "[[]]", "[null]"])
def test_json_that_is_no_record_is_refused(cast: Cast, body: str) -> None:
    refuse(Caller(cast.collector), body)


def test_retry_with_the_same_key_registers_once(cast: Cast) -> None:
    make_mine()
    caller = Caller(cast.collector)
    first = caller.post("/samples/", BODY, **{"Idempotency-Key": "k1"})
    again = caller.post("/samples/", BODY, **{"Idempotency-Key": "k1"})
    other = caller.post("/samples/", BODY | {"mass_g": "1"}, **{"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 409)
    assert again.json() == first.json()
    assert (again["Idempotent-Replay"], again["ETag"], other.json()["code"]) == ("true", first["ETag"], "idempotency_mismatch")
    assert Sample.objects.count() == 1


@pytest.mark.parametrize(
    "role", ["custodian", "receptionist", "technician", "analyst", "reviewer", "signatory", "quality_manager", "official", "administrator"]
)
def test_others_may_not_register(cast: Cast, role: str) -> None:
    make_mine()
    refuse(Caller(cast.people[role]), BODY, status=403)


def test_registering_over_http_asks_the_database_little(cast: Cast, django_assert_max_num_queries: Any) -> None:
    make_mine()
    caller = Caller(cast.collector)
    with django_assert_max_num_queries(22):
        assert caller.post("/samples/", [BODY] * 100).status_code == 201

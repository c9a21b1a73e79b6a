"""What a viewer must not learn through the side doors: orders, cursors, things taken out of a box before it left."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest

from lims.core import clock
from samples.models import Sample
from samples.services.consigning import dispatch_consignment, unpack_sample
from tests.factories.callers import Caller
from tests.factories.consignments import make_consignment, make_received, samples_of
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db


def test_a_sample_taken_out_before_the_box_left_is_not_seen_by_those_who_got_the_box(cast: Cast) -> None:
    consignment = make_consignment(cast, 2)
    kept, sent = samples_of(consignment)
    unpack_sample(consignment=consignment, sample=kept, by=cast.collector)
    dispatch_consignment(consignment=consignment, expected_by=clock.now() + timedelta(days=2), place="Depot", by=cast.collector)
    for role in ["custodian", "receptionist", "analyst"]:
        viewer = cast.people[role]

        assert list(Sample.objects.visible_to(viewer)) == [sent], role
        assert Caller(viewer).get(f"/samples/{kept.pk}/").status_code == 404, role
        assert Caller(viewer).get(f"/samples/{sent.pk}/").status_code == 200, role


def test_a_laboratory_cannot_order_grades_by_the_time_of_collection(cast: Cast) -> None:
    make_received(cast, 1)

    refused = Caller(cast.analyst).get("/grades/?ordering=collected_at")

    assert (refused.status_code, refused.json()["code"]) == (422, "ordering")
    assert "collected_at" not in refused.json()["detail"]
    assert Caller(cast.collector).get("/grades/?ordering=collected_at").status_code == 200


def _cursor(**members: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "members",
    [
        {"o": "-id", "k": None, "i": "nobody", "b": False},
        {"o": "-id", "k": None, "i": 10**400, "b": False},
        {"o": "-id", "k": None, "i": "\x00", "b": False},
        {"o": "-registered_at", "k": "yesterday", "i": "01900000-0000-7000-8000-000000000000", "b": False},
        {"o": "-registered_at", "k": ["2026"], "i": "01900000-0000-7000-8000-000000000000", "b": True},
        {"o": "-registered_at", "k": {"a": 1}, "i": "01900000-0000-7000-8000-000000000000", "b": True},
        {"o": "-registered_at", "k": "9999-99-99T00:00:00+00:00", "i": "01900000-0000-7000-8000-000000000000", "b": True},
    ],
)
def test_a_forged_cursor_is_refused_as_not_ours(cast: Cast, members: dict[str, object]) -> None:
    for path in ("/api/v1/samples/", "/samples/"):
        answer = Caller(cast.collector).client
        answer.force_login(cast.collector)
        page = answer.get(f"{path}?ordering={members['o']}&cursor={_cursor(**members)}")

        assert page.status_code in {302, 422}, page.content[:300]


@pytest.mark.parametrize("ordering", ["received_at", "-received_at", "id"])
def test_the_pages_of_a_list_read_backwards_are_those_read_forwards(cast: Cast, ordering: str) -> None:
    """Also where some rows lack the value the list is ordered by."""
    make_received(cast, 2)
    make_consignment(cast, 3)
    caller, address, forwards = Caller(cast.collector), f"/samples/?page_size=2&ordering={ordering}", []
    while True:
        page = caller.get(address).json()
        forwards.append([row["code"] for row in page["results"]])
        if not page["next"]:
            break
        address = page["next"].partition("/api/v1")[2]
    backwards = [forwards[-1]]
    while page["previous"]:
        page = caller.get(page["previous"].partition("/api/v1")[2]).json()
        backwards.insert(0, [row["code"] for row in page["results"]])

    assert sorted(code for page_codes in forwards for code in page_codes) == sorted(Sample.objects.values_list("code", flat=True))
    assert backwards == forwards


@pytest.mark.parametrize("role", ["custodian", "receptionist", "analyst", "quality_manager"])
def test_a_filter_that_would_tell_the_origin_is_refused_not_passed_over(cast: Cast, role: str) -> None:
    """Rows that nobody filtered would pass for those of the mine."""
    make_received(cast, 1)
    caller = Caller(cast.people[role])
    caller.client.force_login(cast.people[role])

    for query in ("mine=PW1", "visit=V-26-00001-6", "owner=IREL", "collected_after=2026-01-01"):
        refused = caller.get(f"/samples/?{query}")
        assert (refused.status_code, refused.json()["code"]) == (422, "filter"), query
        assert caller.client.get(f"/samples/?{query}").status_code == 302
    assert caller.get("/samples/?mine=").status_code == 200
    assert Caller(cast.official).get("/samples/?mine=PW1").json()["results"]

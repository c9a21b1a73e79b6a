"""The calls on consignments: the whole way through HTTP, every persona at every endpoint, refusals that name place and remedy."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from lims.accounts.tokens import issue_user_token
from samples.custody.models import CustodyEvent
from samples.models import Consignment, Discrepancy, Sample
from samples.services.handing_over import offer_handover
from samples.services.settling import hash_shown
from tests.factories.consignments import (
    make_arrived,
    make_consignment,
    make_discrepancy,
    make_dispatched,
    make_received,
    nothing_changes,
    samples_of,
)
from tests.factories.people import PASSWORD, Cast
from tests.factories.samples import make_samples


class Caller:
    """Somebody at the API with a token."""

    def __init__(self, user: Any) -> None:
        _, token = issue_user_token(user=user, by=user, name="test")
        self.client = Client(headers={"Authorization": f"Token {token}"})

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(f"/api/v1{path}", headers=headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.client.post(f"/api/v1{path}", json.dumps(body), content_type="application/json", headers=headers)


def found(sample: Sample, **more: Any) -> dict[str, Any]:
    """What a receptionist sends of a sample that arrived as it left."""
    body = {
        "sample": sample.code,
        "seal_number": sample.seal_number,
        "seal_condition": "intact",
        "container_intact": True,
        "container_count": 1,
        "mass_g": str(sample.mass_g),
    }
    return body | more


def test_from_packing_to_the_settled_discrepancy_by_http_alone(cast: Cast) -> None:
    first, second, third = make_samples(cast, 3)
    collector, custodian, receptionist = Caller(cast.collector), Caller(cast.custodian), Caller(cast.receptionist)
    made = collector.post(
        "/consignments/",
        {
            "addressee": "LAB",
            "carrier": "carrier",
            "waybill": "WB-7",
            "outer_seal": "BOX-7",
            "border_post": "Nampong",
            "items": [{"sample": first.code}, {"sample": second.code.lower()}],
        },
    )
    assert made.status_code == 201, made.content
    code = made.json()["code"]
    assert made["Location"].endswith(f"/consignments/{code}/")
    packed = collector.post(f"/consignments/{code}/pack/", {"items": [{"sample": third.code, "seal_number": "NEW-1"}]})
    assert (packed.status_code, packed.json()["items_count"]) == (200, 3)
    soon = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    sent = collector.post(f"/consignments/{code}/dispatch/", {"expected_by": soon, "place": "Myitkyina"})
    assert (sent.status_code, sent.json()["state"], sent.json()["holder"]) == (200, "dispatched", "IREL")

    offered = collector.post(f"/consignments/{code}/handover/", {"receiver": "CARRIER", "place": "Nampong", "password": PASSWORD})
    assert (offered.status_code, offered.json()["state"], offered.json()["giver_signed"]) == (201, "pending", True)
    assert custodian.get(f"/consignments/{code}/").json()["waiting_for"] == "CARRIER"
    taken = custodian.post(f"/consignments/{code}/acknowledge/", {"seals_intact": True, "password": PASSWORD})
    assert (taken.status_code, taken.json()["state"], taken.json()["receiver_signed"]) == (200, "acknowledged", True)
    assert custodian.post(f"/consignments/{code}/handover/", {"receiver": "LAB"}).status_code == 201
    assert receptionist.post(f"/consignments/{code}/acknowledge/", {}).status_code == 200

    for sample in (first, second, third):
        sample.refresh_from_db()
    received = receptionist.post(
        f"/consignments/{code}/receive/", {"items": [found(first), found(second, seal_condition="broken", mass_g="2000.5")]}
    )
    assert received.status_code == 201, received.content
    outcomes = {line["sample"]: (line["outcome"], [one["kind"] for one in line["discrepancies"]]) for line in received.json()["items"]}
    assert outcomes == {
        first.code: ("received", []),
        second.code: ("discrepancy", ["seal_broken", "mass"]),
        third.code: ("missing", ["missing"]),
    }
    assert [line["blind_code"] for line in received.json()["items"]] == [first.blind_code, second.blind_code, third.blind_code]

    manager = Caller(cast.quality_manager)
    queue = manager.get("/discrepancies/?state=open&count=1").json()
    assert (queue["count"], {one["sample"] for one in queue["results"]}) == (3, {second.blind_code, third.blind_code})
    for one in queue["results"]:
        decision = "lost" if one["kind"] == "missing" else "accept"
        body = {"decision": decision, "reason": "sender confirmed", "password": PASSWORD, "meaning": "settlement"}
        read = manager.get(f"/discrepancies/{one['id']}/").json()
        settled = manager.post(f"/discrepancies/{one['id']}/settle/", body | {"shown_hash": read["content_hash"]})
        assert (settled.status_code, settled.json()["state"]) == (200, "settled"), settled.content
    assert {sample.code: (sample.state, sample.has_open_discrepancy) for sample in Sample.objects.all()} == {
        first.code: ("received", False),
        second.code: ("received", False),
        third.code: ("lost", False),
    }


# --- Who may what -----------------------------------------------------------------------------------------------------------------------


def calls_on(code: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Every call on one consignment with a body of the right shape."""
    return {
        "pack": (f"/consignments/{code}/pack/", {"items": [{"sample": "S-26-00001-Y"}]}),
        "unpack": (f"/consignments/{code}/unpack/", {"sample": "S-26-00001-Y"}),
        "cancel": (f"/consignments/{code}/cancel/", {"reason": "no"}),
        "dispatch": (f"/consignments/{code}/dispatch/", {}),
        "handover": (f"/consignments/{code}/handover/", {"receiver": "CARRIER"}),
        "acknowledge": (f"/consignments/{code}/acknowledge/", {}),
        "withdraw": (f"/consignments/{code}/withdraw/", {"reason": "no"}),
        "receive": (f"/consignments/{code}/receive/", {"items": [{"sample": "S-26-00001-Y", "present": False}]}),
    }


def test_without_a_token_nothing_answers(cast: Cast) -> None:
    code, client = make_dispatched(cast).code, Client()
    assert client.get("/api/v1/consignments/").status_code == 401
    for path, body in calls_on(code).values():
        assert client.post(f"/api/v1{path}", json.dumps(body), content_type="application/json").status_code == 401


def test_outsiders_find_nothing(cast: Cast) -> None:
    consignment = make_dispatched(cast)
    for role in ("collector", "receptionist", "quality_manager"):
        caller = Caller(cast.outsiders[role])
        assert caller.get("/consignments/").json()["results"] == []
        assert caller.get(f"/consignments/{consignment.code}/").status_code == 404
    caller = Caller(cast.outsiders["receptionist"])
    with nothing_changes(consignment):
        for path, body in calls_on(consignment.code).values():
            assert caller.post(path, body).status_code == 404, path


def test_wrong_roles_are_refused_before_the_body_is_read(cast: Cast) -> None:
    consignment = make_dispatched(cast)
    discrepancy = make_discrepancy(cast)
    with nothing_changes(consignment):
        for role in ("technician", "analyst", "reviewer", "signatory", "quality_manager", "official", "administrator"):
            caller = Caller(cast.people[role])
            for path, _ in calls_on(consignment.code).values():
                assert caller.post(path, {"nonsense": 1}).status_code == 403, (role, path)
        for role in ("collector", "custodian", "receptionist", "reviewer", "official", "administrator"):
            caller = Caller(cast.people[role])
            assert caller.post(f"/discrepancies/{discrepancy.pk}/settle/", {}).status_code == 403, role
        for role in ("collector", "custodian"):
            assert Caller(cast.people[role]).post(*calls_on(consignment.code)["receive"]).status_code == 403


def test_sender_carrier_addressee_and_officials_see_it_once_it_left(cast: Cast) -> None:
    packing, sent = make_consignment(cast), make_dispatched(cast)
    seen = {
        role: {one["code"] for one in Caller(cast.people[role]).get("/consignments/").json()["results"]}
        for role in ("collector", "custodian", "receptionist", "analyst", "official", "administrator")
    }
    both, left = {packing.code, sent.code}, {sent.code}
    assert seen == {
        "collector": both,
        "custodian": left,
        "receptionist": left,
        "analyst": left,
        "official": both,
        "administrator": both,
    }


def test_settling_is_the_finding_laboratorys_alone(cast: Cast) -> None:
    discrepancy = make_discrepancy(cast)
    body = {"decision": "accept", "reason": "fine", "password": PASSWORD, "shown_hash": hash_shown(discrepancy)}
    assert Caller(cast.outsiders["quality_manager"]).post(f"/discrepancies/{discrepancy.pk}/settle/", body).status_code == 404
    assert Caller(cast.outsiders["quality_manager"]).get("/discrepancies/").json()["results"] == []


def test_laboratory_learns_neither_origin_nor_road(cast: Cast) -> None:
    consignment = make_received(cast, 2)
    for role in ("analyst", "quality_manager"):
        text = Caller(cast.people[role]).get(f"/consignments/{consignment.code}/").content.decode()
        for told in (
            "IREL",
            "Myitkyina",
            "Nampong",
            "WB-1",
            cast.collector.full_name,
            *(sample.code for sample in samples_of(consignment)),
        ):
            assert told not in text, told
        assert all(sample.blind_code in text for sample in samples_of(consignment))
    desk = Caller(cast.receptionist).get(f"/consignments/{consignment.code}/").json()
    assert (desk["sender"], desk["waybill"]) == ("IREL", "WB-1")
    assert "Myitkyina" not in json.dumps(desk)
    assert [item["sample"] for item in desk["items"]] == [sample.code for sample in samples_of(consignment)]


def test_laboratory_cannot_search_its_way_to_the_origin(cast: Cast) -> None:
    sample = samples_of(make_received(cast, 1))[0]
    analyst = Caller(cast.analyst)
    for query in (f"q={sample.code}", "q=WB-1", "sender=IREL", "holder=IREL"):
        assert analyst.get(f"/consignments/?{query}").json()["results"] == [], query
    assert len(analyst.get(f"/consignments/?q={sample.blind_code}").json()["results"]) == 1
    assert analyst.get(f"/discrepancies/?q={sample.code}").json()["results"] == []


# --- Refusals ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({}, 422, ""),
        ({"addressee": "NOBODY"}, 422, "/addressee"),
        ({"addressee": "CARRIER"}, 422, "/addressee"),
        ({"addressee": "LAB", "carrier": "MIDWEST"}, 422, "/carrier"),
        ({"addressee": "LAB", "colour": "red"}, 422, ""),
        ({"addressee": "LAB", "items": [{"sample": "S-26-99999-X"}]}, 422, "/items/0/sample"),
        ({"addressee": "LAB", "items": [{"sample": "CN-26-00001-9"}]}, 422, "/items/0/sample"),
        ({"addressee": "LAB", "items": [{"sample": "what"}]}, 422, "/items/0/sample"),
        ({"addressee": "LAB", "waybill": 3}, 422, "/waybill"),
        ({"addressee": "LAB", "at": "2026-01-01T10:00:00"}, 422, "/at"),
        ({"addressee": "LAB", "at": "2126-01-01T10:00:00+05:30"}, 422, "/at"),
    ],
)
def test_bad_consignment_is_refused_at_its_place(cast: Cast, body: dict[str, Any], status: int, pointer: str) -> None:
    answer = Caller(cast.collector).post("/consignments/", body)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["errors"][0]["pointer"] == pointer, answer.json()
    assert not Consignment.objects.exists()


def test_samples_of_another_firm_do_not_exist_for_the_packer(cast: Cast) -> None:
    (foreign,) = make_samples(cast, by=cast.outsiders["collector"])
    answer = Caller(cast.collector).post("/consignments/", {"addressee": "LAB", "items": [{"sample": foreign.code}]})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_sample")


def test_handover_states_answer_409_with_their_reason(cast: Cast) -> None:
    consignment = make_dispatched(cast)
    giver, taker, desk = Caller(cast.collector), Caller(cast.custodian), Caller(cast.receptionist)
    path = f"/consignments/{consignment.code}"
    early = taker.post(f"{path}/acknowledge/", {})
    assert (early.status_code, early.json()["code"]) == (409, "no_handover_pending")
    assert giver.post(f"{path}/handover/", {"receiver": "CARRIER"}).status_code == 201
    with nothing_changes(consignment):
        twice = giver.post(f"{path}/handover/", {"receiver": "LAB"})
        assert (twice.status_code, twice.json()["code"]) == (409, "handover_pending")
        wrong = desk.post(f"{path}/acknowledge/", {})
        assert (wrong.status_code, wrong.json()["code"]) == (403, "not_receiver")
        received = desk.post(f"{path}/receive/", {"items": [found(sample) for sample in samples_of(consignment)]})
        assert (received.status_code, received.json()["code"]) == (409, "handover_pending")
    assert taker.post(f"{path}/acknowledge/", {}).status_code == 200
    with nothing_changes(consignment):
        replay = taker.post(f"{path}/acknowledge/", {})
        assert (replay.status_code, replay.json()["code"]) == (409, "no_handover_pending")
        given = giver.post(f"{path}/handover/", {"receiver": "CARRIER"})
        assert (given.status_code, given.json()["code"]) == (409, "not_holder")


def test_giver_withdraws_and_the_offer_is_gone(cast: Cast) -> None:
    consignment = make_dispatched(cast)
    offer_handover(consignment=consignment, receiver=cast.organisations["carrier"], by=cast.collector)
    answer = Caller(cast.collector).post(f"/consignments/{consignment.code}/withdraw/", {"reason": "wrong carrier"})
    assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")
    assert Caller(cast.custodian).post(f"/consignments/{consignment.code}/acknowledge/", {}).status_code == 409


def test_receiving_twice_answers_409_and_changes_nothing(cast: Cast) -> None:
    consignment = make_arrived(cast)
    body, desk = {"items": [found(sample) for sample in samples_of(consignment)]}, Caller(cast.receptionist)
    assert desk.post(f"/consignments/{consignment.code}/receive/", body).status_code == 201
    with nothing_changes(consignment):
        again = desk.post(f"/consignments/{consignment.code}/receive/", body)
    assert (again.status_code, again.json()["code"]) == (409, "already_received")


def test_same_idempotency_key_replays_the_receipt(cast: Cast) -> None:
    consignment = make_arrived(cast)
    body, desk = {"items": [found(sample) for sample in samples_of(consignment)]}, Caller(cast.receptionist)
    key = {"Idempotency-Key": "receipt-1"}
    first = desk.post(f"/consignments/{consignment.code}/receive/", body, **key)
    second = desk.post(f"/consignments/{consignment.code}/receive/", body, **key)
    assert (second.status_code, second["Idempotent-Replay"], second.json()) == (201, "true", first.json())
    assert CustodyEvent.objects.filter(kind="received").count() == 2


def test_bad_finding_is_refused_at_its_place(cast: Cast) -> None:
    consignment = make_arrived(cast)
    first, second = samples_of(consignment)
    desk = Caller(cast.receptionist)
    with nothing_changes(consignment):
        for wrong, member in (({"mass_g": "-3"}, "mass_g"), ({"seal_number": ""}, "seal_number"), ({"mass_g": "three"}, "mass_g")):
            answer = desk.post(f"/consignments/{consignment.code}/receive/", {"items": [found(first), found(second, **wrong)]})
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/items/1/{member}")


def test_discrepancy_is_settled_once_and_only_with_the_password(cast: Cast) -> None:
    discrepancy, manager = make_discrepancy(cast), Caller(cast.quality_manager)
    path, body = (
        f"/discrepancies/{discrepancy.pk}/settle/",
        {"decision": "accept", "reason": "fine", "password": PASSWORD, "shown_hash": hash_shown(discrepancy)},
    )
    assert manager.post(path, body | {"password": "wrong"}).json()["code"] == "password"
    assert manager.post(path, body | {"decision": "lost"}).json()["errors"][0]["pointer"] == "/decision"
    assert Discrepancy.objects.undecided().count() == 1
    assert manager.post(path, body).status_code == 200
    again = manager.post(path, body)
    assert (again.status_code, again.json()["code"]) == (409, "settled_already")


# --- Lists ------------------------------------------------------------------------------------------------------------------------------


def test_list_filters_orders_pages_and_counts(cast: Cast) -> None:
    codes = [make_dispatched(cast, 1).code for _ in range(3)]
    make_consignment(cast, 1)
    collector = Caller(cast.collector)
    page = collector.get("/consignments/?state=dispatched&page_size=2&ordering=code&count=1").json()
    assert ([one["code"] for one in page["results"]], page["count"]) == (codes[:2], 3)
    rest = collector.client.get(page["next"]).json()
    assert [one["code"] for one in rest["results"]] == codes[2:]
    assert collector.get("/consignments/?overdue=true").json()["results"] == []
    assert len(collector.get("/consignments/?overdue=false").json()["results"]) == 4
    assert collector.get("/consignments/?state=vanished").status_code == 422
    assert collector.get("/consignments/?ordering=colour").status_code == 422


def test_overdue_and_waiting_consignments_can_be_asked_for(cast: Cast) -> None:
    late, waiting = make_dispatched(cast, 1), make_dispatched(cast, 1)
    Consignment.objects.filter(pk=late.pk).update(expected_by=late.dispatched_at)
    offer_handover(consignment=waiting, receiver=cast.organisations["carrier"], by=cast.collector)
    collector = Caller(cast.collector)
    assert [one["code"] for one in collector.get("/consignments/?overdue=true").json()["results"]] == [late.code]
    (row,) = collector.get("/consignments/?waiting=true").json()["results"]
    assert (row["code"], row["waiting_for"], row["overdue"]) == (waiting.code, "CARRIER", False)


def test_list_comes_as_csv_too(cast: Cast) -> None:
    make_consignment(cast, 1, carrier=None)
    make_dispatched(cast, 1)
    answer = Caller(cast.collector).get("/consignments/", Accept="text/csv")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines[0].startswith("code,state,sender,sender_name,carrier,carrier_name")
    assert len(lines) == 3
    assert "North-East Freight" in lines[1]
    assert ",'," not in lines[1], "an empty cell stays empty"


def test_queries_do_not_grow_with_rows_or_items(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    collector = Caller(cast.collector)
    consignment = make_received(cast, 2)
    collector.get("/consignments/")
    with django_assert_num_queries(2):
        collector.get("/consignments/")
    with django_assert_num_queries(10):
        collector.get(f"/consignments/{consignment.code}/")
    larger = make_received(cast, 12)
    with django_assert_num_queries(2):
        collector.get("/consignments/")
    with django_assert_num_queries(10):
        collector.get(f"/consignments/{larger.code}/")


def test_lost_found_and_refused_travel_over_the_interface(cast: Cast) -> None:
    consignment = make_dispatched(cast, 2)
    first, second = samples_of(consignment)
    collector, receptionist = Caller(cast.collector), Caller(cast.receptionist)
    at = f"/consignments/{consignment.code}"
    lost = collector.post(f"{at}/lost/", {"samples": [first.code], "reason": "fell off"})
    assert (lost.status_code, [item["state"] for item in lost.json()["items"]]) == (200, ["lost", "in_transit"])
    assert collector.post(f"{at}/found/", {"place": "Ledo"}).json()["items"][0]["state"] == "in_transit"
    refused = receptionist.post(f"{at}/refuse/", {"samples": [second.code], "reason": "wet"})
    assert [item["state"] for item in refused.json()["items"]] == ["in_transit", "refused"]
    assert receptionist.post(f"{at}/refuse/", {"samples": ["S-99-00001-X"], "reason": "wet"}).status_code == 422
    assert Caller(cast.outsiders["receptionist"]).post(f"{at}/refuse/", {"reason": "wet"}).status_code == 404

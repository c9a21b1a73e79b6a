"""Samples over REST: who sees which, what of them, and the steps from hold to disposal."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from lims.core import clock
from lims.core.roles import LABORATORY_ROLES
from samples.models import Sample
from samples.services.correcting import correct_sample
from samples.services.holding import hold_sample
from tests.factories.callers import Caller
from tests.factories.consignments import make_received
from tests.factories.people import PASSWORD, Cast
from tests.factories.samples import make_mine, make_samples

LAB = sorted(LABORATORY_ROLES)


@pytest.fixture
def received(cast: Cast) -> Sample:
    """One sample that went from the pit to the laboratory, with everything about it that a laboratory must not learn."""
    (sample,) = make_samples(cast, pit="P1", remark="beside the pump house", collected_by="Daw Mya", field_id="bag 17")
    make_received(cast, 0, samples=[sample])
    correct_sample(sample=sample, changes={"remark": "behind the pump house"}, reason="seen on the map of Pangwa North", by=cast.collector)
    hold_sample(sample=sample, kind="provenance", reason="permit of Pangwa North missing", by=cast.official)
    return Sample.objects.get(pk=sample.pk)


def secrets_of(sample: Sample) -> list[str]:
    """What a laboratory must not learn of a sample."""
    mine = sample.mine
    return [
        sample.code,
        mine.name,
        mine.code,
        "Chipwi",
        "25.923",
        "98.612",
        "pump house",
        "Daw Mya",
        sample.field_id,
        sample.owner.name,
        sample.owner.code,
        "Myitkyina",
        sample.registered_by.full_name,
    ]


def test_laboratory_learns_nothing_of_the_origin(cast: Cast, received: Sample) -> None:
    for role in LAB:
        caller = Caller(cast.people[role])
        paths = [
            f"/samples/{received.blind_code}/",
            f"/samples/{received.pk}/",
            "/samples/",
            f"/samples/{received.blind_code}/custody/?proof=1",
        ]
        for path in paths:
            answer = caller.get(path)
            assert answer.status_code == 200, (role, path)
            text = answer.content.decode()
            assert received.blind_code in text, (role, path)
            for event in answer.json().get("events", []):
                text += base64.b64decode(event["canonical"]).decode()
            for secret in secrets_of(received):
                assert secret not in text, (role, path, secret)
        assert caller.get(f"/samples/{received.blind_code}/").json()["belt"] == "Chipwe–Pangwa belt", role


def test_each_knows_the_sample_by_their_own_code(cast: Cast, received: Sample) -> None:
    sees = {
        "collector": (True, True),
        "custodian": (True, True),
        "official": (True, True),
        "administrator": (True, True),
        "receptionist": (True, True),
    }
    for role in ["collector", "custodian", "official", "administrator", *LAB]:
        caller = Caller(cast.people[role])
        by_code, by_blind = sees.get(role, (False, True))
        assert (caller.get(f"/samples/{received.code}/").status_code == 200) == by_code, role
        assert (caller.get(f"/samples/{received.blind_code.lower()}/").status_code == 200) == by_blind, role
        assert caller.get(f"/samples/{received.pk}/").status_code == 200, role


def test_outsiders_find_nothing(cast: Cast, received: Sample) -> None:
    for role in ["collector", *LAB]:
        caller = Caller(cast.outsiders[role])
        for name in (received.code, received.blind_code, str(received.pk)):
            assert caller.get(f"/samples/{name}/").status_code == 404
            assert caller.get(f"/samples/{name}/custody/").status_code == 404
        assert caller.get("/samples/?count=1").json() == {"next": None, "previous": None, "count": 0, "results": []}


def test_carrier_sees_what_it_carried_but_not_where_it_came_from(cast: Cast, received: Sample) -> None:
    body = Caller(cast.custodian).get(f"/samples/{received.code}/").json()
    assert (body["code"], body["owner"], body["seal_number"]) == (received.code, "IREL", received.seal_number)
    assert not {"mine", "belt", "pit", "latitude", "field_id", "collected_by", "remark", "blind_code", "place"} & body.keys()
    assert body["holds"][0]["reason"] is None


def test_exact_coordinates_stand_in_no_ordinary_answer(cast: Cast, received: Sample) -> None:
    for role in ["collector", "official", "administrator"]:
        body = Caller(cast.people[role]).get(f"/samples/{received.code}/").json()
        assert body["mine"] == "PW1", role
        assert not {"latitude", "longitude"} & body.keys(), role
        assert "latitude" not in Caller(cast.people[role]).get("/samples/").json()["results"][0], role


def test_field_duplicate_looks_like_any_sample_at_the_laboratory(cast: Cast) -> None:
    (original,) = make_samples(cast)
    (duplicate,) = make_samples(cast, duplicate_of=original.code)
    make_received(cast, 0, samples=[original, duplicate])
    body = Caller(cast.analyst).get(f"/samples/{duplicate.blind_code}/").json()
    assert (body["kind"], body["parent"]) == ("field", None)
    assert Caller(cast.analyst).get(f"/samples/{original.blind_code}/").json()["parts"] == []
    assert len(Caller(cast.analyst).get("/samples/?kind=field").json()["results"]) == 2
    assert Caller(cast.analyst).get("/samples/?kind=field_duplicate").json()["results"] == []
    assert Caller(cast.collector).get(f"/samples/{duplicate.code}/").json()["parent"] == original.code


def test_unknown_and_mistyped_codes_are_not_found_and_say_why(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    caller = Caller(cast.collector)
    wrong = sample.code[:-1] + ("A" if sample.code[-1] != "A" else "B")
    assert [
        (answer.status_code, answer.json()["code"])
        for answer in (caller.get(f"/samples/{wrong}/"), caller.get(f"/samples/{uuid4()}/"), caller.get("/samples/what/"))
    ] == [
        (404, "check_character"),
        (404, "not_found"),
        (404, "not_found"),
    ]


# --- Lists ----------------------------------------------------------------------------------------------------------------------------


def codes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["code"] for row in answer.json()["results"]]


def test_list_pages_through_everything_once(cast: Cast) -> None:
    samples = make_samples(cast, 7)
    caller = Caller(cast.collector)
    seen: list[str] = []
    path = "/samples/?page_size=3"
    while path:
        answer = caller.get(path)
        seen += codes(answer)
        path = (answer.json()["next"] or "").partition("/api/v1")[2]
    assert sorted(seen) == sorted(sample.code for sample in samples)


def test_filters_find_by_their_field(cast: Cast) -> None:
    plain, rock = make_samples(cast, 1, field_id="bag 1")[0], make_samples(cast, 1, field_id="bag 2", material="rock")[0]
    make_mine("CH2", "Chipwi South", belt="Momauk belt")
    (elsewhere,) = make_samples(cast, 1, mine="CH2", field_id="bag 3", seal_number="ZZ-9")
    hold_sample(sample=rock, kind="safety", reason="dose rate", by=cast.official)
    make_received(cast, 0, samples=[elsewhere])
    caller = Caller(cast.official)
    yesterday, tomorrow = ((clock.now() + timedelta(days=days)).isoformat().replace("+", "%2B") for days in (-1, 1))
    expected = {
        "state=collected": {plain, rock},
        "state=collected&state=received": {plain, rock, elsewhere},
        "mine=PW1": {plain, rock},
        "belt=momauk%20belt": {elsewhere},
        "material=rock": {rock},
        "laboratory=LAB": {elsewhere},
        "hold=1": {rock},
        "hold=true": {rock},
        "hold=false": {plain, elsewhere},
        "hold_kind=safety": {rock},
        "hold_kind=quality": set(),
        "discrepancy=true": set(),
        f"received_after={yesterday}": {elsewhere},
        f"received_after={tomorrow}": set(),
        f"registered_after={yesterday}": {plain, rock, elsewhere},
        f"registered_before={yesterday}": set(),
        "owner=IREL": {plain, rock, elsewhere},
        "owner=MIDWEST": set(),
        "q=bag%202": {rock},
        "q=zz-9": {elsewhere},
        f"q={plain.code.lower()}": {plain},
        f"q={elsewhere.blind_code}": {elsewhere},
        f"q={plain.code[:4]}": {plain, rock, elsewhere},
    }
    for query, found in expected.items():
        assert set(codes(caller.get(f"/samples/?{query}"))) == {sample.code for sample in found}, query


@pytest.mark.parametrize(
    "query",
    [
        "state=gone",
        "material=gold",
        "mine=XX",
        "hold=maybe",
        "received_after=soon",
        "ordering=mass",
        "page_size=0",
        "page_size=1001",
        "cursor=abc",
    ],
)
def test_filter_that_cannot_be_used_is_refused(cast: Cast, query: str) -> None:
    answer = Caller(cast.collector).get(f"/samples/?{query}")
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")


@pytest.mark.parametrize(
    "name", ["mine=PW1", "visit=V", "owner=IREL", "registered_after=2999-01-01", "collected_after=2999-01-01", "q=bag%2017"]
)
def test_laboratory_cannot_ask_for_the_origin(cast: Cast, received: Sample, name: str) -> None:
    """A filter that is not theirs is refused: its answer tells nothing, and rows it did not filter pass for nothing. A search looks only
    at what they see."""
    answer = Caller(cast.analyst).get(f"/samples/?{name}")
    if name.startswith("q="):
        assert codes(answer) == []
    else:
        assert (answer.status_code, answer.json()["code"]) == (422, "filter")
        assert received.blind_code not in answer.content.decode()


def test_laboratory_cannot_order_by_the_time_of_collection(cast: Cast, received: Sample) -> None:
    for ordering in ("collected_at", "registered_at"):
        assert Caller(cast.analyst).get(f"/samples/?ordering={ordering}").status_code == 422
    assert Caller(cast.analyst).get("/samples/?ordering=-received_at").status_code == 200


def test_list_as_csv_carries_the_same_members(cast: Cast, received: Sample) -> None:
    answer = Caller(cast.analyst).get("/samples/", Accept="text/csv")
    text = b"".join(answer.streaming_content).decode()
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["code"] == received.blind_code
    assert set(row) == set(Caller(cast.analyst).get("/samples/").json()["results"][0])
    for secret in secrets_of(received):
        assert secret not in text


def test_list_asks_the_database_the_same_for_any_number_of_rows(cast: Cast, django_assert_max_num_queries: Any) -> None:
    make_samples(cast, 30)
    caller = Caller(cast.official)
    caller.get("/samples/")
    with django_assert_max_num_queries(3):
        assert len(codes(caller.get("/samples/"))) == 30


# --- Corrections ----------------------------------------------------------------------------------------------------------------------


def test_correction_by_patch_with_the_tag_that_was_read(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    caller = Caller(cast.collector)
    tag = caller.get(f"/samples/{sample.code}/")["ETag"]
    answer = caller.patch(
        f"/samples/{sample.code}/", {"reason": "misread", "depth_to_m": "2.5", "latitude": None, "longitude": None}, **{"If-Match": tag}
    )
    assert answer.status_code == 200, answer.content
    assert (answer.json()["depth_to_m"], answer.json()["latitude"], answer["ETag"]) == ("2.50", None, '"2"')
    stale = caller.patch(f"/samples/{sample.code}/", {"reason": "again", "remark": "x"}, **{"If-Match": tag})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    events = caller.get(f"/samples/{sample.code}/custody/").json()["events"]
    assert [event["kind"] for event in events] == ["collected", "sealed", "corrected"]
    assert events[-1]["disclosed"]["remark"].startswith("misread\ndepth_to_m: 1.80 → 2.5")


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"remark": "x"}, 422, "/reason"),
        ({"reason": 5, "remark": "x"}, 422, "/reason"),
        ({"reason": "r", "mass_g": "-1"}, 422, "/mass_g"),
        ({"reason": "r", "mass_g": "heavy"}, 422, "/mass_g"),
        ({"reason": "r", "colour": "red"}, 422, "/colour"),
        ({"reason": "r", "duplicate_of": "x"}, 422, "/duplicate_of"),
        ({"reason": "r", "mine": "Atlantis"}, 422, "/mine"),
    ],
)
def test_wrong_correction_is_refused_at_its_member(cast: Cast, body: dict[str, Any], status: int, pointer: str) -> None:
    (sample,) = make_samples(cast)
    answer = Caller(cast.collector).patch(f"/samples/{sample.code}/", body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (status, pointer)
    assert Sample.objects.get(pk=sample.pk).version == 1


def test_correction_that_is_no_object_is_refused(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    assert Caller(cast.collector).patch(f"/samples/{sample.code}/", ["x"]).status_code == 422


# --- Steps ----------------------------------------------------------------------------------------------------------------------------


def test_hold_release_split_and_disposal_at_the_laboratory(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    make_received(cast, 0, samples=[sample])
    technician, manager, path = Caller(cast.technician), Caller(cast.quality_manager), f"/samples/{sample.blind_code}"
    held = technician.post(f"{path}/hold/", {"kind": "quality", "reason": "pattern"})
    assert (held.status_code, held.json()["reason"]) == (201, "pattern")
    blocked = technician.post(f"{path}/split/", {"parts": [{"mass_g": "100"}], "remaining_g": "2040.5"})
    assert (blocked.status_code, blocked.json()["code"]) == (409, "on_hold")
    assert manager.post(f"{path}/release/", {"reason": "below limit"}).json()["released_at"]
    assert manager.post(f"{path}/release/", {"reason": "again"}).json()["code"] == "not_on_hold"
    split = technician.post(f"{path}/split/", {"parts": [{"mass_g": "100", "kind": "pulp"}, {"mass_g": "50"}], "remaining_g": "1990.5"})
    assert split.status_code == 201, split.content
    assert [part["mass_g"] for part in split.json()["parts"]] == ["100.000", "50.000"]
    assert split.json()["sample"]["mass_g"] == "1990.500"
    assert split.json()["parts"][0]["parent"] == sample.blind_code
    both = {"witness": cast.technician.username, "witness_password": PASSWORD, "password": PASSWORD}
    assert manager.post(f"{path}/dispose/", {"reason": "ended", **both, "witness": "nobody"}).json()["code"] == "witness"
    assert manager.post(f"{path}/dispose/", {"reason": "spoiled", **both}).json()["code"] == "retained"
    gone = manager.post(f"{path}/dispose/", {"reason": "spoiled", "early": True, **both})
    assert (gone.status_code, gone.json()["state"]) == (200, "disposed")


def test_release_among_several_names_the_hold(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    first = hold_sample(sample=sample, kind="quality", reason="dose rate", by=cast.official)
    hold_sample(sample=sample, kind="custody", reason="seal", by=cast.official)
    caller, path = Caller(cast.official), f"/samples/{sample.code}/release/"
    assert caller.post(path, {"reason": "r"}).json()["code"] == "several_holds"
    assert caller.post(path, {"reason": "r", "hold": str(uuid4())}).status_code == 404
    assert caller.post(path, {"reason": "r", "hold": str(first.pk)}).status_code == 200
    assert caller.post(path, {"reason": "r", "kind": "custody"}).status_code == 200
    assert not Sample.objects.get(pk=sample.pk).on_hold


ALLOWED = {
    "hold": {"collector", "receptionist", "technician", "analyst", "reviewer", "quality_manager", "official"},
    "release": {"quality_manager", "official"},
    "split": {"collector", "technician"},
    "dispose": {"quality_manager"},
}


@pytest.mark.parametrize("step", sorted(ALLOWED))
def test_every_role_at_every_step(cast: Cast, received: Sample, step: str) -> None:
    """What the matrix allows gets past the door (the body is refused then); the rest is forbidden; outsiders find nothing."""
    for role, person in cast.people.items():
        answer = Caller(person).post(f"/samples/{received.pk}/{step}/", {})
        assert answer.status_code == (422 if role in ALLOWED[step] else 403), (role, answer.content)
    for role, person in cast.outsiders.items():
        assert Caller(person).post(f"/samples/{received.pk}/{step}/", {}).status_code == (404 if role in ALLOWED[step] else 403)


def test_without_a_token_nothing_is_shown(cast: Cast, received: Sample, client: Any) -> None:
    for path in ("samples/", f"samples/{received.code}/", f"samples/{received.code}/custody/", "mines/"):
        assert client.get(f"/api/v1/{path}").status_code == 401


# --- Custody --------------------------------------------------------------------------------------------------------------------------


def test_proofs_can_be_checked_by_anyone(cast: Cast, received: Sample) -> None:
    body = Caller(cast.official).get(f"/samples/{received.code}/custody/?proof=1").json()
    assert body["checkpoint"] is None
    previous = None
    for number, event in enumerate(body["events"], start=1):
        canonical = base64.b64decode(event["canonical"], validate=True)
        content = json.loads(canonical)
        assert event["hash"] == hashlib.sha256(canonical).hexdigest()
        assert event["leaf_hash"] == hashlib.sha256(b"\x00" + canonical).hexdigest()
        assert (event["seq"], event["previous"], event["leaf_index"], event["proof"]) == (number, previous, None, None)
        assert (content["seq"], content["previous"], content["kind"], content["sample"]) == (number, previous, event["kind"], body["id"])
        assert event["disclosed"].keys() == event["salts"].keys() == content["commitments"].keys() - {"coordinates"}
        for name, value in event["disclosed"].items():
            assert content["commitments"][name] == hashlib.sha256(bytes.fromhex(event["salts"][name]) + value.encode()).hexdigest()
        previous = event["hash"]


def test_without_proof_the_bytes_stay_away(cast: Cast, received: Sample) -> None:
    for event in Caller(cast.official).get(f"/samples/{received.code}/custody/").json()["events"]:
        assert event["hash"]
        assert not {"canonical", "salts", "leaf_hash"} & event.keys()


def disclosures(cast: Cast, role: str, sample: Sample) -> dict[int, dict[str, str]]:
    events = Caller(cast.people[role]).get(f"/samples/{sample.pk}/custody/").json()["events"]
    return {event["seq"]: event["disclosed"] for event in events if event["disclosed"]}


def test_owner_and_official_see_every_disclosure(cast: Cast, received: Sample) -> None:
    for role in ("collector", "official"):
        seen = disclosures(cast, role, received)
        assert seen[1]["place"] == "Pangwa North, P1"
        assert "coordinates" not in seen[1]
        assert any(fields.get("actor") == cast.receptionist.full_name for fields in seen.values())


def test_carrier_sees_its_own_events_and_the_parties_of_its_handovers(cast: Cast, received: Sample) -> None:
    seen = disclosures(cast, "custodian", received)
    assert seen.pop(1) == {"code": received.code}  # by which the carrier knows it, and nothing else of the beginning
    carrier = cast.organisations["carrier"].name
    own = [fields for fields in seen.values() if fields.get("actor") == cast.custodian.full_name]
    assert own
    assert own[0]["place"] == "Nampong"
    others = [fields for fields in seen.values() if "actor" not in fields]
    assert others
    for fields in others:
        assert carrier in (fields["giver"], fields["receiver"])
        assert fields.keys() <= {"giver", "receiver", "waybill"}


def test_laboratory_sees_its_own_events_without_the_owner(cast: Cast, received: Sample) -> None:
    seen = disclosures(cast, "analyst", received)
    assert any(fields.get("actor") == cast.receptionist.full_name for fields in seen.values())
    for fields in seen.values():
        assert received.owner.name not in fields.values()
        assert cast.collector.full_name not in fields.values()


def test_mines_are_for_those_who_may_know_them(cast: Cast) -> None:
    make_mine()
    for role in ("collector", "official"):
        (row,) = Caller(cast.people[role]).get("/mines/").json()["results"]
        assert (row["code"], "latitude" in row, "operator" in row) == ("PW1", False, False)
    body = Caller(cast.administrator).get("/mines/pw1/").json()
    assert "latitude" not in body
    assert "latitude" not in body["pits"][0]
    assert body["pits"][0]["code"] == "P1"
    for role in ["custodian", *LAB]:
        assert Caller(cast.people[role]).get("/mines/").status_code == 403
        assert Caller(cast.people[role]).get("/mines/PW1/").status_code == 403
    assert Caller(cast.official).get("/mines/XX/").status_code == 404

"""Radiation and seals through the interface: from the door to the released sample, from the issued seal to its end."""

from __future__ import annotations

from samples.models import Discrepancy, Hold, Sample
from tests.factories.callers import Caller
from tests.factories.consignments import make_discrepancy, make_received, samples_of
from tests.factories.people import PASSWORD, Cast
from tests.factories.samples import make_record, make_samples

RATE = {"dose_rate": "0.95", "background": "0.12", "uncertainty": "0.05", "distance_cm": "10", "instrument": "RDS-31"}


def test_from_the_door_through_quarantine_to_the_signed_release(cast: Cast) -> None:
    technician, manager = Caller(cast.technician), Caller(cast.quality_manager)
    asked = manager.post("/door-policy/", {"requires_screen": True, "quarantine_place": "Cage", "reason": "NORM"})
    assert (asked.status_code, asked.json()["dose_rate_limit"]) == (201, "0.5")
    (sample,) = samples_of(make_received(cast, 1))
    path = f"/samples/{sample.blind_code}"
    unopened = technician.post(f"{path}/split/", {"parts": [{"mass_g": "100"}], "remaining_g": "2040.5"})
    assert (unopened.status_code, unopened.json()["code"]) == (409, "not_screened")
    hot = technician.post(f"{path}/screen/", RATE)
    assert (hot.status_code, hot.json()["passed"]) == (201, False)
    assert Sample.objects.get(pk=sample.pk).place == "Cage"
    signed = {"reason": "Natural, below the limit.", "password": PASSWORD, "place": "Shelf 4"}
    assert manager.post(f"{path}/release/", signed).json()["code"] == "not_cleared"
    wrong = technician.post(f"{path}/gamma/", {"reference": "G-1", "nuclides": [{"nuclide": "Cs-137", "activity": "1"}]})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/nuclides/0/nuclide")
    nuclides = [{"nuclide": name, "activity": "0.1", "uncertainty": "0.02"} for name in ("Th-232", "U-238")]
    assert technician.post(f"{path}/gamma/", {"reference": "G-1", "nuclides": nuclides}).json()["cleared"] is True
    assert manager.post(f"{path}/release/", signed | {"password": "x"}).status_code == 422
    assert manager.post(f"{path}/release/", signed).status_code == 200
    told = technician.get(f"{path}/radiation/").json()
    assert (len(told["screens"]), told["activities"][0]["nuclides"][0]["activity"]) == (1, "0.1")
    assert (Hold.objects.get().release_signature is not None, Sample.objects.get(pk=sample.pk).place) == (True, "Shelf 4")
    assert Caller(cast.outsiders["technician"]).get(f"{path}/radiation/").status_code == 404


def test_a_settlement_is_bound_to_the_content_that_was_read(cast: Cast) -> None:
    found, manager = make_discrepancy(cast), Caller(cast.quality_manager)
    read = manager.get(f"/discrepancies/{found.pk}/").json()
    assert (read["severity"], read["settled_by"], read["blockers"]) == ("critical", ["quality_manager"], [])
    assert "prepare" in read["blocks"]
    body = {"decision": "accept", "reason": "Explained.", "password": PASSWORD}
    assert manager.post(f"/discrepancies/{found.pk}/settle/", body).status_code == 422, "who did not read it cannot sign it"
    stale = manager.post(f"/discrepancies/{found.pk}/settle/", body | {"shown_hash": "0" * 64})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_content")
    assert Discrepancy.objects.get().decided_at is None
    settled = manager.post(f"/discrepancies/{found.pk}/settle/", body | {"shown_hash": read["content_hash"]})
    assert (settled.status_code, settled.json()["state"]) == (200, "settled")


def test_seals_are_issued_warned_about_and_taken_back(cast: Cast) -> None:
    official, collector = Caller(cast.official), Caller(cast.collector)
    issued = official.post("/seal-batches/", {"first": "KA-001", "last": "KA-020", "organisation": cast.collector.organisation.code})
    assert (issued.status_code, issued.json()["count"]) == (201, 20)
    again = official.post("/seal-batches/", {"first": "KA-020", "last": "KA-030", "organisation": cast.collector.organisation.code})
    assert (again.status_code, again.json()["errors"][0]["code"]) == (422, "issued_before")
    make_samples(cast, seal_number="KA-001")
    record = make_record(field_id="W-1", seal_number="WILD-1")
    body = {name: str(getattr(record, name)) for name in ("mine", "material", "method", "mass_g", "container", "field_id", "seal_number")}
    doubtful = collector.post("/samples/", body | {"collected_at": record.collected_at.isoformat()})
    assert doubtful.json()["warnings"] == ["Seal WILD-1 is not in the register: it was never issued to anybody."]
    batch = issued.json()["id"]
    taken = collector.post(f"/seal-batches/{batch}/void/", {"first": "KA-015", "last": "KA-020", "kind": "returned", "reason": "left over"})
    assert (taken.json()["used"], taken.json()["voided"]) == (1, 6)
    assert [row["voided"] for row in collector.get("/seal-batches/?q=ka-017").json()["results"]] == [6]
    assert [event["kind"] for event in collector.get("/seals/ka-001/").json()["events"]] == ["issued", "applied"]
    assert collector.get("/seals/ka-016/").json()["state"] == "returned"
    assert Caller(cast.outsiders["collector"]).get("/seals/KA-001/").status_code == 404

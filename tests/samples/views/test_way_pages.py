"""Pages and calls of handing over face to face, of routes and of customs papers, each once as people use them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lims.core import clock
from samples.models import Consignment, CustomsPaper, Handover, Route
from tests.factories.callers import Caller
from tests.factories.consignments import make_consignment, make_dispatched
from tests.factories.people import PASSWORD, Cast
from tests.samples.services.test_meeting import PDF
from tests.samples.services.test_travelling import make_route


def browser(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_both_sign_on_the_givers_phone(cast: Cast) -> None:
    consignment = make_dispatched(cast, 1)
    address, giver = f"/consignments/{consignment.code}/handover/here/", browser(cast.collector)
    assert giver.get(address).status_code == 200
    words = {"password": PASSWORD, "taker": "custodian", "taker_password": "guess", "seals_intact": "yes"}
    wrong = giver.post(address, words)
    assert wrong.status_code == 422
    assert PASSWORD not in wrong.content.decode()
    assert giver.post(address, words | {"taker_password": PASSWORD}).status_code == 302
    assert Handover.objects.get().manner == "one_phone"


def test_receivers_phone_answers_what_the_givers_shows(cast: Cast) -> None:
    consignment = make_dispatched(cast, 1)
    giver, taker, stranger = browser(cast.collector), browser(cast.custodian), browser(cast.receptionist)
    giver.post(f"/consignments/{consignment.code}/handover/", {"receiver": str(cast.organisations["carrier"].pk), "password": PASSWORD})
    page = giver.post(f"/consignments/{consignment.code}/handover/code/")
    assert page["Cache-Control"] == "no-store"
    text = page.content.decode()
    assert "<svg role=" in text
    address = re.search(r"/handovers/[\w-]+/", text)
    assert address is not None
    assert stranger.get(address[0]).status_code == 404
    assert taker.get(address[0]).status_code == 200
    answered = taker.post(address[0], {"accept": "yes", "seals_intact": "yes", "password": PASSWORD})
    assert answered.status_code == 302
    assert taker.get(address[0]).status_code == 409
    assert Handover.objects.get().manner == "two_phones"


def test_paper_form_over_the_interface_and_its_scan_for_those_concerned(cast: Cast) -> None:
    consignment = make_dispatched(cast, 1)
    Consignment.objects.filter(pk=consignment.pk).update(last_seen_at=clock.now() - timedelta(hours=3))
    form = {
        "receiver": "CARRIER",
        "giver_person": "K. Nair",
        "receiver_person": "D. Gogoi",
        "relinquished_at": (clock.now() - timedelta(hours=2)).isoformat(),
        "answered_at": (clock.now() - timedelta(hours=1)).isoformat(),
        "reason": "no network",
        "password": PASSWORD,
    }
    caller, path = Caller(cast.collector), f"/consignments/{consignment.code}/handover/paper/"
    assert caller.client.post(f"/api/v1{path}", form).status_code == 422
    sent = caller.client.post(f"/api/v1{path}", form | {"file": SimpleUploadedFile("form.pdf", PDF)})
    assert (sent.status_code, sent.json()["manner"], sent.json()["giver_person"]) == (201, "paper", "K. Nair")
    scan = f"/consignments/{consignment.code}/handovers/{sent.json()['id']}/scan/"
    assert [browser(person).get(scan).status_code for person in (cast.official, cast.receptionist, cast.analyst)] == [200, 404, 403]
    answer = browser(cast.collector).get(scan)
    assert (answer["Content-Type"], "attachment" in answer["Content-Disposition"]) == ("application/pdf", True)
    assert "on paper" in browser(cast.collector).get(f"/consignments/{consignment.code}/").content.decode()


def test_routes_are_made_and_changed_on_their_pages(cast: Cast) -> None:
    official = browser(cast.official)
    legs = {"legs-TOTAL_FORMS": "1", "legs-INITIAL_FORMS": "0", "legs-0-mode": "road", "legs-0-origin": "A", "legs-0-destination": "B"}
    wrong = official.post("/routes/new/", legs | {"code": "AB-1", "name": "A to B"})
    assert (wrong.status_code, Route.objects.count()) == (422, 0)
    made = official.post(
        "/routes/new/", legs | {"code": "AB-1", "name": "A to B", "legs-0-transit_days": "2", "legs-0-closed_months": ["6"]}
    )
    assert made.status_code == 302
    changed = official.post("/routes/AB-1/", legs | {"reason": "slower", "legs-0-transit_days": "3"})
    assert (changed.status_code, Route.objects.get().versions.count()) == (302, 2)
    for address in ("/routes/", "/routes/AB-1/", "/routes/new/"):
        assert official.get(address).status_code == 200
    assert official.post("/routes/", {"code": "X1", "name": "Elsewhere", "status": "open"}).status_code == 302
    assert Caller(cast.collector).get("/routes/AB-1/").json()["versions"][0]["transit_days"] == "3.00"
    assert Caller(cast.receptionist).get("/routes/").status_code == 403


def test_customs_papers_on_their_page_and_the_way_on_the_consignments(cast: Cast) -> None:
    consignment = make_consignment(cast, 1, route=make_route(cast))
    address, sender = f"/consignments/{consignment.code}/customs/", browser(cast.collector)
    assert "Papers are missing" in sender.get(address).content.decode()
    assert sender.post(address, {"hs_code": "12", "purpose": "x"}).status_code == 422
    assert sender.post(address, {"hs_code": "253090", "purpose": "testing", "soil_notice": "on"}).status_code == 302
    for kind in ("export_permit", "soil_permit"):
        assert sender.post(address, {"kind": kind, "status": "applied"}).status_code == 302
    paper = CustomsPaper.objects.filter(kind="export_permit").get()
    sender.post(f"{address}{paper.pk}/", {"file": SimpleUploadedFile("a.html", b"<script>1</script>")})
    assert paper.files.count() == 0
    sender.post(f"{address}{paper.pk}/", {"file": SimpleUploadedFile("a.pdf", PDF)})
    sender.post(f"{address}{paper.pk}/", {"status": "granted", "number": "EP-1"})
    paper.refresh_from_db()
    assert (paper.status, paper.files.count()) == ("granted", 1)
    scan = f"{address}{paper.pk}/files/{paper.files.get().pk}/"
    assert browser(cast.official).get(scan)["Content-Disposition"].startswith("attachment")
    assert browser(cast.outsiders["collector"]).get(scan).status_code == 404
    sender.post(f"/consignments/{consignment.code}/dispatch/", {"place": "depot"})
    sender.post(f"/consignments/{consignment.code}/legs/", {"leg": "1"})
    consignment.refresh_from_db()
    assert (consignment.state, consignment.last_seen) == ("dispatched", "Pangsau")
    assert "Pangsau" in sender.get(f"/consignments/{consignment.code}/").content.decode()
    blind = browser(cast.receptionist).get(f"/consignments/{consignment.code}/").content.decode()
    assert "Pangsau" not in blind.replace("Nampong (Pangsau Pass)", ""), "the papers name the border post, nothing names the road"
    assert Caller(cast.official).get(f"/consignments/{consignment.code}/customs/").json()["needed"] == ["export_permit", "soil_permit"]


def test_route_is_taken_out_of_use_and_into_use_again_with_a_reason(cast: Cast) -> None:
    route, official = make_route(cast).route, browser(cast.official)
    address = f"/routes/{route.code}/use/"
    assert browser(cast.collector).post(address, {"reason": "mine"}).status_code == 403
    official.post(address, {"reason": " "})
    route.refresh_from_db()
    assert route.active, "without a reason nothing changes"
    official.post(address, {"reason": "The bridge is gone."})
    route.refresh_from_db()
    assert not route.active
    assert "out of use" in official.get(f"/routes/{route.code}/").content.decode()
    assert f">{route.code} –" not in browser(cast.collector).get("/consignments/new/").content.decode()
    again = Caller(cast.official).post(f"/routes/{route.code}/use/", {"active": True, "reason": "A new bridge."})
    assert (again.status_code, Caller(cast.collector).post(f"/routes/{route.code}/use/", {}).status_code) == (200, 403)
    route.refresh_from_db()
    assert route.active


def test_border_post_of_the_papers_is_one_on_record_and_old_words_stay(cast: Cast) -> None:
    consignment = make_consignment(cast, 1)
    Consignment.objects.filter(pk=consignment.pk).update(border_post="Pangsau ferry")
    client, address = browser(cast.collector), f"/consignments/{consignment.code}/papers/"
    text = client.get(address).content.decode()
    assert "Pangsau ferry (as written)" in text
    assert '<option value="Nampong (Pangsau Pass)">' in text
    papers = {"addressee": str(consignment.addressee_id), "purpose": "testing only"}
    assert client.post(address, papers | {"border_post": "Elsewhere"}).status_code == 422
    assert client.post(address, papers | {"border_post": "Pangsau ferry"}).status_code == 302
    assert client.post(address, papers | {"border_post": "Nampong (Pangsau Pass)"}).status_code == 302
    body = {"addressee": consignment.addressee.code, "border_post": "nampong"}
    assert Caller(cast.collector).post("/consignments/", body).json()["border_post"] == "Nampong (Pangsau Pass)"
    refused = Caller(cast.collector).post("/consignments/", body | {"border_post": "Elsewhere"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/border_post")

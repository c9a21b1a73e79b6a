"""Provenance through pages and API: who sees what, and that names are never shown unasked."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from samples.looks.models import Look
from samples.provenance.models import Assessment, ProvenanceRecord
from samples.provenance.selectors import find_record
from samples.provenance.services.assessing import find_flag
from tests.factories.callers import Caller
from tests.factories.consignments import make_consignment
from tests.factories.people import PASSWORD, Cast
from tests.factories.provenance import make_parts, make_provenance
from tests.factories.samples import make_mine
from tests.samples.provenance.test_services import PDF

pytestmark = pytest.mark.django_db
NAMES = ("Golden Hill Trading", "Zau Transport", "Checkpoint of the road", "Somebody Known")


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def told(response: Any, status: int = 200) -> str:
    assert response.status_code == status, response.content.decode()[:2000]
    return str(response.content.decode())


def test_names_are_shown_on_request_alone_and_each_look_is_kept(cast: Cast) -> None:
    record = make_provenance(cast, parts=make_parts())
    for role in ("collector", "official", "administrator"):
        page = told(browser(cast.people[role]).get(f"/provenance/{record.code}/"))
        assert not [name for name in NAMES if name in page]
        assert "non-state armed group" in page
    shown = told(browser(cast.official).post(f"/provenance/{record.code}/parties/", {"look-purpose": "Assessment of flags"}))
    assert not [name for name in NAMES if name not in shown]
    assert browser(cast.administrator).post(f"/provenance/{record.code}/parties/", {"look-purpose": "Assessment"}).status_code == 403
    form = told(browser(cast.collector).get(f"/provenance/{record.code}/payments/1/change/"))
    assert "Checkpoint of the road" in form
    assert list(Look.objects.values_list("shown", "subject_code").order_by("id")) == [("parties", record.code)] * 2


def test_a_collector_records_a_lot_its_parties_and_evidence_through_pages(cast: Cast) -> None:
    consignment = make_consignment(cast, 1)
    client = browser(cast.collector)
    refused = told(client.post("/provenance/new/", {"mine": make_mine().pk}), 422)
    assert "Say which lot" in refused
    answer = client.post("/provenance/new/", {"mine": make_mine().pk, "consignment": consignment.code, "quantity_kg": "850"})
    record = ProvenanceRecord.objects.get()
    assert answer.headers["Location"] == f"/provenance/{record.code}/"
    payment = {"payer": "A", "payee": "B", "payee_kind": "trader", "reason": "purchase", "amount": "12"}
    assert "needs its currency" in told(client.post(f"/provenance/{record.code}/payments/new/", payment), 422)
    assert client.post(f"/provenance/{record.code}/payments/new/", payment | {"currency": "inr"}).status_code == 302
    struck = payment | {"currency": "INR", "reason": "gift"}
    assert client.post(f"/provenance/{record.code}/payments/1/change/", struck).status_code in {302, 422}
    upload = {"file": SimpleUploadedFile("a.pdf", b"not a pdf"), "kind": "permit"}
    assert "neither a picture" in told(client.post(f"/provenance/{record.code}/evidence/", upload), 422)
    upload = {"file": SimpleUploadedFile("a.pdf", PDF), "kind": "permit", "payment": "1"}
    assert client.post(f"/provenance/{record.code}/evidence/", upload).status_code == 302
    one = record.evidence.get()
    file = browser(cast.official).get(f"/provenance/{record.code}/evidence/{one.pk}/")
    assert (file.content, file["Content-Disposition"].split(";")[0]) == (PDF, "attachment")
    assert Look.objects.filter(shown="evidence").count() == 1
    assert record.payments.get().currency == "INR"


def test_an_official_signs_the_assessment_of_what_was_shown(cast: Cast) -> None:
    record = make_provenance(cast, parts=make_parts())
    client, address = browser(cast.official), f"/provenance/{record.code}/flags/armed_group_paid/"
    digest = find_flag(find_record(record.code, cast.official), "armed_group_paid").digest
    assert digest in told(client.get(address))
    body = {"decision": "disengage", "reason": "Not acceptable", "shown_hash": digest, "password": "wrong"}
    assert "password is not right" in told(client.post(address, body), 422)
    assert client.post(address, body | {"password": PASSWORD}).status_code == 302
    assert "disengage" in told(client.get(address))
    assert Assessment.objects.get().decision == "disengage"
    assert "suspended or disengaged" in told(client.get("/overview/"))
    assert record.code in told(client.get("/provenance/?flags=stopped"))
    assert f">{record.code}<" not in told(client.get("/provenance/?complete=yes"))
    assert browser(cast.collector).post(address, body).status_code == 403


def test_the_api_records_reveals_and_assesses(cast: Cast) -> None:
    consignment = make_consignment(cast, 1)
    make_mine(operator="Op")
    parts = {name: [{key: str(value) for key, value in row.items()} for row in rows] for name, rows in make_parts().items()}
    body = {"mine": "PW1", "consignment": consignment.code, "quantity_kg": "800", **parts}
    caller, official = Caller(cast.collector), Caller(cast.official)
    assert caller.post("/provenance/", body | {"route": [{"kind": "moon", "place": "x"}]}).status_code == 422
    assert ProvenanceRecord.objects.count() == 0
    made = caller.post("/provenance/", body)
    assert made.status_code == 201, made.content
    assert not [name for name in NAMES if name in made.content.decode()]
    code = made.json()["code"]
    assert official.post(f"/provenance/{code}/parties/", {"purpose": "Assessment"}).json()["payments"][0]["payee"] == NAMES[2]
    flag = next(one for one in official.get(f"/provenance/{code}/").json()["flag_details"] if one["flag"] == "armed_group_paid")
    signed = {
        "flag": flag["flag"],
        "decision": "suspend",
        "reason": "To be clarified",
        "content_hash": flag["content_hash"],
        "password": PASSWORD,
    }
    added = caller.post(f"/provenance/{code}/payments/", parts["payments"][0])
    assert added.json() == {"number": 2, "version": 2}
    assert official.post(f"/provenance/{code}/assess/", signed).json()["code"] == "stale_content"
    stale = caller.patch(f"/provenance/{code}/", {"reason": "weighed", "quantity_kg": "790"}, **{"If-Match": '"1"'})
    assert stale.status_code == 412
    assert caller.patch(f"/provenance/{code}/", {"reason": "weighed", "quantity_kg": "790"}).json()["quantity_kg"] == "790.000"
    for outsider in (cast.outsiders["collector"],):
        assert Caller(outsider).get(f"/provenance/{code}/").status_code == 404
    assert Caller(cast.analyst).get("/provenance/").status_code == 403
    assert "missing" in "".join(part.decode() for part in official.get("/provenance/", Accept="text/csv").streaming_content)

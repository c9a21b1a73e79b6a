"""Seals around packs at a reception; what is reported by hand afterwards; what was lost for a time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from lims.accounts.models import Signature
from lims.accounts.tokens import issue_user_token
from lims.core.errors import Blocked, Forbidden, Invalid
from samples.models import Consignment, Discrepancy, Photo, ReceiptPack, SealUse
from samples.services.boxing import add_pack, close_pack
from samples.services.consigning import dispatch_consignment, pack_samples
from samples.services.handing_over import answer_handover, offer_handover
from samples.services.raising import raise_discrepancy
from samples.services.receiving import PackFound, receive_consignment
from samples.services.settling import settle_discrepancy
from samples.services.straying import find_samples, lose_samples
from tests.factories.consignments import (
    found_as_sent,
    kinds_of,
    make_consignment,
    make_dispatched,
    make_received,
    nothing_changes,
    samples_of,
)
from tests.factories.people import PASSWORD, Cast
from tests.factories.pictures import picture
from tests.factories.samples import make_samples


def make_packed(cast: Cast) -> Consignment:
    """At the laboratory's door: one sample in no pack, two in pack 1 under seal DP-1; the seal of the whole is OUT-1."""
    consignment = make_consignment(cast, 1, outer_seal="OUT-1")
    pack = add_pack(consignment=consignment, kind="drum", by=cast.collector)
    pack_samples(consignment=consignment, samples=make_samples(cast, 2), pack=pack, by=cast.collector)
    close_pack(pack=pack, seal_number="DP-1", by=cast.collector)
    consignment = dispatch_consignment(consignment=consignment, by=cast.collector)
    for giver, taker in ((cast.collector, cast.custodian), (cast.custodian, cast.receptionist)):
        offer = offer_handover(consignment=consignment, receiver=taker.organisation, place="Nampong", by=giver)
        answer_handover(handover=offer, accept=True, seals_intact=True, by=taker)
    consignment.refresh_from_db()
    return consignment


def receive(cast: Cast, consignment: Consignment, *packs: PackFound) -> Any:
    items = [found_as_sent(sample) for sample in samples_of(consignment)]
    return receive_consignment(consignment=consignment, items=items, packs=packs, by=cast.receptionist)


def differences() -> set[tuple[str, str, str]]:
    return {(one.sample.code, one.kind, one.detail) for one in Discrepancy.objects.select_related("sample")}


def test_broken_seal_of_a_pack_is_a_discrepancy_of_each_sample_under_it_and_accepted_with_one_signature(cast: Cast) -> None:
    consignment = make_packed(cast)
    inside = [item.sample for item in consignment.items.filter(pack__number=1).select_related("sample")]
    receive(
        cast,
        consignment,
        PackFound(seal_number="OUT-1", seal_condition="intact"),
        PackFound(number=1, seal_number="DP-1", seal_condition="broken"),
    )
    assert differences() == {(one.code, "seal_broken", "Pack 1: Seal DP-1 arrived broken.") for one in inside}
    assert set(SealUse.objects.filter(number="DP-1").values_list("kind", flat=True)) == {"applied", "broken"}
    assert [kinds_of(one)[-2:] for one in inside] == [["received", "discrepancy"]] * 2
    first = Discrepancy.objects.order_by("pk")[0]
    words = {"decision": "accept", "reason": "opened by customs, protocol seen", "password": PASSWORD}
    settle_discrepancy(discrepancy=first, **words, by=cast.quality_manager)
    assert not Discrepancy.objects.undecided().exists()
    assert Signature.objects.filter(pk__in=Discrepancy.objects.values("signature")).count() == 1
    for one in inside:
        one.refresh_from_db()
        assert (one.has_open_discrepancy, kinds_of(one)[-1]) == (False, "settled")


def test_other_seal_and_missing_seal_around_the_whole_touch_all_that_came(cast: Cast) -> None:
    consignment = make_packed(cast)
    receive(cast, consignment, PackFound(seal_condition="missing"), PackFound(number=1, seal_number="DP-9", seal_condition="intact"))
    kinds = {sample.code: sorted(sample.discrepancies.values_list("kind", flat=True)) for sample in samples_of(consignment)}
    assert sorted(kinds.values()) == [["seal_differs", "seal_missing"], ["seal_differs", "seal_missing"], ["seal_missing"]]
    refused = Discrepancy.objects.filter(kind="seal_differs").order_by("pk")[0]
    words = {"decision": "refuse", "reason": "nobody knows this seal", "password": PASSWORD}
    settle_discrepancy(discrepancy=refused, **words, by=cast.quality_manager)
    assert Discrepancy.objects.undecided().count() == 3, "refusing is about one sample"


@pytest.mark.parametrize(
    ("pack", "pointer"),
    [
        (PackFound(number=7, seal_number="X-1", seal_condition="intact"), "/packs/0/number"),
        (PackFound(number=1, seal_condition="intact"), "/packs/0/seal_number"),
        (PackFound(number=1, seal_condition="torn"), "/packs/0/seal_condition"),
    ],
)
def test_outer_seal_that_cannot_be_receives_nothing(cast: Cast, pack: PackFound, pointer: str) -> None:
    consignment = make_packed(cast)
    with nothing_changes(consignment), pytest.raises(Invalid) as refusal:
        receive(cast, consignment, pack)
    assert [problem.pointer for problem in refusal.value.problems] == [pointer]
    assert not ReceiptPack.objects.exists()


def test_sheet_asks_for_each_outer_seal_and_the_receipt_tells_them(cast: Cast) -> None:
    consignment, client = make_packed(cast), Client()
    client.force_login(cast.receptionist)
    address = reverse("samples:consignment-receive", args=[consignment.code])
    bags = {}
    for sample in samples_of(consignment):
        cells = {"found": "on", "seal": "intact", "number": sample.seal_number or "", "container": "ok", "count": "1"}
        bags |= {f"{sample.pk.hex}-{cell}": value for cell, value in cells.items()}
    asked = client.post(address, bags)
    assert asked.status_code == 422
    assert asked.content.decode().count("Say how this seal was found.") == 4, "at both cells and in the summary"
    outer = {"outer0-seal": "intact", "outer0-number": "OUT-1", "outer1-seal": "intact"}
    assert 'href="#outer1-number"' in client.post(address, bags | outer).content.decode()
    done = client.post(address, bags | outer | {"outer1-number": "DP-9"})
    assert done.status_code == 302
    receipt = client.get(done["Location"]).content.decode()
    assert "Pack 1, drum" in receipt
    assert "Pack 1: Seal DP-1 was applied; seal DP-9 was found." in receipt
    manager = Client()
    manager.force_login(cast.quality_manager)
    first = Discrepancy.objects.order_by("pk")[0]
    text = manager.get(reverse("samples:discrepancy", args=[first.pk])).content.decode()
    assert "Under the same seal" in text
    assert all(one.sample.code not in text for one in Discrepancy.objects.select_related("sample")), "blind"


def test_what_was_lost_and_found_on_the_way_has_a_gap_that_somebody_decides_on(cast: Cast) -> None:
    consignment = make_dispatched(cast, 2)
    lost, other = samples_of(consignment)
    lose_samples(consignment=consignment, samples=[lost], reason="fell off", by=cast.collector)
    find_samples(consignment=consignment, samples=[lost], place="Ledo", seals_intact=True, by=cast.collector)
    receive(cast, consignment)
    found = Discrepancy.objects.get()
    assert (found.sample_id, found.kind) == (lost.pk, "custody_gap")
    assert "Declared lost at" in found.detail
    assert "Ledo" not in found.detail
    other.refresh_from_db()
    assert not other.has_open_discrepancy


# --- By hand ------------------------------------------------------------------------------------------------------------------------------


def test_technician_reports_what_is_seen_with_a_photograph_and_another_person_settles_it(cast: Cast) -> None:
    (sample,) = samples_of(make_received(cast, 1))
    client = Client()
    client.force_login(cast.technician)
    address = reverse("samples:discrepancy-new")
    assert sample.blind_code in client.get(address, {"sample": sample.blind_code}).content.decode()
    assert client.post(address, {"sample": sample.blind_code, "kind": "other"}).status_code == 422
    photo = SimpleUploadedFile("label.jpg", picture(), "image/jpeg")
    words = {"sample": sample.blind_code, "kind": "other", "detail": "Two labels on one bag.", "photo": photo}
    done = client.post(address, words)
    found = Discrepancy.objects.get()
    assert done["Location"] == reverse("samples:discrepancy", args=[found.pk])
    assert Photo.objects.get().discrepancy == found
    assert "<img" in client.get(done["Location"]).content.decode()
    sample.refresh_from_db()
    assert (sample.has_open_discrepancy, kinds_of(sample)[-1]) == (True, "discrepancy")
    words = {"decision": "accept", "reason": "the older label is void", "password": PASSWORD}
    assert settle_discrepancy(discrepancy=found, **words, by=cast.quality_manager).decided_by == cast.quality_manager


def test_report_by_hand_is_refused_where_nothing_can_be_seen(cast: Cast) -> None:
    consignment = make_dispatched(cast, 1)
    (travelling,) = samples_of(consignment)
    received = make_received(cast, 1)
    (here,) = samples_of(received)
    words = {"kind": "other", "detail": "odd"}
    cases: list[tuple[type[Exception], dict[str, Any]]] = [
        (Blocked, {"sample": travelling, "by": cast.technician}),
        (Blocked, {"sample": here, "by": cast.outsiders["technician"]}),
        (Forbidden, {"sample": here, "by": cast.collector}),
        (Invalid, {"sample": here, "kind": "missing", "by": cast.technician}),
        (Invalid, {"sample": here, "detail": " ", "by": cast.technician}),
        (Invalid, {"sample": here, "photo": b"no picture", "by": cast.technician}),
    ]
    for kind, more in cases:
        with nothing_changes(received), pytest.raises(kind):
            raise_discrepancy(**(words | more))
    own = raise_discrepancy(sample=here, **words, by=cast.quality_manager)
    with pytest.raises(Blocked, match="You found this yourself"):
        settle_discrepancy(discrepancy=own, decision="accept", reason="mine", password=PASSWORD, by=cast.quality_manager)


def test_report_and_outer_seals_through_the_api(cast: Cast) -> None:
    consignment = make_packed(cast)

    def post(user: Any, path: str, body: Any) -> Any:
        _, token = issue_user_token(user=user, by=user, name="test")
        client = Client(headers={"Authorization": f"Token {token}"})
        return client.post(f"/api/v1{path}", json.dumps(body), content_type="application/json")

    samples = samples_of(consignment)
    items = [{"sample": one.code, "seal_number": one.seal_number, "seal_condition": "intact", "container_intact": True} for one in samples]
    packs = [{"number": 1, "seal_condition": "missing"}]
    answer = post(cast.receptionist, f"/consignments/{consignment.code}/receive/", {"items": items, "packs": packs})
    assert answer.status_code == 201, answer.content
    assert answer.json()["packs"] == [{"number": 1, "seal_number": "", "seal_condition": "missing"}]
    assert Discrepancy.objects.filter(kind="seal_missing").count() == 2
    body = {"sample": samples[0].blind_code, "kind": "container", "detail": "The bag leaks."}
    made = post(cast.analyst, "/discrepancies/", body)
    assert made.status_code == 201
    assert made["Location"].endswith(f"{made.json()['id']}/")
    assert post(cast.collector, "/discrepancies/", body).status_code == 403

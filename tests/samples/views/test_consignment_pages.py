"""Pages of consignments: the way from packing to the settled discrepancy with a browser's means alone, and who may open what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from samples.models import Consignment, Discrepancy, Sample
from samples.services.handing_over import offer_handover
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


def sign_in(user: Any) -> Client:
    """A browser of that person."""
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, name: str, *arguments: Any, **query: str) -> str:
    """The text of a page that opens."""
    answer = client.get(reverse(f"samples:{name}", args=arguments), query)
    assert answer.status_code == 200, (name, answer.status_code)
    return answer.content.decode()


def row_of(sample: Sample, **cells: str) -> dict[str, str]:
    """One row of the receipt sheet, as it was sent unless `cells` say otherwise."""
    typed = {
        "found": "on",
        "seal": "intact",
        "number": sample.seal_number or "",
        "container": "ok",
        "count": "1",
        "mass": str(sample.mass_g),
    }
    return {f"{sample.pk.hex}-{cell}": text for cell, text in (typed | cells).items()}


def test_from_the_packing_table_to_the_settled_discrepancy_on_pages_alone(cast: Cast) -> None:
    first, second, third = make_samples(cast, 3)
    collector, custodian, receptionist = sign_in(cast.collector), sign_in(cast.custodian), sign_in(cast.receptionist)
    papers = {
        "addressee": str(cast.organisations["lab"].pk),
        "carrier": str(cast.organisations["carrier"].pk),
        "waybill": "WB-9",
        "purpose": "geological sample for testing purposes only",
    }
    made = collector.post(reverse("samples:consignment-new"), papers)
    consignment = Consignment.objects.get()
    assert made["Location"] == reverse("samples:consignment-pack", args=[consignment.code])
    packing = reverse("samples:consignment-pack", args=[consignment.code])
    assert collector.post(packing, {"code": first.code}).status_code == 302
    assert collector.post(packing, {"code": second.seal_number}).status_code == 302
    assert collector.post(packing, {"codes": f"{third.code}\n\n"}).status_code == 302
    collector.post(reverse("samples:consignment-unpack", args=[consignment.code]), {"sample": str(third.pk)})
    assert collector.post(packing, {"code": third.code, "seal_number": "NEW-1"}).status_code == 302
    promised = timezone.now().date() + timedelta(days=9)
    sent = {"place": "Myitkyina", "expected_by": f"{promised}T12:00"}
    collector.post(reverse("samples:consignment-dispatch", args=[consignment.code]), sent)
    consignment.refresh_from_db()
    assert consignment.expected_by is not None
    assert consignment.expected_by.isoformat() == f"{promised}T06:30:00+00:00", "the time was typed in the viewer's zone"

    def hand_over(giver: Client, receiver: str, taker: Client) -> None:
        offer = {"receiver": str(cast.organisations[receiver].pk), "place": "Nampong", "password": PASSWORD}
        assert giver.post(reverse("samples:consignment-handover", args=[consignment.code]), offer).status_code == 302
        assert "not acknowledged" in page(giver, "consignment", consignment.code)
        answer = {"accept": "yes", "seals_intact": "yes", "password": PASSWORD}
        assert taker.post(reverse("samples:consignment-acknowledge", args=[consignment.code]), answer).status_code == 302

    hand_over(collector, "carrier", custodian)
    hand_over(custodian, "lab", receptionist)
    assert consignment.code in page(receptionist, "incoming")
    for sample in (first, second, third):
        sample.refresh_from_db()
    sheet = row_of(first) | row_of(second, seal="broken", mass="1900") | {"missing_confirmed": "on", "remark": "wet box"}
    received = receptionist.post(reverse("samples:consignment-receive", args=[consignment.code]), sheet)
    assert received.status_code == 302, received.content.decode()
    outcome = receptionist.get(received["Location"]).content.decode()
    assert all(sample.blind_code in outcome for sample in (first, second, third))
    labels = receptionist.get(f"{received['Location']}labels/")
    assert (labels["Content-Type"], labels.content[:5]) == ("application/pdf", b"%PDF-")

    manager = sign_in(cast.quality_manager)
    queue = page(manager, "discrepancies", state="open")
    assert second.blind_code in queue
    assert second.code not in queue
    for discrepancy in Discrepancy.objects.all():
        decision = {"decision": "lost" if discrepancy.kind == "missing" else "accept", "reason": "confirmed", "password": PASSWORD}
        assert manager.post(reverse("samples:discrepancy", args=[discrepancy.pk]), decision).status_code == 302
    states = {sample.code: (sample.state, sample.has_open_discrepancy) for sample in Sample.objects.all()}
    assert states == {first.code: ("received", False), second.code: ("received", False), third.code: ("lost", False)}
    assert {row.giver_signature_id is not None for row in consignment.handovers.all()} == {True}


# --- Refusals keep what was typed and change nothing -------------------------------------------------------------------------------------


def test_refused_scan_stands_at_the_empty_scan_box(cast: Cast) -> None:
    consignment = make_consignment(cast, 1)
    (packed,) = samples_of(consignment)
    client, address = sign_in(cast.collector), reverse("samples:consignment-pack", args=[consignment.code])
    with nothing_changes(consignment):
        for text, words in (
            (packed.code, "is in consignment"),
            ("S-26-00001-Z", "does not fit"),
            ("hello", "no sample “HELLO”"),
            ("", "required"),
        ):
            answer = client.post(address, {"code": text})
            assert answer.status_code == 422
            assert words in answer.content.decode()
            assert 'name="code" value=' not in answer.content.decode()


def test_handover_without_or_with_a_wrong_password_is_refused_and_keeps_the_form(cast: Cast) -> None:
    consignment, client = make_dispatched(cast, 1), sign_in(cast.collector)
    address = reverse("samples:consignment-handover", args=[consignment.code])
    with nothing_changes(consignment):
        for password in ("", "not mine"):
            answer = client.post(address, {"receiver": str(cast.organisations["carrier"].pk), "place": "Moreh", "password": password})
            assert answer.status_code == 422
            assert "password is not right" in answer.content.decode()
            assert 'value="Moreh"' in answer.content.decode()


def test_refusing_a_handover_needs_a_remark_at_its_field(cast: Cast) -> None:
    consignment = make_dispatched(cast, 1)
    offer_handover(consignment=consignment, receiver=cast.organisations["carrier"], by=cast.collector)
    with nothing_changes(consignment):
        address = reverse("samples:consignment-acknowledge", args=[consignment.code])
        answer = sign_in(cast.custodian).post(address, {"accept": "no", "password": PASSWORD})
    assert answer.status_code == 422
    assert "Say why it is refused" in answer.content.decode()


def test_receipt_sheet_keeps_what_was_typed_and_names_each_cell(cast: Cast) -> None:
    consignment = make_arrived(cast, 3)
    first, second, third = samples_of(consignment)
    client, address = sign_in(cast.receptionist), reverse("samples:consignment-receive", args=[consignment.code])
    with nothing_changes(consignment):
        typed = row_of(first, mass="12,5", count="many") | row_of(second, number="") | row_of(third)
        text = client.post(address, typed).content.decode()
        assert 'value="12,5"' in text
        assert "with a point" in text
        assert "Write a whole number" in text
        text = client.post(address, row_of(first) | row_of(second, number="") | row_of(third)).content.decode()
        assert f'href="#{second.pk.hex}-number"' in text
        assert "Read the number of the intact seal" in text
        text = client.post(address, row_of(first)).content.decode()
        assert "2 listed samples are not ticked" in text
        assert "Nothing is ticked" in client.post(address, {}).content.decode()
        stray = {"stray0-code": "S-26-00001-Z", "stray0-seal": "none", "stray0-container": "ok"}
        text = client.post(address, row_of(first) | row_of(second) | row_of(third) | stray).content.decode()
        assert 'value="S-26-00001-Z"' in text
        assert "does not fit" in text


def test_entering_something_of_a_bag_says_that_it_is_here(cast: Cast) -> None:
    consignment = make_arrived(cast, 1)
    (sample,) = samples_of(consignment)
    address = reverse("samples:consignment-receive", args=[consignment.code])
    assert sign_in(cast.receptionist).post(address, row_of(sample, found="")).status_code == 302


def test_settling_with_a_wrong_password_keeps_the_reason(cast: Cast) -> None:
    discrepancy = make_discrepancy(cast)
    address = reverse("samples:discrepancy", args=[discrepancy.pk])
    body = {"decision": "accept", "reason": "sender confirmed", "password": "wrong"}
    answer = sign_in(cast.quality_manager).post(address, body)
    assert answer.status_code == 422
    assert "sender confirmed" in answer.content.decode()
    assert Discrepancy.objects.undecided().count() == 1


def test_blocked_steps_stand_there_with_their_reason(cast: Cast) -> None:
    empty = make_consignment(cast, 0)
    assert "holds no sample" in page(sign_in(cast.collector), "consignment", empty.code)
    offered = make_dispatched(cast, 1)
    offer_handover(consignment=offered, receiver=cast.organisations["carrier"], by=cast.collector)
    assert "waits for the receiver" in page(sign_in(cast.receptionist), "consignment", offered.code)
    assert "waits for the receiver" in page(sign_in(cast.receptionist), "consignment-receive", offered.code)
    discrepancy, promoted = make_discrepancy(cast), cast.receptionist
    promoted.role = "quality_manager"
    promoted.save()
    assert "You received this sample yourself" in page(sign_in(promoted), "discrepancy", discrepancy.pk)


# --- Who may open what --------------------------------------------------------------------------------------------------------------------

PAGES = {
    "consignment": {
        "collector",
        "custodian",
        "receptionist",
        "technician",
        "analyst",
        "reviewer",
        "signatory",
        "quality_manager",
        "official",
        "administrator",
    },
    "consignment-pack": {"collector", "custodian", "receptionist"},
    "consignment-papers": {"collector", "custodian", "receptionist"},
    "consignment-handover": {"collector", "custodian", "receptionist"},
    "consignment-acknowledge": {"collector", "custodian", "receptionist"},
    "consignment-receive": {"receptionist"},
    "consignment-label": {"collector", "receptionist", "technician"},
}
STEPS = {
    "consignment-unpack": {"collector", "custodian", "receptionist"},
    "consignment-cancel": {"collector", "custodian", "receptionist"},
    "consignment-dispatch": {"collector", "custodian", "receptionist"},
    "consignment-withdraw": {"collector", "custodian", "receptionist"},
}


def test_every_role_at_every_page(cast: Cast) -> None:
    consignment = make_dispatched(cast)
    for role, user in cast.people.items():
        client = sign_in(user)
        for name, roles in PAGES.items():
            status = client.get(reverse(f"samples:{name}", args=[consignment.code])).status_code
            assert status == (200 if role in roles else 403), (role, name, status)


def test_wrong_roles_take_no_step(cast: Cast) -> None:
    consignment = make_dispatched(cast)
    with nothing_changes(consignment):
        for role, user in cast.people.items():
            client = sign_in(user)
            for name, roles in STEPS.items():
                if role not in roles:
                    assert client.post(reverse(f"samples:{name}", args=[consignment.code])).status_code == 403, (role, name)


def test_for_outsiders_there_is_no_such_page(cast: Cast) -> None:
    consignment = make_dispatched(cast)
    with nothing_changes(consignment):
        for role in ("collector", "receptionist"):
            client = sign_in(cast.outsiders[role])
            for name in (*PAGES, *STEPS):
                if role in (PAGES | STEPS)[name]:
                    ask = client.post if name in STEPS else client.get
                    assert ask(reverse(f"samples:{name}", args=[consignment.code])).status_code == 404, (role, name)
            assert consignment.code not in client.get(reverse("samples:consignments")).content.decode()


def test_receipts_and_discrepancies_of_others_are_not_there(cast: Cast) -> None:
    discrepancy = make_discrepancy(cast)
    assert discrepancy.receipt_item is not None
    receipt = discrepancy.receipt_item.receipt
    addresses = [
        reverse("samples:discrepancy", args=[discrepancy.pk]),
        reverse("samples:receipt", args=[receipt.consignment.code, receipt.pk]),
    ]
    for address in addresses:
        assert sign_in(cast.outsiders["quality_manager"]).get(address).status_code == 404
        assert sign_in(cast.quality_manager).get(address).status_code == 200
        assert sign_in(cast.collector).get(address).status_code == 200
    assert sign_in(cast.technician).post(addresses[0], {}).status_code == 403
    assert sign_in(cast.analyst).get(f"{addresses[1]}labels/").status_code == 403


def test_whoever_is_not_signed_in_is_asked_to(cast: Cast) -> None:
    consignment = make_dispatched(cast)
    for address in (reverse("samples:consignments"), reverse("samples:consignment", args=[consignment.code]), reverse("samples:incoming")):
        answer = Client().get(address)
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("login"))


def test_visible_consignment_of_another_is_not_packed_or_received_by_the_wrong_house(cast: Cast) -> None:
    consignment = make_dispatched(cast)
    offer_handover(consignment=consignment, receiver=cast.organisations["other_lab"], by=cast.collector)
    client = sign_in(cast.outsiders["receptionist"])
    (sample, _) = samples_of(consignment)
    with nothing_changes(consignment):
        assert "addressed to Bhopal Laboratory" in page(client, "consignment-receive", consignment.code)
        receive = client.post(reverse("samples:consignment-receive", args=[consignment.code]), row_of(sample) | {"missing_confirmed": "on"})
        assert receive.status_code == 403
        assert client.post(reverse("samples:consignment-dispatch", args=[consignment.code])).status_code == 403


# --- What is shown -----------------------------------------------------------------------------------------------------------------------


def test_pages_of_the_laboratory_tell_neither_origin_nor_road(cast: Cast) -> None:
    consignment = make_received(cast, 2)
    receipt = consignment.receipts.get()
    origin = ("IREL", "Myitkyina", "Nampong", cast.collector.full_name, *(sample.code for sample in samples_of(consignment)))
    for role in ("technician", "analyst", "quality_manager"):
        client = sign_in(cast.people[role])
        texts = [
            page(client, "consignments"),
            page(client, "consignment", consignment.code),
            page(client, "receipt", consignment.code, receipt.pk),
        ]
        assert [word for word in origin if any(word in text for text in texts)] == []
    desk = page(sign_in(cast.receptionist), "consignment", consignment.code)
    assert all(sample.code in desk and sample.blind_code in desk for sample in samples_of(consignment))
    assert "Myitkyina" not in desk


def test_pending_handover_is_seen_with_its_age_by_all_parties(cast: Cast) -> None:
    consignment = make_dispatched(cast)
    offer_handover(consignment=consignment, receiver=cast.organisations["carrier"], by=cast.collector)
    for role in ("collector", "custodian", "receptionist", "official"):
        text = page(sign_in(cast.people[role]), "consignment", consignment.code)
        assert "In transit, not acknowledged" in text
        assert "waits for North-East Freight" in text


def test_list_exports_what_it_shows(cast: Cast) -> None:
    make_dispatched(cast, 1, carrier=None)
    make_consignment(cast, 1)
    answer: Any = sign_in(cast.collector).get(reverse("samples:consignments"), {"format": "csv", "state": "dispatched"})
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert (len(lines), lines[0].split(",")[:2]) == (2, ["code", "state"])


def test_unusable_filters_and_orders_are_said_not_crashed(cast: Cast) -> None:
    client = sign_in(cast.collector)
    assert "state" in page(client, "consignments", state="lost")
    for query in ({"ordering": "colour"}, {"cursor": "nonsense"}, {"page_size": "0"}):
        assert client.get(reverse("samples:consignments"), query).status_code == 302


@pytest.mark.parametrize("name", ["consignments", "incoming"])
def test_empty_lists_say_what_to_do_next(cast: Cast, name: str) -> None:
    text = page(sign_in(cast.collector), name)
    assert "make one, scan the samples" in text or "when it is dispatched to your organisation" in text


def test_scan_box_opens_consignments_by_code_and_outer_seal(cast: Cast) -> None:
    packing, sent = make_consignment(cast, 1, outer_seal="BOX-1"), make_dispatched(cast, 1)
    collector = sign_in(cast.collector)
    scan = reverse("workspace:scan")
    assert collector.get(scan, {"code": packing.code})["Location"] == reverse("samples:consignment-pack", args=[packing.code])
    assert collector.get(scan, {"code": "box-1"})["Location"] == reverse("samples:consignment-pack", args=[packing.code])
    assert collector.get(scan, {"code": sent.code.lower()})["Location"] == reverse("samples:consignment", args=[sent.code])
    outsider = sign_in(cast.outsiders["collector"])
    assert outsider.get(scan, {"code": sent.code})["Location"] == reverse("workspace:home")


def test_queries_of_the_pages_do_not_grow(cast: Cast) -> None:
    desk = sign_in(cast.receptionist)

    def queries(name: str, *arguments: Any) -> int:
        with CaptureQueriesContext(connection) as captured:
            page(desk, name, *arguments)
        return len(captured)

    def counts(consignment: Consignment) -> list[int]:
        return [
            *(queries(name, consignment.code) for name in ("consignment", "consignment-receive")),
            queries("consignments"),
            queries("incoming"),
        ]

    page(desk, "consignments")
    few = counts(make_arrived(cast, 2))
    for _ in range(4):
        many = counts(make_arrived(cast, 30))
    assert many == few
    # What stands in the frame of every page (session, person, counts of the rail) is part of these.
    assert all(count <= most for count, most in zip(few, [24, 16, 14, 14], strict=True)), few

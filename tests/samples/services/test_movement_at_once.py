"""Two people at the same moment, each with a real connection: one is served, the other is told, nothing happens twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections

from lims.core.errors import Blocked, DomainError, Invalid
from samples.custody.models import CustodyEvent, CustodyHead
from samples.custody.verifying import verify_custody
from samples.models import Consignment, ConsignmentItem, Discrepancy, Receipt, Sample
from samples.services.consigning import dispatch_consignment, pack_samples
from samples.services.handing_over import answer_handover, offer_handover, withdraw_handover
from samples.services.receiving import receive_consignment
from samples.services.settling import settle_discrepancy
from tests.factories.consignments import found_as_sent, make_arrived, make_consignment, make_discrepancy, make_dispatched, samples_of
from tests.factories.people import PASSWORD, Cast, make_cast
from tests.factories.samples import make_samples

pytestmark = pytest.mark.usefixtures("fresh_database")
PATIENCE = 30


@pytest.fixture
def crowd(fresh_database: str) -> Cast:
    """The cast of a database in which everything is committed."""
    return make_cast()


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call returned or was refused with; all start together, each in a thread with a connection of its own."""
    gate = threading.Barrier(len(calls))
    outcomes: list[Any] = [None] * len(calls)

    def run(index: int, call: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            gate.wait(PATIENCE)
            outcomes[index] = call()
        except Exception as error:
            outcomes[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index, call)) for index, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the two wait for each other"
    unexpected = [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, DomainError)]
    assert not unexpected, unexpected
    return outcomes


def refused(outcomes: list[Any]) -> list[str]:
    """The codes of the refusals."""
    return [one.code for one in outcomes if isinstance(one, DomainError)]


def assert_ledger_is_sound() -> None:
    """Every chain is whole, and its head is its last event."""
    assert verify_custody().clean
    for head in CustodyHead.objects.all():
        last = CustodyEvent.objects.filter(sample=head.sample_id).order_by("seq").last()
        assert last is not None
        assert (head.seq, bytes(head.hash)) == (last.seq, bytes(last.hash))


def test_two_receptions_at_once_make_one_receipt(crowd: Cast) -> None:
    consignment = make_arrived(crowd, 5)
    found = [found_as_sent(sample) for sample in samples_of(consignment)]

    def receive() -> Receipt:
        return receive_consignment(consignment=consignment, items=found, by=crowd.receptionist)

    outcomes = at_once(receive, receive)
    assert refused(outcomes) == ["already_received"]
    assert Receipt.objects.count() == 1
    assert CustodyEvent.objects.filter(kind="received").count() == 5
    assert_ledger_is_sound()


def test_two_offers_at_once_make_one_handover(crowd: Cast) -> None:
    consignment = make_dispatched(crowd, 3)

    def offer(receiver: str) -> Callable[[], Any]:
        return lambda: offer_handover(consignment=consignment, receiver=crowd.organisations[receiver], by=crowd.collector)

    outcomes = at_once(offer("carrier"), offer("lab"))
    assert refused(outcomes) == ["handover_pending"]
    assert consignment.handovers.count() == 1
    assert CustodyEvent.objects.filter(kind="relinquished").count() == 3
    assert_ledger_is_sound()


def test_acknowledged_twice_at_once_counts_once(crowd: Cast) -> None:
    handover = offer_handover(consignment=make_dispatched(crowd, 3), receiver=crowd.organisations["carrier"], by=crowd.collector)

    def acknowledge() -> Any:
        return answer_handover(handover=handover, accept=True, by=crowd.custodian)

    assert refused(at_once(acknowledge, acknowledge, acknowledge)) == ["answered_already"] * 2
    assert CustodyEvent.objects.filter(kind="acknowledged").count() == 3
    assert_ledger_is_sound()


def test_withdrawn_and_acknowledged_at_once_ends_in_one_of_them(crowd: Cast) -> None:
    consignment = make_dispatched(crowd, 2)
    handover = offer_handover(consignment=consignment, receiver=crowd.organisations["carrier"], by=crowd.collector)
    outcomes = at_once(
        lambda: withdraw_handover(handover=handover, reason="wrong carrier", by=crowd.collector),
        lambda: answer_handover(handover=handover, accept=True, by=crowd.custodian),
    )
    assert refused(outcomes) == ["answered_already"]
    handover.refresh_from_db()
    consignment = Consignment.objects.get()
    holder = "carrier" if handover.state == "acknowledged" else "irel"
    assert consignment.holder == crowd.organisations[holder]
    assert {sample.holder for sample in samples_of(consignment)} == {crowd.organisations[holder]}
    assert_ledger_is_sound()


def test_same_sample_packed_into_two_boxes_at_once_is_in_one(crowd: Cast) -> None:
    boxes = [make_consignment(crowd, 0), make_consignment(crowd, 0)]
    samples = make_samples(crowd, 4)

    def pack(box: Consignment, order: list[Sample]) -> Callable[[], Any]:
        return lambda: pack_samples(consignment=box, samples=order, by=crowd.collector)

    # The two orders would wait for each other for ever if locks were taken as listed.
    outcomes = at_once(pack(boxes[0], samples), pack(boxes[1], samples[::-1]))
    assert refused(outcomes) == ["wrong_state"]
    assert ConsignmentItem.objects.filter(removed_at=None).count() == 4
    assert CustodyEvent.objects.filter(kind="packed").count() == 4
    assert_ledger_is_sound()


def test_box_that_leaves_while_it_is_packed_holds_what_its_list_says(crowd: Cast) -> None:
    box, late = make_consignment(crowd, 2), make_samples(crowd, 1)
    outcomes = at_once(
        lambda: pack_samples(consignment=box, samples=late, by=crowd.collector),
        lambda: dispatch_consignment(consignment=box, by=crowd.collector),
    )
    state = Sample.objects.get(pk=late[0].pk).state
    assert (refused(outcomes), state) in [([], "in_transit"), (["wrong_state"], "collected")]
    assert {item.sample.state for item in box.items.filter(removed_at=None)} == {"in_transit"}
    assert_ledger_is_sound()


def test_one_seal_put_on_two_bags_at_once_is_on_one(crowd: Cast) -> None:
    boxes, (first, second) = [make_consignment(crowd, 0), make_consignment(crowd, 0)], make_samples(crowd, 2)
    outcomes = at_once(
        lambda: pack_samples(consignment=boxes[0], samples=[first], seals={first.pk: "ONE"}, by=crowd.collector),
        lambda: pack_samples(consignment=boxes[1], samples=[second], seals={second.pk: "ONE"}, by=crowd.collector),
    )
    assert refused(outcomes) == ["duplicate_seal"]
    assert isinstance(next(one for one in outcomes if isinstance(one, DomainError)), Invalid)
    assert Sample.objects.filter(seal_number="ONE").count() == 1
    assert_ledger_is_sound()


def test_discrepancy_settled_twice_at_once_is_settled_once(crowd: Cast) -> None:
    discrepancy = make_discrepancy(crowd)

    def settle(decision: str) -> Callable[[], Any]:
        words = {"decision": decision, "reason": "confirmed", "password": PASSWORD, "by": crowd.quality_manager}
        return lambda: settle_discrepancy(discrepancy=discrepancy, **words)

    outcomes = at_once(settle("accept"), settle("refuse"))
    assert refused(outcomes) == ["settled_already"]
    assert [isinstance(one, Blocked) for one in outcomes].count(True) == 1
    assert Discrepancy.objects.get().signature is not None
    assert CustodyEvent.objects.filter(kind="settled").count() == 1
    assert_ledger_is_sound()

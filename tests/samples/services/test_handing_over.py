"""Handover: the giver's and the receiver's acknowledgement, and nothing in between."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from lims.accounts.models import Signature
from lims.core import clock
from lims.core.errors import Blocked, Forbidden, Invalid
from samples.custody.models import CustodyDisclosure, CustodyEvent
from samples.models import Consignment, Handover
from samples.services.handing_over import answer_handover, offer_handover, pending_handover, withdraw_handover
from tests.factories.consignments import hand_over, kinds_of, make_consignment, make_dispatched, make_received, nothing_changes, samples_of
from tests.factories.people import PASSWORD, Cast


def offer(cast: Cast, consignment: Consignment, **more: Any) -> Handover:
    """From the collector to the carrier."""
    words = {"receiver": cast.organisations["carrier"], "place": "Nampong", "remark": "two boxes", "by": cast.collector}
    return offer_handover(consignment=consignment, **(words | more))


def refusal_of(kind: type[Exception], consignment: Consignment, call: Any, *arguments: Any, **named: Any) -> Any:
    """The refusal of a call that must change nothing."""
    with nothing_changes(consignment), pytest.raises(kind) as refusal:
        call(*arguments, **named)
    return refusal.value


def test_where_handovers_are_signed_neither_side_does_without_its_password(cast: Cast, settings: Any) -> None:
    settings.HANDOVERS_SIGNED = True
    consignment = make_dispatched(cast, 1)
    assert refusal_of(Invalid, consignment, offer, cast, consignment).problems[0].pointer == "/password"
    handover = offer(cast, consignment, password=PASSWORD)
    assert refusal_of(Invalid, consignment, answer_handover, handover=handover, accept=True, by=cast.custodian).code == "password"
    taken = answer_handover(handover=handover, accept=True, password=PASSWORD, by=cast.custodian)
    assert taken.state == "acknowledged"
    assert set(Signature.objects.values_list("signer", flat=True)) == {cast.collector.pk, cast.custodian.pk}


def test_offered_consignment_stays_with_its_giver_until_acknowledged(cast: Cast) -> None:
    consignment = make_dispatched(cast, 2)
    handover = offer(cast, consignment)
    consignment.refresh_from_db()
    assert (handover.state, handover.giver_user, consignment.holder) == ("pending", cast.collector, cast.organisations["irel"])
    assert consignment.last_seen == "Nampong"
    for sample in samples_of(consignment):
        assert (sample.holder, sample.state, kinds_of(sample)[-1]) == (cast.organisations["irel"], "in_transit", "relinquished")


def test_acknowledged_consignment_is_held_by_the_receiver(cast: Cast) -> None:
    consignment = make_dispatched(cast, 2)
    answer_handover(handover=offer(cast, consignment), accept=True, seals_intact=True, place="Nampong gate", by=cast.custodian)
    consignment.refresh_from_db()
    handover = Handover.objects.get(consignment=consignment)
    assert (handover.state, handover.receiver_user, handover.seals_intact) == ("acknowledged", cast.custodian, True)
    assert (consignment.holder, consignment.last_seen) == (cast.organisations["carrier"], "Nampong gate")
    for sample in samples_of(consignment):
        assert (sample.holder, sample.place, sample.state) == (cast.organisations["carrier"], "Nampong gate", "in_transit")
        assert kinds_of(sample)[-2:] == ["relinquished", "acknowledged"]


def test_both_acknowledgements_are_of_different_people_in_the_ledger(cast: Cast) -> None:
    consignment = make_dispatched(cast, 1)
    hand_over(consignment, cast.collector, cast.custodian)
    events = CustodyEvent.objects.filter(sample=samples_of(consignment)[0], kind__in=["relinquished", "acknowledged"]).order_by("seq")
    actors = [CustodyDisclosure.objects.get(event=event).fields["actor"][1] for event in events]
    assert actors == [cast.collector.full_name, cast.custodian.full_name]


def test_refused_handover_leaves_the_giver_responsible_and_stands_in_the_ledger(cast: Cast) -> None:
    consignment = make_dispatched(cast, 1)
    answer_handover(handover=offer(cast, consignment), accept=False, remark="box is open", by=cast.custodian)
    consignment.refresh_from_db()
    (sample,) = samples_of(consignment)
    assert (consignment.holder, sample.holder, sample.state) == (cast.organisations["irel"], cast.organisations["irel"], "in_transit")
    assert kinds_of(sample)[-1] == "refused"
    last = CustodyEvent.objects.filter(sample=sample).order_by("seq").last()
    assert last is not None
    assert '"detail":{"handover":"refused"}' in bytes(last.canonical).decode()
    assert offer(cast, consignment).state == "pending"


def test_refusal_and_broken_seals_need_a_remark(cast: Cast) -> None:
    consignment = make_dispatched(cast, 1)
    handover = offer(cast, consignment)
    for answer in ({"accept": False}, {"accept": True, "seals_intact": False}):
        assert refusal_of(Invalid, consignment, answer_handover, handover=handover, by=cast.custodian, **answer).code == "remark_missing"
    answer_handover(handover=handover, accept=True, seals_intact=False, remark="tape cut", by=cast.custodian)
    assert '"seal_condition":"broken"' in bytes(CustodyEvent.objects.get(kind="acknowledged").canonical).decode()


def test_second_offer_while_one_waits_is_refused(cast: Cast) -> None:
    consignment = make_dispatched(cast, 1)
    offer(cast, consignment)
    assert refusal_of(Blocked, consignment, offer, cast, consignment).code == "handover_pending"


@pytest.mark.parametrize("accept", [True, False])
def test_answer_given_twice_is_refused(cast: Cast, accept: bool) -> None:
    consignment = make_dispatched(cast, 1)
    handover = offer(cast, consignment)
    answer_handover(handover=handover, accept=accept, remark="first answer", by=cast.custodian)
    again = refusal_of(Blocked, consignment, answer_handover, handover=handover, accept=True, remark="again", by=cast.custodian)
    assert again.code == "answered_already"


def test_handover_replayed_by_the_one_who_gave_it_away_is_refused(cast: Cast) -> None:
    consignment = make_dispatched(cast, 1)
    hand_over(consignment, cast.collector, cast.custodian)
    assert refusal_of(Blocked, consignment, offer, cast, consignment).code == "not_holder"


def test_only_the_receivers_people_answer(cast: Cast) -> None:
    consignment = make_dispatched(cast, 1)
    handover = offer(cast, consignment)
    for other in (cast.collector, cast.receptionist, cast.outsiders["collector"]):
        assert refusal_of(Forbidden, consignment, answer_handover, handover=handover, accept=True, by=other).code == "not_receiver"


def test_roles_that_never_carry_neither_offer_nor_answer(cast: Cast) -> None:
    consignment = make_dispatched(cast, 1)
    handover = offer(cast, consignment)
    assert refusal_of(Forbidden, consignment, offer, cast, consignment, by=cast.official).code == "role"
    assert refusal_of(Forbidden, consignment, answer_handover, handover=handover, accept=True, by=cast.analyst).code == "role"


def test_packed_and_received_consignments_are_not_handed_over(cast: Cast) -> None:
    packed = make_consignment(cast, 1)
    assert refusal_of(Blocked, packed, offer, cast, packed).code == "wrong_state"
    received = make_received(cast, 1)
    assert refusal_of(Blocked, received, offer, cast, received, by=cast.receptionist).code == "wrong_state"


@pytest.mark.parametrize("receiver", ["irel", "ministry"])
def test_receiver_must_be_another_who_can_take_it(cast: Cast, receiver: str) -> None:
    consignment = make_dispatched(cast, 1)
    refusal = refusal_of(Invalid, consignment, offer, cast, consignment, receiver=cast.organisations[receiver])
    assert refusal.problems[0].pointer == "/receiver"


def test_giver_takes_an_unanswered_offer_back_with_a_reason(cast: Cast) -> None:
    consignment = make_dispatched(cast, 1)
    handover = offer(cast, consignment)
    assert refusal_of(Invalid, consignment, withdraw_handover, handover=handover, reason=" ", by=cast.collector).code == "reason_missing"
    assert refusal_of(Forbidden, consignment, withdraw_handover, handover=handover, reason="x", by=cast.custodian).code == "not_giver"
    withdraw_handover(handover=handover, reason="wrong carrier", by=cast.collector)
    handover.refresh_from_db()
    assert (handover.state, handover.answer_remark) == ("withdrawn", "wrong carrier")
    assert kinds_of(samples_of(consignment)[0])[-2:] == ["relinquished", "refused"]
    late = refusal_of(Blocked, consignment, answer_handover, handover=handover, accept=True, by=cast.custodian)
    assert late.code == "answered_already"
    assert refusal_of(Blocked, consignment, withdraw_handover, handover=handover, reason="x", by=cast.collector).code == "answered_already"
    assert refusal_of(Blocked, consignment, pending_handover, consignment).code == "no_handover_pending"


def test_password_makes_each_side_an_electronic_signature(cast: Cast) -> None:
    consignment = make_dispatched(cast, 1)
    handover = offer(cast, consignment, password=PASSWORD)
    answered = answer_handover(handover=handover, accept=True, password=PASSWORD, by=cast.custodian)
    assert answered.giver_signature is not None
    assert answered.receiver_signature is not None
    assert (answered.giver_signature.signer, answered.receiver_signature.signer) == (cast.collector, cast.custodian)
    assert answered.giver_signature.content_hash != answered.receiver_signature.content_hash


def test_wrong_password_hands_nothing_over(cast: Cast) -> None:
    consignment = make_dispatched(cast, 1)
    assert refusal_of(Invalid, consignment, offer, cast, consignment, password="not mine").code == "password"
    handover = offer(cast, consignment)
    wrong = refusal_of(Invalid, consignment, answer_handover, handover=handover, accept=True, password="not mine", by=cast.custodian)
    assert wrong.code == "password"
    assert not Signature.objects.exists()


def test_answer_cannot_come_before_the_offer(cast: Cast) -> None:
    consignment = make_dispatched(cast, 1)
    handover = offer(cast, consignment)
    early = clock.now() - timedelta(hours=2)
    refusal = refusal_of(Invalid, consignment, answer_handover, handover=handover, accept=True, by=cast.custodian, at=early)
    assert refusal.code == "time_order"


def test_queries_do_not_grow_with_the_samples(cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    consignment = make_dispatched(cast, 100)
    with django_assert_max_num_queries(18):
        handover = offer(cast, consignment)
    with django_assert_max_num_queries(20):
        answer_handover(handover=handover, accept=True, by=cast.custodian)

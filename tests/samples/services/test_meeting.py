"""Handing over face to face and from paper: two signatures, each by its own person, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from lims.accounts.models import Signature
from lims.core import clock
from lims.core.errors import Blocked, Forbidden, Invalid, NotFound
from lims.core.models import Installation
from samples.custody.models import CustodyEvent
from samples.models import Handover
from samples.services.handing_over import answer_handover, offer_handover
from samples.services.meeting import TOKEN_LIFE, answer_shown, find_shown, hand_over_here, show_handover
from samples.services.paper_handover import record_paper_handover
from tests.factories.consignments import hand_over, kinds_of, make_dispatched, nothing_changes, samples_of
from tests.factories.people import PASSWORD, Cast
from tests.factories.pictures import picture
from tests.samples.services.test_movement_at_once import assert_ledger_is_sound, at_once, refused

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


def meet(cast: Cast, consignment: Any, **more: Any) -> Handover:
    words = {"taker": "custodian", "taker_password": PASSWORD, "password": PASSWORD, "place": "Nampong", "by": cast.collector}
    return hand_over_here(consignment=consignment, **(words | more))


def test_both_sign_on_one_phone_and_it_changes_hands_at_once(cast: Cast) -> None:
    consignment = make_dispatched(cast, 1)
    handover = meet(cast, consignment, seals_intact=True)
    consignment.refresh_from_db()
    assert (handover.state, handover.manner, consignment.holder) == ("acknowledged", "one_phone", cast.organisations["carrier"])
    assert [handover.giver_signature.signer, handover.receiver_signature.signer] == [cast.collector, cast.custodian]  # type: ignore[union-attr]
    assert kinds_of(samples_of(consignment)[0])[-2:] == ["relinquished", "acknowledged"]


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"password": "guess"}, "/password"),
        ({"taker_password": "guess"}, "/taker_password"),
        ({"taker": "nobody"}, "/taker"),
        ({"taker": "analyst"}, "/taker"),
        ({"taker": "official"}, "/taker"),
        ({"taker": "collector"}, "/taker"),
        ({"seals_intact": False}, "/remark"),
    ],
)
def test_what_is_wrong_on_one_phone_changes_nothing(cast: Cast, more: dict[str, Any], pointer: str) -> None:
    consignment = make_dispatched(cast, 1)
    with nothing_changes(consignment), pytest.raises(Invalid) as refusal:
        meet(cast, consignment, **more)
    assert (refusal.value.problems[0].pointer, Signature.objects.count()) == (pointer, 0)


def shown(cast: Cast) -> tuple[Any, str]:
    """A consignment offered to the carrier, and the code on the giver's phone."""
    consignment = make_dispatched(cast, 1)
    offered = offer_handover(consignment=consignment, receiver=cast.organisations["carrier"], password=PASSWORD, by=cast.collector)
    return consignment, show_handover(handover=offered, by=cast.collector)[1]


def test_code_from_phone_to_phone_is_answered_once_by_its_receiver(cast: Cast) -> None:
    consignment, token = shown(cast)
    for stranger in (cast.receptionist, cast.collector):
        with pytest.raises(NotFound):
            find_shown(token, stranger)
        with nothing_changes(consignment), pytest.raises(NotFound):
            answer_shown(token=token, password=PASSWORD, by=stranger)
    with nothing_changes(consignment), pytest.raises(Invalid, match="password"):
        answer_shown(token=token, password="guess", by=cast.custodian)
    handover = answer_shown(token=token, seals_intact=True, password=PASSWORD, by=cast.custodian)
    assert (handover.state, handover.manner, handover.receiver_user) == ("acknowledged", "two_phones", cast.custodian)
    with nothing_changes(consignment), pytest.raises(Blocked) as replay:
        answer_shown(token=token, password=PASSWORD, by=cast.custodian)
    assert replay.value.code == "token_used"


def test_code_ends_after_minutes_and_when_a_new_one_is_shown(cast: Cast, synthetic: Installation) -> None:
    consignment, token = shown(cast)
    with pytest.raises(Forbidden, match="only its people"):
        show_handover(handover=consignment.handovers.get(), by=cast.custodian)
    with clock.set_to(clock.now() + TOKEN_LIFE), pytest.raises(Blocked) as late:
        find_shown(token, cast.custodian)
    _row, second = show_handover(handover=consignment.handovers.get(), by=cast.collector)
    with nothing_changes(consignment), pytest.raises(Blocked) as old:
        answer_shown(token=token, password=PASSWORD, by=cast.custodian)
    assert (late.value.code, old.value.code) == ("token_expired", "token_expired")
    assert answer_shown(token=second, accept=False, remark="box is open", password=PASSWORD, by=cast.custodian).state == "refused"


def from_paper(cast: Cast, consignment: Any, **more: Any) -> Handover:
    left = consignment.dispatched_at + timedelta(minutes=1)
    words = {
        "receiver": cast.organisations["carrier"],
        "giver_person": "K. Nair",
        "receiver_person": "D. Gogoi",
        "relinquished_at": left,
        "answered_at": left + timedelta(minutes=1),
        "scan": PDF,
        "reason": "No network at the border.",
        "password": PASSWORD,
        "by": cast.collector,
    }
    return record_paper_handover(consignment=consignment, **(words | more))


@pytest.fixture
def dispatched(cast: Cast) -> Any:
    """On its way for an hour."""
    consignment = make_dispatched(cast, 1)
    earlier = clock.now() - timedelta(hours=1)
    consignment.dispatched_at = consignment.last_seen_at = consignment.created_at = earlier
    consignment.save()
    return consignment


def test_paper_stands_in_the_ledger_at_its_times_and_for_what_it_is(cast: Cast, dispatched: Any) -> None:
    handover = from_paper(cast, dispatched)
    dispatched.refresh_from_db()
    assert (handover.manner, dispatched.holder, handover.paper_type) == ("paper", cast.organisations["carrier"], "application/pdf")
    assert handover.recorder_signature is not None
    assert handover.receiver_user is None
    events = list(CustodyEvent.objects.filter(sample=samples_of(dispatched)[0]).order_by("seq"))[-2:]
    assert [event.occurred_at for event in events] == [handover.relinquished_at, handover.answered_at]
    assert all(event.recorded_at > event.occurred_at for event in events)
    assert all(f'"scan_sha256":"{handover.paper_sha256}"' in bytes(event.canonical).decode() for event in events)


def test_paper_answers_the_offer_that_waits_for_its_receiver(cast: Cast, dispatched: Any) -> None:
    offered = offer_handover(consignment=dispatched, receiver=cast.organisations["carrier"], by=cast.collector)
    now = clock.now()
    with nothing_changes(dispatched), pytest.raises(Blocked):
        from_paper(cast, dispatched, receiver=cast.organisations["lab"], answered_at=now)
    handover = from_paper(cast, dispatched, answered_at=now, scan=picture(), by=cast.custodian)
    assert (handover.pk, handover.state, handover.paper_type) == (offered.pk, "acknowledged", "image/jpeg")
    assert kinds_of(samples_of(dispatched)[0])[-2:] == ["relinquished", "acknowledged"]


def test_paper_that_cannot_be_is_refused(cast: Cast, dispatched: Any) -> None:
    before, hour = dispatched.dispatched_at, timedelta(hours=1)
    cases: list[tuple[type[Exception], dict[str, Any], str]] = [
        (Invalid, {"reason": " "}, "reason_missing"),
        (Invalid, {"receiver_person": ""}, "name_missing"),
        # A clock an hour slow, one an hour fast, and the two sides the wrong way round.
        (Invalid, {"relinquished_at": before - hour}, "time_order"),
        (Invalid, {"answered_at": clock.now() + hour}, "future_time"),
        (Invalid, {"answered_at": before}, "time_order"),
        (Invalid, {"scan": b"MZ\x90\x00 not a paper"}, "not_a_document"),
        (Invalid, {"scan": b"<html><script>alert(1)</script></html>"}, "not_a_document"),
        (Invalid, {"scan": PDF.replace(b"/Catalog", b"/Catalog /OpenAction << /S /JavaScript >>")}, "active_document"),
        (Invalid, {"scan": PDF[:20]}, "not_a_document"),
        (Invalid, {"password": "guess"}, "password"),
        (Invalid, {"receiver": cast.organisations["irel"]}, "receiver"),
        (Blocked, {"by": cast.receptionist}, "not_a_party"),
    ]
    for kind, more, code in cases:
        with nothing_changes(dispatched), pytest.raises(kind) as refusal:
            from_paper(cast, dispatched, **more)
        assert refusal.value.code == code, more  # type: ignore[attr-defined]


def test_clocks_an_hour_off_are_refused_on_either_side(cast: Cast) -> None:
    consignment, hour = make_dispatched(cast, 1), timedelta(hours=1)
    for moment, code in ((clock.now() + hour, "future_time"), (clock.now() - hour, "time_order")):
        with nothing_changes(consignment), pytest.raises(Invalid) as refusal:
            meet(cast, consignment, at=moment)
        assert refusal.value.code == code


def test_two_answers_with_one_code_at_once_hand_over_once(fresh_database: str) -> None:
    from tests.factories.people import make_cast

    crowd = make_cast()
    consignment, token = shown(crowd)
    calls = [lambda: answer_shown(token=token, password=PASSWORD, by=crowd.custodian) for _ in range(2)]
    assert len(refused(at_once(*calls))) == 1
    meeting = [lambda: meet(crowd, consignment, taker="receptionist", by=crowd.custodian) for _ in range(2)]
    assert len(refused(at_once(*meeting))) == 1
    assert Handover.objects.filter(state="acknowledged").count() == 2
    assert_ledger_is_sound()


def test_a_handover_asks_the_database_as_often_for_two_hundred_as_for_two(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in (2, 60):
        consignment = make_dispatched(cast, number)
        with django_assert_num_queries(25):
            offered = offer_handover(consignment=consignment, receiver=cast.organisations["carrier"], by=cast.collector)
            answer_handover(handover=offered, accept=True, by=cast.custodian)
    hand_over(consignment, cast.custodian, cast.receptionist)

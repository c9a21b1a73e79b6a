"""Packing and dispatch: what moves, what the ledger says, and refusals that change nothing."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from lims.core import clock
from lims.core.codes import check_code
from lims.core.errors import Blocked, Forbidden, Invalid
from samples.custody.models import CustodyDisclosure, CustodyEvent
from samples.models import Consignment, ConsignmentItem, Sample
from samples.services.consigning import (
    cancel_consignment,
    change_consignment,
    create_consignment,
    dispatch_consignment,
    pack_samples,
    unpack_sample,
)
from samples.services.holding import hold_sample
from samples.services.returning import Portion, reconsign_samples
from tests.factories.consignments import kinds_of, make_consignment, make_dispatched, make_received, nothing_changes, samples_of
from tests.factories.people import Cast
from tests.factories.samples import make_samples


def refusal_of(kind: type[Exception], consignment: Consignment, call: Any, **arguments: Any) -> Any:
    """The refusal of a call that must change nothing."""
    with nothing_changes(consignment), pytest.raises(kind) as refusal:
        call(consignment=consignment, **arguments)
    return refusal.value


def test_new_consignment_belongs_to_the_packer_and_holds_its_samples(cast: Cast) -> None:
    consignment = make_consignment(cast, 2, outer_seal="BOX-1")
    stored = Consignment.objects.get(pk=consignment.pk)
    assert check_code(stored.code) == stored.code
    assert stored.code.startswith("CN-")
    assert (stored.state, stored.sender, stored.holder) == ("packing", cast.organisations["irel"], cast.organisations["irel"])
    assert {sample.state for sample in samples_of(stored)} == {"packed"}
    for item in stored.items.select_related("sample"):
        assert (item.seal_number, item.mass_g, item.container_count) == (item.sample.seal_number, item.sample.mass_g, 1)
        assert kinds_of(item.sample) == ["collected", "sealed", "packed"]


def test_consignment_can_be_made_empty_and_packed_by_scan(cast: Cast) -> None:
    consignment = make_consignment(cast, 0)
    (sample,) = make_samples(cast)
    (item,) = pack_samples(consignment=consignment, samples=[sample], by=cast.collector)
    assert (item.sample, item.state_before) == (sample, "collected")


@pytest.mark.parametrize(
    ("field", "party", "code"),
    [
        ("addressee", "carrier", "not_a_laboratory"),
        ("addressee", "ministry", "not_a_laboratory"),
        ("carrier", "midwest", "not_a_carrier"),
    ],
)
def test_parties_must_be_what_they_are_named_for(cast: Cast, field: str, party: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        make_consignment(cast, 0, **{field: cast.organisations[party]})
    assert (refusal.value.code, refusal.value.problems[0].pointer) == (code, f"/{field}")
    assert not Consignment.objects.exists()


def test_laboratory_cannot_send_to_itself(cast: Cast) -> None:
    with pytest.raises(Invalid, match="another organisation"):
        create_consignment(addressee=cast.organisations["lab"], by=cast.receptionist)


def test_analyst_cannot_make_a_consignment(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        create_consignment(addressee=cast.organisations["other_lab"], by=cast.analyst)


def test_texts_are_checked_before_they_reach_the_database(cast: Cast) -> None:
    with pytest.raises(Invalid) as refusal:
        make_consignment(cast, 0, waybill="x" * 81, border_post="Nam\x00pong")
    assert {problem.pointer: problem.code for problem in refusal.value.problems} == {"/waybill": "too_long", "/border_post": "unprintable"}


def test_outer_seal_is_used_once_until_its_consignment_is_cancelled(cast: Cast) -> None:
    first = make_consignment(cast, 0, outer_seal="BOX-1")
    with pytest.raises(Invalid) as refusal:
        make_consignment(cast, 0, outer_seal="BOX-1")
    assert (refusal.value.code, refusal.value.problems[0].pointer) == ("duplicate_seal", "/outer_seal")
    cancel_consignment(consignment=first, reason="wrong laboratory", by=cast.collector)
    assert make_consignment(cast, 0, outer_seal="BOX-1").outer_seal == "BOX-1"


def test_seal_applied_at_packing_is_in_the_ledger_before_the_packing(cast: Cast) -> None:
    bare, sealed = make_samples(cast, 1, sealed=False)[0], make_samples(cast, 1)[0]
    consignment = make_consignment(cast, 0)
    pack_samples(consignment=consignment, samples=[bare, sealed], seals={bare.pk: " N-1 ", sealed.pk: "N-2"}, by=cast.collector)
    assert kinds_of(bare) == ["collected", "sealed", "packed"]
    assert kinds_of(sealed) == ["collected", "sealed", "resealed", "packed"]
    assert sorted(consignment.items.values_list("seal_number", flat=True)) == ["N-1", "N-2"]
    assert set(Sample.objects.values_list("seal_number", flat=True)) == {"N-1", "N-2"}


def test_seal_that_was_used_before_or_twice_now_is_refused(cast: Cast) -> None:
    first, second = make_samples(cast, 2)
    consignment = make_consignment(cast, 0)
    taken = refusal_of(
        Invalid, consignment, pack_samples, samples=[first, second], seals={second.pk: first.seal_number or ""}, by=cast.collector
    )
    assert (taken.code, taken.problems[0].pointer) == ("duplicate_seal", "/items/1/seal_number")
    seals = {first.pk: "N-1", second.pk: "N-1"}
    twice = refusal_of(Invalid, consignment, pack_samples, samples=[first, second], seals=seals, by=cast.collector)
    assert [problem.pointer for problem in twice.problems] == ["/items/0/seal_number", "/items/1/seal_number"]


def test_sample_is_packed_once(cast: Cast) -> None:
    consignment = make_consignment(cast, 1)
    samples = samples_of(consignment)
    again = refusal_of(Blocked, consignment, pack_samples, samples=samples, by=cast.collector)
    assert again.code == "packed_already"
    assert samples[0].code in again.message
    elsewhere = refusal_of(Blocked, make_consignment(cast, 0), pack_samples, samples=samples, by=cast.collector)
    assert elsewhere.code == "wrong_state"
    assert samples[0].code in elsewhere.message
    fresh = make_samples(cast)
    twice = refusal_of(Invalid, consignment, pack_samples, samples=fresh * 2, by=cast.collector)
    assert twice.code == "duplicate_sample"


def test_only_the_holder_packs_a_sample(cast: Cast) -> None:
    (foreign,) = make_samples(cast, by=cast.outsiders["collector"])
    refusal = refusal_of(Blocked, make_consignment(cast, 0), pack_samples, samples=[foreign], by=cast.collector)
    assert refusal.code == "not_holder"


def test_all_or_none_are_packed(cast: Cast) -> None:
    consignment, samples = make_consignment(cast, 0), make_samples(cast, 3)
    hold_sample(sample=samples[1], kind="provenance", reason="permit missing", by=cast.collector)
    refusal = refusal_of(Blocked, consignment, pack_samples, samples=samples, by=cast.collector)
    assert (refusal.code, len(refusal.blockers)) == ("on_hold", 1)


def test_nobody_but_the_sender_packs_changes_cancels_or_dispatches(cast: Cast) -> None:
    consignment, stranger = make_consignment(cast, 1), cast.outsiders["collector"]
    (sample,) = make_samples(cast, by=stranger)
    assert refusal_of(Forbidden, consignment, pack_samples, samples=[sample], by=stranger).code == "not_sender"
    assert refusal_of(Forbidden, consignment, unpack_sample, sample=samples_of(consignment)[0], by=stranger).code == "not_sender"
    assert refusal_of(Forbidden, consignment, cancel_consignment, reason="mine now", by=stranger).code == "not_sender"
    assert refusal_of(Forbidden, consignment, dispatch_consignment, by=stranger).code == "not_sender"


def test_unpacked_sample_is_what_it_was_and_can_be_packed_again(cast: Cast) -> None:
    consignment = make_consignment(cast, 2)
    sample = samples_of(consignment)[0]
    unpack_sample(consignment=consignment, sample=sample, by=cast.collector)
    sample.refresh_from_db()
    assert sample.state == "collected"
    assert refusal_of(Blocked, consignment, unpack_sample, sample=sample, by=cast.collector).code == "not_packed"
    pack_samples(consignment=consignment, samples=[sample], by=cast.collector)
    assert kinds_of(sample) == ["collected", "sealed", "packed", "unpacked", "packed"]
    assert consignment.items.filter(removed_at=None).count() == 2
    assert consignment.items.count() == 2


def test_unpacking_at_a_laboratory_returns_the_sample_to_received(cast: Cast) -> None:
    portion = Portion(sample=samples_of(make_received(cast, 1))[0], mass_g=Decimal(10))
    onward = reconsign_samples(addressee=cast.organisations["other_lab"], portions=[portion], by=cast.receptionist)
    (sample,) = samples_of(onward)
    unpack_sample(consignment=onward, sample=sample, by=cast.receptionist)
    sample.refresh_from_db()
    assert sample.state == "received"


def test_history_keeps_who_took_a_sample_out(cast: Cast) -> None:
    consignment = make_consignment(cast, 1)
    unpack_sample(consignment=consignment, sample=samples_of(consignment)[0], by=cast.collector)
    first, last = ConsignmentItem.objects.get(consignment=consignment).events.order_by("pgh_created_at")  # type: ignore[attr-defined]
    assert (first.removed_at is None, last.removed_at is None) == (True, False)
    assert last.pgh_context["actor_name"] == cast.collector.username


def test_papers_can_be_changed_while_packing_only(cast: Cast) -> None:
    consignment = make_consignment(cast, 1)
    papers: dict[str, Any] = {
        "addressee": cast.organisations["other_lab"],
        "carrier": None,
        "purpose": "geological sample for testing purposes only",
        "waybill": "WB-2",
        "outer_seal": "BOX-9",
        "border_post": "Moreh",
        "by": cast.collector,
    }
    change_consignment(consignment=consignment, **papers)
    stored = Consignment.objects.get(pk=consignment.pk)
    assert (stored.addressee, stored.carrier, stored.waybill) == (cast.organisations["other_lab"], None, "WB-2")
    dispatch_consignment(consignment=consignment, by=cast.collector)
    assert refusal_of(Blocked, consignment, change_consignment, **papers).code == "wrong_state"


def test_cancelled_consignment_gives_its_samples_back(cast: Cast) -> None:
    consignment = make_consignment(cast, 2)
    cancel_consignment(consignment=consignment, reason="road closed", by=cast.collector)
    consignment.refresh_from_db()
    assert consignment.state == "cancelled"
    assert {sample.state for sample in samples_of(consignment)} == {"collected"}
    assert all(kinds_of(sample)[-1] == "unpacked" for sample in samples_of(consignment))
    assert refusal_of(Blocked, consignment, pack_samples, samples=samples_of(consignment), by=cast.collector).code == "wrong_state"


def test_cancelling_needs_a_reason(cast: Cast) -> None:
    assert refusal_of(Invalid, make_consignment(cast, 1), cancel_consignment, reason="  ", by=cast.collector).code == "reason_missing"


def test_dispatched_samples_are_in_transit_and_still_held_by_the_sender(cast: Cast) -> None:
    consignment = make_dispatched(cast, 2)
    assert (consignment.state, consignment.holder, consignment.last_seen) == ("dispatched", cast.organisations["irel"], "Myitkyina depot")
    for sample in samples_of(consignment):
        assert (sample.state, sample.holder, sample.place) == ("in_transit", cast.organisations["irel"], "Myitkyina depot")
        assert kinds_of(sample)[-1] == "dispatched"


def test_dispatch_event_hides_place_parties_and_waybill_behind_commitments(cast: Cast) -> None:
    event = CustodyEvent.objects.get(sample=samples_of(make_dispatched(cast, 1))[0], kind="dispatched")
    canonical = bytes(event.canonical).decode()
    for hidden in ("Myitkyina", "IREL", "Bhopal", "WB-1"):
        assert hidden not in canonical
    disclosed = {name: value for name, (_, value) in CustodyDisclosure.objects.get(event=event).fields.items()}
    assert disclosed["place"] == "Myitkyina depot"
    assert disclosed["receiver"] == "Bhopal Laboratory"
    assert disclosed["waybill"] == "WB-1"


def test_nothing_packed_cannot_be_dispatched(cast: Cast) -> None:
    consignment = make_consignment(cast, 1)
    unpack_sample(consignment=consignment, sample=samples_of(consignment)[0], by=cast.collector)
    assert refusal_of(Blocked, consignment, dispatch_consignment, by=cast.collector).code == "nothing_packed"


def test_held_sample_blocks_the_dispatch_and_is_named(cast: Cast) -> None:
    consignment = make_consignment(cast, 2)
    held = samples_of(consignment)[1]
    hold_sample(sample=held, kind="provenance", reason="permit missing", by=cast.collector)
    refusal = refusal_of(Blocked, consignment, dispatch_consignment, by=cast.collector)
    assert refusal.code == "on_hold"
    assert held.code in refusal.message


def test_consignment_is_dispatched_once(cast: Cast) -> None:
    assert refusal_of(Blocked, make_dispatched(cast, 1), dispatch_consignment, by=cast.collector).code == "wrong_state"


def test_times_keep_their_order(cast: Cast) -> None:
    consignment, now = make_consignment(cast, 1), clock.now()
    early = refusal_of(Invalid, consignment, dispatch_consignment, by=cast.collector, at=consignment.created_at - timedelta(hours=1))
    assert (early.code, early.problems[0].pointer) == ("time_order", "/at")
    late = refusal_of(Invalid, consignment, dispatch_consignment, by=cast.collector, at=now + timedelta(hours=1))
    assert late.code == "future_time"
    expected = refusal_of(Invalid, consignment, dispatch_consignment, by=cast.collector, expected_by=now - timedelta(days=1))
    assert (expected.code, expected.problems[0].pointer) == ("expected_too_early", "/expected_by")
    # Stored as it stands, it would be a year that no list could read again.
    never = datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=14)))
    far = refusal_of(Invalid, consignment, dispatch_consignment, by=cast.collector, expected_by=never)
    assert (far.code, far.problems[0].pointer) == ("expected_too_late", "/expected_by")


def test_two_hundred_samples_take_as_many_queries_as_two(cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    samples = make_samples(cast, 200)
    with django_assert_max_num_queries(26):
        consignment = make_consignment(cast, 0, samples=samples)
    with django_assert_max_num_queries(20):
        dispatch_consignment(consignment=consignment, by=cast.collector)
    assert CustodyEvent.objects.filter(kind="dispatched").count() == 200

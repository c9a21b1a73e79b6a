"""Lost and found again, refused at the door, received in parts."""

from __future__ import annotations

from typing import Any

import pytest

from lims.core.errors import Blocked, Forbidden, Invalid
from samples.models import Discrepancy
from samples.services.handing_over import answer_handover, offer_handover
from samples.services.receiving import receive_consignment
from samples.services.straying import find_samples, lose_samples, refuse_receipt
from tests.factories.consignments import (
    found_as_sent,
    hand_over,
    kinds_of,
    make_arrived,
    make_consignment,
    make_dispatched,
    nothing_changes,
    samples_of,
)
from tests.factories.people import Cast


def states_of(consignment: Any) -> list[str]:
    consignment.refresh_from_db()
    return [consignment.state, *(sample.state for sample in samples_of(consignment))]


def test_what_is_lost_as_a_whole_is_found_and_received_like_any_other(cast: Cast) -> None:
    consignment = make_dispatched(cast, 2)
    hand_over(consignment, cast.collector, cast.custodian)
    lose_samples(consignment=consignment, reason="the lorry was stolen", place="Ledo road", by=cast.custodian)
    assert states_of(consignment) == ["lost", "lost", "lost"]
    assert (consignment.holder, consignment.last_seen) == (cast.organisations["carrier"], "Ledo road")
    with nothing_changes(consignment), pytest.raises(Blocked):
        offer_handover(consignment=consignment, receiver=cast.organisations["lab"], by=cast.custodian)
    find_samples(consignment=consignment, place="Digboi police", seals_intact=True, by=cast.collector)
    assert states_of(consignment) == ["dispatched", "in_transit", "in_transit"]
    assert kinds_of(samples_of(consignment)[0])[-2:] == ["lost", "found"]
    hand_over(consignment, cast.custodian, cast.receptionist)
    found = [found_as_sent(sample) for sample in samples_of(consignment)]
    receive_consignment(consignment=consignment, items=found, by=cast.receptionist)
    assert states_of(consignment) == ["received", "received", "received"]


def test_one_lost_sample_leaves_the_rest_travelling_without_it(cast: Cast) -> None:
    consignment = make_dispatched(cast, 2)
    lost, other = samples_of(consignment)
    lose_samples(consignment=consignment, samples=[lost], reason="fell off", by=cast.collector)
    hand_over(consignment, cast.collector, cast.custodian)
    assert states_of(consignment) == ["dispatched", "lost", "in_transit"]
    lost.refresh_from_db()
    assert (kinds_of(lost)[-1], lost.holder) == ("lost", cast.organisations["irel"])
    assert kinds_of(other)[-1] == "acknowledged"


def test_loss_is_said_by_its_holder_with_a_reason_and_finding_needs_a_place(cast: Cast) -> None:
    consignment = make_arrived(cast, 1)
    cases: list[tuple[Any, type[Exception], dict[str, Any]]] = [
        (lose_samples, Blocked, {"reason": "gone", "by": cast.custodian}),
        (lose_samples, Invalid, {"reason": " ", "by": cast.receptionist}),
        (lose_samples, Forbidden, {"reason": "gone", "by": cast.analyst}),
        (lose_samples, Blocked, {"reason": "gone", "samples": samples_of(make_consignment(cast, 1)), "by": cast.receptionist}),
        (find_samples, Blocked, {"place": "here", "by": cast.receptionist}),
        (find_samples, Invalid, {"place": " ", "by": cast.receptionist}),
        (find_samples, Invalid, {"place": "here", "seals_intact": False, "by": cast.receptionist}),
        (refuse_receipt, Forbidden, {"reason": "wet", "by": cast.outsiders["receptionist"]}),
        (refuse_receipt, Invalid, {"reason": "", "by": cast.receptionist}),
    ]
    for service, kind, words in cases:
        with nothing_changes(consignment), pytest.raises(kind):
            service(consignment=consignment, **words)


def test_refused_as_a_whole_it_stays_with_its_holder(cast: Cast) -> None:
    consignment = make_dispatched(cast, 2)
    hand_over(consignment, cast.collector, cast.custodian)
    refuse_receipt(consignment=consignment, reason="the box is soaked", by=cast.receptionist)
    assert states_of(consignment) == ["refused", "refused", "refused"]
    sample = samples_of(consignment)[0]
    assert (consignment.holder, sample.holder, sample.laboratory) == (cast.organisations["carrier"], cast.organisations["carrier"], None)
    assert kinds_of(sample)[-1] == "refused"
    with nothing_changes(consignment), pytest.raises(Blocked):
        receive_consignment(consignment=consignment, items=[found_as_sent(sample)], by=cast.receptionist)


def test_one_refused_sample_is_not_missing_when_the_rest_is_received(cast: Cast) -> None:
    consignment = make_arrived(cast, 2)
    bad, good = samples_of(consignment)
    refuse_receipt(consignment=consignment, samples=[bad], reason="not what the papers say", by=cast.receptionist)
    receive_consignment(consignment=consignment, items=[found_as_sent(good)], by=cast.receptionist)
    assert states_of(consignment) == ["received", "refused", "received"]
    assert not Discrepancy.objects.exists()


def test_part_is_received_and_the_rest_goes_on_travelling(cast: Cast) -> None:
    consignment = make_dispatched(cast, 3)
    hand_over(consignment, cast.collector, cast.custodian)
    first, second, third = samples_of(consignment)
    items = [found_as_sent(first), found_as_sent(second, present=False)]
    with nothing_changes(consignment), pytest.raises(Invalid, match="is not missing"):
        receive_consignment(consignment=consignment, items=items, rest_follows=True, by=cast.receptionist)
    receive_consignment(consignment=consignment, items=[found_as_sent(first)], rest_follows=True, by=cast.receptionist)
    assert states_of(consignment) == ["dispatched", "received", "in_transit", "in_transit"]
    assert not Discrepancy.objects.exists()
    offer = offer_handover(consignment=consignment, receiver=cast.organisations["lab"], by=cast.custodian)
    answer_handover(handover=offer, accept=True, by=cast.receptionist)
    assert (kinds_of(first)[-1], kinds_of(second)[-1]) == ("received", "acknowledged")
    receive_consignment(consignment=consignment, items=[found_as_sent(second), found_as_sent(third)], by=cast.receptionist)
    assert states_of(consignment) == ["received", "received", "received", "received"]
    assert consignment.holder == cast.organisations["lab"]

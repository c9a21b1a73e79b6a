"""What others read of consignments: who holds them since when, for whom they wait, how old, how late, and what was found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils.translation import override
from pytest_django import DjangoAssertNumQueries

from lims.core import clock
from lims.core.errors import Invalid
from lims.core.models import Installation
from samples.consignment_labels import print_box_label
from samples.models import Consignment
from samples.selectors.consignments import consignments_in_transit, incoming_for, legs_of, read_row
from samples.selectors.journeys import journey_of
from samples.selectors.receipts import open_discrepancies, receipts_of
from samples.selectors.scanned import find_scanned
from samples.services.consigning import create_consignment, dispatch_consignment
from samples.services.handing_over import answer_handover, offer_handover, withdraw_handover
from samples.services.receiving import receive_consignment
from samples.services.settling import settle_discrepancy
from tests.factories.consignments import (
    found_as_sent,
    hand_over,
    make_arrived,
    make_consignment,
    make_discrepancy,
    make_dispatched,
    make_received,
    samples_of,
)
from tests.factories.people import PASSWORD, Cast
from tests.factories.samples import make_samples

DAY_ONE = datetime(2026, 3, 1, 6, tzinfo=UTC)


def on_day(number: int) -> Any:
    """The clock on a day of the journey, at six."""
    return clock.set_to(DAY_ONE + timedelta(days=number - 1))


def test_age_holder_and_lateness_along_the_way(cast: Cast, synthetic: Installation) -> None:
    with on_day(1):
        samples = make_samples(cast, 2)
        consignment = create_consignment(addressee=cast.organisations["lab"], samples=samples, by=cast.collector)
        assert read_row(consignment, cast.official).age is None
        dispatch_consignment(consignment=consignment, expected_by=DAY_ONE + timedelta(days=4), place="Myitkyina", by=cast.collector)
    with on_day(3):
        (row,) = consignments_in_transit(cast.official)
        assert (row.age, row.overdue, row.items, row.last_seen) == (timedelta(days=2), False, 2, "Myitkyina")
        assert (str(row.holder), row.since, row.badge) == ("IREL (India) Limited", DAY_ONE, ("wait", "in transit"))
        offer = offer_handover(consignment=consignment, receiver=cast.organisations["carrier"], place="Nampong", by=cast.collector)
        row = read_row(consignment, cast.official)
        assert (str(row.waiting_for), row.waiting_since, str(row.holder)) == ("North-East Freight", clock.now(), "IREL (India) Limited")
        assert row.badge == ("wait", "waits for North-East Freight")
    with on_day(4):
        answer_handover(handover=offer, accept=True, by=cast.custodian)
        row = read_row(consignment, cast.official)
        assert (str(row.holder), row.since, row.waiting_for) == ("North-East Freight", clock.now(), None)
    with on_day(6):
        row = read_row(consignment, cast.official)
        assert (row.overdue, row.badge) == (True, ("warn", "overdue"))
    with on_day(7):
        hand_over(consignment, cast.custodian, cast.receptionist)
        Consignment.objects.filter(pk=consignment.pk).update(expected_by=None)
        assert read_row(consignment, cast.official).badge == ("wait", "awaits receipt")
        receive_consignment(consignment=consignment, items=[found_as_sent(sample) for sample in samples], by=cast.receptionist)
    with on_day(30):
        row = read_row(consignment, cast.official)
        assert (row.age, row.overdue, row.badge) == (timedelta(days=6), False, ("pass", "received")), "the age ends with the receipt"
        assert consignments_in_transit(cast.official) == []


def test_oldest_on_the_way_comes_first(cast: Cast, synthetic: Installation) -> None:
    codes = []
    for day in (3, 1, 2):
        with on_day(day):
            codes.append(make_dispatched(cast, 1).code)
    assert [row.code for row in consignments_in_transit(cast.collector)] == [codes[1], codes[2], codes[0]]
    assert [row.code for row in consignments_in_transit(cast.collector, limit=1)] == [codes[1]]
    assert consignments_in_transit(cast.outsiders["collector"]) == []


def test_incoming_is_what_is_offered_to_me_or_addressed_to_me(cast: Cast) -> None:
    make_consignment(cast, 1)
    coming, offered = make_dispatched(cast, 1), make_dispatched(cast, 1)
    offer_handover(consignment=offered, receiver=cast.organisations["carrier"], by=cast.collector)
    make_received(cast, 1)
    assert {row.code for row in incoming_for(cast.receptionist)} == {coming.code, offered.code}
    assert {row.code for row in incoming_for(cast.custodian)} == {offered.code}
    assert incoming_for(cast.collector) == []
    assert incoming_for(cast.outsiders["receptionist"]) == []


def test_open_discrepancies_are_the_laboratorys_by_blind_code_and_the_owners_by_their_own(cast: Cast) -> None:
    discrepancy = make_discrepancy(cast)
    sample = discrepancy.sample
    for role, code in (("quality_manager", sample.blind_code), ("collector", sample.code), ("official", sample.code)):
        (row,) = open_discrepancies(cast.people[role])
        assert (row.sample, row.kind, row.badge) == (code, "seal_broken", ("fail", "open"))
    assert [row.id for row in open_discrepancies(cast.custodian)] == [discrepancy.pk], "it travelled with this carrier"
    assert open_discrepancies(cast.outsiders["quality_manager"]) == []
    assert open_discrepancies(cast.outsiders["collector"]) == []
    settle_discrepancy(discrepancy=discrepancy, decision="accept", reason="fine", password=PASSWORD, by=cast.quality_manager)
    assert open_discrepancies(cast.quality_manager) == []


def test_journey_tells_each_act_in_its_order(cast: Cast) -> None:
    consignment = make_dispatched(cast, 1)
    first = offer_handover(consignment=consignment, receiver=cast.organisations["carrier"], by=cast.collector, password=PASSWORD)
    withdraw_handover(handover=first, reason="wrong day", by=cast.collector)
    second = offer_handover(consignment=consignment, receiver=cast.organisations["carrier"], by=cast.collector)
    answer_handover(handover=second, accept=False, remark="no room", by=cast.custodian)
    offer_handover(consignment=consignment, receiver=cast.organisations["carrier"], by=cast.collector)

    def journey(viewer: Any) -> list[tuple[str, str]]:
        events = journey_of(read_row(consignment, viewer), legs_of(consignment, viewer), receipts_of(consignment, viewer))
        return [(event.tone, event.title) for event in events]

    told = [("none", "Made"), ("pass", "Dispatched"), ("pass", "Handed over"), ("none", "Taken back")]
    told += [("pass", "Handed over"), ("fail", "Refused"), ("wait", "Handed over")]
    assert journey(cast.collector) == told
    assert journey(cast.analyst) == told, "what happened is no secret; who and where is"


def test_received_consignment_counts_what_is_open(cast: Cast) -> None:
    consignment = make_arrived(cast, 3)
    receive_consignment(consignment=consignment, items=[found_as_sent(samples_of(consignment)[0])], by=cast.receptionist)
    row = read_row(consignment, cast.official)
    assert (row.open_discrepancies, row.badge) == (2, ("fail", "received, 2 open"))
    (receipt,) = receipts_of(consignment, cast.custodian)
    assert [line.outcome for line in receipt.lines] == ["received", "missing", "missing"]


def test_rows_cost_one_query_however_many(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(3):
        offer_handover(consignment=make_dispatched(cast, 1), receiver=cast.organisations["carrier"], by=cast.collector)
    with django_assert_num_queries(1):
        assert len(consignments_in_transit(cast.official)) == 3
    with django_assert_num_queries(1):
        assert len(incoming_for(cast.custodian)) == 3


def test_samples_are_found_by_code_blind_code_seal_and_uuid(cast: Cast) -> None:
    (sample,) = make_samples(cast, seal_number="KA 0042")
    texts = [sample.code.lower(), sample.blind_code, "KA 0042", "ka0042", str(sample.pk)]
    assert find_scanned(texts, cast.collector) == [sample] * 5
    for text, code in (("S-26-00001-Z", "check_character"), ("CN-26-00001-K", "code_shape"), ("NO-SEAL", "unknown_sample")):
        with pytest.raises(Invalid) as refusal:
            find_scanned([sample.code, text], cast.collector)
        assert [(problem.pointer, problem.code) for problem in refusal.value.problems] == [("/items/1/sample", code)]


def test_analyst_finds_no_sample_by_its_human_code(cast: Cast) -> None:
    (sample,) = samples_of(make_received(cast, 1))
    assert find_scanned([sample.blind_code], cast.analyst) == [sample]
    assert find_scanned([sample.code], cast.receptionist) == [sample]
    with pytest.raises(Invalid):
        find_scanned([sample.code], cast.analyst)


def test_label_of_the_box_says_the_same_in_the_same_bytes(cast: Cast) -> None:
    consignment = make_consignment(cast, 1, outer_seal="BOX-1")
    with override("en"):
        first = print_box_label(consignment, printed_at=DAY_ONE, synthetic=False)
        assert first == print_box_label(consignment, printed_at=DAY_ONE, synthetic=False)
    assert first.startswith(b"%PDF-")

"""Receipt: what arrived becomes the laboratory's, what differs blocks, what was received is not received again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from lims.core.errors import Blocked, Forbidden, Invalid
from samples.custody.models import CustodyEvent
from samples.models import Consignment, Discrepancy, Sample
from samples.services.handing_over import offer_handover
from samples.services.receiving import ItemFound, receive_consignment
from samples.services.returning import Portion, reconsign_samples
from samples.services.settling import settle_discrepancy
from tests.factories.consignments import (
    found_as_sent,
    kinds_of,
    make_arrived,
    make_consignment,
    make_dispatched,
    make_received,
    nothing_changes,
    samples_of,
)
from tests.factories.people import PASSWORD, Cast
from tests.factories.samples import make_samples


def receive(cast: Cast, consignment: Consignment, *found: ItemFound, **more: Any) -> Any:
    """By the receptionist of the addressee."""
    return receive_consignment(consignment=consignment, items=found, **({"by": cast.receptionist} | more))


def refusal_of(kind: type[Exception], cast: Cast, consignment: Consignment, *found: ItemFound, **more: Any) -> Any:
    """The refusal of a reception that must change nothing."""
    with nothing_changes(consignment), pytest.raises(kind) as refusal:
        receive(cast, consignment, *found, **more)
    return refusal.value


def differences(sample: Sample) -> list[str]:
    """The kinds of discrepancy found on a sample."""
    return sorted(Discrepancy.objects.filter(sample=sample).values_list("kind", flat=True))


def test_received_samples_are_the_laboratorys_and_unblocked(cast: Cast) -> None:
    consignment = make_received(cast, 2)
    laboratory = cast.organisations["lab"]
    assert (consignment.state, consignment.holder) == ("received", laboratory)
    assert consignment.received_at is not None
    for sample in samples_of(consignment):
        assert (sample.state, sample.laboratory, sample.holder, sample.place) == ("received", laboratory, laboratory, laboratory.name)
        assert sample.received_at == consignment.received_at
        assert not sample.has_open_discrepancy
        assert kinds_of(sample)[-1] == "received"


def test_laboratory_sees_what_it_received_by_blind_code_only(cast: Cast) -> None:
    sample = samples_of(make_received(cast, 1))[0]
    assert sample.code_for(cast.analyst) == sample.blind_code
    assert list(Sample.objects.visible_to(cast.analyst).coded(sample.blind_code, cast.analyst)) == [sample]
    assert not Sample.objects.visible_to(cast.analyst).coded(sample.code, cast.analyst).exists()
    assert not Sample.objects.visible_to(cast.outsiders["analyst"]).exists()


def test_mass_in_hand_is_what_the_laboratory_weighed(cast: Cast) -> None:
    consignment = make_arrived(cast, 2)
    first, second = samples_of(consignment)
    receive(cast, consignment, found_as_sent(first, mass_g=Decimal("2135.125")), found_as_sent(second, mass_g=None))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.mass_g, second.mass_g) == (Decimal("2135.125"), Decimal("2140.500"))


@pytest.mark.parametrize(
    ("found", "kinds"),
    [
        ({"seal_condition": "broken"}, ["seal_broken"]),
        ({"seal_condition": "missing", "seal_number": ""}, ["seal_missing"]),
        ({"seal_number": "FOREIGN-1"}, ["seal_differs"]),
        ({"container_intact": False}, ["container"]),
        ({"container_count": 3}, ["container_extra"]),
        ({"mass_g": Decimal("2000")}, ["mass"]),
        ({"mass_g": Decimal("2000"), "container_intact": False}, ["container", "mass"]),
    ],
)
def test_each_difference_blocks_its_sample_and_no_other(cast: Cast, found: dict[str, Any], kinds: list[str]) -> None:
    consignment = make_arrived(cast, 2)
    damaged, sound = samples_of(consignment)
    receive(cast, consignment, found_as_sent(damaged, **found), found_as_sent(sound))
    damaged.refresh_from_db()
    sound.refresh_from_db()
    assert differences(damaged) == kinds
    assert (damaged.state, damaged.has_open_discrepancy, sound.has_open_discrepancy) == ("received", True, False)
    assert kinds_of(damaged)[-len(kinds) - 1 :] == ["received"] + ["discrepancy"] * len(kinds)
    assert differences(sound) == []


def test_sample_that_is_not_named_is_missing_and_stays_in_transit(cast: Cast) -> None:
    consignment = make_arrived(cast, 3)
    here, said, unsaid = samples_of(consignment)
    receive(cast, consignment, found_as_sent(here), ItemFound(sample=said.code, present=False, remark="not in the box"))
    for sample in (said, unsaid):
        sample.refresh_from_db()
        assert (sample.state, sample.has_open_discrepancy, sample.laboratory) == ("in_transit", True, None)
        assert (differences(sample), kinds_of(sample)[-1]) == (["missing"], "discrepancy")


def test_missing_sample_may_still_arrive_and_waits_for_the_decision(cast: Cast) -> None:
    consignment = make_arrived(cast, 2)
    here, late = samples_of(consignment)
    receive(cast, consignment, found_as_sent(here))
    receive(cast, consignment, found_as_sent(late))
    late.refresh_from_db()
    assert (late.state, late.has_open_discrepancy, differences(late)) == ("received", True, ["missing"])
    assert consignment.receipts.count() == 2
    assert refusal_of(Blocked, cast, consignment, found_as_sent(late)).code == "already_received"


def test_nothing_new_is_no_second_receipt(cast: Cast) -> None:
    consignment = make_arrived(cast, 2)
    here, absent = samples_of(consignment)
    receive(cast, consignment, found_as_sent(here))
    assert refusal_of(Invalid, cast, consignment, ItemFound(sample=absent.code, present=False)).code == "nothing_arrived"


def test_receiving_twice_is_refused(cast: Cast) -> None:
    consignment = make_arrived(cast, 2)
    found = [found_as_sent(sample) for sample in samples_of(consignment)]
    receive(cast, consignment, *found)
    assert refusal_of(Blocked, cast, consignment, *found).code == "already_received"


def test_receiving_one_of_a_partial_receipt_again_is_refused(cast: Cast) -> None:
    consignment = make_arrived(cast, 2)
    here, late = samples_of(consignment)
    receive(cast, consignment, found_as_sent(here))
    refusal = refusal_of(Blocked, cast, consignment, found_as_sent(here), found_as_sent(late))
    assert (refusal.code, here.code in refusal.message) == ("already_received", True)


def test_unlisted_sample_of_the_sender_is_received_and_blocked(cast: Cast) -> None:
    consignment = make_arrived(cast, 1)
    (listed,), (stray,) = samples_of(consignment), make_samples(cast)
    receive(cast, consignment, found_as_sent(listed), found_as_sent(stray))
    stray.refresh_from_db()
    assert (stray.state, stray.laboratory, stray.has_open_discrepancy) == ("received", cast.organisations["lab"], True)
    assert (differences(stray), kinds_of(stray)[-2:]) == (["unexpected"], ["received", "discrepancy"])


def test_unlisted_sample_packed_for_another_box_leaves_that_box(cast: Cast) -> None:
    other = make_consignment(cast, 1)
    (stray,) = samples_of(other)
    consignment = make_arrived(cast, 1)
    receive(cast, consignment, found_as_sent(samples_of(consignment)[0]), found_as_sent(stray))
    assert not other.items.filter(removed_at=None).exists()


def test_foreign_and_unknown_samples_are_refused(cast: Cast) -> None:
    consignment = make_arrived(cast, 1)
    (listed,) = samples_of(consignment)
    (foreign,) = make_samples(cast, by=cast.outsiders["collector"])
    for text, code in ((foreign.code, "unknown_sample"), (f"{listed.code[:-1]}?", "code_shape"), ("hello", "code_shape")):
        refusal = refusal_of(Invalid, cast, consignment, found_as_sent(listed), found_as_sent(listed, sample=text))
        assert (refusal.code, refusal.problems[0].pointer) == (code, "/items/1/sample")
    wrong = listed.code[:-1] + ("A" if listed.code[-1] != "A" else "B")
    assert refusal_of(Invalid, cast, consignment, found_as_sent(listed, sample=wrong)).code == "check_character"


def test_blind_code_and_small_letters_name_the_sample_too(cast: Cast) -> None:
    consignment = make_arrived(cast, 2)
    first, second = samples_of(consignment)
    receive(cast, consignment, found_as_sent(first, sample=first.blind_code), found_as_sent(second, sample=f" {second.code.lower()} "))
    assert {sample.state for sample in samples_of(consignment)} == {"received"}


@pytest.mark.parametrize(
    ("found", "member", "code"),
    [
        ({"seal_condition": ""}, "seal_condition", "unknown_choice"),
        ({"seal_condition": "fine"}, "seal_condition", "unknown_choice"),
        ({"seal_number": ""}, "seal_number", "seal_number_missing"),
        ({"seal_condition": "missing"}, "seal_number", "seal_number_without_seal"),
        ({"seal_number": "x" * 41}, "seal_number", "too_long"),
        ({"remark": "a\x00b"}, "remark", "unprintable"),
        ({"container_intact": None}, "container_intact", "missing"),
        ({"container_count": 0}, "container_count", "out_of_range"),
        ({"mass_g": Decimal("-1")}, "mass_g", "out_of_range"),
        ({"mass_g": Decimal("NaN")}, "mass_g", "out_of_range"),
        ({"mass_g": Decimal("2140.5001")}, "mass_g", "too_precise"),
        ({"present": False}, "present", "absent_with_findings"),
    ],
)
def test_finding_that_cannot_be_is_refused_by_its_place(cast: Cast, found: dict[str, Any], member: str, code: str) -> None:
    consignment = make_arrived(cast, 2)
    first, second = samples_of(consignment)
    refusal = refusal_of(Invalid, cast, consignment, found_as_sent(first), found_as_sent(second, **found))
    assert [(problem.pointer, problem.code) for problem in refusal.problems] == [(f"/items/1/{member}", code)]


def test_empty_and_doubled_findings_are_refused(cast: Cast) -> None:
    consignment = make_arrived(cast, 1)
    (sample,) = samples_of(consignment)
    assert refusal_of(Invalid, cast, consignment).code == "empty"
    twice = refusal_of(Invalid, cast, consignment, found_as_sent(sample), found_as_sent(sample, sample=sample.blind_code))
    assert (twice.code, twice.problems[0].pointer) == ("duplicate_sample", "/items/1/sample")


def test_only_the_addressees_receptionist_receives(cast: Cast) -> None:
    consignment = make_arrived(cast, 1)
    found = found_as_sent(samples_of(consignment)[0])
    assert refusal_of(Forbidden, cast, consignment, found, by=cast.outsiders["receptionist"]).code == "not_addressee"
    for role in ("collector", "custodian", "technician", "quality_manager", "official", "administrator"):
        assert refusal_of(Forbidden, cast, consignment, found, by=cast.people[role]).code == "role"


def test_consignment_is_not_received_before_it_left_or_while_a_handover_waits(cast: Cast) -> None:
    packed = make_consignment(cast, 1)
    assert refusal_of(Blocked, cast, packed, found_as_sent(samples_of(packed)[0])).code == "wrong_state"
    offered = make_dispatched(cast, 1)
    offer_handover(consignment=offered, receiver=cast.organisations["lab"], by=cast.collector)
    assert refusal_of(Blocked, cast, offered, found_as_sent(samples_of(offered)[0])).code == "handover_pending"


def test_missing_handover_is_told_by_the_ledger(cast: Cast) -> None:
    consignment = make_dispatched(cast, 1)
    (sample,) = samples_of(consignment)
    receive(cast, consignment, found_as_sent(sample))
    event = CustodyEvent.objects.get(sample=sample, kind="received")
    assert '"detail":{"handover":"not recorded"}' in bytes(event.canonical).decode()
    arrived = make_received(cast, 1)
    event = CustodyEvent.objects.get(sample=samples_of(arrived)[0], kind="received")
    assert '"detail":{}' in bytes(event.canonical).decode()


def test_sample_declared_lost_that_turns_up_needs_a_decision(cast: Cast) -> None:
    consignment = make_arrived(cast, 2)
    here, lost = samples_of(consignment)
    receive(cast, consignment, found_as_sent(here))
    missing = Discrepancy.objects.get(sample=lost)
    settle_discrepancy(discrepancy=missing, decision="lost", reason="searched twice", password=PASSWORD, by=cast.quality_manager)
    # Nothing of it is awaited any more, so it cannot come with this consignment, only with another box of the sender.
    assert refusal_of(Blocked, cast, consignment, found_as_sent(lost)).code == "already_received"
    later = make_arrived(cast, 1)
    receive(cast, later, found_as_sent(samples_of(later)[0]), found_as_sent(lost))
    lost.refresh_from_db()
    assert (lost.state, lost.has_open_discrepancy) == ("received", True)
    assert kinds_of(lost)[-4:] == ["found", "received", "discrepancy", "discrepancy"]
    assert differences(lost) == ["custody_gap", "missing", "unexpected"]


def test_sample_of_another_laboratorys_work_is_no_stray(cast: Cast) -> None:
    consignment = make_arrived(cast, 1)
    (sample,) = samples_of(make_received(cast, 1))
    refusal = refusal_of(Blocked, cast, consignment, found_as_sent(samples_of(consignment)[0]), found_as_sent(sample))
    assert refusal.code == "wrong_state"


def test_second_laboratory_receives_what_the_first_sends_on(cast: Cast) -> None:
    from samples.services.consigning import dispatch_consignment

    portion = Portion(sample=samples_of(make_received(cast, 1))[0], mass_g=Decimal(10))
    onward = reconsign_samples(addressee=cast.organisations["other_lab"], portions=[portion], by=cast.receptionist)
    (sample,) = samples_of(onward)
    dispatch_consignment(consignment=onward, by=cast.receptionist)
    receive(cast, onward, found_as_sent(sample), by=cast.outsiders["receptionist"])
    sample.refresh_from_db()
    assert (sample.laboratory, sample.state) == (cast.organisations["other_lab"], "received")


def test_queries_do_not_grow_with_the_samples(cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    consignment = make_arrived(cast, 100)
    found = [found_as_sent(sample, container_intact=index % 2 == 0) for index, sample in enumerate(samples_of(consignment))]
    with django_assert_max_num_queries(24):
        receive(cast, consignment, *found)
    assert Discrepancy.objects.count() == 50

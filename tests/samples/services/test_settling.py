"""Settling discrepancies: by whom, how, and what becomes of the sample."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from lims.accounts.models import Signature
from lims.core import clock
from lims.core.errors import Blocked, Forbidden, Invalid
from samples.lifecycle import SAMPLE
from samples.models import Discrepancy, Receipt, Sample
from samples.models.receipts import Decision
from samples.services.receiving import receive_consignment
from samples.services.settling import possible_decisions, settle_discrepancy
from tests.factories.consignments import (
    found_as_sent,
    kinds_of,
    make_arrived,
    make_discrepancy,
    make_received,
    nothing_changes,
    samples_of,
)
from tests.factories.people import PASSWORD, Cast


def settle(cast: Cast, discrepancy: Discrepancy, decision: str = "accept", **more: Any) -> Discrepancy:
    """By the quality manager of the laboratory that found it."""
    words = {"reason": "sender confirmed by telephone", "password": PASSWORD, "by": cast.quality_manager}
    return settle_discrepancy(discrepancy=discrepancy, decision=decision, **(words | more))


def refusal_of(kind: type[Exception], cast: Cast, discrepancy: Discrepancy, decision: str = "accept", **more: Any) -> Any:
    """The refusal of a decision that must change nothing."""
    consignment = discrepancy.receipt_item.receipt.consignment if discrepancy.receipt_item else None
    assert consignment is not None
    signatures = Signature.objects.count()
    with nothing_changes(consignment), pytest.raises(kind) as refusal:
        settle(cast, discrepancy, decision, **more)
    assert Signature.objects.count() == signatures
    return refusal.value


def make_missing(cast: Cast) -> Discrepancy:
    """One sample here, one missing."""
    consignment = make_arrived(cast, 2)
    here, missing = samples_of(consignment)
    receive_consignment(consignment=consignment, items=[found_as_sent(here)], by=cast.receptionist)
    return Discrepancy.objects.get(sample=missing)


def test_open_discrepancy_blocks_the_next_step(cast: Cast) -> None:
    sample = make_discrepancy(cast).sample
    sample.refresh_from_db()
    assert [blocker.code for blocker in SAMPLE.blockers(sample, "prepare")] == ["open_discrepancy"]


def test_accepted_sample_goes_on_with_its_deviation_on_record(cast: Cast) -> None:
    discrepancy = settle(cast, make_discrepancy(cast))
    sample = Sample.objects.get(pk=discrepancy.sample_id)
    assert (sample.state, sample.has_open_discrepancy, SAMPLE.blockers(sample, "prepare")) == ("received", False, [])
    assert (discrepancy.decision, discrepancy.decided_by) == ("accept", cast.quality_manager)
    assert kinds_of(sample)[-1] == "settled"


def test_decision_is_signed(cast: Cast) -> None:
    discrepancy = settle(cast, make_discrepancy(cast))
    assert discrepancy.signature is not None
    assert discrepancy.signature.signer == cast.quality_manager
    assert (discrepancy.signature.meaning, discrepancy.signature.reason) == ("settlement", "sender confirmed by telephone")


def test_refused_sample_stays_at_the_laboratory_to_be_sent_back(cast: Cast) -> None:
    sample = settle(cast, make_discrepancy(cast), "refuse").sample
    sample.refresh_from_db()
    assert (sample.state, sample.holder, sample.has_open_discrepancy) == ("refused", cast.organisations["lab"], False)
    assert kinds_of(sample)[-2:] == ["settled", "refused"]
    assert [blocker.code for blocker in SAMPLE.blockers(sample, "prepare")] == ["wrong_state"]
    assert SAMPLE.blockers(sample, "pack") == []


def test_missing_sample_can_only_be_declared_lost(cast: Cast) -> None:
    discrepancy = make_missing(cast)
    assert possible_decisions(discrepancy.sample) == [Decision.LOST]
    for decision in ("accept", "refuse"):
        assert refusal_of(Invalid, cast, discrepancy, decision).problems[0].pointer == "/decision"
    sample = settle(cast, discrepancy, "lost").sample
    sample.refresh_from_db()
    assert (sample.state, sample.has_open_discrepancy) == ("lost", False)
    assert kinds_of(sample)[-2:] == ["settled", "lost"]


def test_sample_at_hand_cannot_be_declared_lost(cast: Cast) -> None:
    assert refusal_of(Invalid, cast, make_discrepancy(cast), "lost").code == "decision"


def test_missing_sample_that_came_later_can_be_accepted(cast: Cast) -> None:
    discrepancy = make_missing(cast)
    consignment = Receipt.objects.get().consignment
    receive_consignment(consignment=consignment, items=[found_as_sent(discrepancy.sample)], by=cast.receptionist)
    settle(cast, discrepancy)
    sample = Sample.objects.get(pk=discrepancy.sample_id)
    assert (sample.state, sample.has_open_discrepancy) == ("received", False)


def test_each_accepted_difference_is_decided_by_itself(cast: Cast) -> None:
    make_discrepancy(cast, container_intact=False, mass_g=Decimal("2000"))
    first, second = Discrepancy.objects.order_by("pk")
    settle(cast, first)
    sample = Sample.objects.get(pk=first.sample_id)
    assert sample.has_open_discrepancy
    settle(cast, second)
    sample.refresh_from_db()
    assert not sample.has_open_discrepancy


def test_refusing_the_sample_settles_everything_open_on_it(cast: Cast) -> None:
    consignment = make_arrived(cast, 1)
    (sample,) = samples_of(consignment)
    found = found_as_sent(sample, container_intact=False, mass_g=Decimal("2000"), seal_condition="broken")
    receive_consignment(consignment=consignment, items=[found], by=cast.receptionist)
    settle(cast, Discrepancy.objects.filter(sample=sample)[0], "refuse")
    assert set(Discrepancy.objects.values_list("decision", flat=True)) == {"refuse"}
    assert len(set(Discrepancy.objects.values_list("signature", flat=True))) == 1
    assert kinds_of(sample)[-4:] == ["settled", "settled", "settled", "refused"]


def test_discrepancy_is_settled_once(cast: Cast) -> None:
    discrepancy = make_discrepancy(cast)
    settle(cast, discrepancy)
    assert refusal_of(Blocked, cast, discrepancy, "refuse").code == "settled_already"


def test_reason_password_and_a_known_decision_are_needed(cast: Cast) -> None:
    discrepancy = make_discrepancy(cast)
    assert refusal_of(Invalid, cast, discrepancy, reason=" ").code == "reason_missing"
    assert refusal_of(Invalid, cast, discrepancy, password="not mine").code == "password"
    assert refusal_of(Invalid, cast, discrepancy, "shrug").code == "decision"
    early = clock.now() - timedelta(days=1)
    assert refusal_of(Invalid, cast, discrepancy, at=early).code == "time_order"


def test_nobody_but_the_laboratorys_quality_manager_decides(cast: Cast) -> None:
    discrepancy = make_discrepancy(cast)
    for role in ("collector", "receptionist", "reviewer", "official", "administrator"):
        assert refusal_of(Forbidden, cast, discrepancy, by=cast.people[role]).code == "role"
    other = refusal_of(Forbidden, cast, discrepancy, by=cast.outsiders["quality_manager"])
    assert other.code == "not_your_laboratory"


def test_who_received_the_sample_does_not_decide_on_it(cast: Cast) -> None:
    discrepancy = make_discrepancy(cast)
    promoted = cast.receptionist
    promoted.role = "quality_manager"
    promoted.save()
    assert refusal_of(Blocked, cast, discrepancy, by=promoted).code == "own_work"


def test_settled_sample_is_found_clean_by_a_fresh_reception(cast: Cast) -> None:
    assert not Discrepancy.objects.filter(sample__in=samples_of(make_received(cast, 2))).exists()

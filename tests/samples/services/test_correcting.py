"""Corrections: reasoned, kept beside the original, in the ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lims.core.errors import Blocked, DomainError, Forbidden, Invalid, Stale
from samples.custody.models import CustodyEvent
from samples.custody.reading import read_timeline
from samples.custody.verifying import verify_custody
from samples.models import Sample
from samples.services.correcting import correct_sample
from samples.services.splitting import Part, split_sample
from tests.factories.people import Cast
from tests.factories.samples import make_mine, make_samples


def refuse(cast: Cast, sample: Sample, kind: type[DomainError], **arguments: Any) -> DomainError:
    """A refusal after which sample and ledger are as before."""
    before, events = Sample.objects.values().get(pk=sample.pk), CustodyEvent.objects.count()
    with pytest.raises(kind) as refusal:
        correct_sample(sample=sample, **({"reason": "misread", "by": cast.collector} | arguments))
    assert Sample.objects.values().get(pk=sample.pk) == before
    assert CustodyEvent.objects.count() == events
    return refusal.value


def test_correction_changes_the_record_and_says_so_in_the_ledger(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    make_mine("CH2", "Chipwi South")
    corrected = correct_sample(
        sample=sample,
        changes={"mine": "CH2", "depth_to_m": Decimal("2.4"), "remark": "wet"},
        reason="wrong line of the field book",
        by=cast.collector,
    )
    stored = Sample.objects.get(pk=sample.pk)
    assert (stored.mine.code, stored.depth_to_m, stored.remark, stored.place) == ("CH2", Decimal("2.40"), "wet", "Chipwi South")
    assert (stored.version, corrected.version) == (2, 2)
    event = read_timeline(stored, cast.collector)[-1]
    assert (event.kind, event.content["corrects"], event.content["detail"]["members"]) == ("corrected", 1, "mine,depth_to_m,remark")
    assert (
        event.disclosed["remark"]
        == "wrong line of the field book\nmine: Pangwa North → Chipwi South\ndepth_to_m: 1.80 → 2.4\nremark: – → wet"
    )
    assert b"Chipwi" not in event.canonical
    assert verify_custody().clean
    versions = Sample.pgh_event_model.objects.filter(pgh_obj_id=sample.pk).order_by("pgh_id")  # type: ignore[attr-defined]
    assert [(one.remark, one.pgh_context["reason"]) for one in versions] == [("", "registered"), ("wet", "wrong line of the field book")]


def test_correction_that_changes_nothing_leaves_everything_as_it_is(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    assert correct_sample(sample=sample, changes={"depth_to_m": Decimal("1.800")}, reason="checked", by=cast.collector).version == 1
    assert CustodyEvent.objects.filter(sample=sample).count() == 2


def test_own_seal_and_field_id_are_no_duplicates_of_themselves(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    assert correct_sample(sample=sample, changes={"container": "drum"}, reason="not a bag", by=cast.collector).container == "drum"


def test_correction_needs_a_reason(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    assert refuse(cast, sample, Invalid, changes={"remark": "x"}, reason="").code == "reason_missing"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"mass_g": Decimal("-5")}, "/mass_g"),
        ({"mine": "Atlantis"}, "/mine"),
        ({"seal_number": "SEAL-000001"}, "/seal_number"),
        ({"field_id": "F-00001"}, "/field_id"),
        ({"depth_to_m": Decimal("0.1")}, "/depth_to_m"),
        ({"duplicate_of": "F-00001"}, "/duplicate_of"),
        ({"state": "lost"}, "/state"),
    ],
)
def test_wrong_correction_is_refused_at_its_member(cast: Cast, changes: dict[str, Any], pointer: str) -> None:
    sample, _ = make_samples(cast, 2)
    assert refuse(cast, sample, Invalid, changes=changes).problems[0].pointer == pointer


def test_somebody_elses_correction_meanwhile_is_noticed(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    correct_sample(sample=sample, changes={"remark": "first"}, reason="first", by=cast.collector, version=1)
    refuse(cast, sample, Stale, changes={"remark": "second"}, version=1)


def test_mass_and_seal_stay_as_they_were_once_the_sample_was_used(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    corrected = correct_sample(
        sample=sample, changes={"mass_g": Decimal("2100"), "seal_number": "K-77"}, reason="misread", by=cast.collector
    )
    assert (corrected.mass_g, corrected.collected_mass_g, corrected.seal_number) == (Decimal("2100"), Decimal("2100"), "K-77")
    split_sample(sample=sample, parts=[Part(mass_g=Decimal("100"))], remaining_g=Decimal("2000"), by=cast.collector)
    for changes in ({"mass_g": Decimal("2200")}, {"seal_number": "K-78"}, {"container_count": 2}):
        assert refuse(cast, sample, Blocked, changes=changes).code == "has_moved"
    assert correct_sample(sample=sample, changes={"remark": "dry"}, reason="seen later", by=cast.collector).version == 3


def test_only_the_owners_collectors_correct(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    refuse(cast, sample, Forbidden, changes={"remark": "x"}, by=cast.outsiders["collector"])
    for role in ("custodian", "receptionist", "analyst", "quality_manager", "official", "administrator"):
        refuse(cast, sample, Forbidden, changes={"remark": "x"}, by=cast.people[role])


def test_retired_mine_does_not_stop_a_correction_of_its_samples(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    type(sample.mine).objects.filter(pk=sample.mine_id).update(active=False)
    assert correct_sample(sample=sample, changes={"remark": "x"}, reason="r", by=cast.collector).remark == "x"

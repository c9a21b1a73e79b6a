"""Holds lie over the state, several at once; each opens and ends with a reason in the ledger."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lims.core.errors import Blocked, Forbidden, Invalid
from samples.custody.comparing import compare_custody
from samples.custody.models import CustodyEvent
from samples.custody.reading import read_timeline
from samples.models import Hold, Sample
from samples.services.holding import hold_sample, release_hold
from samples.services.splitting import Part, split_sample
from tests.factories.bench import make_received_samples
from tests.factories.consignments import kinds_of
from tests.factories.people import PASSWORD, Cast
from tests.factories.samples import make_samples


def test_hold_and_release_stand_in_the_ledger_with_their_reasons(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    hold = hold_sample(sample=sample, kind="provenance", reason=" permit missing ", by=cast.official)
    sample.refresh_from_db()
    assert (sample.on_hold, sample.state) == (True, "collected")
    release_hold(hold=hold, reason="permit shown", by=cast.official)
    sample.refresh_from_db()
    assert not sample.on_hold
    events = read_timeline(sample, cast.official)[-2:]
    assert [(event.kind, event.content["detail"], event.disclosed["remark"]) for event in events] == [
        ("hold", {"hold": "provenance"}, "permit missing"),
        ("release", {"hold": "provenance"}, "permit shown"),
    ]


def test_sample_stays_on_hold_until_the_last_hold_is_released(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    first = hold_sample(sample=sample, kind="quality", reason="pattern", by=cast.official)
    second = hold_sample(sample=sample, kind="custody", reason="seal", by=cast.collector)
    release_hold(hold=first, reason="looked at again", by=cast.quality_manager)
    assert Sample.objects.get(pk=sample.pk).on_hold
    release_hold(hold=second, reason="seal read", by=cast.quality_manager)
    assert not Sample.objects.get(pk=sample.pk).on_hold


def test_second_hold_of_a_kind_and_second_release_are_refused(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    hold = hold_sample(sample=sample, kind="quality", reason="pattern", by=cast.official)
    with pytest.raises(Blocked) as again:
        hold_sample(sample=sample, kind="quality", reason="pattern", by=cast.official)
    assert again.value.code == "held_already"
    release_hold(hold=hold, reason="looked at again", by=cast.official)
    with pytest.raises(Blocked) as twice:
        release_hold(hold=hold, reason="looked at again", by=cast.official)
    assert twice.value.code == "released_already"
    assert CustodyEvent.objects.filter(sample=sample).count() == 4


def test_wrong_kind_missing_reason_and_gone_sample_are_refused(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    with pytest.raises(Invalid):
        hold_sample(sample=sample, kind="whim", reason="r", by=cast.official)
    with pytest.raises(Invalid):
        hold_sample(sample=sample, kind="safety", reason="  ", by=cast.official)
    Sample.objects.filter(pk=sample.pk).update(state="disposed")
    with pytest.raises(Blocked):
        hold_sample(sample=sample, kind="safety", reason="r", by=cast.official)
    assert not Hold.objects.exists()


def test_who_holds_and_who_releases_follows_the_matrix(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    for role in ("custodian", "signatory", "administrator"):
        with pytest.raises(Forbidden):
            hold_sample(sample=sample, kind="safety", reason="r", by=cast.people[role])
    hold = hold_sample(sample=sample, kind="safety", reason="r", by=cast.technician)
    for role in ("collector", "technician", "analyst", "reviewer", "administrator"):
        with pytest.raises(Forbidden):
            release_hold(hold=hold, reason="r", by=cast.people[role])


def test_a_safety_hold_reaches_every_part_at_the_laboratory_and_each_is_released_by_itself(cast: Cast) -> None:
    sample, other = make_received_samples(cast, 2)
    [pulp] = split_sample(sample=sample, parts=[Part(mass_g=Decimal(50), kind="pulp")], remaining_g=Decimal("2090.5"), by=cast.technician)
    [part] = split_sample(sample=pulp, parts=[Part(mass_g=Decimal(20))], remaining_g=Decimal(30), by=cast.technician)
    quality = hold_sample(sample=sample, kind="quality", reason="pattern", by=cast.technician)
    assert Hold.objects.count() == 1, "only what concerns safety reaches the parts"
    known = hold_sample(sample=part, kind="safety", reason="dose rate of the bag", by=cast.technician)
    first = hold_sample(sample=sample, kind="safety", reason="2.1 µSv/h.", by=cast.technician)
    safety = Hold.objects.filter(kind="safety", released_at=None)
    assert {hold.sample_id for hold in safety} == {sample.pk, pulp.pk, part.pk}, "neither the sample beside it nor the one above"
    assert safety.get(sample=part) == known, "what is held already keeps its hold"
    assert safety.get(sample=pulp).reason == "2.1 µSv/h. Found on a sample this one was taken from."
    assert [kinds_of(one).count("hold") for one in (sample, pulp, part, other)] == [2, 1, 1, 0]
    for hold in (first, safety.get(sample=pulp)):
        with pytest.raises(Blocked) as refused:
            release_hold(hold=hold, reason="looks fine", password=PASSWORD, by=cast.quality_manager)
        assert refused.value.code == "not_cleared", "each needs a measurement of its own"
    release_hold(hold=quality, reason="no pattern", by=cast.quality_manager)
    assert set(Sample.objects.filter(on_hold=True)) == {sample, pulp, part}
    assert compare_custody().equal

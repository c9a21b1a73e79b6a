"""Splits account for every gram; what is disposed of is gone but told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lims.core.errors import Blocked, DomainError, Forbidden, Invalid
from samples.custody.models import CustodyEvent
from samples.custody.reading import read_timeline
from samples.custody.verifying import verify_custody
from samples.models import Departure, Sample
from samples.services.consuming import advance_sample, advance_samples, consume_mass
from samples.services.disposing import dispose_sample
from samples.services.holding import hold_sample
from samples.services.splitting import Part, split_sample
from tests.factories.people import PASSWORD, Cast
from tests.factories.samples import make_samples

D = Decimal


def witnessed(cast: Cast, **more: Any) -> dict[str, Any]:
    """Why it leaves, and both passwords; the technician stands beside."""
    both = {"password": PASSWORD, "witness_password": PASSWORD, "witness": cast.technician}
    return {"reason": "retention of 90 days ended; to the NORM store", **both, **more}


def in_laboratory(cast: Cast, n: int = 1) -> list[Sample]:
    """Samples as a receipt leaves them; the receipt itself has its own tests."""
    samples = make_samples(cast, n)
    Sample.objects.filter(pk__in=[sample.pk for sample in samples]).update(
        state="received", holder=cast.organisations["lab"], laboratory=cast.organisations["lab"]
    )
    return [Sample.objects.get(pk=sample.pk) for sample in samples]


def refuse(sample: Sample, kind: type[DomainError], call: Any, **arguments: Any) -> DomainError:
    """A refusal after which samples and ledger are as before."""
    before, events = list(Sample.objects.order_by("pk").values()), CustodyEvent.objects.count()
    with pytest.raises(kind) as refusal:
        call(sample=sample, **arguments)
    assert list(Sample.objects.order_by("pk").values()) == before
    assert CustodyEvent.objects.count() == events
    return refusal.value


def test_split_makes_samples_that_inherit_and_accounts_for_the_mass(cast: Cast) -> None:
    (parent,) = in_laboratory(cast)
    parts = [Part(mass_g=D("250"), kind="pulp", container="jar"), Part(mass_g=D("1000"), kind="reject", seal_number="L-1")]
    pulp, reject = split_sample(sample=parent, parts=parts, remaining_g=D("880"), by=cast.technician)
    parent.refresh_from_db()
    assert (parent.mass_g, parent.collected_mass_g) == (D("880"), D("2140.5"))
    assert (pulp.parent_id, pulp.kind, pulp.mass_g, pulp.container, pulp.state) == (parent.pk, "pulp", D("250"), "jar", "received")
    assert (reject.container, reject.seal_number, reject.mine_id) == ("poly bag", "L-1", parent.mine_id)
    assert pulp.laboratory_id == parent.laboratory_id
    assert pulp.code != pulp.blind_code
    event = read_timeline(parent, cast.technician)[-1]
    assert (event.kind, event.content["mass_g"], event.content["detail"]["loss_g"]) == ("split", "880.000", "10.500")
    assert [one.kind for one in read_timeline(reject, cast.technician)] == ["split", "sealed"]
    assert verify_custody().clean


@pytest.mark.parametrize(
    ("parts", "remaining", "pointer"),
    [
        ([], "2140.5", "/parts"),
        (["-1"], "0", "/parts/0/mass_g"),
        (["0"], "0", "/parts/0/mass_g"),
        (["NaN"], "0", "/parts/0/mass_g"),
        (["1.23456"], "2139", "/parts/0/mass_g"),
        (["1000"], "-1", "/remaining_g"),
        (["2000"], "200", "/parts"),
        (["1000"], "1000", "/reason"),
    ],
)
def test_split_that_does_not_add_up_is_refused(cast: Cast, parts: list[str], remaining: str, pointer: str) -> None:
    (parent,) = make_samples(cast)
    error = refuse(
        parent, Invalid, split_sample, parts=[Part(mass_g=D(mass)) for mass in parts], remaining_g=D(remaining), by=cast.collector
    )
    assert error.problems[0].pointer == pointer


def test_large_loss_passes_with_a_reason_and_is_told(cast: Cast) -> None:
    (parent,) = make_samples(cast)
    split_sample(sample=parent, parts=[Part(mass_g=D("1000"))], remaining_g=D("1000"), reason="bag torn in the splitter", by=cast.collector)
    event = read_timeline(parent, cast.collector)[-1]
    assert (event.content["detail"]["loss_g"], event.disclosed["remark"]) == ("140.500", "bag torn in the splitter")


def test_split_is_for_whoever_holds_the_sample(cast: Cast) -> None:
    (field,), (lab,) = make_samples(cast), in_laboratory(cast)
    part = {"parts": [Part(mass_g=D("1"))], "remaining_g": D("2139.5")}
    assert refuse(field, Blocked, split_sample, by=cast.technician, **part).code == "not_holder"
    assert refuse(lab, Blocked, split_sample, by=cast.collector, **part).code == "not_holder"
    refuse(lab, Forbidden, split_sample, by=cast.analyst, **part)


def test_held_sample_is_neither_split_nor_used_nor_disposed_of(cast: Cast) -> None:
    (sample,) = in_laboratory(cast)
    hold_sample(sample=sample, kind="safety", reason="dose rate", by=cast.technician)
    assert refuse(sample, Blocked, split_sample, parts=[Part(mass_g=D(1))], remaining_g=D(1), by=cast.technician).code == "on_hold"
    assert refuse(sample, Blocked, consume_mass, mass_g=D(1), purpose="test portion", by=cast.technician).code == "on_hold"
    assert refuse(sample, Blocked, advance_sample, step="prepare", by=cast.technician).code == "on_hold"
    assert refuse(sample, Blocked, dispose_sample, by=cast.quality_manager, **witnessed(cast)).code == "on_hold"


def test_seal_of_a_part_is_new(cast: Cast) -> None:
    (parent,) = make_samples(cast)
    parts = [Part(mass_g=D("10"), seal_number="SEAL-000000"), Part(mass_g=D("10"), seal_number="K"), Part(mass_g=D("10"), seal_number="K ")]
    error = refuse(parent, Invalid, split_sample, parts=parts, remaining_g=D("2110"), by=cast.collector)
    assert [problem.pointer for problem in error.problems] == [f"/parts/{index}/seal_number" for index in range(3)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_mass_appears_in_a_split(cast: Cast, data: st.DataObject) -> None:
    (parent,) = make_samples(cast)
    milligrams = st.integers(min_value=1, max_value=2_200_000)
    parts = [Part(mass_g=D(data.draw(milligrams)) / 1000) for _ in range(data.draw(st.integers(1, 3)))]
    remaining = D(data.draw(milligrams)) / 1000
    try:
        children = split_sample(sample=parent, parts=parts, remaining_g=remaining, reason="r", by=cast.collector)
    except Invalid:
        assert not parent.children.exists()
        return
    after = Sample.objects.get(pk=parent.pk).mass_g + sum(child.mass_g for child in children)
    assert after <= D("2140.5") * D("1.02")


def test_consumed_mass_leaves_the_sample_and_stands_in_the_ledger(cast: Cast) -> None:
    (sample,) = in_laboratory(cast)
    left = consume_mass(sample=sample, mass_g=D("0.1002"[:5]), purpose="test portion", by=cast.technician)
    assert left.mass_g == D("2140.400")
    event = read_timeline(sample, cast.technician)[-1]
    assert (event.kind, event.content["mass_g"], event.content["detail"]) == ("consumed", "0.100", {"remaining_g": "2140.400"})


@pytest.mark.parametrize(
    ("mass", "code"),
    [
        ("0", "mass_not_positive"),
        ("-1", "mass_not_positive"),
        ("NaN", "mass_not_positive"),
        ("2140.501", "not_enough_mass"),
        ("0.0001", "too_precise"),
    ],
)
def test_impossible_portion_is_refused(cast: Cast, mass: str, code: str) -> None:
    (sample,) = in_laboratory(cast)
    assert refuse(sample, Invalid, consume_mass, mass_g=D(mass), purpose="test portion", by=cast.technician).code == code


def test_samples_advance_together_or_not_at_all(cast: Cast) -> None:
    first, second = in_laboratory(cast, 2)
    assert {sample.state for sample in advance_samples(samples=[first, second], step="prepare", by=cast.technician)} == {"in_preparation"}
    hold_sample(sample=second, kind="quality", reason="mixed up?", by=cast.analyst)
    with pytest.raises(Blocked):
        advance_samples(samples=[first, second], step="analyse", by=cast.technician)
    assert set(Sample.objects.values_list("state", flat=True)) == {"in_preparation"}
    with pytest.raises(KeyError):
        advance_sample(sample=first, step="receive", by=cast.technician)


def test_disposal_ends_the_sample_and_tells_what_went(cast: Cast) -> None:
    (sample,) = in_laboratory(cast)
    gone = dispose_sample(sample=sample, by=cast.quality_manager, **witnessed(cast))
    assert (gone.state, gone.mass_g) == ("disposed", 0)
    assert read_timeline(gone, cast.quality_manager)[-1].content["mass_g"] == "2140.500"
    left = Departure.objects.get()
    assert (left.performed_by, left.witness, left.mass_g, left.early) == (cast.quality_manager, cast.technician, D("2140.5"), False)
    assert left.signature.content_hash == left.witness_signature.content_hash
    assert refuse(sample, Blocked, dispose_sample, by=cast.quality_manager, **witnessed(cast)).code == "wrong_state"


def test_disposal_is_for_the_holders_quality_manager_with_a_reason(cast: Cast) -> None:
    (sample,) = in_laboratory(cast)
    assert refuse(sample, Blocked, dispose_sample, by=cast.outsiders["quality_manager"], **witnessed(cast)).code == "not_holder"
    assert refuse(sample, Invalid, dispose_sample, by=cast.quality_manager, **witnessed(cast, reason=" ")).code == "reason_missing"
    for wrong in (cast.quality_manager, cast.collector, cast.outsiders["technician"]):
        assert refuse(sample, Invalid, dispose_sample, by=cast.quality_manager, **witnessed(cast, witness=wrong)).code == "witness"
    false = refuse(sample, Invalid, dispose_sample, by=cast.quality_manager, **witnessed(cast, witness_password="guessed"))
    assert [one.pointer for one in false.problems] == ["/witness_password"]
    for role in ("collector", "technician", "official", "administrator"):
        refuse(sample, Forbidden, dispose_sample, by=cast.people[role], **witnessed(cast))

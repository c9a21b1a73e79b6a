"""What is stored of a sample follows from its custody events alone, and a row that says otherwise is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command

from lims.jobs.models import JobState
from lims.jobs.services import create_regular_job, run_job
from samples.custody.comparing import compare_custody
from samples.custody.deriving import CustodyState, RecordedEvent, derive_state
from samples.custody.models import CustodyEvent
from samples.models import Discrepancy, Hold, Sample
from samples.services.consigning import unpack_sample
from samples.services.consuming import advance_sample, consume_mass
from samples.services.correcting import correct_sample
from samples.services.handing_over import answer_handover, offer_handover
from samples.services.holding import hold_sample, release_hold
from samples.services.receiving import receive_consignment
from samples.services.settling import settle_discrepancy
from samples.services.splitting import Part, split_sample
from samples.services.straying import find_samples, lose_samples, refuse_receipt
from tests.factories.consignments import (
    found_as_sent,
    hand_over,
    make_arrived,
    make_consignment,
    make_dispatched,
    make_received,
    samples_of,
)
from tests.factories.people import PASSWORD, Cast
from tests.factories.samples import make_mine, make_samples

D = Decimal


def events_of(sample: Sample) -> list[RecordedEvent]:
    """A sample's events as the fold takes them."""
    rows = CustodyEvent.objects.filter(sample=sample).select_related("disclosure").order_by("seq")
    return [RecordedEvent(row.kind, json.loads(bytes(row.canonical)), {k: v[1] for k, v in row.disclosure.fields.items()}) for row in rows]


def make_a_history(cast: Cast) -> list[Sample]:
    """Samples at every stage: registered, corrected, packed and unpacked, offered, received with differences, split, consumed, lost."""
    make_samples(cast, 2, duplicate_of="")
    make_mine("CH2", "Chipwe South")
    moved = make_samples(cast, 1)[0]
    correct_sample(sample=moved, changes={"mine": "CH2", "mass_g": D("1999")}, reason="wrong pit written down", by=cast.collector)
    open_box = make_consignment(cast, 2)
    unpack_sample(consignment=open_box, sample=samples_of(open_box)[0], by=cast.collector)
    offered = make_dispatched(cast, 1)
    offer_handover(consignment=offered, receiver=cast.organisations["carrier"], place="Myitkyina", by=cast.collector)
    refused = make_dispatched(cast, 1)
    handover = offer_handover(consignment=refused, receiver=cast.organisations["carrier"], by=cast.collector)
    answer_handover(handover=handover, accept=False, remark="bag torn", place="Waingmaw", by=cast.custodian)
    handover = offer_handover(consignment=refused, receiver=cast.organisations["carrier"], by=cast.collector)
    answer_handover(handover=handover, accept=True, seals_intact=True, by=cast.custodian)
    strays = make_dispatched(cast, 3)
    lost, found, _onward = samples_of(strays)
    lose_samples(consignment=strays, samples=[lost, found], place="Tanai", reason="the raft turned over", by=cast.collector)
    find_samples(consignment=strays, samples=[found], place="Shingbwiyang", by=cast.collector)
    hand_over(strays, cast.collector, cast.custodian)
    refuse_receipt(consignment=strays, samples=[found], reason="wet through", by=cast.receptionist)
    arrived = make_arrived(cast, 4)
    here, heavier, broken, missing = samples_of(arrived)
    findings = [
        found_as_sent(here),
        found_as_sent(heavier, mass_g=D("2100"), container_count=2),
        found_as_sent(broken, seal_condition="broken"),
    ]
    receive_consignment(consignment=arrived, items=findings, by=cast.receptionist)
    for sample, decision in [(broken, "refuse"), (missing, "lost"), (heavier, "accept")]:
        for one in Discrepancy.objects.filter(sample=sample, decided_at=None):
            if Discrepancy.objects.undecided().filter(pk=one.pk).exists():
                settle_discrepancy(discrepancy=one, decision=decision, reason="looked into", password=PASSWORD, by=cast.quality_manager)
    hold: Hold = hold_sample(sample=here, kind="customer", reason="the customer asks", by=cast.receptionist)
    release_hold(hold=hold, reason="answered", by=cast.quality_manager)
    hold_sample(sample=heavier, kind="safety", reason="dose rate to be looked at", by=cast.receptionist)
    here.refresh_from_db()
    [pulp, _] = split_sample(
        sample=here, parts=[Part(mass_g=D("500"), kind="pulp"), Part(mass_g=D("1600"))], remaining_g=D("30"), by=cast.technician
    )
    advance_sample(sample=pulp, step="prepare", by=cast.technician)
    consume_mass(sample=pulp, mass_g=D("0.25"), purpose="test portion", by=cast.technician)
    advance_sample(sample=pulp, step="analyse", by=cast.technician)
    return list(Sample.objects.order_by("pk"))


def test_every_stage_of_a_life_follows_from_the_ledger(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    samples = make_a_history(cast)
    result = compare_custody()
    assert [str(one) for one in result.first] == []
    assert (result.samples, result.events) == (len(samples), CustodyEvent.objects.count())
    call_command("compare_custody")
    call_command("verify_custody")
    assert "follows from it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("holder", lambda cast: cast.organisations["other_lab"]),
        ("place", lambda cast: "somewhere else"),
        ("state", lambda cast: "received"),
        ("mass_g", lambda cast: D("499.751")),
        ("container_count", lambda cast: 3),
        ("seal_number", lambda cast: "FOREIGN"),
        ("on_hold", lambda cast: True),
        ("has_open_discrepancy", lambda cast: True),
        ("parent", lambda cast: None),
    ],
)
def test_a_row_that_says_otherwise_is_named(
    cast: Cast, capsys: pytest.CaptureFixture[str], field: str, value: Callable[[Cast], Any]
) -> None:
    [whole] = samples_of(make_received(cast, 1))
    [pulp] = split_sample(sample=whole, parts=[Part(mass_g=D("500"), kind="pulp")], remaining_g=D("1640"), by=cast.technician)
    advance_sample(sample=pulp, step="prepare", by=cast.technician)
    consume_mass(sample=pulp, mass_g=D("0.25"), purpose="test portion", by=cast.technician)
    assert compare_custody().equal
    Sample.objects.filter(pk=pulp.pk).update(**{field: value(cast)})
    result = compare_custody()
    assert [(one.sample_code, one.field) for one in result.first] == [(pulp.code, field)]
    with pytest.raises(SystemExit) as ending:
        call_command("compare_custody")
    assert ending.value.code == 1
    assert f"sample {pulp.code}, {field}: derived" in capsys.readouterr().err


def test_nightly_comparison_is_a_job_that_fails_with_the_first_difference(cast: Cast) -> None:
    [sample] = make_samples(cast)
    job = create_regular_job("compare_custody")
    assert job is not None
    assert create_regular_job("compare_custody") is None
    assert run_job(job.pk).state == JobState.DONE  # type: ignore[union-attr]
    Sample.objects.filter(pk=sample.pk).update(place="nowhere")
    second = create_regular_job("compare_custody")
    assert second is not None
    done = run_job(second.pk)
    assert done is not None
    assert (done.state, done.error_code) == (JobState.FAILED, "custody_differs")
    assert sample.code in done.message


def test_a_part_of_an_older_ledger_is_where_its_parent_was(cast: Cast) -> None:
    [whole] = samples_of(make_received(cast, 1))
    [pulp] = split_sample(sample=whole, parts=[Part(mass_g=D("500"), kind="pulp")], remaining_g=D("1640"), by=cast.technician)
    parent = derive_state(events_of(whole))
    [event] = events_of(pulp)
    older = RecordedEvent(event.kind, {**event.content, "detail": {"parent": str(whole.pk), "kind": "pulp"}})
    state = derive_state([older], given=parent)
    assert (state.holder, state.place, state.state) == (str(cast.organisations["lab"].pk), "Bhopal Laboratory", "received")
    assert not state.steps_recorded


def test_what_cannot_follow_is_a_problem() -> None:
    def event(kind: str, mass: str | None = None, **detail: str) -> RecordedEvent:
        return RecordedEvent(kind, {"mass_g": mass, "container_count": 1, "seal_number": "", "detail": detail}, {"holder": "h"})

    def problems(*events: RecordedEvent) -> list[str]:
        state: CustodyState = derive_state(events)
        return state.problems

    begun = event("collected", "10.000")
    assert problems(begun, event("consumed", "11.000")) == ["consumed: 1.000 g more left than there were"]
    assert problems(begun, event("consumed", "1.000", remaining_g="8.000")) == ["consumed: it says 8.000 g are left, 9.000 g are"]
    assert problems(begun, event("acknowledged")) == ["acknowledged: nobody had handed it over"]
    assert problems(begun, event("relinquished"), event("relinquished")) == ["relinquished: an earlier handover had no answer"]
    assert problems(event("dispatched")) == ["begins with dispatched"]


def test_an_event_that_lacks_what_its_kind_says_is_a_problem_and_the_rest_still_counts() -> None:
    content = {"detail": {}, "mass_g": "12.000", "container_count": 1}
    events = [RecordedEvent("collected", content, {"place": "Pangwa"}), RecordedEvent("stored", content), RecordedEvent("lost", content)]
    state = derive_state(events)
    assert (state.state, state.mass_g, state.problems) == ("lost", D("12.000"), ["stored: it does not say its position"])

"""The seal register: issued once, used once, and a discrepancy where something else turns up."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lims.core.errors import Blocked, Forbidden, Invalid, NotFound
from samples.custody.reading import read_timeline
from samples.models import Discrepancy, Sample, SealBatch, SealUse
from samples.selectors.seals import read_seal
from samples.services.issuing import issue_seals, void_seals
from samples.services.receiving import receive_consignment
from samples.services.sealing import SealSeen, find_seal_problems, seal_warnings
from tests.factories.consignments import found_as_sent, make_arrived
from tests.factories.people import Cast
from tests.factories.samples import make_samples


def issue(cast: Cast, first: str = "SEAL-000000", last: str = "SEAL-000099", to: str = "irel") -> SealBatch:
    return issue_seals(first=first, last=last, organisation=cast.organisations[to], team="North", by=cast.official)


def test_without_a_register_no_seal_is_doubted(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    assert sample.seal_finding == ""
    assert SealUse.objects.get().number == sample.seal_number


def test_each_doubtful_seal_warns_when_registered_and_is_a_discrepancy_when_received(cast: Cast) -> None:
    batch = issue(cast)
    issue(cast, "OTHER-001", "OTHER-009", to="carrier")
    void_seals(batch=batch, first="SEAL-000050", kind="lost", reason="bag of seals lost", by=cast.collector)
    SealUse.objects.create(
        number="SEAL-000051", kind="applied", organisation=cast.collector.organisation, used_by=cast.collector, used_at=batch.issued_at
    )
    numbers = {"SEAL-000001": "", "WILD-7": "seal_unissued", "OTHER-003": "seal_foreign", "SEAL-000050": "seal_void"}
    numbers |= {"SEAL-000051": "seal_reused"}
    samples = [make_samples(cast, seal_number=number)[0] for number in numbers]
    assert [sample.seal_finding for sample in samples] == list(numbers.values())
    assert seal_warnings(samples[1]) == ["Seal WILD-7 is not in the register: it was never issued to anybody."]
    sealed = [event for event in read_timeline(samples[1], cast.collector) if event.kind == "sealed"]
    assert sealed[0].content["detail"] == {"register": "seal_unissued"}
    consignment = make_arrived(cast, 0, samples=samples)
    receive_consignment(consignment=consignment, items=[found_as_sent(sample) for sample in samples], by=cast.receptionist)
    found = dict(Discrepancy.objects.values_list("sample__seal_number", "kind"))
    assert found == {number: kind for number, kind in numbers.items() if kind}
    assert not any("carrier" in detail.lower() for detail in Discrepancy.objects.values_list("detail", flat=True))


def test_a_thousand_seals_are_one_question(cast: Cast) -> None:
    issue(cast)
    seals = [SealSeen(number=f"SEAL-{n:06d}", organisation_id=cast.collector.organisation_id) for n in range(1000)]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        findings = find_seal_problems(seals)
    assert len(queries) == 1
    assert (findings.count(""), findings.count("seal_unissued")) == (100, 900)


def test_a_seal_is_issued_once_and_only_unused_ones_are_taken_back(cast: Cast) -> None:
    batch = issue(cast)
    with pytest.raises(Invalid) as twice:
        issue(cast, "SEAL-000099", "SEAL-000120")
    assert twice.value.code == "issued_before"
    for first, last in (("NONE", "NONE"), ("A-1", "B-2"), ("A-9", "A-1"), ("A-000000001", "A-900000000")):
        with pytest.raises(Invalid):
            issue(cast, first, last)
    with pytest.raises(Forbidden):
        issue_seals(first="B-1", last="B-2", organisation=cast.organisations["irel"], by=cast.collector)
    make_samples(cast, seal_number="SEAL-000010")
    with pytest.raises(Blocked) as used:
        void_seals(batch=batch, first="SEAL-000005", last="SEAL-000015", reason="r", by=cast.collector)
    assert used.value.code == "seal_used"
    with pytest.raises(Invalid):
        void_seals(batch=batch, first="SEAL-000200", reason="r", by=cast.collector)
    with pytest.raises(Forbidden):
        void_seals(batch=batch, first="SEAL-000005", reason="r", by=cast.custodian)
    void_seals(batch=batch, first="SEAL-000005", last="SEAL-000009", kind="returned", reason="not needed", by=cast.collector)
    with pytest.raises(Blocked):
        void_seals(batch=batch, first="SEAL-000009", reason="r", by=cast.official)
    assert SealBatch.objects.count() == 1


def test_a_seals_life_is_told_to_each_as_far_as_it_is_theirs(cast: Cast) -> None:
    issue(cast)
    consignment = make_arrived(cast, 1)
    sample = Sample.objects.get()
    broken = found_as_sent(sample, seal_condition="broken")
    receive_consignment(consignment=consignment, items=[broken], by=cast.receptionist)
    number = sample.seal_number or ""
    life = read_seal(number.lower(), cast.official)
    assert (life.state, [event.kind for event in life.events]) == ("broken", ["issued", "applied", "broken"])
    seen = read_seal(number, cast.quality_manager)
    assert cast.collector.organisation.name not in str(seen.events)
    assert seen.events[-1].sample == sample.blind_code
    with pytest.raises(NotFound):
        read_seal(number, cast.outsiders["quality_manager"])

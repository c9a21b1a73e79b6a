"""Recording provenance, its evidence, and the signed assessment of its red flags."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from lims.core import clock
from lims.core.errors import Blocked, DomainError, Forbidden, Invalid, Stale
from lims.core.files import read_bytes
from samples.models import Hold
from samples.provenance.models import Assessment, Evidence, ProvenanceRecord
from samples.provenance.selectors import find_record, flag_states, lots_without_record, standing_of, summarise
from samples.provenance.services.assessing import assess_flag, find_flag
from samples.provenance.services.evidence import add_evidence
from samples.provenance.services.recording import add_part, change_part, change_provenance, record_profile, record_provenance
from samples.services.consigning import dispatch_consignment, pack_samples
from samples.services.holding import hold_sample
from tests.factories.consignments import kinds_of, make_consignment, make_dispatched, make_received, samples_of
from tests.factories.people import PASSWORD, Cast
from tests.factories.pictures import picture
from tests.factories.provenance import make_parts, make_provenance
from tests.factories.samples import make_mine, make_samples

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
KNOWN = {"conflict_area": "yes", "armed_control": "yes", "capacity_t_per_year": Decimal(40), "source": "Team report of 3 March"}


def fresh(record: ProvenanceRecord, cast: Cast) -> ProvenanceRecord:
    return find_record(record.code, cast.official)


def assess(record: ProvenanceRecord, cast: Cast, flag: str = "armed_group_paid", **more: Any) -> Assessment:
    words = {
        "decision": "continue",
        "reason": "Tax of the road",
        "mitigation": "Ask for receipts",
        "password": PASSWORD,
        "by": cast.official,
    }
    if "shown_hash" not in more:
        words["shown_hash"] = find_flag(fresh(record, cast), flag).digest
    return assess_flag(record=record, flag=flag, **(words | more))


def test_a_record_tells_what_is_missing_and_which_flags_are_raised(cast: Cast) -> None:
    record = make_provenance(cast, parts=make_parts())
    record_profile(mine=record.mine, values=KNOWN, reason="first entry", by=cast.official)

    standing = standing_of(fresh(record, cast))
    assert [one.code for one in standing.missing] == ["operator", "evidence"]
    assert [one.flag.code for one in standing.flags] == [
        "origin_conflict",
        "transit_conflict",
        "armed_control",
        "armed_group_paid",
        "no_permit",
        "no_evidence",
    ]
    assert standing.open_flags == 6
    assert "Checkpoint of the road" not in str([one.content for one in standing.flags])


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"mine": "other"}, "nothing_from_there"),
        ({"consignment": None}, "lot_missing"),
        ({"sent_on": "future"}, "future_day"),
        ({"quantity_kg": Decimal(-1)}, "record"),
    ],
)
def test_a_wrong_lot_is_refused_and_nothing_is_recorded(cast: Cast, more: dict[str, Any], code: str) -> None:
    made = {"other": make_mine("MM1", "Momauk"), "future": clock.today() + timedelta(days=1)}
    values = {"mine": make_mine(), "consignment": make_consignment(cast, 1)} | {
        key: made.get(str(value), value) for key, value in more.items()
    }
    with pytest.raises(Invalid) as refusal:
        record_provenance(values=values, by=cast.collector)
    assert refusal.value.code == code
    assert not ProvenanceRecord.objects.exists()


def test_one_lot_has_one_record_of_who_sent_it(cast: Cast) -> None:
    record = make_provenance(cast)
    with pytest.raises(Invalid, match=record.code):
        make_provenance(cast, consignment=record.consignment)
    with pytest.raises(Forbidden):
        change_provenance(record=record, values={"remark": "x"}, reason="x", by=cast.official)
    with pytest.raises(Forbidden):
        add_part(record=record, part="payments", values=make_parts()["payments"][0], by=cast.outsiders["collector"])
    assert not record.payments.exists()
    for outsider in (cast.outsiders["collector"], cast.receptionist, cast.custodian, cast.analyst):
        assert not ProvenanceRecord.objects.visible_to(outsider).exists()


def test_changes_keep_the_version_before_with_reason_and_a_stale_one_is_refused(cast: Cast) -> None:
    record = make_provenance(cast, parts=make_parts())
    read = record.version
    changed = change_provenance(
        record=record, values={"quantity_kg": Decimal(900)}, reason="weighed again", by=cast.collector, version=read
    )
    with pytest.raises(Stale):
        change_provenance(record=record, values={"quantity_kg": Decimal(1)}, reason="late", by=cast.collector, version=read)
    row = changed.payments.get()
    change_part(row=row, values={"payee": "Another"}, reason="misheard", struck=True, by=cast.collector)

    events = ProvenanceRecord.pgh_event_model.objects.filter(pgh_obj_id=record.pk).order_by("pgh_id")  # type: ignore[attr-defined]
    assert [event.quantity_kg for event in events][:2] == [Decimal(1200), Decimal(900)]
    assert events[1].pgh_context["reason"] == "weighed again"
    row.refresh_from_db()
    assert (row.number, row.struck, row.payee) == (1, True, "Another")


def test_a_flag_that_was_raised_stays_when_the_facts_no_longer_raise_it(cast: Cast) -> None:
    record = make_provenance(cast, parts=make_parts())
    change_part(row=record.payments.get(), values={}, reason="was another lot's", struck=True, by=cast.collector)

    state = find_flag(fresh(record, cast), "armed_group_paid")
    assert (state.raised, state.is_open) == (False, True)
    assess(record, cast, decision="continue", reason="The payment was another lot's", mitigation="None needed")
    assert not find_flag(fresh(record, cast), "armed_group_paid").is_open


def test_an_assessment_counts_until_the_facts_change_and_is_never_altered(cast: Cast) -> None:
    record = make_provenance(cast, parts=make_parts())
    made = assess(record, cast, decision="suspend", mitigation="")
    standing = standing_of(fresh(record, cast))
    assert standing.stops
    assert made.signature.meaning == "assessment"
    assert find_flag(fresh(record, cast), "armed_group_paid").current == made

    change_part(row=record.payments.get(), values={"payee": "Township office"}, reason="name was wrong", by=cast.collector)
    state = find_flag(fresh(record, cast), "armed_group_paid")
    assert (state.is_open, state.last, state.badge[0]) == (True, made, "warn")
    again = assess(record, cast)
    assert find_flag(fresh(record, cast), "armed_group_paid").current == again
    for change in (lambda: Assessment.objects.update(reason="x"), lambda: Assessment.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"password": "wrong"}, "password"),
        ({"mitigation": " "}, "mitigation"),
        ({"reason": " "}, "reason"),
        ({"decision": "forget"}, "decision"),
        ({"shown_hash": "0" * 64}, "stale_content"),
        ({"flag": "dates"}, "unknown_flag"),
        ({"by": "collector"}, "role"),
        ({"by": "administrator"}, "role"),
    ],
)
def test_what_is_not_signed_as_shown_by_an_official_leaves_the_flag_open(cast: Cast, more: dict[str, Any], code: str) -> None:
    record = make_provenance(cast, parts=make_parts())
    more = more | ({"by": cast.people[more["by"]]} if "by" in more else {}) | ({"shown_hash": "x"} if "flag" in more else {})
    with pytest.raises(DomainError) as refusal:
        assess(record, cast, **more)
    assert refusal.value.code == code
    assert not Assessment.objects.exists()


def test_evidence_is_what_its_bytes_are_and_comes_once(cast: Cast) -> None:
    record = make_provenance(cast, parts=make_parts())
    payment = record.payments.get()
    one = add_evidence(record=record, data=PDF, kind="receipt", file_name="../../etc/re\u202ecu.exe", payment=payment, by=cast.collector)
    same = add_evidence(record=record, data=PDF, kind="receipt", payment=payment, by=cast.collector)
    add_evidence(record=record, data=picture(), kind="photo", by=cast.collector)

    assert one == same
    assert (one.content_type, one.file_name, read_bytes("evidence", one.sha256)) == ("application/pdf", "recu.exe", PDF)
    assert Evidence.objects.count() == 2
    codes = {state.flag.code for state in flag_states(fresh(record, cast)) if state.raised}
    assert "no_evidence" not in codes


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"MZ\x90\x00 program",
        b"<html><script>alert(1)</script></html>",
        b"%PDF-1.7 cut off",
        picture()[:200],
        b"%!PS-Adobe",
        b"PK\x03\x04zip",
    ],
)
def test_hostile_files_are_refused_and_nothing_is_kept(cast: Cast, data: bytes) -> None:
    record = make_provenance(cast)
    with pytest.raises(Invalid):
        add_evidence(record=record, data=data, kind="permit", file_name="permit.pdf", by=cast.collector)
    with pytest.raises(DomainError, match="larger than"):
        add_evidence(record=record, data=b"%PDF-" + b"x" * (15 * 2**20) + b"%%EOF", kind="permit", by=cast.collector)
    assert not Evidence.objects.exists()


def test_the_overview_counts_lots_records_and_flags(cast: Cast) -> None:
    left = make_dispatched(cast, 2)
    assert [(one.code, mine.code, count) for one, mine, count in lots_without_record(cast.official)] == [(left.code, "PW1", 2)]
    make_provenance(cast, consignment=left)
    found = summarise(cast.official)
    assert (found.records, found.complete, found.without) == (1, 0, 0)
    assert found.open_flags == found.worst[0].open_flags > 0
    assert lots_without_record(cast.outsiders["collector"]) == []


def test_suspending_a_lot_holds_its_samples_until_nothing_stops_it_any_more(cast: Cast) -> None:
    consignment = make_received(cast, 2)
    record = make_provenance(cast, consignment=consignment, parts=make_parts())
    held, free = samples_of(consignment)
    hold_sample(sample=held, kind="provenance", reason="papers are asked for", by=cast.official)

    def state() -> list[bool]:
        return [sample.on_hold for sample in samples_of(consignment)]

    with pytest.raises(Forbidden):
        assess(record, cast, decision="suspend", by=cast.collector)
    assert state() == [True, False], "a refused assessment holds nothing"
    assess(record, cast, decision="suspend", mitigation="")
    assess(record, cast, flag="no_evidence", decision="disengage", mitigation="")
    assert state() == [True, True]
    opened = Hold.objects.get(sample=free)
    assert (opened.kind, opened.reason) == ("provenance", "Due diligence of its lot: suspend until it is clarified.")
    assert record.mine.name not in opened.reason
    assess(record, cast)
    assert state() == [True, True], "the other flag still stops the lot"
    assess(record, cast, flag="no_evidence")
    assert state() == [True, False], "what somebody held by hand stays"
    assert kinds_of(free)[-2:] == ["hold", "release"]


def test_what_enters_a_suspended_lot_is_held_at_once_and_goes_on_with_it(cast: Cast) -> None:
    consignment = make_consignment(cast, 1)
    record = make_provenance(cast, consignment=consignment, parts=make_parts())
    before, late, elsewhere = make_samples(cast, 3)
    pack_samples(consignment=consignment, samples=[before], by=cast.collector)
    assert kinds_of(before)[-1] == "packed", "a lot that nobody stopped takes samples as ever"
    assess(record, cast, decision="suspend", mitigation="")
    pack_samples(consignment=consignment, samples=[late], by=cast.collector)
    pack_samples(consignment=make_consignment(cast, 0), samples=[elsewhere], by=cast.collector)
    assert kinds_of(late)[-2:] == ["packed", "hold"]
    assert kinds_of(elsewhere)[-1] == "packed", "another lot of the mine is no matter of this assessment"
    with pytest.raises(Blocked) as refused:
        dispatch_consignment(consignment=consignment, by=cast.collector)
    assert any(late.code in one.sentence for one in refused.value.blockers)
    assess(record, cast)
    late.refresh_from_db()
    assert (late.on_hold, kinds_of(late)[-1]) == (False, "release")
    [later] = make_samples(cast, 1)
    pack_samples(consignment=consignment, samples=[later], by=cast.collector)
    assert kinds_of(later)[-1] == "packed", "a lot that goes on holds nothing"

"""Registering samples: codes, custody, history, and refusals that change nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from lims.core import clock
from lims.core.codes import check_code
from lims.core.errors import Forbidden, Invalid
from lims.core.models import CodeSequence
from samples.custody.models import CustodyDisclosure, CustodyEvent, CustodyHead
from samples.models import Sample, Visit
from samples.services.registering import register_samples
from tests.factories.people import Cast
from tests.factories.samples import make_mine, make_record, make_samples


def counts() -> tuple[int, ...]:
    """How much is stored: what a refusal must leave as it is."""
    numbers = list(CodeSequence.objects.values_list("last", flat=True))
    tables: list[Any] = [Sample, CustodyEvent, CustodyDisclosure, CustodyHead]
    return (*(table.objects.count() for table in tables), *numbers)


def refuse(cast: Cast, *records: Any) -> Invalid:
    """The refusal of a registration that must change nothing."""
    before = counts()
    with pytest.raises(Invalid) as refusal:
        register_samples(records=records, by=cast.collector)
    assert counts() == before
    return refusal.value


def test_registered_sample_has_codes_that_check_and_belongs_to_the_collectors_firm(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    stored = Sample.objects.get(pk=sample.pk)
    assert check_code(stored.code) == stored.code
    assert check_code(stored.blind_code) == stored.blind_code
    assert (stored.owner, stored.holder, stored.state) == (cast.collector.organisation, cast.collector.organisation, "collected")
    assert (stored.mass_g, stored.collected_mass_g, stored.depth_to_m) == (Decimal("2140.500"), Decimal("2140.500"), Decimal("1.80"))
    assert stored.collected_by == cast.collector.full_name
    assert stored.place == "Pangwa North"


def test_returned_samples_equal_what_is_stored(cast: Cast) -> None:
    for sample in make_samples(cast, 3):
        stored = Sample.objects.get(pk=sample.pk)
        for field in Sample._meta.concrete_fields:
            assert getattr(sample, field.attname) == getattr(stored, field.attname), field.name


def test_custody_begins_with_collected_and_sealed(cast: Cast) -> None:
    sample, unsealed = make_samples(cast, 1)[0], make_samples(cast, 1, sealed=False)[0]
    events = list(CustodyEvent.objects.filter(sample=sample).order_by("seq"))
    assert [(event.seq, event.kind) for event in events] == [(1, "collected"), (2, "sealed")]
    assert bytes(events[1].previous) == bytes(events[0].hash)
    head = CustodyHead.objects.get(sample=sample)
    assert (head.seq, bytes(head.hash)) == (2, bytes(events[1].hash))
    assert [event.kind for event in CustodyEvent.objects.filter(sample=unsealed)] == ["collected"]


def test_bytes_of_the_first_events_do_not_tell_the_origin(cast: Cast) -> None:
    (sample,) = make_samples(cast, remark="beside the pump house", collected_by="Daw Mya")
    for event in CustodyEvent.objects.filter(sample=sample):
        text = bytes(event.canonical).decode()
        for secret in ("Pangwa", "25.92", "98.61", "pump house", "Daw Mya", "IREL", cast.collector.full_name, sample.field_id, sample.code):
            assert secret not in text


def test_history_names_who_registered(cast: Cast) -> None:
    (sample,) = make_samples(cast)
    version = Sample.pgh_event_model.objects.get(pgh_obj_id=sample.pk)  # type: ignore[attr-defined]
    assert version.pgh_label == "insert"
    assert version.pgh_context["actor"] == str(cast.collector.pk)
    assert version.pgh_context["reason"] == "registered"


def test_codes_of_one_call_are_consecutive_and_blind_codes_are_not(cast: Cast) -> None:
    samples = make_samples(cast, 20)
    numbers = [int(sample.code.split("-")[2]) for sample in samples]
    assert numbers == list(range(numbers[0], numbers[0] + 20))
    blind = [sample.blind_code for sample in samples]
    assert len(set(blind)) == 20
    assert blind != sorted(blind)


def test_dry_run_checks_and_writes_nothing(cast: Cast) -> None:
    make_mine()
    before = counts()
    assert register_samples(records=[make_record()], by=cast.collector, dry_run=True) == []
    assert counts() == before
    with pytest.raises(Invalid):
        register_samples(records=[make_record(mine="nowhere")], by=cast.collector, dry_run=True)


@pytest.mark.parametrize(
    ("member", "value", "code"),
    [
        ("mine", "Atlantis", "unknown_mine"),
        ("mine", "", "missing"),
        ("mass_g", Decimal("-1"), "mass_not_positive"),
        ("mass_g", Decimal("0"), "mass_not_positive"),
        ("mass_g", Decimal("NaN"), "mass_not_positive"),
        ("mass_g", Decimal("Infinity"), "mass_not_positive"),
        ("mass_g", Decimal("1E+400000"), "out_of_range"),
        ("mass_g", Decimal("1.2345"), "too_precise"),
        ("collected_at", datetime(2999, 1, 1, tzinfo=UTC), "future_time"),
        ("collected_at", datetime(1926, 1, 1, tzinfo=UTC), "too_old"),
        ("collected_at", datetime.min.replace(tzinfo=UTC), "too_old"),
        ("collected_at", datetime(2026, 1, 1), "zone_missing"),  # noqa: DTZ001
        ("collected_zone", "Rangoon", "unknown_zone"),
        ("material", "gold", "unknown_choice"),
        ("method", "guess", "unknown_choice"),
        ("container", " ", "missing"),
        ("container", "x" * 41, "too_long"),
        ("container_count", 0, "out_of_range"),
        ("latitude", Decimal("91"), "out_of_range"),
        ("longitude", Decimal("NaN"), "out_of_range"),
        ("longitude", None, "missing"),
        ("depth_to_m", Decimal("0.5"), "depth_order"),
        ("depth_from_m", None, "missing"),
        ("depth_from_m", Decimal("-1"), "out_of_range"),
        ("pit", "P9", "unknown_pit"),
        ("visit", "V-26-00001-X", "check_character"),
        ("visit", "V-26-00001-A", "unknown_visit"),
        ("visit", "no such", "unknown_visit"),
        ("duplicate_of", "S-26-00142-A", "check_character"),
        ("duplicate_of", "bag 7", "unknown_sample"),
        ("remark", "a\x00b", "unprintable"),
        ("field_id", "a\nb", "unprintable"),
        ("mine", "PW\x00", "unprintable"),
        ("seal_number", "\u202e123", "unprintable"),
    ],
)
def test_wrong_member_is_named_with_its_remedy(cast: Cast, member: str, value: Any, code: str) -> None:
    make_mine()
    from lims.core.codes import with_check_character

    if value == "V-26-00001-A":
        value = with_check_character("V-26-00001")
    elif isinstance(value, str) and value.endswith(("00001-X", "00142-A")):
        right = with_check_character(value[:-2])
        value = value[:-1] + ("A" if right[-1] != "A" else "B")
    error = refuse(cast, make_record(field_id="before"), make_record(**{member: value}))
    assert (f"/1/{member}", code) in [(problem.pointer, problem.code) for problem in error.problems]
    assert all(problem.pointer.startswith("/1/") for problem in error.problems)
    assert "record 2" in error.message


def test_misspelt_mine_is_suggested(cast: Cast) -> None:
    make_mine()
    error = refuse(cast, make_record(mine="Pangwa Nort"))
    assert "Pangwa North (PW1)" in error.problems[0].detail


def test_mine_is_found_by_code_name_and_uuid_whatever_the_case(cast: Cast) -> None:
    mine = make_mine()
    for name in ("pw1", "PANGWA NORTH", str(mine.pk)):
        (sample,) = register_samples(records=[make_record(mine=name)], by=cast.collector)
        assert sample.mine == mine


def test_seal_and_field_id_are_used_once(cast: Cast) -> None:
    make_samples(cast, 1, field_id="bag 1", seal_number="K-1")
    error = refuse(
        cast,
        make_record(field_id="bag 1", seal_number="K-1"),
        make_record(field_id="bag 2", seal_number="K-2"),
        make_record(field_id="bag 2", seal_number="K-2"),
    )
    assert [(problem.pointer, problem.code) for problem in error.problems] == [
        ("/0/seal_number", "duplicate_seal"),
        ("/0/field_id", "duplicate_field_id"),
        ("/1/seal_number", "duplicate_seal"),
        ("/1/field_id", "duplicate_field_id"),
        ("/2/seal_number", "duplicate_seal"),
        ("/2/field_id", "duplicate_field_id"),
    ]


def test_field_id_of_another_firm_does_not_matter(cast: Cast) -> None:
    make_samples(cast, 1, field_id="bag 1")
    (sample,) = make_samples(cast, 1, by=cast.outsiders["collector"], field_id="bag 1")
    assert sample.owner == cast.organisations["midwest"]


def test_duplicate_names_its_original_by_code_field_id_or_within_the_call(cast: Cast) -> None:
    (first,) = make_samples(cast, 1, field_id="bag 1")
    records = [
        make_record(duplicate_of=first.code.lower()),
        make_record(duplicate_of="bag 1"),
        make_record(duplicate_of="bag 2"),
        make_record(field_id="bag 2"),
    ]
    samples = register_samples(records=records, by=cast.collector)
    assert [sample.parent_id for sample in samples] == [first.pk, first.pk, samples[3].pk, None]
    assert [sample.kind for sample in samples] == ["field_duplicate"] * 3 + ["field"]


def test_duplicate_of_a_duplicate_of_the_same_call_is_refused(cast: Cast) -> None:
    make_mine()
    error = refuse(cast, make_record(field_id="a", duplicate_of="b"), make_record(field_id="b", duplicate_of="a"))
    assert {problem.code for problem in error.problems} == {"duplicate_of_duplicate"}
    assert refuse(cast, make_record(field_id="a", duplicate_of="a")).problems[0].code == "duplicate_of_duplicate"


def make_visit(cast: Cast, days: int = 3, organisation: str = "irel") -> Visit:
    today = clock.today()
    return Visit.objects.create(
        code="V-26-00001-P",
        organisation=cast.organisations[organisation],
        purpose="sampling",
        starts_on=today - timedelta(days=days),
        ends_on=today,
        recorded_by=cast.collector,
    )


def test_sample_of_a_visit_is_taken_at_its_mines_on_its_days(cast: Cast) -> None:
    mine, other = make_mine(), make_mine("CH2", "Chipwi South")
    visit = make_visit(cast)
    visit.mines.add(mine)
    (sample,) = register_samples(records=[make_record(visit=visit.code, pit="p1")], by=cast.collector)
    assert (sample.visit, sample.place) == (visit, "Pangwa North, P1")
    error = refuse(
        cast,
        make_record(visit=visit.code, mine=other.code),
        make_record(visit=visit.code, collected_at=clock.now() - timedelta(days=9)),
    )
    assert [(problem.pointer, problem.code) for problem in error.problems] == [
        ("/0/mine", "mine_not_visited"),
        ("/1/collected_at", "outside_visit"),
    ]


def test_visit_of_another_firm_does_not_exist(cast: Cast) -> None:
    make_mine()
    visit = make_visit(cast, organisation="midwest")
    assert refuse(cast, make_record(visit=visit.code)).problems[0].code in {"unknown_visit", "check_character"}


def test_day_of_the_visit_is_the_day_at_the_place(cast: Cast) -> None:
    mine = make_mine()
    visit = make_visit(cast)
    Visit.objects.filter(pk=visit.pk).update(starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 2))
    visit.mines.add(mine)
    # 20:00 UTC on 1 March is 02:30 on 2 March in Yangon.
    (sample,) = register_samples(
        records=[make_record(visit=visit.code, collected_at=datetime(2026, 3, 1, 20, tzinfo=UTC))], by=cast.collector
    )
    assert sample.visit == visit


@pytest.mark.parametrize(
    "role", ["custodian", "receptionist", "technician", "analyst", "reviewer", "signatory", "quality_manager", "official", "administrator"]
)
def test_only_collectors_register(cast: Cast, role: str) -> None:
    make_mine()
    with pytest.raises(Forbidden):
        register_samples(records=[make_record()], by=cast.people[role])
    assert not Sample.objects.exists()


def test_empty_call_is_refused(cast: Cast) -> None:
    assert refuse(cast).code == "empty"


def test_texts_of_any_script_are_kept(cast: Cast) -> None:
    remark = "ကချင် ပြည်နယ်\nकाचिन \t \\N \\. 'quoted'"
    (sample,) = make_samples(cast, 1, remark=remark, field_id="ကချင်-၁")
    stored = Sample.objects.get(pk=sample.pk)
    assert (stored.remark, stored.field_id) == (remark, "ကချင်-၁")


def test_registering_takes_the_same_number_of_queries_for_one_and_for_many(cast: Cast, django_assert_max_num_queries: Any) -> None:
    make_mine()
    records = [make_record(field_id=f"bag {number}", seal_number=f"K-{number}") for number in range(200)]
    with django_assert_max_num_queries(16):
        register_samples(records=records, by=cast.collector)

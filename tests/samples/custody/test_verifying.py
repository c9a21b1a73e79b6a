"""The ledger under attack: what the database refuses, and what the replay finds when somebody owns the database."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction

from lims.core import clock
from lims.core.ids import uuid7_keys
from samples.custody import ledger, replaying
from samples.custody.close_replaying import replay_closely
from samples.custody.comparing import compare_custody
from samples.custody.hashing import canonical_bytes
from samples.custody.models import CustodyDisclosure, CustodyEvent, CustodyHead
from samples.custody.reading import read_timeline
from samples.custody.sequencing import advance_log
from samples.custody.verifying import verify_custody
from samples.models import Sample
from samples.services.holding import hold_sample, release_hold
from samples.services.splitting import Part, split_sample
from tests.factories.callers import Caller
from tests.factories.consignments import make_received, samples_of
from tests.factories.people import Cast, make_cast
from tests.factories.samples import make_samples


@pytest.fixture
def attacked(fresh_database: str) -> list[Sample]:
    """Three samples of four events each in a database of one's own."""
    cast = make_cast()
    samples = make_samples(cast, 3)
    for sample in samples:
        hold = hold_sample(sample=sample, kind="custody", reason="seal number to be read again", by=cast.collector)
        release_hold(hold=hold, reason="read again, it fits", by=cast.quality_manager)
    assert verify_custody().clean
    return sorted(samples, key=lambda sample: sample.pk)


def attack(statement: str, *parameters: Any) -> None:
    """What somebody with the owner's rights can do: switch the triggers off and write."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for table in ("custody_custodyevent", "custody_custodydisclosure"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        # Deferred checks would wait for the end, after the triggers are to be switched on again.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement, parameters)
        assert cursor.rowcount > 0, "the attack must do something"
        for table in ("custody_custodyevent", "custody_custodydisclosure"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def first_bad() -> tuple[str, int | None, str]:
    """Sample code, event and detail of the first finding."""
    result = verify_custody()
    assert result.first is not None
    return result.first.sample_code, result.first.seq, result.first.detail


def test_clean_ledger_passes_and_is_counted(attacked: list[Sample], capsys: pytest.CaptureFixture[str]) -> None:
    call_command("verify_custody")
    assert "12 events of 3 samples" in capsys.readouterr().out


def test_rewritten_bytes_are_found(attacked: list[Sample]) -> None:
    event = CustodyEvent.objects.get(sample=attacked[1], seq=1)
    content = json.loads(bytes(event.canonical)) | {"mass_g": "9999.000"}
    attack("UPDATE custody_custodyevent SET canonical = %s WHERE id = %s", canonical_bytes(content), event.pk)
    assert first_bad() == (attacked[1].code, 1, "its bytes do not have the recorded hash")


def test_rewritten_and_rehashed_event_breaks_the_link_after_it(attacked: list[Sample]) -> None:
    event = CustodyEvent.objects.get(sample=attacked[1], seq=2)
    canonical = canonical_bytes(json.loads(bytes(event.canonical)) | {"seal_number": "FORGED"})
    digest = hashlib.sha256(canonical).digest()
    attack("UPDATE custody_custodyevent SET canonical = %s, hash = %s WHERE id = %s", canonical, digest, event.pk)
    assert first_bad() == (attacked[1].code, 3, "it does not name the event before it")


def test_rewritten_and_rehashed_last_event_does_not_fit_the_recorded_end(attacked: list[Sample]) -> None:
    event = CustodyEvent.objects.get(sample=attacked[0], seq=4)
    canonical = canonical_bytes(json.loads(bytes(event.canonical)) | {"purpose": "FORGED"})
    digest = hashlib.sha256(canonical).digest()
    attack("UPDATE custody_custodyevent SET canonical = %s, hash = %s WHERE id = %s", canonical, digest, event.pk)
    assert first_bad() == (attacked[0].code, 4, "the chain's recorded end is event 4 with another hash")


def delete_event(sample: Sample, seq: int) -> None:
    event = CustodyEvent.objects.get(sample=sample, seq=seq)
    attack("DELETE FROM custody_custodydisclosure WHERE event_id = %s", event.pk)
    attack("DELETE FROM custody_custodyevent WHERE id = %s", event.pk)


def test_deleted_last_event_is_missed(attacked: list[Sample]) -> None:
    delete_event(attacked[2], 4)
    assert first_bad() == (attacked[2].code, 4, "missing: the chain ends at 3, its recorded end is 4")


def test_deleted_middle_event_is_missed(attacked: list[Sample]) -> None:
    delete_event(attacked[2], 2)
    assert first_bad() == (attacked[2].code, 3, "event 2 is missing before it")


def test_swapped_events_are_found(attacked: list[Sample]) -> None:
    attack("UPDATE custody_custodyevent SET seq = 9 WHERE sample_id = %s AND seq = 2", attacked[0].pk)
    attack("UPDATE custody_custodyevent SET seq = 2 WHERE sample_id = %s AND seq = 3", attacked[0].pk)
    attack("UPDATE custody_custodyevent SET seq = 3 WHERE sample_id = %s AND seq = 9", attacked[0].pk)
    code, seq, _ = first_bad()
    assert (code, seq) == (attacked[0].code, 2)


@pytest.mark.parametrize(
    ("assignment", "column"),
    [
        ("kind = 'stored'", "kind"),
        ("occurred_at = occurred_at + interval '1 hour'", "occurred_at"),
        ("recorded_at = recorded_at - interval '1 microsecond'", "recorded_at"),
    ],
)
def test_a_column_alone_changed_is_found(attacked: list[Sample], assignment: str, column: str) -> None:
    attack(f"UPDATE custody_custodyevent SET {assignment} WHERE sample_id = %s AND seq = 2", attacked[1].pk)  # noqa: S608
    assert first_bad() == (attacked[1].code, 2, f"its columns differ from its bytes: {column}")


def test_event_moved_to_another_sample_is_found(attacked: list[Sample]) -> None:
    attack("UPDATE custody_custodyevent SET sample_id = %s, seq = 5 WHERE sample_id = %s AND seq = 4", attacked[0].pk, attacked[2].pk)
    assert first_bad()[:2] == (attacked[0].code, 5)


def test_changed_disclosure_is_found(attacked: list[Sample]) -> None:
    row = CustodyDisclosure.objects.get(event__sample=attacked[1], event__seq=1)
    fields = row.fields | {"place": [row.fields["place"][0], "Another mine"]}
    attack("UPDATE custody_custodydisclosure SET fields = %s WHERE id = %s", json.dumps(fields), row.pk)
    assert first_bad() == (attacked[1].code, 1, "the disclosed place is not what was committed to")

    # The same bytes cut elsewhere open the commitment too, unless a salt has its one length.
    salt, place = row.fields["place"]
    moved = row.fields | {"place": [salt + place[:1].encode().hex(), place[1:]]}
    attack("UPDATE custody_custodydisclosure SET fields = %s WHERE id = %s", json.dumps(moved), row.pk)
    assert first_bad() == (attacked[1].code, 1, "the disclosed place is not what was committed to")


@pytest.mark.parametrize("pair", [["zz", "Pangwa North"], ["00"], None, "text"])
def test_garbled_disclosure_is_found(attacked: list[Sample], pair: Any) -> None:
    row = CustodyDisclosure.objects.get(event__sample=attacked[1], event__seq=1)
    attack("UPDATE custody_custodydisclosure SET fields = %s WHERE id = %s", json.dumps(row.fields | {"place": pair}), row.pk)
    assert first_bad()[:2] == (attacked[1].code, 1)


def test_missing_disclosure_is_found(attacked: list[Sample]) -> None:
    row = CustodyDisclosure.objects.get(event__sample=attacked[1], event__seq=1)
    attack("DELETE FROM custody_custodydisclosure WHERE id = %s", row.pk)
    assert first_bad() == (attacked[1].code, 1, "what its commitments hide is missing")


def test_bytes_that_are_no_record_are_found(attacked: list[Sample]) -> None:
    garbage = b"not json"
    attack("UPDATE custody_custodyhead SET hash = %s WHERE sample_id = %s", hashlib.sha256(garbage).digest(), attacked[1].pk)
    attack(
        "UPDATE custody_custodyevent SET canonical = %s, hash = %s WHERE sample_id = %s AND seq = 4",
        garbage,
        hashlib.sha256(garbage).digest(),
        attacked[1].pk,
    )
    assert first_bad() == (attacked[1].code, 4, "its bytes are not a canonical record")


def test_sample_robbed_of_all_its_events_is_found(attacked: list[Sample]) -> None:
    attack("DELETE FROM custody_custodydisclosure USING custody_custodyevent e WHERE event_id = e.id AND e.sample_id = %s", attacked[1].pk)
    attack("DELETE FROM custody_custodyevent WHERE sample_id = %s", attacked[1].pk)
    assert first_bad() == (attacked[1].code, 1, "missing: the chain ends at 0, its recorded end is 4")
    attack("DELETE FROM custody_custodyhead WHERE sample_id = %s", attacked[1].pk)
    assert first_bad() == (attacked[1].code, None, "the sample has no custody at all")


def test_truncated_ledger_is_found(attacked: list[Sample]) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE custody_custodyevent DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE custody_custodydisclosure DISABLE TRIGGER USER")
        cursor.execute("TRUNCATE custody_custodyevent, custody_custodydisclosure")
    result = verify_custody()
    # Three chains, and what waited for its place in the log.
    assert (result.findings, result.first and result.first.sample_code) == (4, attacked[0].code)


def test_all_findings_are_counted_and_the_first_is_named_with_exit_code_1(
    attacked: list[Sample], capsys: pytest.CaptureFixture[str]
) -> None:
    attack("UPDATE custody_custodyevent SET kind = 'stored' WHERE seq = 2")
    with pytest.raises(SystemExit) as ended:
        call_command("verify_custody")
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert f"sample {attacked[0].code}, event 2: its columns differ from its bytes: kind" in said
    assert "3 findings" in said


def test_one_sample_is_checked_alone_by_any_of_its_codes(attacked: list[Sample], capsys: pytest.CaptureFixture[str]) -> None:
    attack("UPDATE custody_custodyevent SET kind = 'stored' WHERE seq = 2 AND sample_id = %s", attacked[0].pk)
    for name in (attacked[1].code.lower(), attacked[1].blind_code, str(attacked[1].pk)):
        call_command("verify_custody", sample=name)
        assert "4 events of 1 samples" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        call_command("verify_custody", sample=attacked[0].code)
    with pytest.raises(CommandError, match="no sample") as unknown:
        call_command("verify_custody", sample="S-26-99999-9")
    assert unknown.value.returncode == 2


def test_another_time_zone_of_the_session_gives_no_alarm(attacked: list[Sample]) -> None:
    with connection.cursor() as cursor:
        for zone in ("Asia/Yangon", "America/St_Johns", "UTC"):
            cursor.execute("SET TIME ZONE %s", [zone])
            assert verify_custody().clean, zone


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE custody_custodyevent SET kind = 'stored'",
        "DELETE FROM custody_custodyevent",
        "TRUNCATE custody_custodyevent CASCADE",
        "UPDATE custody_custodydisclosure SET fields = '{}'",
        "DELETE FROM custody_custodydisclosure",
        "DELETE FROM custody_custodyhead",
        "ALTER TABLE custody_custodyevent DISABLE TRIGGER ALL",
        "DROP TRIGGER append_only_rows ON custody_custodyevent",
        "SET session_replication_role = replica",
    ],
)
def test_application_role_is_refused(cast: Cast, statement: str) -> None:
    make_samples(cast)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert verify_custody().clean


def test_even_the_owner_is_refused_while_the_triggers_are_on(attacked: list[Sample]) -> None:
    for verb in (
        "UPDATE custody_custodyevent SET kind = 'stored'",
        "DELETE FROM custody_custodyevent",
        "TRUNCATE custody_custodyevent CASCADE",
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute(verb)
    assert verify_custody().clean


def test_replay_reads_in_chunks_within_a_snapshot(attacked: list[Sample], django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(14):
        assert verify_custody().events == 12


def test_empty_ledger_is_clean(cast: Cast) -> None:
    assert (verify_custody().clean, CustodyHead.objects.count()) == (True, 0)


def test_codes_exchanged_between_samples_are_found_by_their_first_events(attacked: list[Sample]) -> None:
    """The poor sample under the rich one's label: no event is touched, so the replay alone is content."""
    rich, poor, _ = attacked
    owned = Sample.objects.using("owner")
    for key, code, blind_code in (
        (rich.pk, "aside", "aside"),
        (poor.pk, rich.code, rich.blind_code),
        (rich.pk, poor.code, poor.blind_code),
    ):
        assert owned.filter(pk=key).update(code=code, blind_code=blind_code) == 1

    assert verify_custody().clean
    told = [(one.sample_id, one.field) for one in compare_custody().first]
    assert told == [(key, name) for key in (rich.pk, poor.pk) for name in ("code", "blind_code")]


def test_who_reads_custody_is_told_the_code_they_know_the_sample_by_and_no_other(cast: Cast) -> None:
    [parent] = samples_of(make_received(cast, 1))
    [part] = split_sample(
        sample=parent,
        parts=[Part(mass_g=Decimal(10), kind="pulp", container="envelope")],
        remaining_g=parent.mass_g - 10,
        reason="",
        by=cast.technician,
    )

    for sample in (parent, part):
        for role, expected in (
            ("collector", {"code", "blind_code"}),
            ("official", {"code", "blind_code"}),
            ("custodian", {"code"}),
            ("receptionist", {"blind_code"}),
            ("analyst", {"blind_code"}),
        ):
            first, *later = read_timeline(sample, cast.people[role])
            assert first.disclosed.keys() & {"code", "blind_code"} == expected, (role, sample.kind)
            assert not any(event.disclosed.keys() & {"code", "blind_code"} for event in later)


@pytest.mark.parametrize(("days", "words"), [(-400, "came into the log after it was signed"), (2, "the log was signed over it")])
def test_an_event_dated_back_or_in_advance_does_not_fit_the_checkpoints_around_it(attacked: list[Sample], days: int, words: str) -> None:
    """Whoever may write to the ledger appends an event of another day, with right links and hashes: nothing is rewritten."""
    advance_log()
    assert verify_custody().clean
    with patch("samples.custody.ledger.clock.now", return_value=clock.now() + timedelta(days=days)):
        hold_sample(sample=attacked[0], kind="quality", reason="as if it had been long ago", by=attacked[0].registered_by)
    advance_log()

    result = verify_custody()
    assert result.findings == 1
    assert result.first is not None
    assert words in result.first.detail
    assert verify_custody(contents=False).clean


def test_when_an_event_was_recorded_is_not_for_the_caller_to_say(cast: Cast) -> None:
    [sample] = samples_of(make_received(cast, 1))
    portions = [{"sample": sample.code, "mass_g": "5"}]

    answer = Caller(cast.receptionist).post(
        "/reconsignments/", {"addressee": cast.organisations["other_lab"].code, "portions": portions, "at": "2020-02-02T02:02:02Z"}
    )

    assert answer.status_code in {201, 422}, answer.content
    assert not CustodyEvent.objects.filter(recorded_at__lt=clock.now() - timedelta(hours=1)).exists()


def test_keys_in_another_order_than_the_events_raise_no_alarm(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a clock was set back: the pass in the order of keys suspects every sample, and the replay in order clears them."""
    judged: list[Any] = []
    monkeypatch.setattr(ledger, "uuid7_keys", lambda count: uuid7_keys(count)[::-1])
    monkeypatch.setattr(replaying, "replay_closely", lambda result, samples: (judged.extend(samples), replay_closely(result, samples)))
    samples = make_samples(cast, 3)
    assert verify_custody().clean
    assert judged == sorted(sample.pk for sample in samples)

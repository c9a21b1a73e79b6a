"""Somebody who owns the database, with the triggers off, all chains hashed again, and at last even the log's key.

Each attack is shown three times: the database refuses it; where the triggers are off the chains alone do not notice it, and the log does;
and where the log is built and signed anew over it, nothing on the server notices, and a witness does.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test import Client

from lims.core.ids import uuid7
from samples.custody import notes
from samples.custody.findings import Verification
from samples.custody.hashing import canonical_bytes, event_hash
from samples.custody.models import CustodyEvent, LogCheckpoint, Unsequenced
from samples.custody.replaying import replay_chains
from samples.custody.sequencing import advance_log, first_signer
from samples.custody.signing_key import make_key
from samples.custody.verifying import verify_custody
from samples.custody.witness import Memory, Refused, observe
from samples.models import Sample
from samples.services.holding import hold_sample, release_hold
from tests import databases
from tests.factories.people import Cast, make_cast
from tests.factories.samples import make_samples

_TABLES = ("custodyevent", "custodydisclosure", "logleaf", "lognode", "logcheckpoint", "logkey", "cosignature")
Event = dict[str, Any]


@pytest.fixture(autouse=True)
def own_key(tmp_path: Path, settings: Any) -> Path:
    """A key file of the test's own, which the attacker can read too."""
    settings.LOG_KEY_FILE = tmp_path / "log_key.pem"
    return tmp_path / "log_key.pem"


@pytest.fixture
def world(fresh_database: str) -> Cast:
    """Three samples of four events each."""
    cast = make_cast()
    for sample in make_samples(cast, 3):
        hold = hold_sample(sample=sample, kind="custody", reason="seal number to be read again", by=cast.collector)
        release_hold(hold=hold, reason="read again, it fits", by=cast.quality_manager)
    return cast


class ApiLog:
    """The log as a witness asks it, without a network."""

    def __init__(self) -> None:
        self.client = Client(headers={"host": "127.0.0.1"})

    def checkpoint(self) -> str:
        return str(self.client.get("/api/v1/custody/checkpoint/").text)

    def consistency(self, old: int, new: int) -> list[bytes]:
        answer = self.client.get(f"/api/v1/custody/consistency/?from={old}&to={new}").json()
        return [bytes.fromhex(digest) for digest in answer["hashes"]]

    def keys(self, size: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.get(f"/api/v1/custody/keys/?size={size}").json()["keys"]
        return found


def witnessed() -> Memory:
    """What a witness remembers that has just looked, knowing the log's key from outside."""
    advance_log()
    key = first_signer(notes.parse_checkpoint(notes.parse_note(LogCheckpoint.objects.latest("size").note).text).origin).verifier_key
    return observe(ApiLog(), Memory(key)).memory


@contextmanager
def owning() -> Iterator[Any]:
    """The owner's cursor with all triggers of custody off."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in _TABLES:
            cursor.execute(f"ALTER TABLE custody_{table} DISABLE TRIGGER USER")
        yield cursor
        for table in _TABLES:
            cursor.execute(f"ALTER TABLE custody_{table} ENABLE TRIGGER USER")


def events_of(sample: Sample) -> list[Event]:
    rows = (
        CustodyEvent.objects.filter(sample=sample)
        .order_by("seq")
        .values("id", "kind", "canonical", "occurred_at", "recorded_at", "organisation_id")
    )
    return [row | {"content": json.loads(bytes(row["canonical"]))} for row in rows]


def rewrite(sample: Sample, change: Callable[[list[Event]], list[Event]]) -> None:
    """Replace a sample's events by changed ones, numbered, linked and hashed again to the last, their disclosures and the end of the chain
    fitted: as thorough as an owner of the database can be."""
    events, previous = change(events_of(sample)), None
    with owning() as cursor:
        kept = [str(event["id"]) for event in events]
        cursor.execute(
            "DELETE FROM custody_custodydisclosure d USING custody_custodyevent e"
            " WHERE e.id = d.event_id AND e.sample_id = %s AND NOT e.id = ANY(%s::uuid[])",
            [sample.pk, kept],
        )
        cursor.execute("DELETE FROM custody_custodyevent WHERE sample_id = %s AND NOT id = ANY(%s::uuid[])", [sample.pk, kept])
        cursor.execute("UPDATE custody_custodyevent SET seq = seq + 1000 WHERE sample_id = %s", [sample.pk])
        for seq, event in enumerate(events, 1):
            link = previous.hex() if previous else None
            canonical = canonical_bytes(event["content"] | {"id": str(event["id"]), "seq": seq, "previous": link})
            values = [
                seq,
                event["kind"],
                event["occurred_at"],
                event["recorded_at"],
                previous,
                canonical,
                event_hash(canonical),
                event["id"],
            ]
            cursor.execute(
                "UPDATE custody_custodyevent SET seq = %s, kind = %s, occurred_at = %s, recorded_at = %s, previous = %s, canonical = %s,"
                " hash = %s WHERE id = %s",
                values,
            )
            if not cursor.rowcount:
                cursor.execute(
                    "INSERT INTO custody_custodyevent (seq, kind, occurred_at, recorded_at, previous, canonical, hash, id, sample_id,"
                    " organisation_id) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                    [*values, sample.pk, event["organisation_id"]],
                )
                disclosed = "INSERT INTO custody_custodydisclosure (id, event_id, fields) VALUES (%s, %s, %s)"
                cursor.execute(disclosed, [uuid7(), event["id"], json.dumps(event["fields"])])
            previous = event_hash(canonical)
        if events:
            cursor.execute("UPDATE custody_custodyhead SET seq = %s, hash = %s WHERE sample_id = %s", [len(events), previous, sample.pk])
        else:
            cursor.execute("DELETE FROM custody_custodyhead WHERE sample_id = %s", [sample.pk])
            for table, column in (("samples_hold", "sample_id"), ("samples_sealuse", "sample_id"), ("samples_sample", "id")):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
                cursor.execute(f"DELETE FROM {table} WHERE {column} = %s", [sample.pk])  # noqa: S608
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def rebuild_log() -> None:
    """The whole log anew over what is there now, signed with the log's own key: what an operator who cheats can do."""
    rows = CustodyEvent.objects.order_by("sample", "seq").values_list("id", "sample", "leaf__index")
    order: list[tuple[float, int, str]] = []
    for _, group in groupby(rows, key=lambda row: row[1]):
        events = list(group)
        # A sample's events take the places its events had, in the order they have now.
        places = sorted(place for _, _, place in events if place is not None) or [10**9]
        order += [(places[n] if n < len(places) else places[-1] + 0.5, n, str(row[0])) for n, row in enumerate(events)]
    with owning() as cursor:
        for table in ("cosignature", "logcheckpoint", "lognode", "unsequenced"):
            cursor.execute(f"DELETE FROM custody_{table}")  # noqa: S608
        cursor.execute("DELETE FROM custody_logleaf WHERE index > 0")
        for _, _, event in sorted(order):
            cursor.execute("INSERT INTO custody_unsequenced (event_id) VALUES (%s)", [event])
    advance_log()


def edit(events: list[Event]) -> list[Event]:
    events[1]["content"]["seal_number"] = "FORGED"
    return events


def delete_last(events: list[Event]) -> list[Event]:
    return events[:-1]


def delete_middle(events: list[Event]) -> list[Event]:
    return [events[0], *events[2:]]


def swap(events: list[Event]) -> list[Event]:
    return [events[0], events[2], events[1], events[3]]


def insert_back_dated(events: list[Event]) -> list[Event]:
    new = events[1] | {"id": uuid7(), "content": events[1]["content"] | {"commitments": {}}, "fields": {}}
    return [*events[:2], new, *events[2:]]


def drop_all(events: list[Event]) -> list[Event]:
    return []


def chains_alone() -> bool:
    """Whether the chains, without the log, look right: what a ledger without one would say."""
    result = Verification()
    replay_chains(result)
    return not [one for one in [result.first] if one and "leaf" not in one.detail]


@pytest.mark.parametrize(
    ("attack", "found", "refused"),
    [
        (edit, "its bytes are not those of its leaf", "rewritten: with the same 13 leaves"),
        (delete_last, "its event is missing", "truncated: it shows 12 leaves now and had 13"),
        (delete_middle, "its bytes are not those of its leaf", "truncated: it shows 12"),
        (swap, "its bytes are not those of its leaf", "rewritten: with the same 13 leaves"),
        (insert_back_dated, "its bytes are not those of its leaf", "rewritten: its 14 leaves do not begin with the 13"),
        (drop_all, "its event is missing", "truncated: it shows 9 leaves"),
    ],
)
def test_what_the_chains_do_not_notice_the_log_does_and_what_a_new_log_hides_a_witness_sees(
    world: Cast, attack: Callable[[list[Event]], list[Event]], found: str, refused: str
) -> None:
    victim = Sample.objects.order_by("id")[1]
    memory = witnessed()
    assert verify_custody().clean
    assert not observe(ApiLog(), memory).grew
    rewrite(victim, attack)
    assert chains_alone(), "the attack must be thorough enough for a ledger without a log"
    result = verify_custody()
    assert result.first is not None
    assert found in result.first.detail
    rebuild_log()
    assert verify_custody().clean, "nothing on the server shows it any more"
    with pytest.raises(Refused, match=refused):
        observe(ApiLog(), memory)


def test_an_honest_rebuild_of_the_log_is_the_same_log(world: Cast) -> None:
    """The control: without an attack the same steps raise no alarm, so it is the attack that is seen."""
    memory = witnessed()
    for sample in Sample.objects.all():
        rewrite(sample, lambda events: events)
    rebuild_log()
    assert not observe(ApiLog(), memory).grew


@pytest.mark.parametrize("table", _TABLES)
def test_the_database_refuses_even_its_owner_while_the_triggers_are_on(world: Cast, table: str) -> None:
    advance_log()
    for statement in ("TRUNCATE custody_{} CASCADE", "DELETE FROM custody_{}"):
        if table in {"cosignature", "lognode"} and statement.startswith("DELETE"):
            continue  # there is none yet, and a trigger for rows has nothing to refuse
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute(statement.format(table))


def test_a_truncated_ledger_is_found_and_its_new_beginning_refused(world: Cast) -> None:
    memory = witnessed()
    with owning() as cursor:
        cursor.execute("TRUNCATE custody_custodyevent, custody_custodydisclosure, custody_custodyhead CASCADE")
        cursor.execute("INSERT INTO custody_custodyhead (sample_id, seq, hash) SELECT id, 0, ''::bytea FROM samples_sample LIMIT 0")
    result = verify_custody()
    assert not result.clean
    make_samples(world, 1)
    rebuild_log()
    with pytest.raises(Refused, match="truncated"):
        observe(ApiLog(), memory)


def test_a_replaced_signing_key_is_found_and_refused(world: Cast, own_key: Path) -> None:
    memory = witnessed()
    own_key.unlink()
    stolen = notes.Signer(memory.key.name, make_key(own_key))
    with owning() as cursor:
        cursor.execute("UPDATE custody_logkey SET verifier = %s", [str(stolen.verifier_key)])
    make_samples(world, 1)
    assert advance_log().checkpoint, "without the announcements in the log the server would go on with the thief's key"
    result = verify_custody()
    assert result.first is not None
    assert "is not signed by the log's key" in result.first.detail
    with pytest.raises(Refused, match="no longer knows its key"):
        observe(ApiLog(), memory)


def test_an_older_backup_brought_back_cannot_pass_for_the_present(world: Cast, fresh_database: str) -> None:
    advance_log()
    connections.close_all()
    backup = f"{fresh_database}_backup"
    databases.create(backup, fresh_database)
    try:
        make_samples(world, 2)
        memory = witnessed()
        connections.close_all()
        databases.connect_to(backup)
        assert verify_custody().clean, "nothing in it shows that it is old"
        with pytest.raises(Refused, match="truncated: it shows 13 leaves now and had 17"):
            observe(ApiLog(), memory)
        make_samples(make_world_again(), 5)
        advance_log()
        with pytest.raises(Refused, match="do not begin with the 17"):
            observe(ApiLog(), memory)
    finally:
        connections.close_all()
        databases.connect_to(fresh_database)
        databases.drop(backup)


def make_world_again() -> Cast:
    """The people of the restored database."""
    from lims.accounts.models import User

    return Cast(organisations={}, people={user.role: user for user in User.objects.filter(username__in=["collector"])})


def test_another_time_zone_of_the_session_raises_no_alarm(world: Cast) -> None:
    advance_log()
    with connection.cursor() as cursor:
        for zone in ("Asia/Yangon", "America/St_Johns"):
            cursor.execute("SET TIME ZONE %s", [zone])
            assert verify_custody().clean, zone


def test_a_temporary_table_of_the_same_name_diverts_nothing(world: Cast) -> None:
    sample = Sample.objects.first()
    assert sample is not None
    before = CustodyEvent.objects.count()
    shadow = "CREATE TEMP TABLE custody_custodyevent (LIKE public.custody_custodyevent)"
    with connection.cursor() as cursor:
        cursor.execute(shadow)
        # The attack where nothing is done against it: the search path PostgreSQL comes with looks at temporary tables first.
        cursor.execute("SHOW search_path")
        (ours,) = cursor.fetchone()
        cursor.execute("SET search_path TO DEFAULT")
        cursor.execute('SET search_path TO "$user", public')
        cursor.execute("SELECT count(*) FROM custody_custodyevent")
        assert cursor.fetchone() == (0,), "the shadow would take what is written to the ledger"
        cursor.execute(f"SET search_path TO {ours}")
        assert CustodyEvent.objects.count() == before
        hold_sample(sample=sample, kind="custody", reason="under attack", by=world.collector)
        cursor.execute("SELECT (SELECT count(*) FROM public.custody_custodyevent), (SELECT count(*) FROM pg_temp.custody_custodyevent)")
        assert cursor.fetchone() == (before + 1, 0)
    assert verify_custody().clean


def test_an_event_kept_out_of_the_log_is_missed(world: Cast) -> None:
    """What whoever holds the application's password can do: take an event off the queue."""
    Unsequenced.objects.filter(event__seq=4, event__sample=Sample.objects.first()).delete()
    advance_log()
    assert chains_alone()
    result = verify_custody()
    assert result.first is not None
    assert "1 events are neither in the log nor waiting" in result.first.detail


def test_forged_hashes_above_the_leaves_are_found(fresh_database: str) -> None:
    make_samples(make_cast(), 20)
    advance_log()
    with owning() as cursor:
        cursor.execute("UPDATE custody_lognode SET hash = sha256('forged') WHERE key = %s", [(4 << 56) + 1])
    result = verify_custody()
    assert result.first is not None
    assert (result.first.seq, result.first.detail) == (0, "the stored hashes above it, on level 4, are not those of the tree")


def test_a_sequencer_killed_before_any_of_its_statements_loses_and_doubles_nothing(world: Cast) -> None:
    """Real kills: a process of its own gets SIGKILL before its first statement, before its second, and so on until one lives to the end."""
    sample, died = Sample.objects.order_by("id").first(), 0
    assert sample is not None
    while True:
        for _ in range(3):
            hold = hold_sample(sample=sample, kind="custody", reason="to be looked at", by=world.collector)
            release_hold(hold=hold, reason="looked at", by=world.quality_manager)
        connections.close_all()
        if _advance_until(died) == 0:
            break
        died += 1
        assert died < 100
    assert died > 15, "the run must have been cut at every one of its statements"
    assert Unsequenced.objects.count() == 0
    result = verify_custody()
    assert (result.clean, result.leaves) == (True, CustodyEvent.objects.count() + 1)


def _advance_until(number: int) -> int:
    """Advance the log in a child that is killed before its statement `number`; how it ended: 0, or minus the signal."""
    child = os.fork()
    if child == 0:
        statements = 0

        def kill(execute: Any, *rest: Any) -> Any:
            nonlocal statements
            if statements == number:
                os.kill(os.getpid(), 9)
            statements += 1
            return execute(*rest)

        try:
            with connection.execute_wrapper(kill):
                advance_log(batch=4)
            os._exit(0)
        except BaseException:
            os._exit(3)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)

"""Events get their place in the order in which they are committed, each once, and checkpoints are signed over them."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import override_settings

from lims.core.errors import DomainError
from lims.core.models import Installation
from samples.custody import merkle, notes, sequencing
from samples.custody.models import CustodyEvent, LogCheckpoint, LogKey, LogLeaf, LogNode, Unsequenced
from samples.custody.proving import leaf_indices, list_keys, prove_consistency, prove_inclusion
from samples.custody.rotating import rotate_key
from samples.custody.sequencing import advance_log, sequence_batch, sign_checkpoint
from samples.services.holding import hold_sample
from tests.factories.log import make_checkpoint
from tests.factories.people import Cast, make_cast
from tests.factories.samples import make_samples


@pytest.fixture(autouse=True)
def own_key(tmp_path: Path, settings: Any) -> Path:
    """A key file of the test's own."""
    settings.LOG_KEY_FILE = tmp_path / "log_key.pem"
    return tmp_path / "log_key.pem"


def leaves() -> list[bytes]:
    """All leaf hashes, computed from the bytes of what they are of."""
    found = []
    for number, leaf in enumerate(LogLeaf.objects.select_related("event", "key").order_by("index")):
        assert leaf.index == number
        found.append(merkle.leaf_hash(bytes(leaf.key.record if leaf.key else leaf.event.canonical)))
        assert bytes(leaf.hash) == found[-1]
    return found


def test_every_event_becomes_one_leaf_and_the_checkpoint_is_signed_over_all(cast: Cast, own_key: Path) -> None:
    make_samples(cast, 20)
    assert Unsequenced.objects.count() == CustodyEvent.objects.count() == 40
    advanced = advance_log(batch=7)
    assert (advanced.events, Unsequenced.objects.count()) == (40, 0)
    hashes = leaves()
    (key,) = list_keys()
    assert (len(hashes), key.leaf_index, own_key.stat().st_mode & 0o777) == (41, 0, 0o600)
    checkpoint, _ = notes.open_checkpoint(LogCheckpoint.objects.get().note, [key.key])
    assert checkpoint == notes.Checkpoint(Installation.current().origin, 41, merkle.root_of(hashes))


def test_nothing_new_signs_nothing(cast: Cast) -> None:
    make_samples(cast)
    first = make_checkpoint()
    assert (advance_log().checkpoint, LogCheckpoint.objects.get()) == (None, first)


def test_events_of_a_sample_stand_in_their_order_whatever_the_batches(cast: Cast) -> None:
    samples = make_samples(cast, 9)
    advance_log(batch=4)
    for sample in samples:
        events = list(CustodyEvent.objects.filter(sample=sample).order_by("seq").values_list("pk", flat=True))
        places = leaf_indices(events)
        assert [places[event] for event in events] == sorted(places.values())


@pytest.mark.parametrize("batch", [1, 3, 16, 64])
def test_stored_subtrees_are_those_of_the_tree_however_it_grew(cast: Cast, batch: int) -> None:
    make_samples(cast, 45)
    while sequence_batch(batch=batch):
        pass
    expected: dict[merkle.Node, bytes] = {}

    def keep(told: tuple[int, int, bytes]) -> None:
        level, first, row = told
        expected.update({(level, first + offset): digest for offset, digest in enumerate(merkle.hashes_in(row))})

    merkle.Tree().extend(b"".join(leaves()), keep)
    stored = {(node.key >> 56, node.key & ((1 << 56) - 1)): bytes(node.hash) for node in LogNode.objects.all()}
    assert stored == {node: digest for node, digest in expected.items() if node[0] >= 4}


def test_proofs_hold_for_every_leaf_and_every_earlier_checkpoint(cast: Cast, django_assert_num_queries: object) -> None:
    roots = {}
    for count in (1, 7, 30):
        make_samples(cast, count)
        checkpoint = make_checkpoint()
        roots[checkpoint.size] = bytes(checkpoint.root)
    size = max(roots)
    with django_assert_num_queries(1):  # type: ignore[operator]
        proofs = prove_inclusion(range(size), size)
    for index, leaf in enumerate(leaves()):
        assert merkle.verify_inclusion(leaf, index, size, proofs[index], roots[size])
    for old in roots:
        assert merkle.verify_consistency(old, size, prove_consistency(old, size), roots[old], roots[size])


def test_an_event_that_commits_late_is_not_skipped(fresh_database: str) -> None:
    """Two open transactions: the one that wrote first commits last, after the sequencer has been past."""
    cast = make_cast()
    slow_one, fast_one = make_samples(cast, 2)
    written, go_on = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with transaction.atomic():
            hold_sample(sample=slow_one, kind="custody", reason="to be looked at", by=cast.collector)
            written.set()
            assert go_on.wait(30)
        connections.close_all()

    slow = threading.Thread(target=write_slowly)
    slow.start()
    assert written.wait(30)
    hold_sample(sample=fast_one, kind="custody", reason="to be looked at", by=cast.collector)
    advance_log()
    early = LogLeaf.objects.count()
    go_on.set()
    slow.join()
    advance_log()
    assert (early, len(leaves())) == (6, 7)
    assert LogLeaf.objects.get(index=6).event.sample == slow_one


def test_a_second_sequencer_leaves_the_first_alone(fresh_database: str) -> None:
    make_samples(make_cast())
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [sequencing._LOCK])
        assert (sequence_batch(), sign_checkpoint()) == (None, None)
        assert not LogLeaf.objects.exists()
    assert advance_log().events == 2


def test_an_event_waiting_twice_gets_one_place(cast: Cast) -> None:
    make_samples(cast)
    make_checkpoint()
    Unsequenced.objects.create(event=CustodyEvent.objects.first())
    assert advance_log().checkpoint is None
    assert (Unsequenced.objects.count(), LogLeaf.objects.count()) == (0, 3)


def test_nothing_is_signed_that_does_not_continue_the_last_checkpoint(fresh_database: str) -> None:
    cast = make_cast()
    make_samples(cast)
    make_checkpoint()
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE custody_logleaf DISABLE TRIGGER USER")
        cursor.execute("UPDATE custody_logleaf SET hash = sha256('forged') WHERE index = 1")
    make_samples(cast)
    with pytest.raises(DomainError, match="does not continue its checkpoint") as refused:
        advance_log()
    assert (refused.value.code, LogCheckpoint.objects.count()) == ("log_inconsistent", 1)


def test_production_makes_no_key_and_signs_nothing_without_one(cast: Cast, own_key: Path) -> None:
    make_samples(cast)
    with override_settings(PRODUCTION=True), pytest.raises(DomainError, match="cannot be read"):
        advance_log()
    with override_settings(LOG_KEY_FILE=None), pytest.raises(DomainError, match="LIMS_LOG_KEY names no file"):
        advance_log()
    assert (own_key.exists(), LogLeaf.objects.exists(), Unsequenced.objects.count()) == (False, False, 2)


def test_a_lost_or_foreign_or_open_key_signs_nothing(cast: Cast, own_key: Path) -> None:
    make_samples(cast)
    make_checkpoint()
    make_samples(cast)
    own_key.chmod(0o644)
    with pytest.raises(DomainError, match="can be read by others"):
        advance_log()
    safe = own_key.rename(own_key.with_name("safe"))
    with pytest.raises(DomainError, match="is missing"):
        advance_log()
    sequencing.first_signer("another")
    with pytest.raises(DomainError, match="does not hold the key"):
        advance_log()
    assert LogCheckpoint.objects.count() == 1
    safe.chmod(0o600)
    safe.rename(own_key)
    checkpoint = advance_log().checkpoint
    assert checkpoint is not None
    assert checkpoint.size == LogLeaf.objects.count() == 5


def test_the_old_key_hands_over_to_the_new_one_in_the_log(cast: Cast, own_key: Path) -> None:
    make_samples(cast)
    old = sequencing.first_signer(Installation.current().origin).verifier_key
    new, checkpoint = rotate_key(reason="yearly")
    assert new != old
    assert [entry.key for entry in list_keys()] == [old, new]
    assert notes.verify_note(notes.parse_note(checkpoint.note), [old, new]) == [old, new]
    make_samples(cast)
    later = make_checkpoint()
    assert notes.verify_note(notes.parse_note(later.note), [old, new]) == [new]
    assert [entry.leaf_index for entry in list_keys()] == [0, 3]
    assert len(leaves()) == 6
    assert list(own_key.parent.glob("log_key.pem.retired-*"))


def test_a_rotation_cut_short_before_the_files_are_changed_is_finished_by_the_next_signature(
    cast: Cast, own_key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_samples(cast)
    monkeypatch.setattr("samples.custody.rotating.put_in_place", lambda path: None)
    new, _ = rotate_key(reason="yearly")
    before = own_key.read_bytes()
    make_samples(cast)
    assert notes.verify_note(notes.parse_note(make_checkpoint().note), [new]) == [new]
    assert own_key.read_bytes() != before


def test_a_rotation_is_refused_without_a_reason(cast: Cast) -> None:
    with pytest.raises(DomainError, match="Say why"):
        rotate_key(reason=" ")
    assert not LogKey.objects.exists()


def test_the_application_role_cannot_change_the_log(cast: Cast) -> None:
    make_samples(cast, 10)
    make_checkpoint()
    for table in ("custody_logleaf", "custody_lognode", "custody_logcheckpoint", "custody_logkey", "custody_cosignature"):
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):  # noqa: S608
            with pytest.raises(Exception, match=r"permission denied|append-only"), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
    with pytest.raises(Exception, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE custody_logleaf SET hash = ''")

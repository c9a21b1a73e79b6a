"""A backup brings back exactly what was there, says what it lacks, and cannot pass for what came after it."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pyrage
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from lims.backups.models import Restoration
from lims.core.files import read_bytes, store_bytes
from samples.custody import notes
from samples.custody.models import CustodyEvent, LogCheckpoint, LogKey
from samples.models import Sample
from tests import databases
from tests.factories.log import make_checkpoint
from tests.factories.people import Cast, make_cast
from tests.factories.samples import make_samples


@pytest.fixture
def laboratory(fresh_database: str, tmp_path: Path, settings: object) -> Iterator[SimpleNamespace]:
    """A database and files of one's own, two samples registered and under a checkpoint."""
    settings.MEDIA_ROOT = tmp_path / "files"  # type: ignore[attr-defined]
    settings.LOG_KEY_FILE = tmp_path / "log.key"  # type: ignore[attr-defined]
    cast = make_cast()
    make_samples(cast, 2)
    photo = store_bytes("photos", b"a photograph")
    make_checkpoint()
    yield SimpleNamespace(cast=cast, photo=photo, folder=tmp_path, backup=tmp_path / "first.backup", database=fresh_database)
    connections.close_all()
    with databases.maintenance() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{fresh_database}\\_%"])
        left = [row[0] for row in cursor.fetchall()]
    for name in left:
        databases.drop(name)


def back_up(laboratory: SimpleNamespace, *arguments: str) -> None:
    call_command("backup", str(laboratory.backup), *arguments, verbosity=0)


def restore(laboratory: SimpleNamespace, *arguments: str) -> None:
    call_command("restore", str(laboratory.backup), *arguments, verbosity=0)


def add_sample(cast: Cast) -> Sample:
    (sample,) = make_samples(cast, 1)
    return sample


def count_former(laboratory: SimpleNamespace) -> int:
    """How many samples the database holds that was put aside."""
    with databases.maintenance() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{laboratory.database}\\_before\\_%"])
        ((former,),) = cursor.fetchall()
    databases.connect_to(former)
    count = Sample.objects.count()
    databases.connect_to(laboratory.database)
    return count


def test_everything_comes_back_and_the_present_is_kept_aside(laboratory: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    before = list(CustodyEvent.objects.order_by("pk").values_list("pk", "hash"))
    back_up(laboratory)
    assert oct(laboratory.backup.stat().st_mode)[-3:] == "600"
    (laboratory.folder / "files" / "photos" / laboratory.photo.sha256[:2] / laboratory.photo.sha256).unlink()
    restore(laboratory, "--replace")
    told = capsys.readouterr().out
    assert "Every entry that the checkpoint over" in told
    assert [(pk, bytes(digest)) for pk, digest in CustodyEvent.objects.order_by("pk").values_list("pk", "hash")] == [
        (pk, bytes(digest)) for pk, digest in before
    ]
    assert read_bytes("photos", laboratory.photo.sha256) == b"a photograph"
    assert Restoration.objects.get().lost_leaves == 0
    assert count_former(laboratory) == 2
    # The application role has its rights, and no others.
    add_sample(laboratory.cast)
    with pytest.raises(Exception, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM custody_custodyevent")


def test_nothing_is_restored_unasked_nor_by_a_forged_checkpoint_nor_over_events_without_one(laboratory: SimpleNamespace) -> None:
    """Three refusals of one backup."""
    back_up(laboratory)
    with pytest.raises(CommandError, match="--replace"):
        restore(laboratory)
    assert not Restoration.objects.exists()
    forged = laboratory.folder / "forged.txt"
    note = notes.parse_note(LogCheckpoint.objects.latest("size").note)
    forged.write_text(str(note).replace(note.text.splitlines()[1], "999", 1))
    with pytest.raises(CommandError, match="Nothing was restored"):
        restore(laboratory, "--replace", "--checkpoint", str(forged))
    assert not Restoration.objects.exists()
    later = add_sample(laboratory.cast)
    with pytest.raises(CommandError, match=later.code):
        restore(laboratory, "--replace")
    assert not Restoration.objects.exists()
    assert Sample.objects.filter(pk=later.pk).exists()


def test_what_came_after_the_backup_is_named_and_not_lost_silently(laboratory: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    back_up(laboratory)
    later = add_sample(laboratory.cast)
    make_checkpoint()
    with pytest.raises(CommandError, match=f"entries would be lost.*{later.code}"):
        restore(laboratory, "--replace")
    assert Sample.objects.filter(pk=later.pk).exists()
    keys = LogKey.objects.count()
    restore(laboratory, "--replace", "--accept", "the disk failed")
    assert f"events of {later.code}" in capsys.readouterr().out
    assert not Sample.objects.filter(pk=later.pk).exists()
    assert Restoration.objects.get().lost_leaves > 0
    # The log says so itself, by a leaf of its own.
    assert LogKey.objects.count() == keys + 1
    assert b"the disk failed" in bytes(LogKey.objects.latest("recorded_at").record)
    assert count_former(laboratory) == 3


def test_a_witnessed_checkpoint_unmasks_an_older_state_even_where_the_present_is_gone(laboratory: SimpleNamespace) -> None:
    back_up(laboratory)
    add_sample(laboratory.cast)
    kept = laboratory.folder / "checkpoint.txt"
    kept.write_text(make_checkpoint().note)
    connections.close_all()
    databases.drop(laboratory.database)
    databases.create(laboratory.database)
    with pytest.raises(CommandError, match="would be lost"):
        restore(laboratory, "--checkpoint", str(kept))
    restore(laboratory, "--checkpoint", str(kept), "--accept", "the building burnt")
    size = int(kept.read_text().splitlines()[1])
    assert Restoration.objects.get().lost_leaves == size - LogCheckpoint.objects.order_by("size").first().size


def test_without_a_checkpoint_from_outside_nothing_is_claimed(laboratory: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    back_up(laboratory)
    connections.close_all()
    databases.drop(laboratory.database)
    databases.create(laboratory.database)
    restore(laboratory)
    assert "nothing shows that this is the newest state" in capsys.readouterr().out
    assert Restoration.objects.get().lost_leaves is None


def test_custody_altered_before_the_backup_is_named(laboratory: SimpleNamespace) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE custody_custodyevent DISABLE TRIGGER USER")
        cursor.execute("UPDATE custody_custodyevent SET canonical = canonical || ' ' WHERE seq = 2")
        cursor.execute("ALTER TABLE custody_custodyevent ENABLE TRIGGER USER")
    back_up(laboratory)
    with pytest.raises(CommandError, match=r"Custody in the backup was altered. First: sample S-.* event 2"):
        restore(laboratory, "--replace")
    assert not Restoration.objects.exists()


def test_a_damaged_or_extended_file_is_refused_before_anything_is_touched(laboratory: SimpleNamespace) -> None:
    back_up(laboratory)
    whole = laboratory.backup.read_bytes()
    place = whole.index(b"PGDMP") + 400
    for damaged, said in [
        (whole[: len(whole) // 2], "Fetch another copy"),
        (whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :], "database.dump is altered"),
        (b"not a backup", "cannot be read as a backup"),
    ]:
        laboratory.backup.write_bytes(damaged)
        with pytest.raises(CommandError, match=said):
            restore(laboratory, "--replace")
    laboratory.backup.write_bytes(whole)
    with tarfile.open(laboratory.backup, "a") as tar:
        tar.addfile(tarfile.TarInfo("files/../../evil"))
    with pytest.raises(CommandError, match="which no backup holds"):
        restore(laboratory, "--replace")
    assert not (laboratory.folder.parent / "evil").exists()
    assert not Restoration.objects.exists()


def test_an_encrypted_backup_opens_with_its_key_alone(laboratory: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    own, other = laboratory.folder / "own.key", laboratory.folder / "other.key"
    for path in (own, other):
        call_command("make_backup_key", str(path))
        assert oct(path.stat().st_mode)[-3:] == "600"
    recipient = pyrage.x25519.Identity.from_str(own.read_text().splitlines()[1]).to_public()
    back_up(laboratory, "--to", str(recipient))
    assert laboratory.backup.read_bytes().startswith(b"age-encryption.org/v1")
    with pytest.raises(CommandError, match="is encrypted"):
        restore(laboratory, "--replace")
    with pytest.raises(CommandError, match="cannot be decrypted"):
        restore(laboratory, "--replace", "--identity", str(other))
    restore(laboratory, "--replace", "--identity", str(own))
    assert Sample.objects.count() == 2


def test_nothing_is_overwritten_and_a_wrong_key_is_named(laboratory: SimpleNamespace) -> None:
    with pytest.raises(CommandError, match="no age public key"):
        back_up(laboratory, "--to", "age1nonsense")
    assert not laboratory.backup.exists()
    back_up(laboratory)
    with pytest.raises(CommandError, match="exists already"):
        back_up(laboratory)

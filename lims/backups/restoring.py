"""Restoring a backup: checked beside the present database, compared with what witnesses saw, then put in its place.

The present database is renamed, never dropped. A restored database says so itself for ever (`Restoration`), and where entries of the
custody log were lost, the log announces that by a leaf of its own, with another key: an older state cannot pass for the present one.
"""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.core.files import File
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import DatabaseError, connection, connections
from django.db.migrations.loader import MigrationLoader

from lims.backups import postgres
from lims.backups.archive import DATABASE, FILES, Manifest, open_archive
from lims.backups.comparing import Standing, compare_log
from lims.backups.models import Restoration
from lims.core import clock
from lims.core.errors import DomainError
from samples.custody.proving import latest_checkpoint
from samples.custody.rotating import rotate_key
from samples.custody.sequencing import next_index
from samples.custody.verifying import verify_custody

_LOST = """
SELECT s.code, count(*), min(e.recorded_at), max(e.recorded_at) FROM custody_custodyevent e JOIN samples_sample s ON s.id = e.sample_id
LEFT JOIN custody_logleaf l ON l.event_id = e.id WHERE (l.index IS NULL OR l.index >= %s) AND NOT e.id = ANY(%s::uuid[])
GROUP BY s.code ORDER BY s.code
"""


@dataclass(frozen=True)
class LostEvents:
    """What the present database holds of one sample and the backup does not."""

    sample: str
    events: int
    first: datetime
    last: datetime


@dataclass
class Restored:
    """What was restored, how it stands, and where the former database went (None where there was none)."""

    manifest: Manifest
    log_size: int
    standing: Standing | None
    altered: str
    lost: list[LostEvents] = field(default_factory=list)
    former: str = ""
    key_left: str = ""


@dataclass(frozen=True)
class _Present:
    events: int
    checkpoint: str | None


def restore_backup(
    path: Path, *, identity: Path | None = None, checkpoints: Sequence[str] = (), replace: bool = False, accept: str = ""
) -> Restored:
    """Restore the backup at `path`.

    `checkpoints` are signed texts kept outside (by a witness, on paper, in a dossier); the present database's own is added while it can be
    read. `replace` allows a database that holds custody events to be put aside; `accept` is the reason for going on although entries are
    lost or altered. Raises `DomainError` before anything was put in place.
    """
    place = str(postgres.owner()["NAME"])
    draft = f"{place}_restoring"
    with open_archive(path, identity) as (manifest, folder):
        _refuse_newer(manifest)
        present = _look_at_present()
        _refuse_occupied(present, replace)
        connections.close_all()
        if sessions := postgres.count_sessions(place):
            raise DomainError(
                "in_use", f"{sessions} other sessions use the database {place}. Stop the web server, the workers and the scheduler first."
            )
        postgres.drop(draft)
        postgres.create(draft)
        try:
            postgres.load(folder / DATABASE, draft)
            postgres.connect_to(draft)
            call_command("migrate", verbosity=0)
            told = _examine(manifest, [*checkpoints, *([present.checkpoint] if present.checkpoint else [])])
            told.lost = _list_lost(place, draft, told.log_size) if present.events else []
            _refuse_unaccepted(told, accept)
            _record(told, accept)
            _store_files(folder)
        except BaseException:
            postgres.connect_to(place)
            postgres.drop(draft)
            raise
        told.former = f"{place}_before_{clock.now():%Y%m%d_%H%M%S}"
        postgres.connect_to(place)
        connections.close_all()
        postgres.put_in_place(name=draft, place=place, former=told.former)
    if told.lost or (told.standing and told.standing.lost):
        told.key_left = _announce(told, accept)
    return told


def _refuse_newer(manifest: Manifest) -> None:
    ours = MigrationLoader(None).disk_migrations or {}
    unknown = sorted(set(manifest.facts["migrations"]) - {f"{app}.{name}" for app, name in ours})
    if unknown:
        raise DomainError(
            "newer", f"The backup was made by a newer version: this one does not know {unknown[0]}. Install that version, then restore."
        )


def _look_at_present() -> _Present:
    try:
        with closing(connections["owner"].cursor()) as cursor:
            cursor.execute("SELECT count(*) FROM custody_custodyevent")
            (events,) = cursor.fetchone()
        checkpoint = latest_checkpoint()
    except DatabaseError:
        return _Present(0, None)
    return _Present(events, checkpoint.note if checkpoint else None)


def _refuse_occupied(present: _Present, replace: bool) -> None:
    if present.events and not replace:
        raise DomainError(
            "not_empty",
            f"The present database holds {present.events:,} custody events. With --replace it is put aside under another name and the"
            " backup takes its place.",
        )


def _examine(manifest: Manifest, checkpoints: Sequence[str]) -> Restored:
    found = verify_custody()
    own = manifest.facts["checkpoint"]
    standing = compare_log([*checkpoints, *([own] if own else [])])
    return Restored(manifest, next_index(), standing if checkpoints else None, "" if found.clean else str(found.first))


def _list_lost(place: str, draft: str, size: int) -> list[LostEvents]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT event_id::text FROM custody_unsequenced")
        waiting = [row[0] for row in cursor.fetchall()]
    postgres.connect_to(place)
    try:
        with connection.cursor() as cursor:
            cursor.execute(_LOST, [size, waiting])
            return [LostEvents(*row) for row in cursor.fetchall()]
    finally:
        postgres.connect_to(draft)


def _refuse_unaccepted(told: Restored, accept: str) -> None:
    if accept.strip():
        return
    if told.altered:
        raise DomainError("altered", f"Custody in the backup was altered. First: {told.altered}. Use another backup, or --accept REASON.")
    if told.standing and told.standing.lost:
        raise DomainError(
            "lost",
            f"The backup ends at entry {told.log_size:,} of the custody log; a checkpoint was signed over {told.standing.size:,}. "
            f"{told.standing.lost:,} entries would be lost{_name_lost(told.lost)}. Use a later backup, or --accept REASON.",
        )
    if told.lost:
        count = sum(one.events for one in told.lost)
        raise DomainError("lost", f"{count:,} events recorded since the backup would be lost{_name_lost(told.lost)}. Or --accept REASON.")


def _name_lost(lost: Sequence[LostEvents]) -> str:
    if not lost:
        return ""
    samples = ", ".join(one.sample for one in lost[:5]) + (f" and {len(lost) - 5} more" if lost[5:] else "")
    return f" (samples {samples}; {min(one.first for one in lost):%Y-%m-%d %H:%M} to {max(one.last for one in lost):%Y-%m-%d %H:%M} UTC)"


def _record(told: Restored, accept: str) -> None:
    Restoration.objects.create(
        backup_made_at=datetime.fromisoformat(told.manifest.facts["made_at"]),
        restored_at=clock.now(),
        log_size=told.log_size,
        compared_with=told.standing.note if told.standing else "",
        lost_leaves=told.standing.lost if told.standing else None,
        reason=accept.strip() or "nothing is known to be lost",
        operator=getpass.getuser(),
    )


def _store_files(folder: Path) -> None:
    root = folder / FILES
    for source in sorted(path for path in root.rglob("*") if path.is_file()) if root.is_dir() else []:
        name = source.relative_to(root).as_posix()
        if not default_storage.exists(name):
            with source.open("rb") as file:
                default_storage.save(name, File(file))


def _announce(told: Restored, accept: str) -> str:
    """The log says by a leaf of its own that it was restored. Returns why it could not, or nothing."""
    events = sum(one.events for one in told.lost) or (told.standing.lost if told.standing else 0)
    made_at = told.manifest.facts["made_at"]
    reason = f"restored from the backup of {made_at}, which ends at leaf {told.log_size}; {events} entries lost: {accept.strip()}"
    try:
        rotate_key(reason=reason)
    except (DomainError, OSError) as error:
        return f"{error} Then run: manage.py rotate_log_key --reason “{reason}”"
    return ""

"""Taking a backup: the database at one moment, and every stored file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db import connections, transaction

from lims.backups import postgres
from lims.backups.archive import DATABASE, FILES, Manifest, create_archive
from lims.core import clock
from lims.core.models import Installation

_CHECKPOINT = """
SELECT c.note || coalesce((SELECT string_agg(line, '' ORDER BY received_at) FROM custody_cosignature WHERE checkpoint_id = c.size), '')
FROM custody_logcheckpoint c ORDER BY c.size DESC LIMIT 1
"""


def take_backup(path: Path, *, recipients: Sequence[str] = ()) -> Manifest:
    """Write a backup to `path`, encrypted where `recipients` (age public keys) are given.

    The dump and what the manifest says of the database are of one snapshot. Files are kept under the SHA-256 of their content and never
    changed, so those copied afterwards include all that the snapshot names. Raises `DomainError` and leaves nothing at `path`.
    """
    postgres.owner()
    with tempfile.TemporaryDirectory(prefix=".dump-", dir=path.parent if path.parent.is_dir() else None) as folder:
        dumped = Path(folder) / DATABASE
        facts = _dump(dumped)
        with create_archive(path, facts, recipients) as archive:
            with dumped.open("rb") as source:
                archive.add(DATABASE, source, dumped.stat().st_size)
            for name in sorted(_stored_files()):
                with default_storage.open(name) as source:
                    archive.add(FILES + name, source, source.size)
            return archive.manifest


def _dump(target: Path) -> dict[str, Any]:
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        postgres.dump(target, snapshot=snapshot)
        return _facts(cursor)


def _facts(cursor: Any) -> dict[str, Any]:
    """What the snapshot holds, read on the snapshot's own connection."""
    cursor.execute(_CHECKPOINT)
    checkpoint = cursor.fetchone()
    cursor.execute("SELECT app || '.' || name FROM django_migrations ORDER BY 1")
    migrations = [row[0] for row in cursor.fetchall()]
    cursor.execute("SELECT count(*), count(DISTINCT sample_id) FROM custody_custodyevent")
    events, samples = cursor.fetchone()
    installation = Installation.current()
    return {
        "origin": installation.origin,
        "synthetic": installation.synthetic,
        "made_at": clock.now().isoformat(timespec="seconds"),
        "server": cursor.connection.server_version,
        "migrations": migrations,
        "events": events,
        "samples": samples,
        "checkpoint": checkpoint[0] if checkpoint else None,
    }


def _stored_files(folder: str = "") -> Iterator[str]:
    """Names of all stored files, whatever the storage."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in files:
        yield f"{folder}{name}"
    for name in folders:
        yield from _stored_files(f"{folder}{name}/")

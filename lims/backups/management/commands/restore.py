"""`manage.py restore FILE`: put a backup in the place of the present database. Exit code 1: refused, nothing was changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from lims.backups.restoring import Restored, restore_backup
from lims.core.errors import DomainError


class Command(BaseCommand):
    """Check a backup, compare it with what was witnessed, restore it."""

    help = (
        "Check a backup and put it in the place of the present database, which is kept under another name. Says what the backup lacks "
        "against the checkpoints it is compared with."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="FILE")
        parser.add_argument("--identity", type=Path, metavar="FILE", help="the age secret key, where the backup is encrypted")
        parser.add_argument(
            "--checkpoint", type=Path, action="append", default=[], metavar="FILE", help="a checkpoint kept outside; may be repeated"
        )
        parser.add_argument("--replace", action="store_true", help="put a database that holds custody events aside")
        parser.add_argument("--accept", default="", metavar="REASON", help="restore although entries are lost or altered; kept for ever")

    def handle(
        self, *args: Any, path: Path, identity: Path | None, checkpoint: list[Path], replace: bool, accept: str, **rest: Any
    ) -> None:
        try:
            texts = [one.read_text() for one in checkpoint]
            told = restore_backup(path.absolute(), identity=identity, checkpoints=texts, replace=replace, accept=accept)
        except (DomainError, OSError) as error:
            raise CommandError(f"Nothing was restored. {error}") from error
        self._tell(told)

    def _tell(self, told: Restored) -> None:
        facts = told.manifest.facts
        self.stdout.write(self.style.SUCCESS(f"Restored the state of {facts['made_at']}: {facts['events']:,} custody events."))
        self.stdout.write(f"The database that was here is kept as {told.former}; drop it once it is no longer needed.")
        if told.altered:
            self.stdout.write(self.style.ERROR(f"Custody is altered. First: {told.altered}."))
        if told.standing is None:
            self.stdout.write(
                "No checkpoint from outside was given, so nothing shows that this is the newest state. Give a witness's: --checkpoint."
            )
        elif told.standing.lost:
            self.stdout.write(self.style.ERROR(f"{told.standing.lost:,} entries of the custody log that were signed are lost."))
        else:
            self.stdout.write(f"Every entry that the checkpoint over {told.standing.size:,} covers is here, unaltered.")
        for one in told.lost:
            self.stdout.write(f"  lost: {one.events} events of {one.sample}, recorded {one.first:%Y-%m-%d %H:%M} to {one.last:%H:%M} UTC")
        if told.key_left:
            self.stdout.write(self.style.ERROR(f"The log could not announce the restoration: {told.key_left}"))

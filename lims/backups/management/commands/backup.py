"""`manage.py backup FILE`: the database and all stored files in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from lims.backups.taking import take_backup
from lims.core.errors import DomainError


class Command(BaseCommand):
    """Back everything up, encrypted on request."""

    help = "Write the database and all stored files, as they are now, into one file; encrypted with --to."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="FILE", help="the file to write; it must not exist")
        parser.add_argument(
            "--to", action="append", default=[], metavar="age1…", help="encrypt for the holder of this age key; may be repeated"
        )

    def handle(self, *args: Any, path: Path, to: list[str], **options: Any) -> None:
        try:
            manifest = take_backup(path.absolute(), recipients=to)
        except DomainError as error:
            raise CommandError(str(error)) from error
        facts, size = manifest.facts, path.stat().st_size / 2**20
        self.stdout.write(self.style.SUCCESS(f"{path}: {size:,.1f} MiB, {'encrypted' if to else 'NOT encrypted'}."))
        self.stdout.write(f"{facts['events']:,} custody events of {facts['samples']:,} samples, {len(manifest.members) - 1:,} files.")
        if facts["checkpoint"] is None:
            self.stdout.write("The custody log has signed no checkpoint yet, so nothing outside can prove which state this is.")
        else:
            self.stdout.write(f"Checkpoint over {facts['checkpoint'].splitlines()[1]} log entries included. Keep one outside, too.")
        self.stdout.write("The private key of the custody log is not in it; keep that apart.")

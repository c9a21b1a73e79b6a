"""`manage.py make_backup_key FILE`: a key pair for encrypted backups."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pyrage
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """The secret half goes into a file for its owner alone, to be kept away from the server; the public half is printed."""

    help = "Make a key pair for encrypted backups: the secret half in FILE (keep it away from the server), the public half on the screen."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="FILE")

    def handle(self, *args: Any, path: Path, **options: Any) -> None:
        identity = pyrage.x25519.Identity.generate()
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"{path} cannot be made: {error.strerror}. A file that is there is never overwritten.") from error
        with os.fdopen(descriptor, "w") as file:
            file.write(f"# public key: {identity.to_public()}\n{identity}\n")
        self.stdout.write(f"Secret key: {path}. Without it no backup made for this key can be read.")
        self.stdout.write(f"manage.py backup FILE --to {identity.to_public()}")

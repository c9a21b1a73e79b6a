"""`manage.py rotate_log_key`: another key for the custody log, announced in the log by the old one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from lims.core.errors import DomainError
from samples.custody.rotating import rotate_key


class Command(BaseCommand):
    """Run it where the worker's key file (LIMS_LOG_KEY) is; the old file is kept beside the new one."""

    help = "Make a new key for the custody log; the old one hands over to it in the log itself."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", required=True, help="stands in the log for ever")

    def handle(self, *args: Any, reason: str, **options: Any) -> None:
        try:
            key, checkpoint = rotate_key(reason=reason)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"The custody log signs with {key} from leaf {checkpoint.size} on; both keys signed that checkpoint.")

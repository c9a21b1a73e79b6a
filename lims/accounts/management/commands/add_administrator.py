"""`manage.py add_administrator`: the first account of a new installation."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from lims.accounts.services.beginning import add_first_administrator
from lims.core.errors import DomainError


class Command(BaseCommand):
    """Everybody after the first is added on the pages, where it is kept who did."""

    help = "Add the first administrator to an installation without accounts, and print a temporary password once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", required=True, metavar="'FULL NAME'", help="as it is printed")
        parser.add_argument("--ministry", required=True, nargs=2, metavar=("CODE", "NAME"), help="the ministry that runs the installation")

    def handle(self, *args: Any, username: str, name: str, ministry: list[str], **options: Any) -> None:
        code, ministry_name = ministry
        try:
            person, password = add_first_administrator(username=username, full_name=name, ministry_code=code, ministry_name=ministry_name)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"{person.username} of {person.organisation} may sign in with the temporary password {password} and then chooses another."
        )

"""`migrate` as the owner: the application role owns nothing and cannot change the schema. A new database's tables are made at once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.core.management.commands import migrate as django_migrate
from django.core.management.commands.migrate import Command as DjangoMigrate

from lims.core.migrating import TablesAtOnce


class Command(DjangoMigrate):
    """Django's command with the connection `owner` as its default and our executor."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        if "owner" in settings.DATABASES:
            parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> None:
        # Django's command takes its executor from its module and has no other place to name one.
        module: Any = django_migrate
        django_executor = module.MigrationExecutor
        module.MigrationExecutor = TablesAtOnce
        try:
            super().handle(*args, **options)
        finally:
            module.MigrationExecutor = django_executor

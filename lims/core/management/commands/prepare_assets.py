"""`manage.py prepare_assets`: fonts, map outlines and the chart library, from the packages installed at set-up. Needs no database."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from lims.core.assets import prepare_assets
from lims.core.errors import DomainError


class Command(BaseCommand):
    help = "Build fonts, map outlines and the chart library into var/ from the npm packages; does nothing when they are current."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="build even when nothing has changed")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            built = prepare_assets(checkout=settings.BASE_DIR, build_dir=settings.BUILD_DIR, force=options["force"], say=self.stdout.write)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write("Assets are ready." if built else "Assets are current.")

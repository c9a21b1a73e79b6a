"""`manage.py load_reference_data`: analytes, certified reference materials and methods, from the files of the product."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from assays.services.loading_files import FOLDER
from assays.services.loading_reference import load_reference_data
from lims.core.errors import DomainError


class Command(BaseCommand):
    """Load the reference data; safe to repeat."""

    help = "Load analytes, certified reference materials and methods with their limits and controls; does nothing when they are current."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--folder", type=Path, default=FOLDER, help="folder with analytes.json, reference_materials.json, methods.json")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = load_reference_data(folder=options["folder"], by="load_reference_data")
        except DomainError as error:
            raise CommandError(error.message) from error
        if not options["verbosity"]:
            return
        written = ", ".join(f"{count} {noun}" for noun, count in loaded.written.items() if count)
        self.stdout.write(f"Loaded {written}." if written else "Reference data are current.")

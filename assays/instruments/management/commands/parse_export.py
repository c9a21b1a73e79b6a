"""`manage.py parse_export FILE`: what the product reads in an instrument's export, as JSON. No database, no broker."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from assays.instruments.parsers.listing import encode_export
from assays.instruments.parsers.model import ParseError
from assays.instruments.parsers.registry import PARSERS, read

_DETAILS = """
Output: {"format": ..., "readings": [...], "notes": [...]}. Each reading has

  sample, type            as written in the file
  analyte                 element symbol
  isotope_or_line         mass ("163"), MS/MS pair ("159 -> 175") or emission line
  gas_mode                as in the heading without brackets, the view of an emission
                          line ("Axial"), or null
  quantity, unit          concentration (dilution included), measured_concentration
                          (in the solution as measured), nominal_concentration (of a
                          standard), corrected_concentration (for weight or volume too),
                          counts (per second), intensity, net_intensity,
                          corrected_intensity, lld, one of these with _rsd, _sd or
                          _error, or the file's own word; the list stands in
                          docs/how-to/add-an-instrument-format.md
  raw                     text of the cell; a number in a workbook is the text stored
                          in its XML, which holds every digit
  value                   the same number with every digit, the bound where the
                          qualifier is < or >, null where the cell says no number
  qualifier               "", "<", ">", "OVER", "ND", "N/A", "--" or "?" (not understood)
  sheet                   name, or null for text files
  row, column             as a spreadsheet program shows them, also for text files:
                          number from 1 and letters; column is null for JSON
  internal_standard       whether the heading says ISTD
  replicate               from 1, or null for the mean of the replicates

Exit code 1, and the place and the remedy on standard error, where the file cannot be read.
"""


class Command(BaseCommand):
    """Print what is read in an export."""

    help = "Print as JSON what is read in an instrument's export. Formats: " + "; ".join(parser.TITLE for parser in PARSERS) + "."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> Any:
        options |= {"epilog": _DETAILS, "formatter_class": argparse.RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **options)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        # All of the listing or none of it, and neither in memory.
        with TemporaryFile() as listing:
            try:
                for piece in encode_export(read(path.name, path)):
                    listing.write(piece)
            except OSError as error:
                raise CommandError(_("%(path)s cannot be opened: %(why)s.") % {"path": path, "why": error.strerror}) from error
            except ParseError as error:
                raise CommandError(f"{path.name}: {error}") from error
            listing.seek(0)
            with TextIOWrapper(listing, "utf-8") as lines:
                for line in lines:
                    self.stdout.write(line, ending="")
            self.stdout.write("")

"""`manage.py compare_custody`: samples as stored against what their custody events say. Exit code 0: equal. 1: the first differences."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from samples.custody.comparing import compare_custody


class Command(BaseCommand):
    """Derive holder, place, state, mass and family of every sample from the ledger and compare them with the tables."""

    help = "Compare every sample with what its custody events say: exit code 0 when equal, 1 when not (the first differences are named)."

    def handle(self, *args: Any, **options: Any) -> None:
        result = compare_custody()
        extent = f"{result.events:,} events of {result.samples:,} samples"
        if result.equal:
            self.stdout.write(self.style.SUCCESS(f"What is stored follows from custody: {extent} derived and compared."))
            return
        for difference in result.first:
            self.stderr.write(self.style.ERROR(f"Differs: {difference}."))
        self.stderr.write(f"{result.differences:,} differences in {extent}.")
        sys.exit(1)

"""`manage.py verify_custody`: replay the custody ledger. Exit code 0: clean. 1: altered; the first bad event is named. 2: cannot tell."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from lims.core.codes import normalise
from samples.custody.comparing import compare_custody
from samples.custody.verifying import verify_custody
from samples.models import Sample


class Command(BaseCommand):
    """Check every byte, hash, link, column, commitment and end of chain of the custody ledger, and the log over it: tree, keys,
    checkpoints, cosignatures."""

    help = "Replay the custody ledger: exit code 0 when clean, 1 when altered (the first bad event is named), 2 when it cannot tell."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sample", metavar="CODE", help="only this sample: its code, blind code or UUID")
        parser.add_argument("--quick", action="store_true", help="chains and log only, not what columns and disclosed values say")

    def handle(self, *args: Any, sample: str | None, quick: bool, **options: Any) -> None:
        result = verify_custody(sample=_find(sample) if sample else None, contents=not quick)
        extent = f"{result.events:,} events of {result.samples:,} samples"
        if not sample:
            extent += f", {result.leaves:,} leaves and {result.checkpoints:,} checkpoints of the log"
        if result.clean:
            self.stdout.write(self.style.SUCCESS(f"Custody is clean: {extent} replayed."))
            self._compare(only_one=bool(sample))
            return
        self.stderr.write(self.style.ERROR(f"Custody is altered. First: {result.first}."))
        self.stderr.write(f"{result.findings:,} findings in {extent}.")
        sys.exit(1)

    def _compare(self, *, only_one: bool) -> None:
        """Whether the samples are where a clean ledger says they are."""
        if only_one:
            return
        result = compare_custody()
        if result.equal:
            self.stdout.write("What is stored of the samples follows from it.")
            return
        self.stderr.write(self.style.ERROR(f"What is stored does not follow from it. First: {result.first[0]}."))
        self.stderr.write(f"{result.differences:,} differences; `manage.py compare_custody` names more.")
        sys.exit(1)


def _find(text: str) -> Sample:
    lookup = Q(code=normalise(text)) | Q(blind_code=normalise(text))
    with suppress(ValueError):
        lookup |= Q(pk=UUID(text))
    found = Sample.objects.filter(lookup).first()
    if found is None:
        raise CommandError(f"There is no sample “{text}”. Give its code, blind code or UUID.", returncode=2)
    return found

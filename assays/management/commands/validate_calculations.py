"""`manage.py validate_calculations FILE`: the product's formulae against worked examples of your own. No database, no broker."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from assays.validation.checking import check_example
from assays.validation.library import parse_examples


class Command(BaseCommand):
    """Compute each example by the functions the product uses, and compare (ISO/IEC 17025:2017, 7.11.2)."""

    help = (
        "Check the product's calculations against worked examples: a JSON list (or an object with the list `examples`) of objects with id,"
        " topic, inputs, expected and tolerance (rel 1e-6, abs 1e-9, exact). Exit code 1 when one is not reproduced."
    )
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        outcomes = [check_example(example) for example in _read(file)]
        for outcome in outcomes:
            words = "; ".join(outcome.differences)
            self.stdout.write(
                f"{'ok  ' if outcome.passed else 'FAIL'} {outcome.example_id} ({outcome.topic})" + (f": {words}" if words else "")
            )
        failed = sum(not outcome.passed for outcome in outcomes)
        self.stdout.write(f"{len(outcomes) - failed} passed, {failed} failed")
        if failed:
            sys.exit(1)


def _read(file: Path) -> list[Any]:
    try:
        return parse_examples(file.read_bytes())
    except OSError as error:
        raise CommandError(f"{file} cannot be opened: {error.strerror}.") from error
    except ValueError as error:
        raise CommandError(f"{file} {error}.") from error

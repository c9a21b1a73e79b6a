"""Posting a run's readings into an empty table and into one of millions: the cost of a reading must not grow.

`LIMS_BENCH_READINGS` says how many readings stand there the second time (default 2,000,000; the promise is for 20,000,000, which take about
5 GB of disk and some minutes to fill in). They are those of the first post, once more for each of as many runs.
"""

from __future__ import annotations

import os
import statistics
import time
from typing import Any, NamedTuple

from django.db import transaction

from bench.database import database_cpu_seconds, throwaway_database
from bench.readings_bulk import make_body, open_door

_WANTED = int(os.environ.get("LIMS_BENCH_READINGS", "2000000"))
_TIMES, _A_POST, _COPIES_AT_ONCE = 7, 10_000, 50
_MOST_GROWTH = 1.3


def run() -> None:
    """Print microseconds a reading at both sizes, how many rows there were, and the growth."""
    with throwaway_database():
        from django.db import connection

        from assays.models import Run
        from lims.core.startup import keep_what_is_loaded
        from tests.factories.bench import make_planned_run
        from tests.factories.people import make_cast

        cast = make_cast()
        runs = [make_planned_run(cast, 51, duplicates=3) for _number in range(2 * _TIMES + 1)]
        send = open_door(cast, runs[0].instrument)
        bodies = [make_body(one, _A_POST) for one in runs]
        keep_what_is_loaded()  # as the web process does
        send(bodies.pop())
        before, at_empty = _count(connection), _measure(send, bodies[:_TIMES])
        begun = time.perf_counter()
        _fill(connection, Run.objects.exclude(measured_at=None).earliest("measured_at").pk, (_WANTED - _count(connection)) // _A_POST)
        filled, full = time.perf_counter() - begun, _count(connection)
        at_full = _measure(send, bodies[_TIMES:])
    growth = at_full.clock / at_empty.clock
    print(f"posts of {_A_POST:,} readings, whole calls, at {before:,} stored readings: {at_empty}")
    print(f"  at {full:,} stored readings (filled in {filled:.0f} s, indexes and foreign keys as they are): {at_full}")
    print(f"  growth by the processor alone: {at_full.processor / at_empty.processor:.2f}×")
    print(f"  target at most {_MOST_GROWTH}× by the clock: {'reached' if growth <= _MOST_GROWTH else 'MISSED'} with {growth:.2f}×")


class _Cost(NamedTuple):
    """Seconds a reading: by the clock, which other work on the machine stretches, and of the processor in Python and in the database."""

    clock: float
    processor: float

    def __str__(self) -> str:
        return f"{1e6 * self.clock:.1f} µs a reading, {1e6 * self.processor:.1f} µs of the processor"


def _measure(send: Any, bodies: list[bytes]) -> _Cost:
    """The median by the clock, and the mean of the processor's time, which is counted in hundredths of a second."""
    python, database = time.process_time(), database_cpu_seconds()
    taken = [send(body) for body in bodies]
    spent = time.process_time() - python + database_cpu_seconds() - database
    return _Cost(statistics.median(taken) / _A_POST, spent / len(bodies) / _A_POST)


def _fill(connection: Any, run: Any, wanted: int) -> None:
    """As many earlier runs as are wanted, each with its tray, its upload, rows and readings, as the first one posted has them; then the
    planner's statistics, as autovacuum would."""
    from django.db import connections

    statements = _copying_statements()
    for first in range(1, wanted + 1, _COPIES_AT_ONCE):
        values = {"run": run, "first": first, "last": min(first + _COPIES_AT_ONCE - 1, wanted)}
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement, values)
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE")


def _copying_statements() -> list[str]:
    """SQL that writes a measured run once more for each number from `first` to `last`: the same rows under keys of that number, which sort
    before all that are made now, as what is older does."""
    from assays.instruments.models import Reading, Upload, UploadRow
    from assays.models import Run, RunPosition

    rows_of_run = "upload_id IN (SELECT id FROM instruments_upload WHERE run_id = %(run)s)"
    chosen: dict[Any, str] = {
        Run: "id = %(run)s",
        RunPosition: "run_id = %(run)s",
        Upload: "run_id = %(run)s",
        UploadRow: rows_of_run,
        Reading: f"row_id IN (SELECT id FROM instruments_uploadrow WHERE {rows_of_run})",  # noqa: S608
    }
    unique = {"code": "'filled ' || n", "sha256": "lpad(n::text, 64, '0')"}
    statements = []
    for model, condition in chosen.items():
        fields = model._meta.concrete_fields
        names = ", ".join(f'"{field.column}"' for field in fields)
        values = ", ".join(
            _moved_key(field.column) if field.primary_key or field.related_model in chosen else unique.get(field.name, f'"{field.column}"')
            for field in fields
        )
        statements.append(
            f"INSERT INTO {model._meta.db_table} ({names}) SELECT {values} FROM {model._meta.db_table},"  # noqa: S608  # names of our own
            f" generate_series(%(first)s, %(last)s) AS n WHERE {condition} ORDER BY n, id"
        )
    return statements


def _moved_key(column: str) -> str:
    return f"overlay(\"{column}\"::text PLACING lpad(to_hex(n), 8, '0') FROM 1 FOR 8)::uuid"


def _count(connection: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM instruments_reading")
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    run()

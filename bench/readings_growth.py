"""Posting a run's readings into an empty table and into one of millions: the cost of a reading must not grow.

`LIMS_BENCH_READINGS` says how many readings stand there the second time (default 2,000,000; the promise is for 20,000,000, which take about
5 GB of disk and some minutes to fill in).
"""

from __future__ import annotations

import os
import statistics
import time
from typing import Any

from bench.database import throwaway_database
from bench.readings_bulk import make_body, open_door

_WANTED = int(os.environ.get("LIMS_BENCH_READINGS", "2000000"))
_TIMES, _A_POST, _A_ROW, _A_BATCH = 7, 10_000, 1000, 500_000
_MOST_GROWTH = 1.3

_FILL_ROWS = """
    INSERT INTO instruments_uploadrow (id, upload_id, index, sheet, row, label, vial, type, kind, outcome, reason, warnings, acquired_at)
    SELECT (lpad(to_hex(%(from)s + n), 12, '0') || '70008000' || lpad('', 12, '0'))::uuid, %(upload)s, %(from)s + n + 100000,
           '', 1, 'filled', '',
           '', 'unknown', 'ignored', '', '[]', ''
    FROM generate_series(1, %(rows)s) AS n
"""
_FILL_READINGS = """
    INSERT INTO instruments_reading (id, row_id, sequence, analyte, isotope, gas_mode, quantity, unit, raw, value, qualifier,
                                     internal_standard, replicate, source_row, "column")
    SELECT (lpad(to_hex(%(from)s + n), 12, '0') || '7000' || '8000' || lpad(to_hex(s), 12, '0'))::uuid,
           (lpad(to_hex(%(from)s + n), 12, '0') || '70008000' || lpad('', 12, '0'))::uuid,
           s, 'Dy', '163', 'He', 'counts', 'cps', (40000 + s)::text || '.25', 40000.25 + s, '', false, s, s, ''
    FROM generate_series(1, %(rows)s) AS n, generate_series(1, %(each)s) AS s
"""


def run() -> None:
    """Print microseconds a reading at both sizes, how many rows there were, and the growth."""
    with throwaway_database():
        from django.db import connection

        from assays.instruments.models import Upload
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
        _fill(connection, Upload.objects.earliest("id").pk, _WANTED - _count(connection))
        filled, full = time.perf_counter() - begun, _count(connection)
        at_full = _measure(send, bodies[_TIMES:])
    growth = at_full / at_empty
    print(f"posts of {_A_POST:,} readings, whole calls, at {before:,} stored readings: {1e6 * at_empty:.1f} µs a reading")
    print(
        f"  at {full:,} stored readings (filled in {filled:.0f} s, indexes and foreign keys as they are): {1e6 * at_full:.1f} µs a reading"
    )
    print(f"  target at most {_MOST_GROWTH}× of it: {'reached' if growth <= _MOST_GROWTH else 'MISSED'} with {growth:.2f}×")


def _measure(send: Any, bodies: list[bytes]) -> float:
    """The median seconds a reading."""
    return statistics.median(send(body) for body in bodies) / _A_POST


def _fill(connection: Any, upload: Any, wanted: int) -> None:
    """Readings of old uploads until there are about so many, a batch a transaction; then the planner's statistics, as autovacuum would."""
    for batch in range(max(0, -(-wanted // _A_BATCH))):
        rows = min(_A_BATCH, wanted - batch * _A_BATCH) // _A_ROW
        values = {"from": batch * _A_BATCH // _A_ROW, "rows": rows, "each": _A_ROW, "upload": upload}
        with connection.cursor() as cursor:
            cursor.execute(_FILL_ROWS, values)
            cursor.execute(_FILL_READINGS, values)
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE instruments_reading, instruments_uploadrow")


def _count(connection: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM instruments_reading")
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    run()

"""The custody ledger and its log: appending, sequencing and signing, replaying against COPY and hashlib, and proofs."""

from __future__ import annotations

import hashlib
import io
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.database import database_cpu_seconds, throwaway_database

# A million takes about six minutes and four gigabytes; LIMS_BENCH_EVENTS=1000000 makes as many.
_EVENTS = int(os.environ.get("LIMS_BENCH_EVENTS", "200000"))
_PER_SAMPLE = 10
_BATCH = 10_000
_PROOFS = 300


def run() -> None:
    """Print what each reaches, in events per second (wall clock, and CPU of this process and of the database's), against its target."""
    with throwaway_database() as name, tempfile.TemporaryDirectory() as folder:
        from django.conf import settings
        from django.db import connection, connections

        settings.LOG_KEY_FILE = Path(folder) / "log_key.pem"
        appended = _append()
        with connections["owner"].cursor() as cursor:
            cursor.execute("VACUUM ANALYZE custody_custodyevent")
            _copy_bare(cursor, appended)
        _sequence()
        with connections["owner"].cursor() as cursor:
            cursor.execute("VACUUM ANALYZE custody_logleaf")
            cursor.execute("VACUUM ANALYZE custody_lognode")
        _replay(connection)
        _prove()
        _compare()
        del name


class _Timed:
    """Wall-clock and CPU seconds of a block: this process's, and that of the database's process that serves it."""

    def __enter__(self) -> _Timed:
        self.server, self.wall, self.cpu = database_cpu_seconds(), time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall, self.cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu
        self.server = database_cpu_seconds() - self.server

    def each(self, count: int) -> str:
        """Where the time of one event went."""
        return f"{self.wall:.2f} s; {1e6 * self.cpu / count:.1f} + {1e6 * self.server / count:.1f} µs CPU each, here and in the database"


def _say(what: str, count: int, timed: _Timed, target: int) -> None:
    reached = count / timed.wall
    verdict = "reached" if reached >= target else "MISSED"
    print(f"{what}: {reached:,.0f} events/s ({timed.each(count)}); target {target:,}: {verdict}")


def _append() -> float:
    """Events through the ledger's one door, ten for each sample, in batches of 10,000; returns how many a second."""
    from datetime import timedelta
    from decimal import Decimal

    from django.db import transaction

    from lims.core import clock
    from samples.custody.ledger import Entry, append_events
    from samples.services.registering import register_samples
    from tests.factories.people import make_cast
    from tests.factories.samples import make_mine, make_record

    collector = make_cast().collector
    make_mine()
    count = _EVENTS // _PER_SAMPLE
    samples: list[Any] = []
    for start in range(0, count, _BATCH):
        numbers = range(start, min(start + _BATCH, count))
        samples += [one.pk for one in register_samples(records=[make_record(field_id=f"F-{n}") for n in numbers], by=collector)]
    moment = clock.now() - timedelta(hours=1)
    detail = {"shelf": "14"}
    entries = [
        Entry(
            sample_id=key, kind="opened", occurred_at=moment, place="Store 2", remark="in good order", mass_g=Decimal(2140), detail=detail
        )
        for _ in range(_PER_SAMPLE - 1)
        for key in samples
    ]
    with _Timed() as timed:
        for start in range(0, len(entries), _BATCH):
            with transaction.atomic():
                append_events(entries[start : start + _BATCH], by=collector)
    _say(f"append in batches of {_BATCH:,}", len(entries), timed, 20_000)
    return len(entries) / timed.wall


def _copy_bare(cursor: Any, appended: float) -> None:
    """The floor under appending: the finished rows of ten batches, by COPY alone into empty tables with the same indexes and keys."""
    count, names = min(_EVENTS, 10 * _BATCH), ("custodyevent", "custodydisclosure", "unsequenced")
    wall = 0.0
    for name in names:
        rows = io.BytesIO()
        columns = "event_id" if name == "unsequenced" else "*"
        cursor.cursor.copy_expert(f"COPY (SELECT {columns} FROM custody_{name} LIMIT {count}) TO STDOUT (FORMAT binary)", rows)  # noqa: S608
        cursor.execute(f"CREATE TABLE bare_{name} (LIKE custody_{name} INCLUDING ALL)")
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass", [f"custody_{name}"]
        )
        for (key,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE bare_{name} ADD {key}")
        rows.seek(0)
        begun = time.perf_counter()
        cursor.cursor.copy_expert(f"COPY bare_{name} {'(event_id)' if columns != '*' else ''} FROM STDIN (FORMAT binary)", rows, 1 << 18)
        wall += time.perf_counter() - begun
    cursor.execute(f"DROP TABLE {', '.join(f'bare_{name}' for name in names)}")
    bare = count / wall
    print(f"  COPY of the finished rows alone, same indexes and foreign keys: {bare:,.0f} events/s; appending takes {bare / appended:.1f}×")


def _sequence() -> None:
    from samples.custody.sequencing import advance_log

    with _Timed() as timed:
        advanced = advance_log()
    _say("sequence and sign", advanced.events, timed, 40_000)


def _replay(connection: Any) -> None:
    """Links, hashes, leaves and tree, against streaming the same bytes and hashing them once."""
    from samples.custody.replaying import EVENT_ROWS
    from samples.custody.verifying import verify_custody

    def stream(statement: str, *, fully: bool = False) -> None:
        sha256, pair = hashlib.sha256, bytes(65)

        class Sink:
            def write(self, row: bytes) -> None:
                sha256(row).digest()
                if fully:
                    sha256(b"\0" + row).digest()
                    sha256(pair).digest()

        with connection.cursor() as cursor:
            cursor.cursor.copy_expert(statement, Sink())

    def best(work: Callable[[], object]) -> _Timed:
        return min((_timed(work) for _ in range(3)), key=_wall)

    bytes_alone = "COPY (SELECT canonical FROM custody_custodyevent) TO STDOUT (FORMAT binary)"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM custody_custodyevent")
        events = cursor.fetchone()[0]
    stream(bytes_alone)
    full, same, bare = best(_quick(verify_custody)), best(lambda: stream(EVENT_ROWS)), best(lambda: stream(bytes_alone))
    hashed = best(lambda: stream(bytes_alone, fully=True))
    _say("replay of chains, leaves, tree and checkpoints", events, full, 150_000)
    ratio = full.wall / same.wall
    print(
        f"  the same rows by the same COPY, hashed once: {events / same.wall:,.0f} events/s; the replay takes {ratio:.1f}×"
        f" (CPU {full.cpu / same.cpu:.1f}×); target 3×: {'reached' if ratio <= 3 else 'MISSED'}"
    )
    print(
        f"  the events' bytes alone, no links and no leaves, hashed once: {events / bare.wall:,.0f} events/s;"
        f" the replay takes {full.wall / bare.wall:.1f}×"
    )
    print(f"  with all its hashes (event, leaf, one node each) and nothing else: the replay takes {full.wall / hashed.wall:.1f}×")
    with _Timed() as contents:
        verify_custody()
    print(f"  with every column and disclosed value besides: {events / contents.wall:,.0f} events/s")


def _quick(verify: Callable[..., Any]) -> Callable[[], None]:
    def work() -> None:
        if not verify(contents=False).clean:
            raise RuntimeError("the replay found something")

    return work


def _timed(work: Callable[[], object]) -> _Timed:
    with _Timed() as timed:
        work()
    return timed


def _wall(timed: _Timed) -> float:
    return timed.wall


def _prove() -> None:
    from samples.custody import merkle
    from samples.custody.models import LogLeaf
    from samples.custody.proving import latest_checkpoint, prove_inclusion

    checkpoint = latest_checkpoint()
    if checkpoint is None:
        raise RuntimeError("nothing was signed")
    places = [random.Random(7).randrange(checkpoint.size) for _ in range(_PROOFS)]
    taken = []
    for place in places:
        start = time.perf_counter()
        path = prove_inclusion([place], checkpoint.size)[place]
        taken.append(1000 * (time.perf_counter() - start))
        leaf = bytes(LogLeaf.objects.get(index=place).hash)
        if not merkle.verify_inclusion(leaf, place, checkpoint.size, path, checkpoint.root):
            raise RuntimeError(f"the proof of leaf {place} does not hold")
    middle = statistics.median(taken)
    print(
        f"inclusion proof at {checkpoint.size:,} leaves: median {middle:.2f} ms, slowest of {_PROOFS} {max(taken):.1f} ms; target 2 ms: "
        + ("reached" if middle < 2 else "MISSED")
    )


def _compare() -> None:
    from samples.custody.comparing import compare_custody

    with _Timed() as timed:
        compared = compare_custody()
    if not compared.equal:
        raise RuntimeError(f"the comparison found {compared.first[0]}")
    rate = compared.events / timed.wall
    print(f"comparing {compared.samples:,} samples with their events: {rate:,.0f} events/s ({timed.each(compared.events)})")


if __name__ == "__main__":
    run()

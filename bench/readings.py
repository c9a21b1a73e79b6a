"""One run of 60 × 17 readings over HTTP; storing such a body alone, against a ModelSerializer(many=True) that stores it."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.database import process_cpu_seconds, throwaway_database

_TUBES, _TIMES = 60, 7
_TARGET_MS, _TARGET_RATIO = 150, 25


def run() -> None:
    """Print milliseconds and CPU of the whole call at the server, and how many times faster than naively a body is stored."""
    with throwaway_database() as name:
        from assays.instruments.models import InstrumentToken
        from lims.accounts.tokens import issue_token
        from tests.factories.measurement import make_readings
        from tests.factories.people import make_cast

        cast = make_cast()
        runs = _make_runs(cast, _TIMES + 2)
        bodies = [json.dumps(make_readings(one)).encode() for one in runs]
        _row, token = issue_token(InstrumentToken, by=cast.administrator, name="bench", instrument=runs[0].instrument)
        with _server(name) as (address, web):
            _send(address, token, bodies[0])  # the first call of a process loads what all others have
            before = _cpu_seconds(web)
            taken = [_send(address, token, body) for body in bodies[1:-1]]
            in_web, in_database = ((after - start) / _TIMES for after, start in zip(_cpu_seconds(web), before, strict=True))
        over_http = statistics.median(taken)
        # The last run was not sent: both ways store its body, each time under an upload of their own.
        ours, naively = _store_alone(runs[-1], bodies[-1], _sent_readings(runs[0]))
    print(f"one run of {_TUBES} × 17 readings over HTTP, matched, reduced and judged: {1000 * over_http:.0f} ms")
    print(f"  the best of {_TIMES}: {1000 * min(taken):.0f} ms")
    print(f"  CPU of a call: {1000 * in_web:.0f} ms in the web process, {1000 * in_database:.0f} ms in the database's")
    print(f"  target {_TARGET_MS} ms: {'reached' if 1000 * over_http < _TARGET_MS else 'MISSED'}")
    print(f"storing alone, from the body to the commit, checked and with the tubes found: {1000 * ours:.1f} ms")
    print(f"  ModelSerializer(many=True), the same rows in one transaction: {1000 * naively:.0f} ms")
    ratio = naively / ours
    print(f"  target {_TARGET_RATIO}×: {'reached' if ratio >= _TARGET_RATIO else 'MISSED'} with {ratio:.1f}×")


def _sent_readings(run: Any) -> list[Any]:
    from assays.instruments.models import Reading

    return list(Reading.objects.filter(row__upload__run=run).select_related("row__upload").order_by("pk"))


def _store_alone(run: Any, body: bytes, stored: list[Any]) -> tuple[float, float]:
    """The CPU and waiting time of our way and of the naive one, in seconds: the best of several, taken in turn.

    Ours reads and checks the body, places it on the tray and writes 60 rows and their 1020 readings. The naive way gets its readings as
    plain values, finds each one's tube by a query, and writes the same readings to the same table; the rows are there already.
    """
    from django.db import transaction

    from assays.instruments import rows
    from assays.instruments.models import Upload
    from assays.instruments.parsers.json_readings import parse_readings
    from assays.instruments.placing import place_export

    first = stored[0].row.upload
    numbers = iter(range(100))
    naive = _naive_serializer(first)

    def store() -> None:
        values = {field.attname: getattr(first, field.attname) for field in Upload._meta.concrete_fields if field.name != "id"}
        upload = Upload.objects.create(**(values | {"sha256": f"{next(numbers):064d}", "run_id": run.pk, "state": "waiting"}))
        start = time.perf_counter()
        with transaction.atomic():
            export = parse_readings(body)
            placement = place_export(export, run, run.laboratory_id)
            rows.insert_rows(upload, export, placement.matching, placement.positions, rows.copy_readings(export.readings))
        ours.append(time.perf_counter() - start)

    def store_naively() -> None:
        text = json.dumps([_plain(one) for one in stored])
        start = time.perf_counter()
        with transaction.atomic():
            many = naive(data=json.loads(text), many=True)
            many.is_valid(raise_exception=True)
            many.save()
        naively.append(time.perf_counter() - start)

    ours: list[float] = []
    naively: list[float] = []
    for _ in range(3):
        store()
        store()
        store_naively()
    return min(ours), min(naively)


def _cpu_seconds(web: int) -> tuple[float, float]:
    """The CPU time of gunicorn's workers, and of the other connections to the measurement's database."""
    from django.db import connection

    workers = Path(f"/proc/{web}/task/{web}/children").read_text().split()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        backends = [pid for (pid,) in cursor.fetchall()]
    return sum(process_cpu_seconds(int(pid)) for pid in workers), sum(process_cpu_seconds(pid) for pid in backends)


def _make_runs(cast: Any, count: int) -> list[Any]:
    """Runs of 60 tubes: samples, their duplicates, blanks and reference materials as the method asks for."""
    from tests.factories.bench import make_planned_run

    found = []
    for _number in range(count):
        found.append(make_planned_run(cast, 51, duplicates=3))
    return found


@contextmanager
def _server(database: str) -> Iterator[tuple[str, int]]:
    """The product behind gunicorn, on the database of the measurement; yields its address and process."""
    import os
    import socket

    from tests import databases

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"DATABASE_URL": databases.url_of(database)}
    command = [str(Path(sys.executable).with_name("gunicorn")), "--bind", f"127.0.0.1:{port}", "--workers", "1", "lims.wsgi"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}/healthz")
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait()


def _wait_for(address: str) -> None:
    for _attempt in range(200):
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310  # our own server
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The server of the measurement did not start.")


def _send(address: str, token: str, body: bytes) -> float:
    headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/api/v1/instruments/me/readings/", data=body, headers=headers)  # noqa: S310
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        told = json.load(answer)
    taken = time.perf_counter() - start
    if told["state"] != "recorded" or told["run"]["state"] != "qc_passed":
        raise RuntimeError(f"The run should have passed: {told['state']}, {told['run']}")
    return taken


_sequences = iter(range(100_000, 2**31))


def _plain(reading: Any) -> dict[str, Any]:
    """A reading as an instrument would send it to the naive endpoint: its tube by number, for it knows no keys of ours."""
    values = {field.name: getattr(reading, field.attname) for field in reading._meta.concrete_fields if field.name != "id"}
    values |= {"row": reading.row.index, "sequence": next(_sequences)}
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in values.items()}


def _naive_serializer(upload: Any) -> Any:
    from rest_framework import serializers

    from assays.instruments.models import Reading

    class NaiveReading(serializers.ModelSerializer[Any]):
        row = serializers.SlugRelatedField[Any](slug_field="index", queryset=upload.rows.all())

        class Meta:
            model = Reading
            exclude = ("id",)

    return NaiveReading


if __name__ == "__main__":
    run()

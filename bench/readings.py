"""One run of 60 × 17 readings over HTTP, against COPY of the same rows and against storing them through a ModelSerializer(many=True)."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.database import median_seconds, throwaway_database

_TUBES, _TIMES = 60, 5
_TARGET = 20


def run() -> None:
    """Print milliseconds of each and their ratios."""
    with throwaway_database() as name:
        from assays.instruments.models import InstrumentToken, Reading
        from lims.accounts.tokens import issue_token
        from lims.core.copying import copy_rows
        from tests.factories.measurement import make_readings
        from tests.factories.people import make_cast

        cast = make_cast()
        runs = _make_runs(cast, _TIMES + 1)
        bodies = [json.dumps(make_readings(one)).encode() for one in runs]
        _row, token = issue_token(InstrumentToken, by=cast.administrator, name="bench", instrument=runs[0].instrument)
        with _server(name) as address:
            taken = sorted(_send(address, token, body) for body in bodies)
        over_http = taken[len(taken) // 2]

        stored = list(Reading.objects.filter(row__upload__run=runs[0]).select_related("row__upload").order_by("pk"))
        columns = [field.attname for field in Reading._meta.concrete_fields]
        upload_row = stored[0].row_id
        naive = _naive_serializer(stored[0].row.upload)

        def copy() -> None:
            copy_rows("instruments_reading", columns, [_bare_row(one, columns, upload_row) for one in stored])

        def save_naively() -> None:
            many = naive(data=[_plain(one) for one in stored], many=True)
            many.is_valid(raise_exception=True)
            many.save()

        by_copy = median_seconds(copy)
        naively = median_seconds(save_naively, times=3)
    count = len(stored)
    ratio = naively / over_http
    print(f"one run of {_TUBES} × 17 = {count} readings over HTTP, matched, reduced and judged: {1000 * over_http:.0f} ms")
    print(f"  COPY of the same rows: {1000 * by_copy:.0f} ms; the whole call takes {over_http / by_copy:.1f}×")
    print(f"  ModelSerializer(many=True) with the tube by its number, storing alone, without HTTP: {1000 * naively:.0f} ms")
    print(f"  target {_TARGET}× the naive way: {'reached' if ratio >= _TARGET else 'MISSED'} with {ratio:.1f}×")


def _make_runs(cast: Any, count: int) -> list[Any]:
    """Runs of 60 tubes: samples, their duplicates, blanks and reference materials as the method asks for."""
    from tests.factories.bench import make_planned_run

    found = []
    for _number in range(count):
        found.append(make_planned_run(cast, 51, duplicates=3))
    return found


@contextmanager
def _server(database: str) -> Iterator[str]:
    """The product behind gunicorn, on the database of the measurement; yields its address."""
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
        yield f"http://127.0.0.1:{port}"
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


def _bare_row(reading: Any, columns: list[str], row: Any) -> list[Any]:
    from lims.core.ids import uuid7

    changed = {"id": uuid7(), "row_id": row, "sequence": next(_sequences)}
    return [changed.get(column, getattr(reading, column)) for column in columns]


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

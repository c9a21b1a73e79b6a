"""100,000 readings in one POST, placed and stored, against COPY of the same rows into the same table."""

from __future__ import annotations

import io
import json
import statistics
import time
from typing import Any

from bench.database import median_seconds, throwaway_database

_READINGS, _TIMES = 100_000, 5
_TARGET = 0.6


def run() -> None:
    """Print seconds of both and their ratio."""
    with throwaway_database():
        from django.db import connections

        from assays.instruments.models import Reading
        from lims.core.startup import keep_what_is_loaded
        from tests.factories.bench import make_planned_run
        from tests.factories.people import make_cast

        cast = make_cast()
        runs = [make_planned_run(cast, 51, duplicates=3) for _number in range(2 * _TIMES + 1)]
        send = open_door(cast, runs[0].instrument)
        bodies = [make_body(one, _READINGS) for one in runs]
        waiting = [_exceed(body) for body in bodies[_TIMES + 1 :]]
        keep_what_is_loaded()  # as the web process does
        send(bodies[0])
        with connections["owner"].cursor() as cursor:
            # As in a database that is in use: one made this minute checks foreign keys by plans for empty tables.
            cursor.execute("ANALYZE instruments_uploadrow")
        judged = statistics.median(send(body) for body in bodies[1 : _TIMES + 1])
        by_post = statistics.median(send(body, "waiting") for body in waiting)
        stored = Reading.objects.filter(row__upload__run=runs[0])
        if (count := stored.count()) != _READINGS:
            raise RuntimeError(f"{count} readings were stored of {_READINGS}.")
        by_copy = median_seconds(bare_copies(stored, _TIMES), times=_TIMES)
    ratio = by_copy / by_post
    print(f"{_READINGS:,} readings ({len(bodies[0]) / 1e6:.0f} MB of JSON) in one POST, placed and stored: {by_post:.2f} s")
    print(f"  COPY of the same rows into the same table, committed: {by_copy:.2f} s")
    print(f"  target {_TARGET} of COPY's speed: {'reached' if ratio >= _TARGET else 'MISSED'} with {ratio:.2f}")
    print(f"  reduced and judged besides, where nobody has to look first: {judged:.2f} s, {by_copy / judged:.2f} of COPY's speed")


def _exceed(body: bytes) -> bytes:
    """The message with one content beyond the instrument's range: it is stored like any other and waits for a person."""
    message = json.loads(body)
    message["readings"][0]["qualifier"] = "OVER"
    return json.dumps(message).encode()


def make_body(planned: Any, count: int) -> bytes:
    """A message of `count` readings of a planned run: its concentrations, and the counts of as many sweeps as are wanted."""
    from tests.factories.measurement import make_readings

    body = make_readings(planned)
    concentrations = list(body["readings"])
    for number in range(count - len(concentrations)):
        sweep, place = divmod(number, len(concentrations))
        cell = concentrations[place]
        counts = {"value": str(40_000 + number % 9973) + ".25", "unit": "cps", "quantity": "counts", "replicate": sweep + 1}
        body["readings"].append(cell | counts)
    return json.dumps(body).encode()


def open_door(cast: Any, instrument: Any) -> Any:
    """A function that posts a body through the whole of the product's request handling and returns the seconds it took."""
    from django.test import Client

    from assays.instruments.models import InstrumentToken
    from lims.accounts.tokens import issue_token

    _row, token = issue_token(InstrumentToken, by=cast.administrator, name="bench", instrument=instrument)
    client = Client(SERVER_NAME="127.0.0.1", headers={"authorization": f"Token {token}"})

    def send(body: bytes, state: str = "recorded") -> float:
        start = time.perf_counter()
        answer = client.post("/api/v1/instruments/me/readings/", data=body, content_type="application/json")
        taken = time.perf_counter() - start
        if answer.status_code != 201 or answer.json()["state"] != state:
            raise RuntimeError(f"The message should be {state}: {answer.status_code} {answer.content[:500]!r}")
        return taken

    return send


def bare_copies(stored: Any, times: int) -> Any:
    """A function that each time copies the stored readings once more, under numbers and keys of their own, from text made before."""
    from django.db import connection, transaction

    from lims.core.ids import uuid7_series

    columns = (
        "id, row_id, sequence, analyte, isotope, gas_mode, quantity, unit, raw, value, qualifier, internal_standard, replicate, source_row"
    )
    columns += ', "column"'
    copied = io.StringIO()
    with connection.cursor() as cursor:
        keys, parameters = stored.order_by("pk").values("pk").query.sql_with_params()
        chosen = f"SELECT {columns} FROM instruments_reading WHERE id IN ({keys}) ORDER BY id"  # noqa: S608  # names of our own
        query = cursor.mogrify(chosen, parameters).decode()
        cursor.copy_expert(f"COPY ({query}) TO STDOUT", copied)
    cells = [line.split("\t", 3) for line in copied.getvalue().splitlines()]
    texts = []
    for number in range(times):
        made = zip(uuid7_series(len(cells)), cells, strict=True)
        lines = (f"{key}\t{row}\t{int(sequence) + 10_000 * (number + 1)}\t{rest}\n" for key, (_key, row, sequence, rest) in made)
        texts.append(io.StringIO("".join(lines)))

    def copy() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.copy_expert(f"COPY instruments_reading ({columns}) FROM STDIN", texts.pop(), 1 << 16)

    return copy


if __name__ == "__main__":
    run()

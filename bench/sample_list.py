"""The sample list at 100,000 samples: first page and deep page, as the web page and as the API."""

from __future__ import annotations

import itertools
from typing import Any

from bench.database import median_seconds, throwaway_database

_COUNT = 100_000
_BATCH = 10_000
_TARGET_MS = 40


def run() -> None:
    """Print the median of each page in milliseconds."""
    with throwaway_database():
        from django.db import connection, connections
        from django.test import Client

        from lims.core.startup import keep_what_is_loaded
        from samples.services.registering import register_samples
        from tests.factories.people import make_cast
        from tests.factories.samples import make_mine, make_record

        keep_what_is_loaded()  # as the web process does
        cast = make_cast()
        mines = [make_mine(f"M{n}", f"Mine {n}").code for n in range(8)]
        numbers = itertools.count()
        for _ in range(_COUNT // _BATCH):
            batch = itertools.islice(numbers, _BATCH)
            records = [make_record(mine=mines[n % 8], field_id=f"F-{n}", seal_number=f"SEAL-{n}") for n in batch]
            register_samples(records=records, by=cast.collector)
        with connections["owner"].cursor() as cursor:
            cursor.execute("VACUUM ANALYZE samples_sample")
        print(f"sample list at {_COUNT:,} samples (target {_TARGET_MS} ms, p50 of 15):")
        for name, person in (("official", cast.official), ("collector", cast.collector)):
            client = Client(headers={"host": "127.0.0.1"})
            client.force_login(person)
            _measure(client, f"web, {name}", "/samples/?page_size=50")
            _measure(client, f"web, {name}, one mine", f"/samples/?page_size=50&mine={mines[3]}")
            _measure(client, f"API, {name}", "/api/v1/samples/?page_size=50")
        connection.close()


def _measure(client: Any, name: str, path: str) -> None:
    first = 1000 * median_seconds(lambda: _open(client, path), times=15)
    deep = _deep_address(client, path)
    far = 1000 * median_seconds(lambda: _open(client, deep), times=15)
    verdict = "reached" if max(first, far) < _TARGET_MS else "MISSED"
    print(f"  {name + ':':26} first page {first:5.1f} ms, deep page {far:5.1f} ms  {verdict}")


def _open(client: Any, path: str) -> Any:
    answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}: {answer.content[:300]!r}")
    return answer


def _deep_address(client: Any, path: str) -> str:
    """The page nine tenths of the way down, reached by its cursor."""
    api = path.replace("/samples/", "/api/v1/samples/") if not path.startswith("/api/") else path
    rows = _open(client, api.replace("page_size=50", "page_size=1&count=1")).json()["count"]
    step = min(1000, rows // 20)
    address = api.replace("page_size=50", f"page_size={step}&fields=id")
    for _ in range(rows * 9 // 10 // step):
        address = _open(client, address).json()["next"]
    cursor = address.split("cursor=")[1].split("&")[0]
    return f"{path}&cursor={cursor}"


if __name__ == "__main__":
    run()

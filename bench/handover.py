"""A handover of a consignment of 200 samples: offered and acknowledged, with and without both signatures."""

from __future__ import annotations

import time
from typing import Any

from bench.database import throwaway_database

_COUNT = 200
_TARGET_MS = 300
_TIMES = 5


def run() -> None:
    """Print the median of offer and answer in milliseconds, through the services and over HTTP."""
    with throwaway_database():
        from django.db import connection

        from tests.factories.callers import Caller
        from tests.factories.consignments import make_dispatched
        from tests.factories.people import PASSWORD, make_cast

        cast = make_cast()
        print(f"handover of {_COUNT} samples, offered and acknowledged (target {_TARGET_MS} ms at the server, median of {_TIMES}):")
        giver, taker = Caller(cast.collector), Caller(cast.custodian)
        for caller in (giver, taker):
            caller.client.defaults["HTTP_HOST"] = "127.0.0.1"
        for name, more in (("over HTTP", {}), ("over HTTP, both signed", {"password": PASSWORD})):
            taken = sorted(_hand_over(make_dispatched(cast, _COUNT), giver, taker, more) for _ in range(_TIMES))
            median = 1000 * taken[_TIMES // 2]
            print(f"  {name + ':':26} {median:5.0f} ms  {'reached' if median < _TARGET_MS else 'MISSED'}")
        connection.close()


def _hand_over(consignment: Any, giver: Any, taker: Any, more: dict[str, str]) -> float:
    """The seconds of both calls together."""
    at = f"/consignments/{consignment.code}"
    begun = time.perf_counter()
    offered = giver.post(f"{at}/handover/", {"receiver": "CARRIER", "place": "Nampong"} | more)
    answered = taker.post(f"{at}/acknowledge/", {"accept": True, "seals_intact": True} | more)
    taken = time.perf_counter() - begun
    if (offered.status_code, answered.status_code) != (201, 200):
        raise RuntimeError(f"refused: {offered.content[:200]!r} {answered.content[:200]!r}")
    return taken


if __name__ == "__main__":
    run()

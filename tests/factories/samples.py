"""Mines, visits and samples for tests, made through the services."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from lims.core import clock
from samples.models import Mine, Pit, Sample
from samples.services.registering import SamplingRecord, register_samples
from tests.factories.people import Cast


def make_mine(code: str = "PW1", name: str = "Pangwa North", belt: str = "Chipwe–Pangwa belt", **more: Any) -> Mine:
    """The mine with that code, made when it is not there yet; it has one pit, `P1`."""
    mine = Mine.objects.filter(code=code).first()
    if mine is None:
        place = {"latitude": Decimal("25.923400"), "longitude": Decimal("98.612300"), "township": "Chipwi"}
        mine = Mine.objects.create(code=code, name=name, belt=belt, **(place | more))
        Pit.objects.create(mine=mine, code="P1", latitude=Decimal("25.923500"), longitude=Decimal("98.612400"))
    return mine


def make_record(**more: Any) -> SamplingRecord:
    """A sampling record that is right as it stands; `mine` defaults to the code of `make_mine()`."""
    fields: dict[str, Any] = {
        "mine": "PW1",
        "material": "clay",
        "method": "channel",
        "collected_at": clock.now() - timedelta(days=2),
        "mass_g": Decimal("2140.5"),
        "container": "poly bag",
        "latitude": Decimal("25.923450"),
        "longitude": Decimal("98.612350"),
        "depth_from_m": Decimal("1.2"),
        "depth_to_m": Decimal("1.8"),
    }
    return SamplingRecord(**(fields | more))


def make_samples(cast: Cast, n: int = 1, *, by: Any = None, sealed: bool = True, **more: Any) -> list[Sample]:
    """`n` samples registered by `cast.collector` (or `by`) at `make_mine()`, each with its own field id and seal; `more` are members of the
    sampling record."""
    mine = make_mine()
    start = Sample.objects.count()
    records = [
        make_record(
            **({"mine": mine.code, "field_id": f"F-{start + i:05d}", "seal_number": f"SEAL-{start + i:06d}" if sealed else ""} | more)
        )
        for i in range(n)
    ]
    return register_samples(records=records, by=by or cast.collector)

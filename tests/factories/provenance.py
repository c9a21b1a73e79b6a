"""Provenance for tests, made through the services."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from lims.core import clock
from samples.models import Consignment
from samples.provenance.models import ProvenanceRecord
from samples.provenance.services.recording import record_provenance
from tests.factories.consignments import make_consignment
from tests.factories.people import Cast
from tests.factories.samples import make_mine


def make_provenance(cast: Cast, *, consignment: Consignment | None = None, parts: Any = None, **more: Any) -> ProvenanceRecord:
    """A record of `cast.collector` for what a consignment brought from `make_mine()`: complete in itself, without parts unless given."""
    consignment = consignment or make_consignment(cast, 1)
    today = clock.today()
    values: dict[str, Any] = {
        "mine": make_mine(),
        "consignment": consignment,
        "quantity_kg": Decimal(1200),
        "extraction_method": "in_situ_leach",
        "extracted_from": today - timedelta(days=60),
        "extracted_until": today - timedelta(days=30),
        "acquired_on": today - timedelta(days=20),
        "sent_on": today - timedelta(days=10),
        "permits": "Township office, no. 12, until the end of the year",
    }
    return record_provenance(values=values | more, parts=parts, by=cast.collector)


def make_parts(**more: Any) -> dict[str, list[dict[str, Any]]]:
    """One intermediary, a route over a border post, and a tax paid at a checkpoint."""
    today = clock.today()
    payment = {
        "payer": "Zau Transport",
        "payee": "Checkpoint of the road",
        "payee_kind": "non_state_armed_group",
        "reason": "checkpoint_tax",
        "amount": Decimal("350000.00"),
        "currency": "MMK",
        "paid_on": today - timedelta(days=15),
    }
    mine = {"kind": "mine", "place": "Pangwa North", "jurisdiction": "MM", "conflict_area": "yes"}
    border = {"kind": "border_post", "place": "Nampong", "jurisdiction": "IN", "conflict_area": "no"}
    return {
        "intermediaries": [
            {
                "name": "Golden Hill Trading",
                "role": "trader",
                "jurisdiction": "MM",
                "identified_by": "licence",
                "beneficial_owner": "Somebody Known",
            }
        ],
        "route": [mine | {"left_on": today - timedelta(days=18)}, border | {"arrived_on": today - timedelta(days=12)}],
        "payments": [payment | more],
    }

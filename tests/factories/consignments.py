"""Consignments for tests, brought through the services to where a test begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

from lims.core import clock
from samples.custody.models import CustodyEvent
from samples.models import Consignment, Discrepancy, Sample
from samples.services.consigning import create_consignment, dispatch_consignment
from samples.services.handing_over import answer_handover, offer_handover
from samples.services.receiving import ItemFound, receive_consignment
from tests.factories.people import Cast
from tests.factories.samples import make_samples


def make_consignment(cast: Cast, n: int = 2, **more: Any) -> Consignment:
    """Packed by the collector with `n` samples, for the laboratory, with the carrier; not dispatched."""
    words = {"waybill": "WB-1", "border_post": "Nampong", "by": cast.collector, "samples": make_samples(cast, n) if n else ()}
    parties = {"addressee": cast.organisations["lab"], "carrier": cast.organisations["carrier"]}
    return create_consignment(**(words | parties | more))


def make_dispatched(cast: Cast, n: int = 2, **more: Any) -> Consignment:
    """Dispatched by the collector, expected in three days."""
    consignment = make_consignment(cast, n, **more)
    return dispatch_consignment(
        consignment=consignment, expected_by=clock.now() + timedelta(days=3), place="Myitkyina depot", by=consignment.created_by
    )


def hand_over(consignment: Consignment, giver: Any, taker: Any) -> None:
    """From one person's organisation to another's, both sides done."""
    offered = offer_handover(consignment=consignment, receiver=taker.organisation, place="Nampong", by=giver)
    answer_handover(handover=offered, accept=True, seals_intact=True, by=taker)


def make_arrived(cast: Cast, n: int = 2, **more: Any) -> Consignment:
    """Handed by the collector to the carrier and by the carrier to the laboratory; not yet received item by item."""
    consignment = make_dispatched(cast, n, **more)
    hand_over(consignment, cast.collector, cast.custodian)
    hand_over(consignment, cast.custodian, cast.receptionist)
    consignment.refresh_from_db()
    return consignment


def samples_of(consignment: Consignment) -> list[Sample]:
    """Its samples as they stand now, by code."""
    return list(Sample.objects.filter(consignment_items__consignment=consignment).order_by("code"))


def found_as_sent(sample: Sample, /, **more: Any) -> ItemFound:
    """The finding of a receptionist for a sample that arrived as it left."""
    fields: dict[str, Any] = {
        "sample": sample.code,
        "seal_number": sample.seal_number or "",
        "seal_condition": "intact" if sample.seal_number else "none",
        "container_intact": True,
        "container_count": sample.container_count,
        "mass_g": Decimal(sample.mass_g),
    }
    return ItemFound(**(fields | more))


def make_received(cast: Cast, n: int = 2, findings: Sequence[ItemFound] | None = None, **more: Any) -> Consignment:
    """Received at the laboratory, as sent unless `findings` say otherwise."""
    consignment = make_arrived(cast, n, **more)
    found = findings or [found_as_sent(sample) for sample in samples_of(consignment)]
    receive_consignment(consignment=consignment, items=found, by=cast.receptionist)
    consignment.refresh_from_db()
    return consignment


def make_discrepancy(cast: Cast, **found: Any) -> Discrepancy:
    """One sample received with a difference (default: its seal broken); the first discrepancy where `found` makes several."""
    consignment = make_arrived(cast, 1)
    [sample] = samples_of(consignment)
    items = [found_as_sent(sample, **(found or {"seal_condition": "broken"}))]
    receive_consignment(consignment=consignment, items=items, by=cast.receptionist)
    return Discrepancy.objects.filter(sample=sample).order_by("pk")[0]


def kinds_of(sample: Sample) -> list[str]:
    """The kinds of a sample's custody events, in order."""
    return list(CustodyEvent.objects.filter(sample=sample).order_by("seq").values_list("kind", flat=True))


def everything_of(consignment: Consignment) -> tuple[Any, ...]:
    """All that a refused step must leave as it was: the consignment, its items, samples, handovers, receipts and their ledger."""
    ids = [sample.pk for sample in samples_of(consignment)]
    return (
        Consignment.objects.filter(pk=consignment.pk).values().get(),
        list(consignment.items.order_by("pk").values()),
        list(Sample.objects.order_by("pk").values()),
        list(consignment.handovers.order_by("pk").values()),
        list(consignment.receipts.order_by("pk").values()),
        list(Discrepancy.objects.filter(sample__in=ids).order_by("pk").values()),
        CustodyEvent.objects.count(),
    )


@contextmanager
def nothing_changes(consignment: Consignment) -> Iterator[None]:
    """Whatever happens inside the block leaves everything of the consignment as it was."""
    before = everything_of(consignment)
    yield
    assert everything_of(consignment) == before

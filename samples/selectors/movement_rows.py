"""Consignments, receipts and discrepancies as plain data: one shape for the API and for files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from samples.models import Consignment, Pack
from samples.selectors.consignments import ConsignmentRow, ItemRow, Leg, Party, items_of, legs_of, read_row
from samples.selectors.receipts import DiscrepancyRow, ReceiptLine, ReceiptView, receipts_of


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _named(name: str, party: Party | None) -> dict[str, str | None]:
    return {name: party.code if party else None, f"{name}_name": party.name if party else None}


def consignment_data(row: ConsignmentRow) -> dict[str, Any]:
    """One consignment, flat; organisations by code and name."""
    return {
        "code": row.code,
        "state": row.state,
        **_named("sender", row.sender),
        **_named("carrier", row.carrier),
        **_named("addressee", row.addressee),
        **_named("holder", row.holder),
        "since": _moment(row.since),
        **_named("waiting_for", row.waiting_for),
        "waiting_since": _moment(row.waiting_since),
        "items_count": row.items,
        "open_discrepancies": row.open_discrepancies,
        "last_seen": row.last_seen,
        "last_seen_at": _moment(row.last_seen_at),
        "purpose": row.purpose,
        "waybill": row.waybill,
        "border_post": row.border_post,
        "outer_seal": row.outer_seal,
        "created_at": _moment(row.created_at),
        "dispatched_at": _moment(row.dispatched_at),
        "expected_by": _moment(row.expected_by),
        "received_at": _moment(row.received_at),
        "overdue": row.overdue,
    }


def consignment_detail(consignment: Consignment, viewer: Any) -> dict[str, Any]:
    """One consignment with its items, handovers and receipts."""
    return {
        **consignment_data(read_row(consignment, viewer)),
        "items": [item_data(item) for item in items_of(consignment, viewer)],
        "packs": [pack_data(pack) for pack in consignment.packs.all()],
        "handovers": [leg_data(leg) for leg in legs_of(consignment, viewer)],
        "receipts": [receipt_data(receipt) for receipt in receipts_of(consignment, viewer)],
    }


def item_data(item: ItemRow) -> dict[str, Any]:
    """One sample of a consignment."""
    return {
        "sample": item.code,
        "blind_code": item.blind_code or None,
        "seal_number": item.seal_number,
        "container_count": item.container_count,
        "mass_g": str(item.mass_g),
        "state": item.state,
        "on_hold": item.on_hold,
        "has_open_discrepancy": item.has_open_discrepancy,
        "pack": item.pack,
    }


def pack_data(pack: Pack) -> dict[str, Any]:
    """One pack."""
    return {
        "number": pack.number,
        "kind": pack.kind,
        "seal_number": pack.seal_number,
        "gross_kg": str(pack.gross_kg) if pack.gross_kg is not None else None,
    }


def leg_data(leg: Leg) -> dict[str, Any]:
    """One handover."""
    return {
        "id": str(leg.id),
        "state": leg.state,
        "giver": leg.giver or None,
        "giver_person": leg.giver_person or None,
        "receiver": leg.receiver,
        "receiver_person": leg.receiver_person or None,
        "place": leg.place,
        "remark": leg.remark,
        "relinquished_at": _moment(leg.relinquished_at),
        "answered_at": _moment(leg.answered_at),
        "answer_remark": leg.answer_remark,
        "seals_intact": leg.seals_intact,
        "giver_signed": leg.giver_signed,
        "receiver_signed": leg.receiver_signed,
        "manner": leg.manner,
        "paper_reason": leg.paper_reason,
        "recorded_by": leg.recorded_by or None,
        "recorded_at": _moment(leg.recorded_at),
    }


def receipt_data(receipt: ReceiptView) -> dict[str, Any]:
    """One reception with the outcome of each sample."""
    return {
        "id": str(receipt.id),
        "received_at": _moment(receipt.received_at),
        "received_by": receipt.received_by,
        "remark": receipt.remark,
        "packs": [{"number": one.number, "seal_number": one.seal_number, "seal_condition": one.seal_condition} for one in receipt.packs],
        "items": [line_data(line) for line in receipt.lines],
    }


def line_data(line: ReceiptLine) -> dict[str, Any]:
    """What was found of one sample and what came of it."""
    return {
        "sample": line.code,
        "blind_code": line.blind_code or None,
        "outcome": line.outcome,
        "present": line.present,
        "seal_number": line.seal_number,
        "seal_condition": line.seal_condition or None,
        "container_intact": line.container_intact,
        "container_count": line.container_count,
        "mass_g": str(line.mass_g) if line.mass_g is not None else None,
        "remark": line.remark,
        "discrepancies": [
            {"id": str(one.id), "kind": one.kind, "detail": one.detail, "decision": one.decision or None} for one in line.discrepancies
        ],
    }


def discrepancy_data(row: DiscrepancyRow) -> dict[str, Any]:
    """One discrepancy, flat."""
    return {
        "id": str(row.id),
        "state": "open" if row.decided_at is None else "settled",
        "sample": row.sample,
        "consignment": row.consignment or None,
        "laboratory": row.laboratory.code,
        "laboratory_name": row.laboratory.name,
        "kind": row.kind,
        "severity": row.rule.severity,
        "settled_by": sorted(row.rule.settled_by),
        "blocks": sorted(row.rule.blocks),
        "detail": row.detail,
        "found_at": _moment(row.found_at),
        "found_by": row.found_by,
        "decision": row.decision or None,
        "reason": row.reason,
        "decided_by": row.decided_by or None,
        "decided_at": _moment(row.decided_at),
    }

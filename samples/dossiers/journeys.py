"""Handovers with their two signatures, and the decisions about discrepancies: who signed what, as far as the reader may know."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from lims.accounts.models import Signature
from lims.accounts.signing import canonical_bytes
from samples.custody.hashing import time_text
from samples.models import Consignment, ConsignmentItem, Discrepancy, Handover, Sample
from samples.selectors.consignments import Leg, is_blind, legs_of, sees_papers
from samples.services.settling import settlement_content


def consignments_of(samples: Sequence[Sample], viewer: Any) -> list[Consignment]:
    """The consignments the samples travelled in, those the viewer may see, the first first."""
    items = ConsignmentItem.objects.filter(sample__in=[sample.pk for sample in samples], removed_at=None)
    return list(Consignment.objects.visible_to(viewer).filter(pk__in=items.values("consignment")).order_by("created_at", "id"))


def handovers_of(consignments: Iterable[Consignment], viewer: Any) -> list[dict[str, Any]]:
    """Every handover of the consignments in order of time, each with who signed on both sides."""
    rows = []
    for consignment in consignments:
        signed = {one.pk: one for one in consignment.handovers.select_related("giver_signature", "receiver_signature")}
        rows += [_handover(leg, signed[leg.id], consignment, is_blind(viewer)) for leg in legs_of(consignment, viewer)]
    return sorted(rows, key=lambda row: str(row["relinquished_at"]))


def _handover(leg: Leg, found: Handover, consignment: Consignment, blind: bool) -> dict[str, Any]:
    return {
        "consignment": consignment.code,
        "state": leg.label,
        "giver": leg.giver,
        "giver_person": leg.giver_person,
        "giver_signed": _signature_words(found.giver_signature, told=bool(leg.giver_person), blind=blind),
        "receiver": leg.receiver,
        "receiver_person": leg.receiver_person,
        "receiver_signed": _signature_words(found.receiver_signature, told=bool(leg.receiver_person), blind=blind),
        "place": leg.place,
        "remark": leg.remark,
        "answer_remark": leg.answer_remark,
        "relinquished_at": time_text(leg.relinquished_at),
        "answered_at": time_text(leg.answered_at) if leg.answered_at else None,
        "seals_intact": leg.seals_intact,
    }


def _signature_words(signature: Signature | None, *, told: bool, blind: bool) -> dict[str, Any] | None:
    """Who signed and when; to a laboratory not the hash of it, from which the giver could be found by trying the few there are."""
    if signature is None:
        return None
    return {
        "person": signature.printed_name if told else "",
        "organisation": signature.organisation_name if told else "",
        "at": time_text(signature.signed_at),
        "sha256": "" if blind else signature.content_hash,
    }


def signatures_of(consignments: Iterable[Consignment], samples: Sequence[Sample], viewer: Any) -> list[dict[str, Any]]:
    """The electronic signatures of handovers and decisions as the verifier reads them; `content` is what was signed, where the reader may
    see all of it."""
    rows = [row for consignment in consignments for row in _handover_signatures(consignment, viewer)]
    decided = Discrepancy.objects.visible_to(viewer).filter(sample__in=[sample.pk for sample in samples], signature__isnull=False)
    by_signature: dict[UUID | None, list[Discrepancy]] = {}
    for one in decided.select_related("signature", "settlement", "receipt_item__receipt__consignment").order_by("pk"):
        by_signature.setdefault(one.signature_id, []).append(one)
    rows += [_decision_signature(settled) for settled in by_signature.values()]
    return sorted(rows, key=lambda row: str(row["signed_at"]))


def _handover_signatures(consignment: Consignment, viewer: Any) -> list[dict[str, Any]]:
    legs = {leg.id: leg for leg in legs_of(consignment, viewer)}
    items = list(consignment.items.filter(removed_at=None).select_related("sample").order_by("sample__code"))
    rows = []
    for one in consignment.handovers.select_related("giver", "receiver", "giver_signature", "receiver_signature"):
        leg = legs[one.pk]
        acts = ((one.giver_signature, "relinquished", leg.giver_person), (one.receiver_signature, one.state, leg.receiver_person))
        for signature, act, person in acts:
            if signature is not None:
                blind = is_blind(viewer)
                content = None if blind or not sees_papers(viewer) else _handover_content(one, act, consignment, items)
                row = _signature_row(signature, consignment.code, act, told=bool(person), content=content)
                rows.append(row | ({"content_sha256": ""} if blind else {}))
    return rows


def _handover_content(one: Handover, act: str, consignment: Consignment, items: Sequence[ConsignmentItem]) -> dict[str, Any]:
    """What the parties of a handover sign (`samples.services.handing_over`)."""
    return {
        "act": act,
        "consignment": consignment.code,
        "giver": one.giver.name,
        "receiver": one.receiver.name,
        "at": time_text(one.relinquished_at if act == "relinquished" else one.answered_at or one.relinquished_at),
        "samples": [item.sample.code for item in items],
        "seals": [item.seal_number for item in items],
        "outer_seal": consignment.outer_seal,
    }


def _decision_signature(settled: Sequence[Discrepancy]) -> dict[str, Any]:
    first = settled[0]
    code = first.receipt_item.receipt.consignment.code if first.receipt_item else ""
    settlement = getattr(first, "settlement", None)
    content = settlement_content(settled, first.decision, first.reason, settlement.shown_hash) if settlement else None
    return _signature_row(first.signature, code, f"decision: {first.decision}", told=True, content=content)


def _signature_row(
    signature: Signature | None, consignment: str, act: str, *, told: bool, content: dict[str, Any] | None
) -> dict[str, Any]:
    assert signature is not None  # noqa: S101  # asked for only where there is one
    data = canonical_bytes(content) if content is not None else b""
    # What was signed is shown only where it is, byte for byte, what was signed.
    shown = data.decode() if data and hashlib.sha256(data).hexdigest() == signature.content_hash else None
    return {
        "consignment": consignment,
        "act": act,
        "person": signature.printed_name if told else "",
        "organisation": signature.organisation_name if told else "",
        "signed_at": time_text(signature.signed_at),
        "content_sha256": signature.content_hash,
        "content": shown,
    }

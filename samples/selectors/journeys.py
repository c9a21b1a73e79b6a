"""The life of a consignment as a timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from samples.models.consignments import HandoverManner
from samples.selectors.consignments import ConsignmentRow, Leg
from samples.selectors.receipts import ReceiptView


@dataclass(frozen=True)
class JourneyEvent:
    """One thing that happened to the whole consignment, as the timeline shows it. Facts are pairs of label and text or moment."""

    tone: str
    title: str
    at: datetime
    detail: str = ""
    actor: str = ""
    facts: list[tuple[str, Any]] = field(default_factory=list)
    href: str = ""


def journey_of(row: ConsignmentRow, legs: Sequence[Leg], receipts: Sequence[ReceiptView]) -> list[JourneyEvent]:
    """What happened, the first first."""
    sender = str(row.sender or _("the sender"))
    events = [JourneyEvent("none", _("Made"), row.created_at, sender)]
    if row.dispatched_at:
        events.append(JourneyEvent("pass", _("Dispatched"), row.dispatched_at, f"{sender} → {row.addressee or _('the sender')}"))
    events += [event for leg in legs for event in _leg_events(leg, row.code)]
    events += [_receipt_event(receipt) for receipt in receipts]
    return sorted(events, key=lambda event: event.at)


_ANSWERS = {"acknowledged": ("pass", _("Taken over")), "refused": ("fail", _("Refused")), "withdrawn": ("none", _("Taken back"))}


def _leg_events(leg: Leg, code: str) -> list[JourneyEvent]:
    """The offer, and its answer once there is one: each party's own act at its own time."""
    parties = f"{leg.giver or _('the sender')} → {leg.receiver}"
    tone = "wait" if leg.answered_at is None else "pass"
    place = [(_("at"), leg.place)] if leg.place else []
    signed = [(_("signed"), _("electronically"))]
    paper = _paper_facts(leg)
    scan = reverse("samples:handover-scan", args=[code, leg.id]) if leg.has_scan else ""
    offered = JourneyEvent(
        tone,
        _("Handed over"),
        leg.relinquished_at,
        _words(parties, leg.remark),
        leg.giver_person,
        place + (signed if leg.giver_signed else []) + paper,
        scan,
    )
    if leg.answered_at is None:
        return [offered]
    tone, title = _ANSWERS[leg.state]
    seals = [] if leg.seals_intact is None else [(_("seals"), _("intact") if leg.seals_intact else _("not intact"))]
    who = leg.giver if leg.state == "withdrawn" else leg.receiver
    answer = JourneyEvent(
        tone,
        title,
        leg.answered_at,
        _words(who, leg.answer_remark),
        leg.receiver_person,
        seals + (signed if leg.receiver_signed else []) + paper,
    )
    return [offered, answer]


def _paper_facts(leg: Leg) -> list[tuple[str, Any]]:
    """What marks a handover that was signed on paper and recorded afterwards."""
    if leg.manner != HandoverManner.PAPER:
        return []
    reason = [(_("why"), leg.paper_reason)] if leg.paper_reason else []
    recorder = [(_("recorded by"), leg.recorded_by)] if leg.recorded_by else []
    return [(_("signed"), _("on paper")), *reason, *recorder, (_("recorded"), leg.recorded_at)]


def _words(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _receipt_event(receipt: ReceiptView) -> JourneyEvent:
    blocked = any(line.discrepancies for line in receipt.lines)
    count = {"present": len(receipt.present), "all": len(receipt.lines)}
    detail = _words(_("%(present)d of %(all)d samples present") % count, receipt.remark)
    return JourneyEvent("fail" if blocked else "pass", _("Received item by item"), receipt.received_at, detail, receipt.received_by)

"""Receipts and discrepancies as others read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from lims.accounts.models import Organisation
from lims.core import clock
from lims.core.roles import Role
from samples.blocking import DISCREPANCIES, DiscrepancyRule
from samples.models import Consignment, Discrepancy, ReceiptItem
from samples.models.receipts import Decision, DiscrepancyKind, SealCondition
from samples.selectors.consignments import Badge, bag_code


@dataclass(frozen=True)
class DiscrepancyRow:
    """One discrepancy. `sample` is the code the viewer knows; the decision's members are empty until it is settled."""

    id: UUID
    sample: str
    sample_id: UUID
    consignment: str
    laboratory: Organisation
    kind: str
    detail: str
    found_at: datetime
    found_by: str
    decision: str
    reason: str
    decided_by: str
    decided_at: datetime | None
    now: datetime

    @property
    def kind_label(self) -> str:
        """The kind in words."""
        return str(DiscrepancyKind(self.kind).label)

    @property
    def rule(self) -> DiscrepancyRule:
        """How grave the kind is, who settles it, what waits for that."""
        return DISCREPANCIES[self.kind]

    @property
    def severity_label(self) -> str:
        """How grave it is, in words."""
        return {"critical": _("critical"), "major": _("major"), "minor": _("minor")}[self.rule.severity]

    @property
    def decides(self) -> str:
        """Who must decide."""
        roles = ", ".join(str(Role(role).label) for role in sorted(self.rule.settled_by))
        return _("%(role)s of %(laboratory)s") % {"role": roles, "laboratory": self.laboratory}

    @property
    def waiting_steps(self) -> str:
        """The steps that wait for the decision, in words."""
        return ", ".join(sorted(self.rule.blocks)) if self.decided_at is None else ""

    @property
    def age(self) -> timedelta:
        """How long it waits, or waited."""
        return (self.decided_at or self.now) - self.found_at

    @property
    def badge(self) -> Badge:
        """Open, or how it was settled."""
        if self.decided_at is None:
            return "fail", _("open")
        words = {Decision.ACCEPT: _("accepted"), Decision.REFUSE: _("refused"), Decision.LOST: _("declared lost")}
        return ("pass" if self.decision == Decision.ACCEPT else "none"), words[Decision(self.decision)]


_PARTIES = ("sample", "laboratory", "decided_by", "found_by", "receipt_item__receipt__consignment", "receipt_item__receipt__received_by")


def select_discrepancies(viewer: Any) -> QuerySet[Discrepancy]:
    """The viewer's discrepancies with everything a row needs."""
    return Discrepancy.objects.visible_to(viewer).select_related(*_PARTIES)


def discrepancy_row(found: Discrepancy, viewer: Any) -> DiscrepancyRow:
    """A discrepancy from `select_discrepancies` as the viewer may see it."""
    receipt = found.receipt_item.receipt if found.receipt_item else None
    return DiscrepancyRow(
        id=found.pk,
        sample=found.sample.code_for(viewer),
        sample_id=found.sample_id,
        consignment=receipt.consignment.code if receipt else "",
        laboratory=found.laboratory,
        kind=found.kind,
        detail=found.detail,
        found_at=found.found_at,
        found_by=_finder(found, receipt),
        decision=found.decision,
        reason=found.reason,
        decided_by=found.decided_by.full_name if found.decided_by else "",
        decided_at=found.decided_at,
        now=clock.now(),
    )


def _finder(found: Discrepancy, receipt: Any) -> str:
    person = found.found_by or (receipt.received_by if receipt else None)
    return person.full_name if person else ""


def open_discrepancies(viewer: Any) -> list[DiscrepancyRow]:
    """What still blocks a sample, the oldest first."""
    return [discrepancy_row(one, viewer) for one in select_discrepancies(viewer).undecided().order_by("found_at", "id")]  # type: ignore[attr-defined]


def count_open_discrepancies(viewer: Any) -> int:
    """How many there are."""
    return Discrepancy.objects.visible_to(viewer).undecided().count()


@dataclass(frozen=True)
class ReceiptLine:
    """What was found of one sample at one receipt, and what was made of it."""

    sample_id: UUID
    code: str
    page_code: str
    blind_code: str
    present: bool
    seal_number: str
    seal_condition: str
    container_intact: bool | None
    container_count: int | None
    mass_g: Decimal | None
    remark: str
    discrepancies: list[DiscrepancyRow]

    @property
    def outcome(self) -> str:
        """`received`, `discrepancy` or `missing`: what the reception found, whatever was decided since."""
        if not self.present:
            return "missing"
        return "discrepancy" if self.discrepancies else "received"

    @property
    def badge(self) -> Badge:
        """The outcome as tone and words."""
        words = {"received": ("pass", _("received")), "discrepancy": ("fail", _("discrepancy")), "missing": ("fail", _("missing"))}
        return words[self.outcome]

    @property
    def seal_label(self) -> str:
        """How the seal was found, in words."""
        return str(SealCondition(self.seal_condition).label) if self.seal_condition else ""


@dataclass(frozen=True)
class ReceiptView:
    """One reception."""

    id: UUID
    received_at: datetime
    received_by: str
    remark: str
    lines: list[ReceiptLine]

    @property
    def present(self) -> list[ReceiptLine]:
        """What is at the laboratory now and wants its blind label."""
        return [line for line in self.lines if line.present]


def receipts_of(consignment: Consignment, viewer: Any) -> list[ReceiptView]:
    """The receptions of a consignment, the first first, each with its lines by the code the viewer knows."""
    receipts = list(consignment.receipts.select_related("received_by").order_by("received_at", "id"))
    items = list(ReceiptItem.objects.filter(receipt__in=receipts).select_related("sample"))
    found = _discrepancies_of(items, viewer)
    lines: dict[UUID, list[ReceiptLine]] = defaultdict(list)
    for item in items:
        lines[item.receipt_id].append(_line(item, found.get(item.pk, []), viewer))
    return [
        ReceiptView(one.pk, one.received_at, one.received_by.full_name, one.remark, sorted(lines[one.pk], key=lambda line: line.code))
        for one in receipts
    ]


def _discrepancies_of(items: Iterable[ReceiptItem], viewer: Any) -> dict[UUID | None, list[DiscrepancyRow]]:
    """The discrepancies by the receipt item they were found on: who sees the consignment sees what became of it."""
    found: dict[UUID | None, list[DiscrepancyRow]] = defaultdict(list)
    rows = Discrepancy.objects.filter(receipt_item__in=[item.pk for item in items]).select_related(*_PARTIES)
    for one in rows.order_by("id"):
        found[one.receipt_item_id].append(discrepancy_row(one, viewer))
    return found


def _line(item: ReceiptItem, discrepancies: list[DiscrepancyRow], viewer: Any) -> ReceiptLine:
    sample = item.sample
    return ReceiptLine(
        sample_id=sample.pk,
        code=bag_code(sample, viewer),
        page_code=sample.code_for(viewer),
        blind_code=sample.blind_code if viewer.role == Role.RECEPTIONIST else "",
        present=item.present,
        seal_number=item.seal_number,
        seal_condition=item.seal_condition,
        container_intact=item.container_intact,
        container_count=item.container_count,
        mass_g=item.mass_g,
        remark=item.remark,
        discrepancies=discrepancies,
    )

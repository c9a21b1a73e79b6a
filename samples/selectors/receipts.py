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
from samples.models import Consignment, Discrepancy, Pack, ReceiptItem, ReceiptPack
from samples.models.receipts import Decision, DiscrepancyKind, SealCondition
from samples.selectors.consignments import Badge, ItemRow, bag_code


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
        labels = _step_labels()
        return ", ".join(labels[step] for step in labels if step in self.rule.blocks) if self.decided_at is None else ""

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


def _step_labels() -> dict[str, str]:
    """The steps of a sample that can wait, in the order of its life."""
    return {
        "pack": _("packing"),
        "dispatch": _("dispatch"),
        "split": _("splitting"),
        "prepare": _("preparation"),
        "analyse": _("measurement"),
        "report": _("the report"),
        "dispose": _("disposal"),
    }


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


def select_undecided(viewer: Any) -> QuerySet[Discrepancy]:
    """Those of the viewer nobody has decided."""
    rows: QuerySet[Discrepancy] = Discrepancy.objects.visible_to(viewer).undecided()
    return rows


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
class OuterSeal:
    """A seal around several awaited samples (`samples`: their ids in hexadecimal): that of a pack, or (`number` None) of the whole
    consignment."""

    number: int | None
    label: str
    samples: frozenset[str]


def outer_seals_of(consignment: Consignment, awaited: Iterable[ItemRow]) -> list[OuterSeal]:
    """The outer seals a reception has to look at: of what was sealed around something that is awaited. The seal of the whole consignment
    is there once, at the first reception."""
    items = list(awaited)
    found = []
    if consignment.outer_seal and items and not consignment.receipts.exists():
        found.append(OuterSeal(None, _("Whole consignment"), frozenset(item.sample_id.hex for item in items)))
    for pack in consignment.packs.exclude(seal_number=""):
        inside = frozenset(item.sample_id.hex for item in items if item.pack == pack.number)
        if inside:
            found.append(OuterSeal(pack.number, _pack_label(pack), inside))
    return found


def _pack_label(pack: Pack | None) -> str:
    if pack is None:
        return _("Whole consignment")
    return _("Pack %(number)d, %(kind)s") % {"number": pack.number, "kind": pack.get_kind_display()}


@dataclass(frozen=True)
class OuterSealFound:
    """How an outer seal was found at a reception."""

    number: int | None
    label: str
    seal_number: str
    seal_condition: str

    @property
    def badge(self) -> Badge:
        """Its condition as tone and words."""
        label = str(SealCondition(self.seal_condition).label)
        return ("pass" if self.seal_condition == SealCondition.INTACT else "fail"), label


@dataclass(frozen=True)
class ReceiptView:
    """One reception."""

    id: UUID
    received_at: datetime
    received_by: str
    remark: str
    lines: list[ReceiptLine]
    packs: list[OuterSealFound]

    @property
    def present(self) -> list[ReceiptLine]:
        """What is at the laboratory now and wants its blind label."""
        return [line for line in self.lines if line.present]


def receipts_of(consignment: Consignment, viewer: Any) -> list[ReceiptView]:
    """The receptions of a consignment, the first first, each with its lines by the code the viewer knows."""
    receipts = list(consignment.receipts.select_related("received_by").prefetch_related("packs__pack").order_by("received_at", "id"))
    items = list(ReceiptItem.objects.filter(receipt__in=receipts).select_related("sample"))
    found = _discrepancies_of(items, viewer)
    lines: dict[UUID, list[ReceiptLine]] = defaultdict(list)
    for item in items:
        lines[item.receipt_id].append(_line(item, found.get(item.pk, []), viewer))
    return [
        ReceiptView(
            one.pk,
            one.received_at,
            one.received_by.full_name,
            one.remark,
            sorted(lines[one.pk], key=lambda line: line.code),
            [_outer_found(pack) for pack in sorted(one.packs.all(), key=lambda pack: pack.pack.number if pack.pack else 0)],
        )
        for one in receipts
    ]


def _outer_found(found: ReceiptPack) -> OuterSealFound:
    number = found.pack.number if found.pack else None
    return OuterSealFound(number, _pack_label(found.pack), found.seal_number, found.seal_condition)


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

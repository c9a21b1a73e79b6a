"""The seal register as people read it: batches with what became of them, and the life of one seal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from lims.core.errors import NotFound
from lims.core.roles import LABORATORY_ROLES, Action, allowed
from samples.models import Consignment, Sample, SealBatch, SealUse, SealVoiding
from samples.models.receipts import DiscrepancyKind
from samples.models.seals import SealUseKind
from samples.seal_numbers import plain_seal, split_seal

SEAL_STATES = ["unissued", "issued", "applied", "seen", "broken", "missing", "returned", "lost", "void"]
_TONES = {SealUseKind.APPLIED: "pass", SealUseKind.SEEN: "pass", SealUseKind.BROKEN: "fail", SealUseKind.MISSING: "fail"}


def select_batches(viewer: Any) -> QuerySet[SealBatch]:
    """The viewer's batches with `voided` and `size`; how many are in use is counted for a page's rows by `count_used`."""
    voided = SealVoiding.objects.filter(batch=OuterRef("pk")).order_by().values("batch")
    total = voided.annotate(n=Sum(F("last") - F("first") + 1)).values("n")
    rows = SealBatch.objects.visible_to(viewer).select_related("organisation", "issued_by")
    return rows.annotate(voided=Coalesce(Subquery(total), 0, output_field=BigIntegerField()))


def count_used(batches: Iterable[SealBatch]) -> None:
    """Set `used` of each batch: how many of its seals were put on something."""
    for batch in batches:
        applied = SealUse.objects.between(batch, batch.first, batch.last).filter(kind=SealUseKind.APPLIED)
        batch.used = applied.values("number").distinct().count()  # type: ignore[attr-defined]


def batch_data(batch: SealBatch) -> dict[str, Any]:
    """One batch, flat."""
    return {
        "id": str(batch.pk),
        "first": batch.first_number,
        "last": batch.last_number,
        "count": batch.count,
        "used": getattr(batch, "used", None),
        "voided": getattr(batch, "voided", 0),
        "organisation": batch.organisation.code,
        "organisation_name": batch.organisation.name,
        "team": batch.team,
        "person": batch.person,
        "remark": batch.remark,
        "issued_at": batch.issued_at.isoformat(),
        "issued_by": batch.issued_by.full_name,
    }


@dataclass(frozen=True)
class SealEvent:
    """One thing in a seal's life. `sample` and `consignment` are the codes the viewer knows; `finding` is in words."""

    at: datetime
    kind: str
    title: str
    tone: str
    detail: str
    actor: str
    sample: str = ""
    consignment: str = ""
    finding: str = ""
    href: str = ""
    hash: str = ""

    @property
    def facts(self) -> list[tuple[str, str]]:
        """For the timeline."""
        told = [(_("Sample"), self.sample), (_("Consignment"), self.consignment), (pgettext("thing", "Register"), self.finding)]
        return [(label, value) for label, value in told if value]


@dataclass(frozen=True)
class SealLife:
    """A seal from its issue to its end, oldest first. `state` is issued, applied, seen, broken, missing, returned, lost, void or
    unissued."""

    number: str
    state: str
    batch: SealBatch | None
    events: list[SealEvent]

    @property
    def label(self) -> str:
        """The state in words."""
        words = {
            "unissued": _("not in the register"),
            "issued": _("issued, not used"),
            "returned": _("returned"),
            "lost": _("lost"),
            "void": _("void"),
        }
        return words.get(self.state) or str(SealUseKind(self.state).label)

    @property
    def badge(self) -> tuple[str, str]:
        """Tone and words."""
        tones = {"issued": "wait", "unissued": "fail", "returned": "none", "lost": "fail", "void": "none"}
        return tones.get(self.state) or _TONES[SealUseKind(self.state)], self.label


def read_seal(number: str, viewer: Any) -> SealLife:
    """The life of a seal within the viewer's scope: batches of their own, uses on samples and consignments they may see, uses by their
    organisation. `NotFound` when nothing of it is theirs. A laboratory is not told to whom a seal was issued."""
    text = plain_seal(number)
    samples, consignments = Sample.objects.visible_to(viewer), Consignment.objects.visible_to(viewer)
    own = Q(organisation=viewer.organisation_id)
    uses = list(
        SealUse.objects.filter(number=text)
        .filter(own | Q(sample__in=samples.values("pk")) | Q(consignment__in=consignments.values("pk")))
        .select_related("sample", "consignment", "used_by")
        .order_by("used_at", "id")
    )
    batch = _batch_of(text, viewer, anyones=bool(uses))
    if batch is None and not uses:
        raise NotFound()
    voiding = batch.voidings.filter(_covers(text)).select_related("voided_by").first() if batch else None
    events = [_issued(batch, viewer)] if batch else []
    events += [_used(use, viewer) for use in uses]
    if voiding is not None:
        events.append(
            SealEvent(voiding.voided_at, voiding.kind, voiding.get_kind_display(), "none", voiding.reason, voiding.voided_by.full_name)
        )
    state = voiding.kind if voiding else uses[-1].kind if uses else "issued"
    if batch is None and SealBatch.objects.exists() and state in {SealUseKind.APPLIED, SealUseKind.SEEN}:
        state = "unissued"
    return SealLife(text, state, batch, sorted(events, key=lambda event: event.at))


def _covers(number: str) -> Q:
    part = split_seal(number)
    return Q(first__lte=part.number, last__gte=part.number) if part else Q(pk=None)


def _batch_of(number: str, viewer: Any, *, anyones: bool) -> SealBatch | None:
    """Its batch: the viewer's own; any, for somebody before whom the seal lies."""
    part = split_seal(number)
    if part is None:
        return None
    rows = SealBatch.objects.all() if anyones else SealBatch.objects.visible_to(viewer)
    return rows.filter(_covers(number), prefix=part.prefix, width=part.width).select_related("organisation", "issued_by").first()


def _issued(batch: SealBatch, viewer: Any) -> SealEvent:
    told = viewer.role not in LABORATORY_ROLES or batch.organisation_id == viewer.organisation_id
    to = ", ".join(text for text in (batch.organisation.name, batch.team, batch.person) if text) if told else ""
    detail = _("to %(whom)s") % {"whom": to} if to else ""
    return SealEvent(batch.issued_at, "issued", _("issued"), "wait", detail, batch.issued_by.full_name if told else "")


def _used(use: SealUse, viewer: Any) -> SealEvent:
    told = (
        viewer.role not in LABORATORY_ROLES
        or use.organisation_id == viewer.organisation_id
        or use.used_by.organisation_id == viewer.organisation_id
    )
    return SealEvent(
        at=use.used_at,
        kind=use.kind,
        title=use.get_kind_display(),
        tone="fail" if use.finding else _TONES[SealUseKind(use.kind)],
        detail="",
        actor=use.used_by.full_name if told else "",
        sample=use.sample.code_for(viewer) if use.sample else "",
        consignment=use.consignment.code if use.consignment else "",
        finding=str(DiscrepancyKind(use.finding).label) if use.finding else "",
    )


def seal_data(life: SealLife) -> dict[str, Any]:
    """One seal with its life, as the API tells it."""
    return {
        "number": life.number,
        "state": life.state,
        "events": [
            {
                "at": event.at.isoformat(),
                "kind": event.kind,
                "sample": event.sample or None,
                "consignment": event.consignment or None,
                "finding": event.finding or None,
                "detail": event.detail,
                "by": event.actor or None,
            }
            for event in life.events
        ],
    }


def may_void(batch: SealBatch, viewer: Any) -> bool:
    """Whether the viewer's role and organisation take seals of the batch back."""
    return allowed(viewer, Action.SEAL_VOID) and (viewer.role == "official" or batch.organisation_id == viewer.organisation_id)

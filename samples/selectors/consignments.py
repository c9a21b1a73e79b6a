"""Consignments as others read them: who holds what since when, for whom it waits, what was found; each viewer's own view of it.

A laboratory learns no places of the road. Its receptionist knows the papers that travel with the box (sender, waybill) and the human
codes on the bags; everybody else there knows blind codes only and no sender.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from lims.accounts.models import Organisation
from lims.core import clock
from lims.core.roles import LABORATORY_ROLES, Role
from lims.core.templatetags.values import age_words
from samples.lifecycle import ConsignmentState, SampleState
from samples.models import Consignment, ConsignmentItem, Discrepancy, Handover, Sample
from samples.models.consignments import HandoverState

Badge = tuple[str, str]
SAMPLE_TONES = {
    SampleState.IN_TRANSIT: "wait",
    SampleState.RECEIVED: "pass",
    SampleState.REFUSED: "fail",
    SampleState.LOST: "fail",
    SampleState.COLLECTED: "none",
    SampleState.PACKED: "none",
}


def is_blind(viewer: Any) -> bool:
    """Whether the viewer works at a laboratory and must not learn where samples come from."""
    return viewer.role in LABORATORY_ROLES


def sees_papers(viewer: Any) -> bool:
    """Whether the viewer knows sender, waybill and the codes written on the bags."""
    return not is_blind(viewer) or viewer.role == Role.RECEPTIONIST


@dataclass(frozen=True)
class Party:
    """An organisation by the code that names it in the API and the name that people read."""

    code: str
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class ConsignmentRow:
    """One consignment in a list. `since` is when its holder took it; `waiting_for` is who has not answered a handover offered at
    `waiting_since`. The sender and a holder that is the sender are None where the viewer must not know the origin."""

    id: UUID
    code: str
    state: str
    sender: Party | None
    carrier: Party | None
    addressee: Party | None
    holder: Party | None
    since: datetime
    items: int
    open_discrepancies: int
    last_seen: str
    last_seen_at: datetime | None
    waiting_for: Party | None
    waiting_since: datetime | None
    purpose: str
    waybill: str
    border_post: str
    outer_seal: str
    created_at: datetime
    dispatched_at: datetime | None
    expected_by: datetime | None
    received_at: datetime | None
    now: datetime

    @property
    def age(self) -> timedelta | None:
        """How long it has been on its way, until its receipt."""
        return None if self.dispatched_at is None else (self.received_at or self.now) - self.dispatched_at

    @property
    def age_words(self) -> str:
        """The age in its largest whole unit; empty before dispatch."""
        return "" if self.age is None else age_words(self.age)

    @property
    def overdue(self) -> bool:
        """Whether it should have arrived and has not."""
        return self.state == ConsignmentState.DISPATCHED and self.expected_by is not None and self.expected_by < self.now

    @property
    def badge(self) -> Badge:
        """Its state as tone and words."""
        if self.state == ConsignmentState.RECEIVED and self.open_discrepancies:
            return "fail", _("received, %(count)d open") % {"count": self.open_discrepancies}
        if self.overdue:
            return "warn", _("overdue")
        if self.waiting_for is not None:
            return "wait", _("waits for %(name)s") % {"name": self.waiting_for.name}
        if self.state == ConsignmentState.DISPATCHED and self.holder is not None and self.holder == self.addressee:
            return "wait", _("awaits receipt")
        tones = {ConsignmentState.PACKING: "none", ConsignmentState.DISPATCHED: "wait", ConsignmentState.RECEIVED: "pass"}
        tones |= {ConsignmentState.LOST: "fail", ConsignmentState.REFUSED: "fail"}
        words = {ConsignmentState.DISPATCHED: _("in transit")}
        state = ConsignmentState(self.state)
        return tones.get(state, "none"), words.get(state, str(state.label))


def select_consignments(viewer: Any) -> QuerySet[Consignment]:
    """The viewer's consignments with everything a row needs, in one query."""
    pending = Handover.objects.filter(consignment=OuterRef("pk"), state=HandoverState.PENDING)
    taken = Handover.objects.filter(consignment=OuterRef("pk"), state=HandoverState.ACKNOWLEDGED).order_by("-answered_at")
    items = ConsignmentItem.objects.filter(consignment=OuterRef("pk"), removed_at=None).order_by().values("consignment")
    undecided = Discrepancy.objects.undecided().filter(receipt_item__receipt__consignment=OuterRef("pk")).order_by()
    rows = Consignment.objects.visible_to(viewer).select_related("sender", "carrier", "addressee", "holder")
    return rows.annotate(
        item_count=Coalesce(Subquery(items.annotate(n=Count("pk")).values("n")), 0),
        open_count=Coalesce(Subquery(undecided.values("receipt_item__receipt__consignment").annotate(n=Count("pk")).values("n")), 0),
        pending_code=Subquery(pending.values("receiver__code")[:1]),
        pending_name=Subquery(pending.values("receiver__name")[:1]),
        pending_since=Subquery(pending.values("relinquished_at")[:1]),
        held_since=Coalesce("received_at", Subquery(taken.values("answered_at")[:1]), "dispatched_at", "created_at"),
    )


def row_of(found: Consignment, viewer: Any) -> ConsignmentRow:
    """A consignment from `select_consignments` as a row of the viewer's view."""
    one: Any = found
    papers, places = sees_papers(viewer), not is_blind(viewer)
    # A return tells the origin by its addressee as an arrival does by its sender.
    origins = set() if papers else {one.sender_id, *(() if one.returns_id is None else (one.addressee_id,))}
    origins.discard(viewer.organisation_id)
    hides_waiting = not papers and one.returns_id is not None and one.pending_code == one.addressee.code
    waiting = Party("", _("the sender")) if hides_waiting else Party(one.pending_code, one.pending_name)
    return ConsignmentRow(
        id=one.pk,
        code=one.code,
        state=one.state,
        sender=_party(one.sender) if papers else None,
        carrier=_party(one.carrier) if one.carrier else None,
        addressee=None if one.addressee_id in origins else _party(one.addressee),
        holder=None if one.holder_id in origins else _party(one.holder),
        since=one.held_since,
        items=one.item_count,
        open_discrepancies=one.open_count,
        last_seen=one.last_seen if places else "",
        last_seen_at=one.last_seen_at,
        waiting_for=waiting if one.pending_since else None,
        waiting_since=one.pending_since,
        purpose=one.purpose,
        waybill=one.waybill if papers else "",
        border_post=one.border_post if papers else "",
        outer_seal=one.outer_seal,
        created_at=one.created_at,
        dispatched_at=one.dispatched_at,
        expected_by=one.expected_by,
        received_at=one.received_at,
        now=clock.now(),
    )


def _party(organisation: Organisation) -> Party:
    return Party(organisation.code, organisation.name)


def read_row(consignment: Consignment, viewer: Any) -> ConsignmentRow:
    """One consignment within the viewer's scope as it stands now."""
    return row_of(select_consignments(viewer).get(pk=consignment.pk), viewer)


def filter_overdue(rows: QuerySet[Consignment]) -> QuerySet[Consignment]:
    """Those that should have arrived and have not."""
    return rows.filter(state=ConsignmentState.DISPATCHED, expected_by__lt=clock.now())


def filter_waiting(rows: QuerySet[Consignment]) -> QuerySet[Consignment]:
    """Those with a handover that nobody has answered."""
    return rows.filter(handovers__state=HandoverState.PENDING)


def consignments_in_transit(viewer: Any, *, limit: int | None = None) -> list[ConsignmentRow]:
    """What is on its way, the oldest first."""
    rows = select_consignments(viewer).filter(state=ConsignmentState.DISPATCHED).order_by("dispatched_at", "id")
    return [row_of(one, viewer) for one in rows[:limit]]


def select_incoming(viewer: Any) -> QuerySet[Consignment]:
    """What waits for the viewer's organisation: offered to it, or on its way to it."""
    mine = viewer.organisation_id
    offered = Handover.objects.filter(state=HandoverState.PENDING, receiver=mine).values("consignment")
    return Consignment.objects.visible_to(viewer).filter(Q(pk__in=offered) | Q(addressee=mine), state=ConsignmentState.DISPATCHED)


def incoming_for(viewer: Any) -> list[ConsignmentRow]:
    """What waits for the viewer's organisation, what has waited longest first."""
    rows = select_consignments(viewer).filter(pk__in=select_incoming(viewer).values("pk"))
    return [row_of(one, viewer) for one in rows.order_by(Coalesce("pending_since", "dispatched_at"), "id")]


# --- One consignment ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ItemRow:
    """One sample of a consignment. `code` is what the viewer reads on the bag, `page_code` what opens the sample's page for the viewer;
    `blind_code` is told to the receptionist alone, who puts it on the bag."""

    item_id: UUID
    sample_id: UUID
    code: str
    page_code: str
    blind_code: str
    seal_number: str
    container_count: int
    mass_g: Decimal
    state: str
    on_hold: bool
    has_open_discrepancy: bool
    pack: int | None = None

    @property
    def badge(self) -> Badge:
        """Where the sample stands; what blocks it comes first."""
        if self.has_open_discrepancy:
            return "fail", _("discrepancy")
        if self.on_hold:
            return "fail", _("on hold")
        state = SampleState(self.state)
        return SAMPLE_TONES.get(state, "pass"), str(state.label)


def items_of(consignment: Consignment, viewer: Any) -> list[ItemRow]:
    """What is in the consignment, by the code the viewer knows."""
    rows = consignment.items.filter(removed_at=None).select_related("sample", "pack").order_by("sample__code")
    items = [_item(row, viewer) for row in rows]
    # In the order of human codes, blind codes would tell which follows which.
    return items if sees_papers(viewer) else sorted(items, key=lambda item: item.code)


def _item(row: ConsignmentItem, viewer: Any) -> ItemRow:
    sample = row.sample
    return ItemRow(
        item_id=row.pk,
        sample_id=sample.pk,
        code=bag_code(sample, viewer),
        page_code=sample.code_for(viewer),
        blind_code=sample.blind_code if viewer.role == Role.RECEPTIONIST else "",
        seal_number=row.seal_number,
        container_count=row.container_count,
        mass_g=row.mass_g,
        state=sample.state,
        on_hold=sample.on_hold,
        has_open_discrepancy=sample.has_open_discrepancy,
        pack=row.pack.number if row.pack else None,
    )


def bag_code(sample: Sample, viewer: Any) -> str:
    """The code the viewer reads on the bag: the human one for who handles it with its papers, else the blind one."""
    return sample.code if sees_papers(viewer) else sample.blind_code


@dataclass(frozen=True)
class Leg:
    """One handover in the life of a consignment. Names and places are empty where they are not the viewer's."""

    id: UUID
    state: str
    label: str
    giver: str
    giver_person: str
    receiver: str
    receiver_person: str
    place: str
    remark: str
    relinquished_at: datetime
    answered_at: datetime | None
    answer_remark: str
    seals_intact: bool | None
    giver_signed: bool
    receiver_signed: bool
    manner: str
    paper_reason: str
    recorded_by: str
    recorded_at: datetime | None
    has_scan: bool


def legs_of(consignment: Consignment, viewer: Any) -> list[Leg]:
    """The handovers, the first first."""
    rows = consignment.handovers.select_related("giver", "giver_user", "receiver", "receiver_user", "recorded_by").order_by(
        "relinquished_at"
    )
    return [_leg(row, viewer, consignment) for row in rows]


def is_told(handover: Handover, viewer: Any) -> bool:
    """Whether the viewer learns who handed over where: of a laboratory only the receptionist, and only of its own handovers."""
    own = viewer.organisation_id in {handover.giver_id, handover.receiver_id}
    return not is_blind(viewer) or (own and sees_papers(viewer))


def _leg(row: Handover, viewer: Any, consignment: Consignment) -> Leg:
    told = is_told(row, viewer)
    names = told or row.giver_id != consignment.sender_id or row.giver_id == viewer.organisation_id
    receiver_named = told or consignment.returns_id is None or row.receiver_id != consignment.addressee_id
    return Leg(
        id=row.pk,
        state=row.state,
        label=str(HandoverState(row.state).label),
        giver=row.giver.name if names else "",
        giver_person=(row.giver_person or row.giver_user.full_name) if told else "",
        receiver=row.receiver.name if receiver_named else str(_("the sender")),
        receiver_person=(row.receiver_person or getattr(row.receiver_user, "full_name", "")) if told else "",
        place=row.place if told else "",
        remark=row.remark if told else "",
        relinquished_at=row.relinquished_at,
        answered_at=row.answered_at,
        answer_remark=row.answer_remark if told else "",
        seals_intact=row.seals_intact,
        giver_signed=row.giver_signature_id is not None,
        receiver_signed=row.receiver_signature_id is not None,
        manner=row.manner,
        paper_reason=row.paper_reason if told else "",
        recorded_by=row.recorded_by.full_name if told and row.recorded_by else "",
        recorded_at=row.recorded_at,
        has_scan=bool(row.paper_sha256) and told,
    )

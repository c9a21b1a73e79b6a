"""What is known of the provenance of one lot, as plain values: what rules and completeness look at. Names of people and firms are absent
on purpose: a part stands for itself by its number and role, and by the SHA-256 of all it says, so that a changed name is a changed fact."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

YES, NO, UNKNOWN = "yes", "no", "unknown"
ARMED_GROUP = "non_state_armed_group"
SECURITY_FORCES = frozenset({"public_security", "private_security"})
OFFICIALS = frozenset({"official", "state_authority"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MineFacts:
    """What is known of the mine. `conflict_area` and `armed_control` are `yes`, `no` or `unknown`; capacity in tonnes a year."""

    code: str
    conflict_area: str = UNKNOWN
    armed_control: str = UNKNOWN
    capacity_t_per_year: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntermediaryFacts:
    """Somebody through whose hands the lot went. `identified_by` is empty where nothing identifies them."""

    number: int
    role: str
    jurisdiction: str = ""
    identified_by: str = ""
    owner_known: bool = False
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFacts:
    """A place of the route. `conflict_area` as for the mine."""

    number: int
    kind: str
    place: str
    jurisdiction: str = ""
    conflict_area: str = UNKNOWN
    arrived_on: date | None = None
    left_on: date | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFacts:
    """A payment: to which kind of payee, for what, how much of which currency."""

    number: int
    payee_kind: str
    reason: str
    amount: Decimal | None = None
    currency: str = ""
    paid_on: date | None = None
    has_evidence: bool = False
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything known of one lot. Quantities in kilograms; `declared_border_post` is that of the consignment's papers."""

    mine: MineFacts
    quantity_kg: Decimal | None = None
    extraction_method: str = ""
    extracted_from: date | None = None
    extracted_until: date | None = None
    acquired_on: date | None = None
    sent_on: date | None = None
    operator_known: bool = False
    permits: tuple[str, ...] = ()
    declared_border_post: str = ""
    no_intermediary: bool = False
    no_payment: bool = False
    intermediaries: tuple[IntermediaryFacts, ...] = ()
    stages: tuple[StageFacts, ...] = ()
    payments: tuple[PaymentFacts, ...] = ()
    evidence: tuple[str, ...] = field(default=())
    """The kinds of evidence files: photo, permit, receipt …"""

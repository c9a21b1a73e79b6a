"""Provenance as one viewer may see it: facts for the rules, what is missing, which flags are raised and how they were assessed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from lims.accounts.signing import canonical_bytes, content_hash
from lims.core.codes import normalise
from lims.core.scope import fetch_visible
from samples.models import Consignment, ConsignmentItem, Mine, Sample
from samples.provenance.completeness import REQUIREMENTS, Requirement, find_missing
from samples.provenance.facts import Facts, IntermediaryFacts, MineFacts, PaymentFacts, StageFacts
from samples.provenance.models import Assessment, AssessmentDecision, Evidence, MineProfile, Part, ProvenanceRecord
from samples.provenance.rules import RULES_BY_CODE, RULES_VERSION, Flag, find_flags

Badge = tuple[str, str]
_PARTS = ("intermediaries", "stages", "payments", "evidence", "raised_flags")


def select_records(viewer: Any) -> QuerySet[ProvenanceRecord]:
    """The viewer's records with everything the rules look at, in a fixed number of queries."""
    rows: QuerySet[ProvenanceRecord] = ProvenanceRecord.objects.visible_to(viewer)
    rows = rows.select_related("mine__profile", "consignment", "visit", "owner", "recorded_by")
    return rows.prefetch_related(*_PARTS, "assessments__signature")


def find_record(code: str, viewer: Any) -> ProvenanceRecord:
    """One record by its code, or `NotFound`."""
    return fetch_visible(ProvenanceRecord, viewer, queryset=select_records(viewer), code=normalise(code))


# --- Facts ----------------------------------------------------------------------------------------------------------------------------


def _digest(part: Part) -> str:
    """What a row says, as the beginning of its SHA-256: a changed name changes it, and it tells none."""
    said = {field.attname: str(getattr(part, field.attname)) for field in part._meta.concrete_fields}
    return hashlib.sha256(canonical_bytes(said)).hexdigest()[:16]


def _standing(rows: Iterable[Any]) -> list[Any]:
    return sorted((row for row in rows if not row.struck), key=lambda row: row.number)


def profile_of(mine: Mine) -> MineProfile | None:
    """What due diligence knows of the mine, where anything was recorded."""
    profile: MineProfile | None = getattr(mine, "profile", None)
    return profile


def facts_of(record: ProvenanceRecord) -> Facts:
    """The facts of a record as they stand now."""
    profile, evidence = profile_of(record.mine), list(record.evidence.all())
    shown = {one.payment_id for one in evidence}
    mine = MineFacts(code=record.mine.code)
    if profile is not None:
        mine = MineFacts(
            code=record.mine.code,
            conflict_area=profile.conflict_area,
            armed_control=profile.armed_control,
            capacity_t_per_year=profile.capacity_t_per_year,
        )
    return Facts(
        mine=mine,
        quantity_kg=record.quantity_kg,
        extraction_method=record.extraction_method,
        extracted_from=record.extracted_from,
        extracted_until=record.extracted_until,
        acquired_on=record.acquired_on,
        sent_on=record.sent_on,
        operator_known=bool(record.mine.operator),
        permits=tuple(line.strip() for line in record.permits.splitlines() if line.strip()),
        declared_border_post=record.consignment.border_post if record.consignment else "",
        no_intermediary=record.no_intermediary,
        no_payment=record.no_payment,
        intermediaries=tuple(
            IntermediaryFacts(
                number=one.number,
                role=one.role,
                jurisdiction=one.jurisdiction,
                identified_by=one.identified_by,
                owner_known=bool(one.beneficial_owner),
                sha256=_digest(one),
            )
            for one in _standing(record.intermediaries.all())
        ),
        stages=tuple(
            StageFacts(
                number=one.number,
                kind=one.kind,
                place=one.place,
                jurisdiction=one.jurisdiction,
                conflict_area=one.conflict_area,
                arrived_on=one.arrived_on,
                left_on=one.left_on,
                sha256=_digest(one),
            )
            for one in _standing(record.stages.all())
        ),
        payments=tuple(
            PaymentFacts(
                number=one.number,
                payee_kind=one.payee_kind,
                reason=one.reason,
                amount=one.amount,
                currency=one.currency,
                paid_on=one.paid_on,
                has_evidence=one.pk in shown,
                sha256=_digest(one),
            )
            for one in _standing(record.payments.all())
        ),
        evidence=tuple(one.kind for one in evidence),
    )


# --- Flags ----------------------------------------------------------------------------------------------------------------------------

_TONES: dict[str, str] = {
    AssessmentDecision.SUSPEND: "fail",
    AssessmentDecision.DISENGAGE: "fail",
    AssessmentDecision.CONTINUE: "pass",
}


@dataclass(frozen=True)
class FlagState:
    """One flag of a record: raised by the facts now or formerly, with the assessment that counts (`current`) or the last that did."""

    flag: Flag
    raised: bool
    content: dict[str, Any]
    digest: str
    last: Assessment | None

    @property
    def current(self) -> Assessment | None:
        """The newest assessment, if the facts are still those it signed."""
        return self.last if self.last is not None and self.last.content_hash == self.digest else None

    @property
    def is_open(self) -> bool:
        """Whether somebody must assess it."""
        return self.current is None

    @property
    def badge(self) -> Badge:
        """Tone and word."""
        if self.current is not None:
            return _TONES[self.current.decision], str(AssessmentDecision(self.current.decision).label)
        return ("warn", _("facts changed: assess again")) if self.last is not None else ("warn", _("to be assessed"))


def flag_states(record: ProvenanceRecord, facts: Facts | None = None) -> list[FlagState]:
    """Every flag of a record in the order of the table: what the facts raise, and what they raised once. None goes away by itself."""
    flags = {flag.code: (flag, True) for flag in find_flags(facts or facts_of(record))}
    for former in record.raised_flags.all():
        rule = RULES_BY_CODE.get(former.code)
        if former.code not in flags:
            told = tuple((str(label), str(value)) for label, value in former.facts)
            sentence = rule.sentence if rule else _("A rule of an earlier version.")
            flags[former.code] = (Flag(former.code, sentence, rule.source if rule else "", told), False)
    order = [*RULES_BY_CODE, *sorted(flags.keys() - RULES_BY_CODE.keys())]
    last: dict[str, Assessment] = {}
    for one in sorted(record.assessments.all(), key=lambda one: one.pk):
        last[one.flag] = one
    return [_state(record, *flags[code], last.get(code)) for code in order if code in flags]


def _state(record: ProvenanceRecord, flag: Flag, raised: bool, last: Assessment | None) -> FlagState:
    content = {
        "record": record.code,
        "mine": record.mine.code,
        "flag": flag.code,
        "sentence": str(flag.sentence),
        "source": flag.source,
        "rules_version": RULES_VERSION,
        "raised_by_the_facts_now": raised,
        "facts": [list(pair) for pair in flag.facts],
    }
    return FlagState(flag, raised, content, content_hash(content), last)


# --- Standing -------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """Where a record stands: what is missing of what is required, and its flags."""

    record: ProvenanceRecord
    missing: Sequence[Requirement]
    flags: Sequence[FlagState]

    @property
    def met(self) -> int:
        """How many requirements are met."""
        return len(REQUIREMENTS) - len(self.missing)

    @property
    def asked(self) -> int:
        """How many there are."""
        return len(REQUIREMENTS)

    @property
    def open_flags(self) -> int:
        """Flags that wait for an assessment."""
        return sum(1 for flag in self.flags if flag.is_open)

    @property
    def stops(self) -> bool:
        """Whether an assessment that counts says to suspend or to disengage."""
        return any(one.current and one.current.decision != AssessmentDecision.CONTINUE for one in self.flags)

    @property
    def completeness_badge(self) -> Badge:
        """Tone and words."""
        return ("pass", _("complete")) if not self.missing else ("warn", _("incomplete"))

    @property
    def flags_badge(self) -> Badge:
        """Tone and words of the gravest."""
        if self.stops:
            return "fail", _("suspended or disengaged")
        if self.open_flags:
            return "warn", _("to be assessed")
        return ("pass", _("assessed")) if self.flags else ("none", _("no flag"))


def standing_of(record: ProvenanceRecord) -> Standing:
    """Where a record stands now."""
    facts = facts_of(record)
    return Standing(record, find_missing(facts), flag_states(record, facts))


def standings(viewer: Any) -> list[Standing]:
    """Of every record in the viewer's scope."""
    return [standing_of(record) for record in select_records(viewer)]


def lots_without_record(viewer: Any, consignment: Consignment | None = None) -> list[tuple[Consignment, Mine, int]]:
    """Consignments that left (or the one), with each mine whose samples they carry without a provenance record, and how many samples."""
    items = ConsignmentItem.objects.filter(removed_at=None, consignment__in=Consignment.objects.visible_to(viewer))
    items = items.filter(consignment=consignment) if consignment is not None else items
    items = items.exclude(consignment__state__in=["packing", "cancelled"])
    pairs = items.values_list("consignment", "sample__mine").order_by()
    counted: dict[tuple[Any, Any], int] = {}
    for pair in pairs:
        counted[pair] = counted.get(pair, 0) + 1
    recorded = set(ProvenanceRecord.objects.exclude(consignment=None).values_list("consignment", "mine"))
    left = {pair: count for pair, count in counted.items() if pair not in recorded}
    consignments = {one.pk: one for one in Consignment.objects.filter(pk__in={pair[0] for pair in left})}
    mines = {one.pk: one for one in Mine.objects.filter(pk__in={pair[1] for pair in left})}
    found = [(consignments[pair[0]], mines[pair[1]], count) for pair, count in left.items()]
    return sorted(found, key=lambda one: (one[0].code, one[1].name))


@dataclass(frozen=True)
class Summary:
    """All records at once, for the overview."""

    records: int
    complete: int
    open_flags: int
    stopped: int
    without: int
    worst: Sequence[Standing]


def summarise(viewer: Any, *, listed: int = 6) -> Summary:
    """How many records there are, how many are complete, how many flags wait; the records with most to do first."""
    found = standings(viewer)
    worst = sorted(
        (one for one in found if one.missing or one.open_flags), key=lambda one: (-one.open_flags, -len(one.missing), one.record.code)
    )
    return Summary(
        records=len(found),
        complete=sum(1 for one in found if not one.missing),
        open_flags=sum(one.open_flags for one in found),
        stopped=sum(1 for one in found if one.stops),
        without=len(lots_without_record(viewer)),
        worst=worst[:listed],
    )


def samples_of(record: ProvenanceRecord, viewer: Any) -> QuerySet[Sample]:
    """The samples of the lot, within the viewer's scope."""
    rows: QuerySet[Sample] = Sample.objects.visible_to(viewer).filter(mine=record.mine_id)
    if record.consignment_id:
        carried = ConsignmentItem.objects.filter(consignment=record.consignment_id, removed_at=None)
        return rows.filter(pk__in=carried.values("sample"))
    return rows.filter(visit=record.visit_id)


def evidence_of(record: ProvenanceRecord) -> list[Evidence]:
    """Its evidence files, oldest first."""
    return list(record.evidence.select_related("added_by", "payment").order_by("pk"))


# --- Plain data -----------------------------------------------------------------------------------------------------------------------


def record_data(standing: Standing) -> dict[str, Any]:
    """One record, flat, for lists, files and the API: without those who sold, carried or were paid."""
    record = standing.record

    def day(value: Any) -> str | None:
        return value.isoformat() if value else None

    return {
        "code": record.code,
        "owner": record.owner.code,
        "mine": record.mine.code,
        "belt": record.mine.belt,
        "consignment": record.consignment.code if record.consignment else None,
        "visit": record.visit.code if record.visit else None,
        "quantity_kg": None if record.quantity_kg is None else format(record.quantity_kg, "f"),
        "extraction_method": record.extraction_method,
        "extracted_from": day(record.extracted_from),
        "extracted_until": day(record.extracted_until),
        "acquired_on": day(record.acquired_on),
        "sent_on": day(record.sent_on),
        "met": standing.met,
        "asked": standing.asked,
        "missing": [one.code for one in standing.missing],
        "flags": [one.flag.code for one in standing.flags],
        "open_flags": [one.flag.code for one in standing.flags if one.is_open],
        "version": record.version,
    }


def flag_data(state: FlagState) -> dict[str, Any]:
    """One flag with the assessment that counts."""
    current = state.current
    return {
        "flag": state.flag.code,
        "sentence": state.flag.sentence,
        "source": state.flag.source,
        "facts": [{"label": label, "value": value} for label, value in state.flag.facts],
        "raised": state.raised,
        "content_hash": state.digest,
        "open": state.is_open,
        "assessment": assessment_data(current) if current else None,
    }


def assessment_data(assessment: Assessment) -> dict[str, Any]:
    """One signed assessment."""
    return {
        "flag": assessment.flag,
        "decision": assessment.decision,
        "reason": assessment.reason,
        "mitigation": assessment.mitigation,
        "assessed_by": assessment.signature.printed_name,
        "assessed_at": assessment.assessed_at.isoformat(),
        "content_hash": assessment.content_hash,
    }


def parties_data(record: ProvenanceRecord) -> dict[str, Any]:
    """What is told on request alone: intermediaries, route and payments, those struck out with their mark. The look was recorded before."""
    plain: dict[str, Any] = {"intermediaries": record.intermediaries, "route": record.stages, "payments": record.payments}
    return {name: [part_data(row) for row in sorted(rows.all(), key=lambda row: row.number)] for name, rows in plain.items()}


def part_data(part: Part) -> dict[str, Any]:
    """One line of a record."""
    data: dict[str, Any] = {}
    for field in part._meta.concrete_fields:
        if field.name not in {"id", "record"}:
            value = getattr(part, field.attname)
            data[field.name] = value if value is None or isinstance(value, (str, int, bool)) else str(value)
    return data

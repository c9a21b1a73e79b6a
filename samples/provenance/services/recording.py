"""Recording provenance: the record, its numbered parts, what is known of a mine. Every change keeps the version before, with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from lims.core import clock
from lims.core.acting import acting
from lims.core.checking import check_record, given_reason, refuse_member
from lims.core.codes import PROVENANCE
from lims.core.errors import Forbidden, Stale
from lims.core.roles import Action, Role, require
from lims.core.sequences import take_codes
from samples.models import ConsignmentItem, Mine, Sample
from samples.provenance.models import Intermediary, MineProfile, Part, Payment, ProvenanceRecord, RaisedFlag, RouteStage
from samples.provenance.rules import RULES_VERSION, find_flags
from samples.provenance.selectors import facts_of, select_records
from samples.services.checking import assign

MEMBERS = (
    "quantity_kg",
    "extraction_method",
    "extracted_from",
    "extracted_until",
    "acquired_on",
    "sent_on",
    "permits",
    "no_intermediary",
    "no_payment",
    "remark",
)
SUBJECT = ("mine", "consignment", "visit")
PARTS: dict[str, type[Part]] = {"intermediaries": Intermediary, "route": RouteStage, "payments": Payment}
_DAYS = ("extracted_from", "extracted_until", "acquired_on", "sent_on", "arrived_on", "left_on", "paid_on")
MOST_PARTS = 200


def record_provenance(
    *, values: Mapping[str, Any], parts: Mapping[str, list[dict[str, Any]]] | None = None, by: Any, at: datetime | None = None
) -> ProvenanceRecord:
    """A new record of what a consignment (`values["consignment"]`) or a visit brought from a mine, with its parts by `PARTS`.

    Raises `Invalid` naming each wrong member: nothing of that mine in the lot, somebody else's lot, one that has its record already, a day
    in the future.
    """
    require(by, Action.PROVENANCE_EDIT)
    now = at or clock.now()
    try:
        return _record(dict(values), parts or {}, by, now)
    except IntegrityError as error:
        # Somebody recorded the same lot between our check and our write.
        raise refuse_member("mine", "duplicate_lot", "This lot has its provenance record already. Open that one.") from error


def _record(values: dict[str, Any], parts: Mapping[str, list[dict[str, Any]]], by: Any, now: datetime) -> ProvenanceRecord:
    with transaction.atomic(), acting(by, "provenance recorded"):
        record = ProvenanceRecord(owner=by.organisation, recorded_by=by, recorded_at=now)
        assign(record, {name: value for name, value in values.items() if name in (*MEMBERS, *SUBJECT)})
        _check_lot(record, by)
        _check_days(record)
        (record.code,) = take_codes(PROVENANCE)
        check_record(record)
        record.save(force_insert=True)
        for name, rows in parts.items():
            for row in rows:
                _insert_part(record, name, row)
        raise_flags(record, now)
    return record


def _check_lot(record: ProvenanceRecord, by: Any) -> None:
    consignment, visit = record.consignment, record.visit
    if consignment is None and visit is None:
        raise refuse_member("consignment", "lot_missing", "Say which lot: name the consignment or the visit that brought it.")
    if consignment is not None and consignment.sender_id != by.organisation_id:
        raise refuse_member("consignment", "not_your_lot", "Only who sent a consignment records its provenance. Name one of yours.")
    if visit is not None and visit.organisation_id != by.organisation_id:
        raise refuse_member("visit", "not_your_lot", "Only who led a visit records its provenance. Name one of yours.")
    if not _brought(record).exists():
        raise refuse_member("mine", "nothing_from_there", f"This lot holds no sample from {record.mine.name}. Name another mine or lot.")
    same = ProvenanceRecord.objects.filter(mine=record.mine, consignment=consignment, owner=by.organisation)
    if consignment is None:
        same = same.filter(visit=visit)
    if same.exists():
        raise refuse_member("mine", "duplicate_lot", f"This lot has its provenance record already: {same[0].code}. Open that one.")


def _brought(record: ProvenanceRecord) -> Any:
    samples = Sample.objects.filter(mine=record.mine)
    if record.consignment is not None:
        carried = ConsignmentItem.objects.filter(consignment=record.consignment, removed_at=None)
        return samples.filter(pk__in=carried.values("sample"))
    return samples.filter(visit=record.visit)


def _check_days(row: Any) -> None:
    for name in _DAYS:
        day = getattr(row, name, None)
        if day is not None and day > clock.today():
            raise refuse_member(name, "future_day", f"{day} lies in the future. Record what has happened; check the day and the year.")


def change_provenance(
    *, record: ProvenanceRecord, values: Mapping[str, Any], reason: str, by: Any, version: int | None = None, at: datetime | None = None
) -> ProvenanceRecord:
    """Change members of a record (`MEMBERS`), with a reason. Raises `Stale` when somebody changed it since `version` was read."""
    with transaction.atomic(), acting(by, given_reason(reason)):
        record = _lock(record, by, version)
        assign(record, {name: value for name, value in values.items() if name in MEMBERS})
        _check_days(record)
        check_record(record)
        record.save()
        raise_flags(record, at or clock.now())
    return record


def add_part(*, record: ProvenanceRecord, part: str, values: Mapping[str, Any], by: Any, at: datetime | None = None) -> Part:
    """A new line (`part` of `PARTS`): an intermediary, a place of the route, a payment. Raises `Invalid` naming each wrong member."""
    with transaction.atomic(), acting(by, "part recorded"):
        record = _lock(record, by)
        row = _insert_part(record, part, values)
        record.save(update_fields=["version"])
        raise_flags(record, at or clock.now())
    return row


def _insert_part(record: ProvenanceRecord, part: str, values: Mapping[str, Any]) -> Part:
    model: Any = PARTS[part]
    taken = model.objects.filter(record=record).aggregate(last=Max("number"))["last"] or 0
    if taken >= MOST_PARTS:
        raise refuse_member(part, "too_many", f"A record has at most {MOST_PARTS} lines of a kind. Record a further lot.")
    row: Part = model(record=record, number=taken + 1)
    _write_part(row, values)
    row.save(force_insert=True)
    return row


def change_part(*, row: Part, values: Mapping[str, Any], reason: str, struck: bool = False, by: Any, at: datetime | None = None) -> Part:
    """Change a line, or strike it out (`struck`), with a reason. It keeps its number and every version."""
    with transaction.atomic(), acting(by, given_reason(reason)):
        record = _lock(row.record, by)
        row = type(row)._default_manager.select_for_update().get(pk=row.pk)
        row.struck = struck
        _write_part(row, values)
        row.save()
        record.save(update_fields=["version"])
        raise_flags(record, at or clock.now())
    return row


def _write_part(row: Part, values: Mapping[str, Any]) -> None:
    fixed = {"id", "record", "number", "struck"}
    names = {field.name for field in row._meta.concrete_fields} - fixed
    assign(row, {name: value for name, value in values.items() if name in names})
    for name in ("jurisdiction", "currency"):
        if hasattr(row, name):
            setattr(row, name, str(getattr(row, name)).strip().upper())
    if getattr(row, "amount", None) is not None and not getattr(row, "currency", ""):
        raise refuse_member("currency", "missing", "An amount needs its currency: three letters, as in MMK, CNY, INR.")
    _check_days(row)
    check_record(row, exclude={"record"})


def _lock(record: ProvenanceRecord, by: Any, version: int | None = None) -> ProvenanceRecord:
    """The record as it stands now, locked, one version on."""
    require(by, Action.PROVENANCE_EDIT)
    record = ProvenanceRecord.objects.select_for_update().get(pk=record.pk)
    if record.owner_id != by.organisation_id:
        raise Forbidden("not_owner", f"Record {record.code} belongs to {record.owner}; only its people change it.")
    if version is not None and version != record.version:
        raise Stale("stale", f"Record {record.code} was changed meanwhile (version {record.version}). Read it again, then change it.")
    record.version += 1
    return record


def record_profile(*, mine: Mine, values: Mapping[str, Any], reason: str, by: Any, at: datetime | None = None) -> MineProfile:
    """What due diligence knows of a mine, new or changed, with a reason and the source of the statements. For officials.

    Flags of every record of the mine follow at once."""
    require(by, Action.PROVENANCE_ASSESS)
    now = at or clock.now()
    with transaction.atomic(), acting(by, given_reason(reason)):
        Mine.objects.select_for_update().get(pk=mine.pk)
        profile = MineProfile.objects.filter(mine=mine).first() or MineProfile(mine=mine)
        assign(
            profile, {name: values[name] for name in ("conflict_area", "armed_control", "capacity_t_per_year", "source") if name in values}
        )
        check_record(profile, exclude={"mine"})
        profile.save()
        for record in ProvenanceRecord.objects.filter(mine=mine):
            raise_flags(record, now)
    return profile


def raise_flags(record: ProvenanceRecord, now: datetime) -> None:
    """Keep that each flag was raised which the facts raise now and which was never kept before."""
    fresh = select_records(_EVERYBODY).get(pk=record.pk)
    kept = {one.code for one in fresh.raised_flags.all()}
    RaisedFlag.objects.bulk_create(
        RaisedFlag(record=record, code=flag.code, facts=[list(pair) for pair in flag.facts], rules_version=RULES_VERSION, raised_at=now)
        for flag in find_flags(facts_of(fresh))
        if flag.code not in kept
    )


class _Everybody:
    """Whose scope is everything: the rules see what is, whoever writes."""

    role = Role.OFFICIAL
    organisation_id = None


_EVERYBODY = _Everybody()

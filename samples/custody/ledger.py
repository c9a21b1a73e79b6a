"""The one door into the ledger. Nothing else writes custody rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from lims.core import clock
from lims.core.copying import copy_rows
from lims.core.errors import DomainError, Invalid
from lims.core.ids import uuid7
from lims.core.models import Installation
from samples.custody.hashing import SCHEMA_VERSION, canonical_bytes, commit_fields, event_hash, mass_text, time_text
from samples.custody.models import CustodyHead

# A clock of a phone may run ahead a little; more is a mistake.
_TOLERATED_FUTURE = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What happened to one sample. Restricted fields (`place`, `coordinates`, `giver`, `receiver`, `holder`, `waybill`, `remark`, the
    actor) enter the bytes as commitments only; the rest stands there in clear, so it must never tell the origin.

    `holder` is the organisation that holds the sample from this event on, where the event decides that: names may change or be shared.
    """

    sample_id: UUID
    kind: str
    occurred_at: datetime
    place: str = ""
    coordinates: str = ""
    giver: str = ""
    receiver: str = ""
    holder: UUID | None = None
    waybill: str = ""
    remark: str = ""
    seal_number: str = ""
    seal_condition: str = ""
    mass_g: Decimal | None = None
    container_count: int | None = None
    purpose: str = ""
    consignment: str = ""
    corrects: int | None = None
    detail: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Appended:
    """Where an entry stands now."""

    id: UUID
    sample_id: UUID
    seq: int
    hash: bytes


def append_events(entries: Sequence[Entry], *, by: Any, at: datetime | None = None) -> list[Appended]:
    """Append entries in the given order, within the caller's transaction; the samples' chain heads stay locked until it ends.

    `by` is the acting user; its name and organisation are kept as text. `at` is when it was recorded (default: now).
    Raises `Invalid('future_time')` for a moment that has not come yet.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("append_events must run inside the transaction that changes the sample")
    if not entries:
        return []
    recorded_at = at or clock.now()
    _refuse_future(entries, recorded_at)
    origin = Installation.current().origin
    heads = _lock_heads({entry.sample_id for entry in entries})
    known = set(heads)
    events, disclosures, appended = [], [], []
    for entry in entries:
        seq, previous = heads.get(entry.sample_id, (0, None))
        event_id = uuid7()
        content, disclosure = _content(entry, event_id, seq + 1, previous, origin, recorded_at, by)
        canonical = canonical_bytes(content)
        digest = event_hash(canonical)
        heads[entry.sample_id] = (seq + 1, digest)
        events.append(
            (
                event_id,
                entry.sample_id,
                seq + 1,
                entry.kind,
                entry.occurred_at,
                recorded_at,
                by.organisation_id,
                previous,
                canonical,
                digest,
            )
        )
        disclosures.append((uuid7(), event_id, disclosure))
        appended.append(Appended(event_id, entry.sample_id, seq + 1, digest))
    columns = ["id", "sample_id", "seq", "kind", "occurred_at", "recorded_at", "organisation_id", "previous", "canonical", "hash"]
    copy_rows("custody_custodyevent", columns, events)
    copy_rows("custody_custodydisclosure", ["id", "event_id", "fields"], disclosures)
    copy_rows("custody_unsequenced", ["event_id"], [(event.id,) for event in appended])
    copy_rows("custody_custodyhead", ["sample_id", "seq", "hash"], [(key, *heads[key]) for key in heads if key not in known])
    _move_heads({key: heads[key] for key in known})
    return appended


def _refuse_future(entries: Iterable[Entry], now: datetime) -> None:
    for entry in entries:
        if entry.occurred_at > now + _TOLERATED_FUTURE:
            raise Invalid(
                "future_time",
                f"{entry.occurred_at.isoformat(timespec='minutes')} lies in the future. Check the date, the time and its zone.",
            )


def _lock_heads(sample_ids: set[UUID]) -> dict[UUID, tuple[int, bytes | None]]:
    """Lock the chain heads in one order, so that two writers wait for each other and never for good."""
    rows = (
        CustodyHead.objects.filter(sample_id__in=sample_ids)
        .order_by("sample_id")
        .select_for_update()
        .values_list("sample_id", "seq", "hash")
    )
    return {sample_id: (seq, bytes(digest)) for sample_id, seq, digest in rows}


def _move_heads(heads: dict[UUID, tuple[int, bytes | None]]) -> None:
    if not heads:
        return
    ids, seqs, digests = zip(*((str(key), seq, digest) for key, (seq, digest) in heads.items()), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE custody_custodyhead h SET seq = v.seq, hash = v.hash"
            " FROM unnest(%s::uuid[], %s::int[], %s::bytea[]) AS v(id, seq, hash) WHERE h.sample_id = v.id",
            [list(ids), list(seqs), list(digests)],
        )
        if cursor.rowcount != len(heads):
            raise DomainError("custody_head", "The end of a custody chain could not be moved; nothing was changed. Tell the administrator.")


def _content(
    entry: Entry, event_id: UUID, seq: int, previous: bytes | None, origin: str, recorded_at: datetime, by: Any
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The object that is hashed, and what its commitments hide."""
    commitments, disclosure = commit_fields(
        {
            "actor": by.full_name,
            "actor_organisation": by.organisation.name,
            "place": entry.place,
            "coordinates": entry.coordinates,
            "giver": entry.giver,
            "receiver": entry.receiver,
            "holder": str(entry.holder) if entry.holder else "",
            "waybill": entry.waybill,
            "remark": entry.remark,
        }
    )
    content = {
        "v": SCHEMA_VERSION,
        "origin": origin,
        "id": str(event_id),
        "sample": str(entry.sample_id),
        "seq": seq,
        "kind": entry.kind,
        "occurred_at": time_text(entry.occurred_at),
        "recorded_at": time_text(recorded_at),
        "previous": previous.hex() if previous else None,
        "seal_number": entry.seal_number,
        "seal_condition": entry.seal_condition,
        "mass_g": mass_text(entry.mass_g) if entry.mass_g is not None else None,
        "container_count": entry.container_count,
        "purpose": entry.purpose,
        "consignment": entry.consignment,
        "corrects": entry.corrects,
        "detail": entry.detail,
        "commitments": commitments,
    }
    return content, disclosure

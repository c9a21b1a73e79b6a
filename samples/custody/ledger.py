"""The one door into the ledger. Nothing else writes custody rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from lims.core import clock
from lims.core.copying import copy_binary, copy_rows
from lims.core.errors import DomainError, Invalid
from lims.core.ids import key_text, uuid7_keys
from lims.core.models import Installation
from samples.custody.event_rows import DISCLOSURE_COLUMNS, EVENT_COLUMNS, QUEUE_COLUMNS, disclosure_row, event_row, microseconds, queue_row
from samples.custody.hashing import Content, canonical_bytes, commit_fields, draw_salts, event_hash, mass_text, time_text

_LOCK_HEADS = """
SELECT sample_id::text, seq, encode(hash, 'hex') FROM custody_custodyhead WHERE sample_id = ANY(%s::uuid[]) ORDER BY sample_id FOR UPDATE
"""
_MOVE_HEADS = """
UPDATE custody_custodyhead h SET seq = v.seq, hash = decode(v.hash, 'hex')
FROM unnest(%s::uuid[], %s::int[], %s::text[]) AS v(id, seq, hash) WHERE h.sample_id = v.id
"""
# A clock of a phone may run ahead a little; more is a mistake.
_TOLERATED_FUTURE = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What happened to one sample. Restricted fields (`place`, `coordinates`, `giver`, `receiver`, `holder`, `waybill`, `remark`, `code`,
    `blind_code`, `signature`, the actor) enter the bytes as commitments only; the rest stands there in clear, so it must never tell the
    origin.

    `holder` is the organisation that holds the sample from this event on, where the event decides that: names may change or be shared.
    The first event of a sample says its codes, so that nobody can give them to another one later; `signature` is the hexadecimal SHA-256
    of what somebody signed with this step.
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
    code: str = ""
    blind_code: str = ""
    signature: str = ""
    seal_number: str = ""
    seal_condition: str = ""
    mass_g: Decimal | None = None
    container_count: int | None = None
    purpose: str = ""
    consignment: str = ""
    corrects: int | None = None
    detail: dict[str, str] = field(default_factory=dict)


# The end of a sample's chain: number of its last event and hash in hexadecimal, None before the first.
_Head = tuple[int, str | None]


def append_events(entries: Sequence[Entry], *, by: Any) -> None:
    """Append entries in the given order, within the caller's transaction; the samples' chain heads stay locked until it ends.

    `by` is the acting user; its name and organisation are kept as text. When it was recorded is the clock's word alone: what a caller says
    of time is when it happened.
    Raises `Invalid('future_time')` for a moment that has not come yet.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("append_events must run inside the transaction that changes the sample")
    if not entries:
        return
    recorded_at = clock.now()
    for moment in {entry.occurred_at for entry in entries}:
        refuse_future(moment, recorded_at)
    samples = [str(entry.sample_id) for entry in entries]
    heads = _lock_heads(set(samples))
    known = set(heads)
    author = _Author(Installation.current().origin, by.organisation_id.bytes, by.full_name, by.organisation.name)
    disclosures: list[bytes] = []
    queue: list[bytes] = []
    # Made while the database takes those before: nothing in there may ask it anything.
    events = _make_events(entries, samples, heads, recorded_at, author, disclosures, queue)
    copy_binary("custody_custodyevent", EVENT_COLUMNS, events)
    copy_binary("custody_custodydisclosure", DISCLOSURE_COLUMNS, disclosures)
    copy_binary("custody_unsequenced", QUEUE_COLUMNS, queue)
    begun = [(key, seq, bytes.fromhex(digest or "")) for key, (seq, digest) in heads.items() if key not in known]
    copy_rows("custody_custodyhead", ["sample_id", "seq", "hash"], begun)
    _move_heads({key: heads[key] for key in known})


class _Author(NamedTuple):
    """Who appends, where."""

    origin: str
    organisation: bytes
    name: str
    organisation_name: str


def _make_events(
    entries: Sequence[Entry],
    samples: Sequence[str],
    heads: dict[str, _Head],
    recorded_at: datetime,
    author: _Author,
    disclosures: list[bytes],
    queue: list[bytes],
) -> Iterator[bytes]:
    """The rows of events, each linked to the one before it; those of `disclosures` and `queue` are added to the lists, `heads` move
    along."""
    recorded, recorded_text = microseconds(recorded_at), time_text(recorded_at)
    actor = {"actor": author.name, "actor_organisation": author.organisation_name}
    salts, keys = draw_salts(), uuid7_keys(2 * len(entries))
    moment, occurred, occurred_text = recorded_at, recorded, recorded_text
    for entry, sample, key, hidden_key in zip(entries, samples, keys[: len(entries)], keys[len(entries) :], strict=True):
        if entry.occurred_at is not moment:
            moment = entry.occurred_at
            occurred, occurred_text = microseconds(moment), time_text(moment)
        last, previous = heads.get(sample, (0, None))
        commitments, disclosure = commit_fields(actor | _restricted(entry), salts)
        canonical = canonical_bytes(
            Content(
                commitments=commitments,
                consignment=entry.consignment,
                container_count=entry.container_count,
                corrects=entry.corrects,
                detail=entry.detail,
                id=key_text(key),
                kind=entry.kind,
                mass_g=mass_text(entry.mass_g) if entry.mass_g is not None else None,
                occurred_at=occurred_text,
                origin=author.origin,
                previous=previous,
                purpose=entry.purpose,
                recorded_at=recorded_text,
                sample=sample,
                seal_condition=entry.seal_condition,
                seal_number=entry.seal_number,
                seq=last + 1,
            )
        )
        digest = event_hash(canonical)
        heads[sample] = (last + 1, digest.hex())
        link = bytes.fromhex(previous) if previous is not None else None
        disclosures.append(disclosure_row(hidden_key, key, disclosure))
        queue.append(queue_row(key))
        yield event_row(
            key, entry.sample_id.bytes, last + 1, occurred, recorded, author.organisation, digest, entry.kind.encode(), link, canonical
        )


def _restricted(entry: Entry) -> dict[str, str]:
    """What enters the bytes by a commitment only."""
    return {
        "place": entry.place,
        "coordinates": entry.coordinates,
        "giver": entry.giver,
        "receiver": entry.receiver,
        "holder": str(entry.holder) if entry.holder else "",
        "waybill": entry.waybill,
        "remark": entry.remark,
        "code": entry.code,
        "blind_code": entry.blind_code,
        "signature": entry.signature,
    }


def refuse_future(moment: datetime, now: datetime) -> None:
    """Raise `Invalid('future_time')` for a moment the ledger would refuse."""
    if moment > now + _TOLERATED_FUTURE:
        raise Invalid("future_time", f"{moment.isoformat(timespec='minutes')} lies in the future. Check the date, the time and its zone.")


def _lock_heads(samples: set[str]) -> dict[str, _Head]:
    """Lock the chain heads in one order, so that two writers wait for each other and never for good."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_HEADS, [_array(samples)])
        return {sample: (seq, digest) for sample, seq, digest in cursor}


def _move_heads(heads: Mapping[str, _Head]) -> None:
    if not heads:
        return
    seqs, digests = zip(*heads.values(), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_HEADS, [_array(heads), _array(map(str, seqs)), _array(digests)])
        if cursor.rowcount != len(heads):
            raise DomainError("custody_head", "The end of a custody chain could not be moved; nothing was changed. Tell the administrator.")


def _array(values: Iterable[str]) -> str:
    """Numbers, UUIDs or hexadecimal as one PostgreSQL array: a parameter for each would cost more than what is done with them."""
    return f"{{{','.join(values)}}}"

"""Custody as dataclasses, each viewer's own view of it. Nothing else reads the ledger's tables for people."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Q

from lims.core.roles import LABORATORY_ROLES, Role
from samples.custody.kinds import EventKind
from samples.custody.models import CustodyEvent
from samples.looks.looking import may_see_origin
from samples.models import Handover, Sample

# What a party of a handover learns from the other party's record of it.
_SHARED_BY_HANDOVER = frozenset({"giver", "receiver", "waybill", "signature"})
_HANDOVER_KINDS = frozenset({EventKind.RELINQUISHED, EventKind.ACKNOWLEDGED, EventKind.REFUSED})
_TONES: Mapping[str, str] = {
    EventKind.LOST: "fail",
    EventKind.REFUSED: "fail",
    EventKind.DISCREPANCY: "fail",
    EventKind.HOLD: "fail",
    EventKind.RELINQUISHED: "wait",
    EventKind.DISPATCHED: "wait",
    EventKind.CORRECTED: "warn",
    EventKind.RESEALED: "warn",
    EventKind.DISPOSED: "none",
    EventKind.RETURNED: "none",
}


@dataclass(frozen=True)
class TimelineEvent:
    """One event of a sample as one viewer may see it. `disclosed` holds the restricted fields that are the viewer's, `salts` what proves
    them against the commitments in `canonical`; everything else stands in clear in those bytes. `leaf_index` is its place in the log, None
    while it waits for one."""

    seq: int
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    previous: str | None
    hash: str
    canonical: bytes
    disclosed: Mapping[str, str] = field(default_factory=dict)
    salts: Mapping[str, str] = field(default_factory=dict)
    leaf_index: int | None = None

    @property
    def label(self) -> str:
        """The kind in words."""
        return str(EventKind(self.kind).label)

    @property
    def tone(self) -> str:
        """How it is coloured in a timeline."""
        return _TONES.get(self.kind, "pass")

    @cached_property
    def content(self) -> dict[str, Any]:
        """What stands in clear in the bytes: seal, mass, containers, purpose, consignment, detail, commitments."""
        content: dict[str, Any] = json.loads(self.canonical)
        return content

    @property
    def leaf_hash(self) -> str:
        """Hexadecimal RFC 9162 leaf hash: SHA-256(0x00 ‖ bytes)."""
        return hashlib.sha256(b"\0" + self.canonical).hexdigest()

    @property
    def canonical_base64(self) -> str:
        """The exact hashed bytes, for transport."""
        return base64.b64encode(self.canonical).decode()


def read_timeline(sample: Sample, viewer: Any, *, exact: bool = False) -> list[TimelineEvent]:
    """The sample's events in order. The sample must have been fetched within the viewer's scope.

    Officials, administrators and the owner's people see every disclosure; a carrier or a laboratory those of its own organisation's events
    and the parties of handovers it took part in, and a laboratory never the owner's name. Coordinates are disclosed only with `exact`, by
    permission: the caller has then recorded the look (`samples.looks.looking.record_looks`).
    """
    rows = CustodyEvent.objects.filter(sample=sample).select_related("disclosure").order_by("seq")
    events: Any = rows.annotate(leaf_index=F("leaf__index"))
    view = _View(sample, viewer, exact)
    return [_timeline_event(event, view, event.leaf_index) for event in events]


class _View:
    """What one viewer may see of one sample's disclosures."""

    def __init__(self, sample: Sample, viewer: Any, exact: bool) -> None:
        self.sample, self.viewer = sample, viewer
        self.organisation = viewer.organisation_id
        self.sees_all = viewer.role in {Role.OFFICIAL, Role.ADMINISTRATOR} or (
            viewer.role == Role.COLLECTOR and self.organisation == sample.owner_id
        )
        self.sees_exact = exact and may_see_origin(viewer)
        self.blind = viewer.role in LABORATORY_ROLES
        # Under which code the viewer knows the sample, as `Sample.code_for`, whoever recorded its beginning.
        self.own_code = "blind_code" if self.blind else "code"

    @cached_property
    def _handovers(self) -> set[tuple[str, datetime]]:
        """The consignment and moments of every handover of this sample that the viewer's organisation took part in."""
        took_part = Handover.objects.filter(Q(giver=self.organisation) | Q(receiver=self.organisation))
        rows = took_part.filter(consignment__items__sample=self.sample).values_list("consignment__code", "relinquished_at", "answered_at")
        return {(code, moment) for code, *moments in rows for moment in moments if moment}

    @cached_property
    def _owner_marks(self) -> set[str]:
        """What would tell a laboratory whose sample it is."""
        return {self.sample.owner.name, str(self.sample.owner_id)}

    def select(self, event: CustodyEvent, fields: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """The disclosures of one event that are the viewer's."""
        if self.sees_all:
            return {name: pair for name, pair in fields.items() if self.sees_exact or name != "coordinates"}
        code = {name: pair for name, pair in fields.items() if name == self.own_code}
        return code | {name: pair for name, pair in self._shared(event, fields).items() if name not in {"code", "blind_code"}}

    def _shared(self, event: CustodyEvent, fields: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """Those that are the viewer's because its organisation recorded the event, or took part in the handover."""
        if event.organisation_id == self.organisation:
            seen = {name: pair for name, pair in fields.items() if self.sees_exact or name != "coordinates"}
        elif event.kind in _HANDOVER_KINDS and (_consignment_of(event), event.occurred_at) in self._handovers:
            seen = {name: pair for name, pair in fields.items() if name in _SHARED_BY_HANDOVER}
        else:
            return {}
        return {name: pair for name, pair in seen.items() if not self._hides(event.kind, name, pair[1])}

    def _hides(self, kind: str, name: str, value: str) -> bool:
        """What a laboratory must not know of its own events either: whose sample it is, (but for the receptionist) the waybill, and the
        hash of what the parties of a handover signed, from which the giver's name could be found by trying the few there are."""
        signed = name == "signature" and kind in _HANDOVER_KINDS
        return self.blind and (value in self._owner_marks or signed or (name == "waybill" and self.viewer.role != Role.RECEPTIONIST))


def _consignment_of(event: CustodyEvent) -> str:
    return str(json.loads(bytes(event.canonical)).get("consignment", ""))


def _timeline_event(event: CustodyEvent, view: _View, leaf_index: int | None) -> TimelineEvent:
    seen = view.select(event, event.disclosure.fields)
    return TimelineEvent(
        seq=event.seq,
        kind=event.kind,
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        previous=bytes(event.previous).hex() if event.previous is not None else None,
        hash=bytes(event.hash).hex(),
        canonical=bytes(event.canonical),
        disclosed={name: value for name, (_, value) in seen.items()},
        salts={name: salt for name, (salt, _) in seen.items()},
        leaf_index=leaf_index,
    )


_REVERSALS = """
WITH told AS (
    SELECT e.sample_id, e.seq, e.kind, e.occurred_at,
           lag(e.occurred_at) OVER w AS before, lag(e.kind) OVER w AS before_kind
    FROM custody_custodyevent e
    WHERE e.sample_id = ANY(%s::uuid[])
      AND e.seq >= coalesce((SELECT max(r.seq) FROM custody_custodyevent r WHERE r.sample_id = e.sample_id AND r.kind = 'received'), 0)
    WINDOW w AS (PARTITION BY e.sample_id ORDER BY e.seq)
), ends AS (
    SELECT DISTINCT ON (sample_id) sample_id, seq + 1, 'received', %s::timestamptz, occurred_at, kind FROM told ORDER BY sample_id, seq DESC
)
SELECT DISTINCT ON (sample_id) sample_id, kind, occurred_at, before_kind, before
FROM (SELECT * FROM told UNION ALL SELECT * FROM ends) AS both_of_them(sample_id, seq, kind, occurred_at, before, before_kind)
WHERE occurred_at < before - make_interval(secs => %s)
ORDER BY sample_id, seq
"""


def find_reversals(sample_ids: Sequence[UUID], *, tolerance: timedelta, until: datetime) -> dict[UUID, str]:
    """Samples whose custody since their last receipt runs backwards in time by more than `tolerance`, each with a sentence on the first
    such step. `until` is the moment of the step that follows now, which counts as the last."""
    with connection.cursor() as cursor:
        cursor.execute(_REVERSALS, [[str(one) for one in sample_ids], until, tolerance.total_seconds()])
        return {
            key: (
                f"“{EventKind(kind).label}” is dated {_minute(at)}, before “{EventKind(before_kind).label}” at {_minute(before)},"
                f" which was recorded first: {_span(before - at)} back."
            )
            for key, kind, at, before_kind, before in cursor.fetchall()
        }


_GAPS = """
SELECT DISTINCT ON (lost.sample_id) lost.sample_id, lost.occurred_at, found.occurred_at
FROM custody_custodyevent lost
LEFT JOIN LATERAL (
    SELECT f.occurred_at FROM custody_custodyevent f
    WHERE f.sample_id = lost.sample_id AND f.kind = 'found' AND f.seq > lost.seq ORDER BY f.seq LIMIT 1
) found ON true
WHERE lost.sample_id = ANY(%s::uuid[]) AND lost.kind = 'lost'
  AND lost.seq >= coalesce((SELECT max(r.seq) FROM custody_custodyevent r WHERE r.sample_id = lost.sample_id AND r.kind = 'received'), 0)
ORDER BY lost.sample_id, lost.seq
"""


def find_gaps(sample_ids: Sequence[UUID], *, until: datetime) -> dict[UUID, str]:
    """Samples that were lost since their last receipt and turned up again (at the latest at `until`), each with a sentence on the time
    nobody answers for."""
    with connection.cursor() as cursor:
        cursor.execute(_GAPS, [[str(one) for one in sample_ids]])
        return {
            key: (
                f"Declared lost at {_minute(lost)} and found again at {_minute(found or until)}:"
                f" nobody answers for the {_span((found or until) - lost)} between."
            )
            for key, lost, found in cursor.fetchall()
        }


def _minute(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _span(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    days, rest = divmod(minutes, 1440)
    return f"{days} d {rest // 60} h" if days else f"{rest // 60} h {rest % 60} min"

"""Stored against derived: every sample's row beside what follows from its custody events, in one pass and in constant memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from lims.accounts.models import Organisation
from samples.custody.deriving import LABORATORY_STATES, CustodyState, Parting, RecordedEvent, derive_state
from samples.custody.models import CustodyEvent
from samples.lifecycle import SampleState
from samples.models import ConsignmentItem, Sample
from samples.models.consignments import HandoverState
from samples.models.samples import SampleKind

_CHUNK = 2000
_KEPT = 20


@dataclass(frozen=True)
class Difference:
    """One field of one sample that is not what its events say."""

    sample_id: UUID
    sample_code: str
    field: str
    derived: str
    stored: str

    def __str__(self) -> str:
        derived, stored = self.derived or "nothing", self.stored or "nothing"
        return f"sample {self.sample_code or self.sample_id}, {self.field}: derived {derived}, stored {stored}"


@dataclass
class Comparison:
    """What a comparison found: the first differences, in the order of samples, and how many there are in all."""

    samples: int = 0
    events: int = 0
    differences: int = 0
    first: list[Difference] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        return not self.differences

    def note(self, difference: Difference) -> None:
        """Count a difference; the first ones are kept."""
        self.differences += 1
        if len(self.first) < _KEPT:
            self.first.append(difference)


class _Stored(NamedTuple):
    """What a sample's row, its consignment and its position say."""

    id: UUID
    code: str
    blind_code: str
    kind: str
    holder_id: UUID
    place: str
    state: str
    mass_g: Decimal
    container_count: int
    seal_number: str | None
    on_hold: bool
    has_open_discrepancy: bool
    parent_id: UUID | None
    position_id: UUID | None
    handover_waits: bool


@dataclass
class _Expected:
    """Mass that left a sample for others and has not been seen to arrive in all of them yet."""

    sample_id: UUID
    code: str
    mass_g: Decimal
    waiting: set[str]


class _Partings:
    """Mass on its way from parents to parts. Parts are younger than what they come from, so in the order of keys they come later."""

    def __init__(self) -> None:
        self.by_part: dict[str, list[tuple[_Expected, CustodyState]]] = {}

    def note(self, stored: _Stored, parting: Parting) -> None:
        """A sample parted with mass."""
        expected = _Expected(stored.id, stored.code, parting.mass_g, set(parting.parts))
        for part in parting.parts:
            self.by_part.setdefault(part, []).append((expected, replace(parting.left)))

    def given(self, sample_id: UUID) -> CustodyState | None:
        """Where the sample it was parted from stood then."""
        found = self.by_part.get(str(sample_id))
        return found[0][1] if found else None


def compare_custody() -> Comparison:
    """Derive all samples from their events and compare holder, place, state, mass, containers, seal, hold, discrepancies, family, position
    and open handovers with what is stored. Reads one snapshot, so that work going on meanwhile raises no alarm."""
    with transaction.atomic():
        if not connection.savepoint_ids:  # the outermost block: the snapshot is ours to choose
            connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return _compare()


def _compare() -> Comparison:
    result, partings, names = Comparison(), _Partings(), _names_of_organisations()
    chains = groupby(_stream_events(), key=lambda pair: pair[0])
    chain = next(chains, None)
    for stored in _stream_samples():
        while chain is not None and chain[0] < stored.id:
            chain = next(chains, None)  # events without a sample: the replay of the ledger names them
        result.samples += 1
        events: list[RecordedEvent] = []
        if chain is not None and chain[0] == stored.id:
            events = [event for _, event in chain[1]]
            chain = next(chains, None)
        result.events += len(events)
        derived = derive_state(events, given=partings.given(stored.id), note_parting=partial(partings.note, stored))
        _arrive(stored, events, derived, partings, result)
        for name, expected, found in _differences(derived, stored, names):
            result.note(Difference(stored.id, stored.code, name, expected, found))
    for waiting in {id(one): one for pairs in partings.by_part.values() for one, _ in pairs}.values():
        missing = ", ".join(sorted(waiting.waiting))
        result.note(Difference(waiting.sample_id, waiting.code, "parts", missing, ""))
    return result


def _arrive(stored: _Stored, events: list[RecordedEvent], derived: CustodyState, partings: _Partings, result: Comparison) -> None:
    """A part is named by what it came from, and weighs what left it."""
    sources = partings.by_part.pop(str(stored.id), [])
    named = {str(one.sample_id) for one, _ in sources}
    begun = events[0].mass_g if events and events[0].mass_g is not None else Decimal(0)
    if events and events[0].kind == "composited":
        begun += Decimal(events[0].detail.get("loss_g", "0"))
        if named != set(derived.sources):
            result.note(Difference(stored.id, stored.code, "sources", ", ".join(sorted(derived.sources)), ", ".join(sorted(named))))
        given = sum((one.mass_g for one, _ in sources), Decimal(0))
        if given != begun:
            result.note(Difference(stored.id, stored.code, "mass_balance", str(given), str(begun)))
        return
    if events and events[0].kind == "split" and named != {derived.parent}:
        result.note(Difference(stored.id, stored.code, "parent", derived.parent, ", ".join(sorted(named))))
    for expected, _ in sources:
        expected.mass_g -= begun
        expected.waiting.discard(str(stored.id))
        if not expected.waiting and expected.mass_g != 0:
            result.note(Difference(expected.sample_id, expected.code, "mass_balance", str(expected.mass_g), "0"))


def _differences(derived: CustodyState, stored: _Stored, names: Mapping[str, set[str]]) -> Iterator[tuple[str, str, str]]:
    """Field, derived, stored of each that differ."""
    if not derived.state:
        yield "custody", "", "a sample without events"
        return
    for problem in derived.problems:
        yield "events", problem, ""
    if not _holds(derived, stored, names):
        yield "holder", derived.holder or derived.holder_name, str(stored.holder_id)
    if not _same_state(derived, stored):
        yield "state", derived.state, stored.state
    pairs: dict[str, tuple[Any, Any]] = {
        "place": (derived.place, stored.place),
        "position": (derived.position, str(stored.position_id or "")),
        "mass_g": (derived.mass_g, stored.mass_g),
        "container_count": (derived.container_count, stored.container_count),
        "seal_number": (derived.seal_number, stored.seal_number or ""),
        "on_hold": (derived.on_hold, stored.on_hold),
        "has_open_discrepancy": (derived.has_open_discrepancy, stored.has_open_discrepancy),
        "open_handover": (derived.open_handover is not None, stored.handover_waits),
    }
    # Chains that began before first events said the codes cannot tell.
    pairs |= {name: (told, getattr(stored, name)) for name in ("code", "blind_code") if (told := getattr(derived, name))}
    # That a bag repeats another must not be read out of the ledger: the laboratory measures it blind. Their tie is no custody.
    if stored.kind != SampleKind.FIELD_DUPLICATE:
        pairs["parent"] = (derived.parent, str(stored.parent_id or ""))
    yield from ((name, str(expected), str(found)) for name, (expected, found) in pairs.items() if expected != found)


def _holds(derived: CustodyState, stored: _Stored, names: Mapping[str, set[str]]) -> bool:
    """Whether the stored holder is the derived one; older events tell the holder by a name it had then."""
    holder = str(stored.holder_id)
    return derived.holder == holder if derived.holder else derived.holder_name in names.get(holder, set())


def _same_state(derived: CustodyState, stored: _Stored) -> bool:
    if derived.state == stored.state:
        return True
    # In older chains the laboratory's own steps left no event.
    return not derived.steps_recorded and {derived.state, stored.state} <= LABORATORY_STATES


def _names_of_organisations() -> dict[str, set[str]]:
    """Every name each organisation has or had."""
    names: dict[str, set[str]] = {}
    history: Any = Organisation.pgh_event_model  # type: ignore[attr-defined]
    for key, name in [*Organisation.objects.values_list("pk", "name"), *history.objects.values_list("pgh_obj_id", "name").distinct()]:
        names.setdefault(str(key), set()).add(name)
    return names


def _stream_samples() -> Iterator[_Stored]:
    waiting = ConsignmentItem.objects.filter(
        sample=OuterRef("pk"), removed_at=None, consignment__handovers__state=HandoverState.PENDING, sample__state=SampleState.IN_TRANSIT
    )
    rows = Sample.objects.order_by("pk").values_list(
        *("id", "code", "blind_code", "kind", "holder_id", "place", "state", "mass_g", "container_count", "seal_number"),
        *("on_hold", "has_open_discrepancy", "parent_id", "placement__location_id", Exists(waiting)),
    )
    yield from (_Stored(*row) for row in rows.iterator(_CHUNK))


def _stream_events() -> Iterator[tuple[UUID, RecordedEvent]]:
    rows = CustodyEvent.objects.order_by("sample_id", "seq").values_list("sample_id", "kind", "canonical", "disclosure__fields")
    for sample_id, kind, canonical, fields in rows.iterator(_CHUNK):
        yield sample_id, RecordedEvent(kind, msgspec.json.decode(canonical), {name: pair[1] for name, pair in (fields or {}).items()})

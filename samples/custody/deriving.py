"""What follows from a sample's custody events: who holds it, where, in which state, how much. Pure; a fold over the events in order.

Every kind of event has one function below that says what it changes. Kinds without one (sealed boxes observed, remarks) change nothing
that is derived here. How events are read that were written before they carried all of this stands in ADR 0021.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

# States that differ by the laboratory's own steps only.
LABORATORY_STATES = frozenset({"received", "in_preparation", "in_analysis", "reported"})
# As long as a place is kept with the sample.
_LONGEST_PLACE = 160


@dataclass(frozen=True)
class RecordedEvent:
    """One event as the ledger has it: what stands in clear in its bytes, and what its commitments hide."""

    kind: str
    content: Mapping[str, Any]
    disclosed: Mapping[str, str] = field(default_factory=dict)

    @property
    def detail(self) -> Mapping[str, str]:
        """The kind's own members."""
        detail: Mapping[str, str] = self.content["detail"]
        return detail

    @property
    def mass_g(self) -> Decimal | None:
        """The mass observed or moved, in grams."""
        text = self.content["mass_g"]
        return Decimal(text) if text is not None else None


@dataclass
class CustodyState:
    """Where a sample stands after its events. Organisations, samples and positions by their UUID as text; masses in grams.

    `code` and `blind_code` are empty where the first event did not say them yet, `holder` for events that named it by `holder_name` only.
    `steps_recorded` says whether the laboratory's own steps stand in this chain, so that `state` is exact. `problems` are events that
    cannot follow from those before them.
    """

    code: str = ""
    blind_code: str = ""
    holder: str = ""
    holder_name: str = ""
    place: str = ""
    position: str = ""
    state: str = ""
    mass_g: Decimal = Decimal(0)
    container_count: int = 0
    seal_number: str = ""
    holds: set[str] = field(default_factory=set)
    discrepancies: Counter[str] = field(default_factory=Counter)
    open_handover: tuple[str, str] | None = None
    laboratory: str = ""
    parent: str = ""
    sources: tuple[str, ...] = ()
    steps_recorded: bool = False
    problems: list[str] = field(default_factory=list)
    state_before_packing: str = ""
    last_seen: str = ""

    @property
    def on_hold(self) -> bool:
        return bool(self.holds)

    @property
    def has_open_discrepancy(self) -> bool:
        return self.discrepancies.total() > 0


@dataclass(frozen=True)
class Parting:
    """Mass that one event took out of a sample for others: a split into `parts` with its loss, or a share of a composite."""

    parts: tuple[str, ...]
    mass_g: Decimal
    left: CustodyState


def derive_state(
    events: Iterable[RecordedEvent], *, given: CustodyState | None = None, note_parting: Callable[[Parting], None] | None = None
) -> CustodyState:
    """Fold one sample's events, in order, into where it stands.

    `given` is where the parent stood when it was split, for parts whose first event does not say it; `note_parting` hears of each mass that
    went into other samples.
    """
    state = CustodyState()
    for number, event in enumerate(events):
        if number == 0:
            _begin(state, event, given)
        before = state.mass_g
        effect = _EFFECTS.get(event.kind)
        if effect is not None:
            try:
                effect(state, event)
            except KeyError as missing:
                state.problems.append(f"{event.kind}: it does not say its {missing.args[0]}")
        if state.mass_g < 0:
            state.problems.append(f"{event.kind}: {-state.mass_g} g more left than there were")
        if note_parting is not None and number and event.kind in _PARTING:
            note_parting(_parting(state, event, before))
    return state


def _begin(state: CustodyState, event: RecordedEvent, given: CustodyState | None) -> None:
    if event.kind not in _BEGINNINGS:
        state.problems.append(f"begins with {event.kind}")
    state.steps_recorded = "holder" in event.disclosed
    state.code, state.blind_code = event.disclosed.get("code", ""), event.disclosed.get("blind_code", "")
    if given is not None and not state.steps_recorded:
        state.holder, state.holder_name, state.place = given.holder, given.holder_name, given.place
        state.laboratory = given.laboratory


def _parting(state: CustodyState, event: RecordedEvent, before: Decimal) -> Parting:
    if event.kind == "composited":
        return Parting((event.detail["composite"],), before - state.mass_g, replace(state))
    parts = tuple(event.detail["parts"].split(","))
    return Parting(parts, before - state.mass_g - Decimal(event.detail["loss_g"]), replace(state))


# --- What each kind of event changes ------------------------------------------------------------------------------------------------------


def _take_holder(state: CustodyState, event: RecordedEvent) -> None:
    state.holder = event.disclosed.get("holder", "")
    state.holder_name = event.disclosed.get("receiver", "")
    state.open_handover = None


def _take_place(state: CustodyState, event: RecordedEvent) -> None:
    place = event.disclosed.get("place", "")[:_LONGEST_PLACE]
    state.place = place or state.place


def _collected(state: CustodyState, event: RecordedEvent) -> None:
    _take_holder(state, event)
    _take_place(state, event)
    state.state = "collected"
    state.mass_g = event.mass_g or Decimal(0)
    state.container_count = event.content["container_count"]


def _sealed(state: CustodyState, event: RecordedEvent) -> None:
    state.seal_number = event.content["seal_number"]


def _packed(state: CustodyState, event: RecordedEvent) -> None:
    if state.state == "packed":
        state.problems.append("packed: it was packed already")
    if state.position:
        state.problems.append("packed: it had not been taken out of its position")
    state.state_before_packing, state.state = state.state, "packed"


def _unpacked(state: CustodyState, event: RecordedEvent) -> None:
    state.state = state.state_before_packing


def _dispatched(state: CustodyState, event: RecordedEvent) -> None:
    state.state = "in_transit"
    _take_place(state, event)
    state.last_seen = state.place


def _passed(state: CustodyState, event: RecordedEvent) -> None:
    _take_place(state, event)
    state.last_seen = state.place


def _relinquished(state: CustodyState, event: RecordedEvent) -> None:
    if state.open_handover is not None:
        state.problems.append("relinquished: an earlier handover had no answer")
    state.open_handover = (event.disclosed.get("giver", ""), event.disclosed.get("receiver", ""))
    state.last_seen = event.disclosed.get("place", "") or state.last_seen


def _acknowledged(state: CustodyState, event: RecordedEvent) -> None:
    if state.open_handover is None:
        state.problems.append("acknowledged: nobody had handed it over")
    _take_holder(state, event)
    # Older answers without a place of their own: where the box was seen last.
    state.last_seen = state.place = event.disclosed.get("place", "") or state.last_seen


def _received(state: CustodyState, event: RecordedEvent) -> None:
    _take_holder(state, event)
    _take_place(state, event)
    state.state = "received"
    state.laboratory = state.holder
    if event.mass_g is not None:
        state.mass_g = event.mass_g
    if event.content["container_count"] is not None:
        state.container_count = event.content["container_count"]


def _refused(state: CustodyState, event: RecordedEvent) -> None:
    if "handover" not in event.detail:
        state.state = "refused"
        return
    # The giver keeps it; a handover taken back or refused may still tell where the box was seen.
    state.open_handover = None
    state.last_seen = event.disclosed.get("place", "") or state.last_seen


def _lost(state: CustodyState, event: RecordedEvent) -> None:
    state.state = "lost"
    state.open_handover = None


def _found(state: CustodyState, event: RecordedEvent) -> None:
    state.state = "in_transit"
    _take_place(state, event)
    state.last_seen = state.place


def _split(state: CustodyState, event: RecordedEvent) -> None:
    if "parts" in event.detail:
        state.mass_g = event.mass_g or Decimal(0)
        return
    state.parent = event.detail["parent"]
    _begin_in_house(state, event)


def _composited(state: CustodyState, event: RecordedEvent) -> None:
    if "composite" in event.detail:
        state.mass_g -= event.mass_g or Decimal(0)
        return
    state.sources = tuple(event.detail["sources"].split(","))
    _begin_in_house(state, event)


def _begin_in_house(state: CustodyState, event: RecordedEvent) -> None:
    """A sample made out of others, where they were."""
    if event.disclosed.get("holder"):
        _take_holder(state, event)
        _take_place(state, event)
        state.laboratory = state.holder if event.detail["state"] == "received" else ""
    state.state = event.detail.get("state") or ("received" if state.laboratory else "collected")
    state.mass_g = event.mass_g or Decimal(0)
    state.container_count = event.content["container_count"]


def _consumed(state: CustodyState, event: RecordedEvent) -> None:
    state.mass_g -= event.mass_g or Decimal(0)
    remaining = event.detail.get("remaining_g")
    if remaining is not None and Decimal(remaining) != state.mass_g:
        state.problems.append(f"consumed: it says {remaining} g are left, {state.mass_g} g are")


def _progressed(state: CustodyState, event: RecordedEvent) -> None:
    state.state = event.detail["state"]
    state.steps_recorded = True


def _stored(state: CustodyState, event: RecordedEvent) -> None:
    _take_place(state, event)
    state.position = event.detail["position"]


def _taken_out(state: CustodyState, event: RecordedEvent) -> None:
    _take_place(state, event)
    state.position = ""


def _discrepancy(state: CustodyState, event: RecordedEvent) -> None:
    state.discrepancies[event.detail["kind"]] += 1


def _settled(state: CustodyState, event: RecordedEvent) -> None:
    state.discrepancies[event.detail["kind"]] -= 1


def _hold(state: CustodyState, event: RecordedEvent) -> None:
    state.holds.add(event.detail["hold"])
    _take_place(state, event)  # a quarantine is kept apart


def _release(state: CustodyState, event: RecordedEvent) -> None:
    state.holds.discard(event.detail["hold"])
    _take_place(state, event)


def _disposed(state: CustodyState, event: RecordedEvent) -> None:
    if event.mass_g != state.mass_g:
        state.problems.append(f"disposed: it says {event.mass_g} g went, {state.mass_g} g were left")
    state.state, state.mass_g = "disposed", Decimal(0)


def _returned(state: CustodyState, event: RecordedEvent) -> None:
    _take_holder(state, event)
    _take_place(state, event)
    state.state = "returned"


def _corrected(state: CustodyState, event: RecordedEvent) -> None:
    members = set(event.detail.get("members", "").split(","))
    if "mass_g" in members and event.mass_g is not None:
        state.mass_g = event.mass_g
    if "container_count" in members:
        state.container_count = event.content["container_count"]
    if "seal_number" in members:
        state.seal_number = event.content["seal_number"]
    # Corrected where it was taken: as long as it lies there, that is where it is.
    if members & {"mine", "pit"} and state.state == "collected" and not state.position:
        _take_place(state, event)


_BEGINNINGS = frozenset({"collected", "split", "composited"})
_PARTING = frozenset({"split", "composited"})
_EFFECTS: Mapping[str, Callable[[CustodyState, RecordedEvent], None]] = {
    "collected": _collected,
    "sealed": _sealed,
    "resealed": _sealed,
    "packed": _packed,
    "unpacked": _unpacked,
    "dispatched": _dispatched,
    "passed": _passed,
    "relinquished": _relinquished,
    "acknowledged": _acknowledged,
    "received": _received,
    "refused": _refused,
    "lost": _lost,
    "found": _found,
    "split": _split,
    "composited": _composited,
    "consumed": _consumed,
    "progressed": _progressed,
    "stored": _stored,
    "moved": _stored,
    "taken_out": _taken_out,
    "discrepancy": _discrepancy,
    "settled": _settled,
    "hold": _hold,
    "release": _release,
    "disposed": _disposed,
    "returned": _returned,
    "corrected": _corrected,
}

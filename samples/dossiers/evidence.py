"""What can be proven: the samples of a dossier, each event in its exact bytes with what its reader may know, and the log over them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from samples.custody.hashing import time_text
from samples.custody.proving import latest_checkpoint, list_keys, prove_inclusion
from samples.custody.reading import TimelineEvent, read_timeline
from samples.dossiers.models import Dossier
from samples.models import Sample
from samples.models.samples import SampleKind
from samples.selectors.samples import is_blind, select_samples, visible_kind


@dataclass(frozen=True)
class LogView:
    """The log as of one checkpoint: its signed text, the keys that sign it, how one key handed over to the next, and where each event
    stands in it (`places`: event's leaf hash → index and inclusion path)."""

    checkpoint: str | None = None
    keys: tuple[str, ...] = ()
    rotations: tuple[dict[str, Any], ...] = ()
    size: int = 0
    places: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)


def samples_of(dossier: Dossier, viewer: Any) -> list[Sample]:
    """The samples a dossier is about, within the viewer's scope: the whole family of one, or what travelled in a consignment."""
    rows = select_samples(viewer)
    if dossier.sample_id is not None:
        return family_of(dossier.sample_id, viewer)
    travelled = rows.filter(consignment_items__consignment=dossier.consignment_id, consignment_items__removed_at=None)
    return sorted(travelled.distinct(), key=lambda sample: sample.code_for(viewer))


def family_of(sample_id: UUID, viewer: Any) -> list[Sample]:
    """The sample, what it was split from and into, and so on, the oldest first. A laboratory cannot tell a field duplicate for one, so
    there such a sample has no parent and is nobody's part."""
    rows, blind = select_samples(viewer), is_blind(viewer)

    def related(sample: Sample) -> list[Sample]:
        parts = rows.filter(parent=sample)
        if blind:
            parts = parts.exclude(kind=SampleKind.FIELD_DUPLICATE)
        hides_parent = sample.parent_id is None or (blind and sample.kind == SampleKind.FIELD_DUPLICATE)
        above = rows.none() if hides_parent else rows.filter(pk=str(sample.parent_id))
        return [*above, *parts]

    found = {sample.pk: sample for sample in rows.filter(pk=sample_id)}
    waiting = list(found.values())
    while waiting:
        new = [one for one in related(waiting.pop()) if one.pk not in found]
        found |= {one.pk: one for one in new}
        waiting += new
    return [found[key] for key in sorted(found)]


def sample_evidence(sample: Sample, events: Sequence[TimelineEvent], viewer: Any, log: LogView) -> dict[str, Any]:
    """One sample as the verifier reads it; `last_seq` says how far its row of events goes now."""
    hides_parent = sample.parent_id is None or (is_blind(viewer) and sample.kind == SampleKind.FIELD_DUPLICATE)
    return {
        "id": str(sample.pk),
        "code": sample.code_for(viewer),
        "kind": visible_kind(sample, viewer),
        "parent": None if hides_parent else str(sample.parent_id),
        "last_seq": events[-1].seq if events else 0,
        "last_hash": events[-1].hash if events else None,
        "events": [_event_evidence(event, log) for event in events],
    }


def _event_evidence(event: TimelineEvent, log: LogView) -> dict[str, Any]:
    shown = ("seal_number", "seal_condition", "mass_g", "container_count", "purpose", "consignment", "corrects", "detail")
    index, proof = log.places.get(event.leaf_hash, (None, None))
    return {
        "seq": event.seq,
        "kind": event.kind,
        "occurred_at": time_text(event.occurred_at),
        "recorded_at": time_text(event.recorded_at),
        "previous": event.previous,
        **{name: event.content[name] for name in shown},
        "disclosed": {name: {"salt": event.salts[name], "value": value} for name, value in event.disclosed.items()},
        "hash": event.hash,
        "canonical": event.canonical_base64,
        "leaf_hash": event.leaf_hash,
        "leaf_index": index,
        "proof": proof,
    }


def read_chains(samples: Sequence[Sample], viewer: Any, *, exact: bool) -> dict[UUID, list[TimelineEvent]]:
    """Each sample's events as the viewer may see them; coordinates where the look at them is kept (`exact`)."""
    return {sample.pk: read_timeline(sample, viewer, exact=exact) for sample in samples}


def read_log(chains: dict[UUID, list[TimelineEvent]]) -> LogView:
    """The log as of its latest checkpoint, with the places of these events in it; nothing before the first checkpoint."""
    signed = latest_checkpoint()
    if signed is None:
        return LogView()
    keys = list_keys()
    events = {event.leaf_hash: event.leaf_index for chain in chains.values() for event in chain if event.leaf_index is not None}
    paths = prove_inclusion([*events.values(), *(key.leaf_index for key in keys)], signed.size)
    proofs = {index: {"tree_size": signed.size, "hashes": [digest.hex() for digest in path]} for index, path in paths.items()}
    return LogView(
        checkpoint=signed.note,
        keys=tuple(str(key.key) for key in keys),
        rotations=tuple(
            {"canonical": base64.b64encode(key.record).decode(), "leaf_index": key.leaf_index, "proof": proofs[key.leaf_index]}
            for key in keys
            if key.leaf_index in proofs
        ),
        size=signed.size,
        places={leaf: (index, proofs[index]) for leaf, index in events.items() if index in proofs},
    )

"""What the log shows to anyone: checkpoints with their cosignatures, proofs, keys and witnesses. Holds nothing that is restricted."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max

from lims.core import clock
from lims.core.errors import Invalid, NotFound
from lims.core.models import Installation
from samples.custody import merkle, notes
from samples.custody.log_nodes import fetch_nodes
from samples.custody.models import Cosignature, LogCheckpoint, LogKey, LogLeaf, Unsequenced, Witness
from samples.custody.notes import VerifierKey


@dataclass(frozen=True)
class CosignedBy:
    """One witness's word for a checkpoint."""

    witness: str
    operator: str
    signed_at: datetime


@dataclass(frozen=True)
class SignedCheckpoint:
    """A checkpoint as it is given out: the text with the log's signature and all cosignatures received so far."""

    size: int
    root: bytes
    note: str
    signed_at: datetime
    cosigned: tuple[CosignedBy, ...]


@dataclass(frozen=True)
class KeyEntry:
    """A key of the log, past or present: in force for checkpoints of more than `leaf_index` leaves, until the next one's."""

    key: VerifierKey
    leaf_index: int
    record: bytes
    recorded_at: datetime


@dataclass(frozen=True)
class WitnessEntry:
    """A registered witness and the newest checkpoint it cosigned."""

    id: UUID
    name: str
    verifier: str
    operator: str
    active: bool
    registered_at: datetime
    size: int | None
    signed_at: datetime | None


def latest_checkpoint() -> SignedCheckpoint | None:
    """The newest checkpoint, or None before the first."""
    found = LogCheckpoint.objects.order_by("-size").first()
    return _signed(found) if found else None


def checkpoint_of(size: int) -> SignedCheckpoint:
    """The checkpoint of exactly this size, or `NotFound`."""
    found = LogCheckpoint.objects.filter(size=size).first()
    if found is None:
        raise NotFound("unknown_checkpoint", f"The log signed no checkpoint of {size} leaves.")
    return _signed(found)


def _signed(checkpoint: LogCheckpoint) -> SignedCheckpoint:
    received = Cosignature.objects.filter(checkpoint=checkpoint).select_related("witness__operator").order_by("received_at")
    cosigned = tuple(CosignedBy(one.witness.name, one.witness.operator.name, one.signed_at) for one in received)
    note = checkpoint.note + "".join(one.line for one in received)
    return SignedCheckpoint(checkpoint.size, bytes(checkpoint.root), note, checkpoint.signed_at, cosigned)


def recent_checkpoints(count: int) -> list[SignedCheckpoint]:
    """The newest checkpoints, newest first."""
    return [_signed(one) for one in LogCheckpoint.objects.order_by("-size")[:count]]


def prove_inclusion(indices: Iterable[int], size: int) -> dict[int, list[bytes]]:
    """The inclusion proofs of leaves in the tree of `size` leaves, all in one query; leaves beyond it are left out."""
    covered = {index for index in indices if index < size}
    hashes = fetch_nodes(node for index in covered for node in merkle.inclusion_nodes(index, size))
    return {index: merkle.inclusion_path(index, size, hashes) for index in covered}


def prove_consistency(old: int, new: int) -> list[bytes]:
    """That the tree of `new` leaves begins with that of `old`, in one query. Raises `Invalid('size')` for what the log never signed off."""
    signed = LogCheckpoint.objects.aggregate(most=Max("size"))["most"] or 0
    if not 0 <= old <= new <= signed:
        raise Invalid("size", f"Give two sizes with 0 ≤ from ≤ to ≤ {signed}, which is the size of the newest checkpoint.")
    return merkle.consistency_path(old, new, fetch_nodes(merkle.consistency_nodes(old, new))) if old else []


def leaf_indices(events: Sequence[UUID]) -> dict[UUID, int]:
    """Where events stand in the log; those that wait are left out."""
    return dict(LogLeaf.objects.filter(event__in=events).values_list("event", "index"))


def covering_sizes(indices: Sequence[int]) -> dict[int, int]:
    """For each leaf the size of the first checkpoint that covers it; leaves that none covers yet are left out."""
    if not indices:
        return {}
    sizes = list(LogCheckpoint.objects.filter(size__gt=min(indices)).order_by("size").values_list("size", flat=True))
    found = {}
    for index in indices:
        size = next((size for size in sizes if size > index), None)
        if size is not None:
            found[index] = size
    return found


def list_keys() -> list[KeyEntry]:
    """The log's keys in the order they came into force."""
    rows = LogKey.objects.filter(leaves__isnull=False).order_by("leaves__index")
    found = rows.values_list("verifier", "leaves__index", "record", "recorded_at")
    return [KeyEntry(VerifierKey.parse(verifier), index, bytes(record), at) for verifier, index, record, at in found]


def list_witnesses() -> list[WitnessEntry]:
    """All registered witnesses, those that count first."""
    newest: dict[str, Any] = {"size": Max("cosignatures__checkpoint"), "last": Max("cosignatures__signed_at")}
    rows: Any = Witness.objects.select_related("operator").annotate(**newest)
    return [
        WitnessEntry(one.pk, one.name, one.verifier, one.operator.name, one.active, one.registered_at, one.size, one.last)
        for one in rows.order_by("-active", "name")
    ]


def report_log() -> dict[str, Any]:
    """For operators: the age of the newest checkpoint and of each witness's newest cosignature in seconds (None: never), and how many
    events wait for their place."""
    now, newest = clock.now(), latest_checkpoint()

    def age(moment: datetime | None) -> int | None:
        return None if moment is None else max(0, round((now - moment).total_seconds()))

    return {
        "size": newest.size if newest else 0,
        "checkpoint_age_s": age(newest.signed_at if newest else None),
        "waiting": waiting_events(),
        "witnesses": {one.name: age(one.signed_at) for one in list_witnesses() if one.active},
    }


def waiting_events() -> int:
    """How many events wait for their place."""
    return Unsequenced.objects.count()


def describe_keys(size: int | None) -> dict[str, Any]:
    """The log's keys and witnesses as the API gives them; with `size` each key with its proof in the tree of that size."""
    keys = list_keys()
    if size is not None:
        checkpoint_of(size)  # only what was signed can be proved
    proofs = prove_inclusion([key.leaf_index for key in keys], size) if size is not None else {}
    following = [*(key.leaf_index for key in keys[1:]), None][: len(keys)]
    return {
        "origin": Installation.current().origin,
        "keys": [
            {
                "key": str(key.key),
                "leaf_index": key.leaf_index,
                "until": until,
                "recorded_at": key.recorded_at.isoformat(),
                "record": base64.b64encode(key.record).decode(),
                "leaf_hash": merkle.leaf_hash(key.record).hex(),
                "proof": proof_data(size, proofs.get(key.leaf_index)),
            }
            for key, until in zip(keys, following, strict=True)
        ],
        "witnesses": [{"key": one.verifier, "active": one.active} for one in list_witnesses()],
    }


def proof_data(size: int | None, path: Sequence[bytes] | None) -> dict[str, Any] | None:
    """A proof as the API gives it."""
    return {"tree_size": size, "hashes": [digest.hex() for digest in path]} if path is not None else None


def parse_vkey(text: str) -> VerifierKey:
    """A witness's verifier key, or `Invalid('verifier')`."""
    try:
        key = VerifierKey.parse(text)
    except notes.MalformedNote as error:
        raise Invalid("verifier", str(error)) from error
    if key.kind != notes.COSIGNATURE:
        raise Invalid(
            "verifier", f"The key of {key.name} is one that signs logs. A witness has a key of type 4; manage.py witness prints it."
        )
    return key

"""Splitting a sample into sub-samples, pulps and rejects: mass is accounted for to the milligram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from lims.core import clock
from lims.core.acting import acting
from lims.core.codes import SAMPLE
from lims.core.errors import Blocker, Invalid, Problem, refuse_if
from lims.core.roles import Action, require
from lims.core.sequences import take_codes
from samples.custody.hashing import mass_text
from samples.custody.kinds import EventKind
from samples.custody.ledger import Entry, append_events
from samples.lifecycle import SAMPLE as LIFE
from samples.lifecycle import SampleState
from samples.models import Sample
from samples.models.samples import SampleKind
from samples.services.balancing import balance_problems, is_mass, seal_problems
from samples.services.locking import lock_sample
from samples.services.registering import new_blind_codes
from samples.services.sealing import SealSeen, note_seals
from samples.storage.models import Placement

MOST_PARTS = 24
_INHERITED = (
    *("owner_id", "visit_id", "mine_id", "pit_id", "material", "method", "collected_by", "collected_at", "collected_zone"),
    *("latitude", "longitude", "depth_from_m", "depth_to_m", "holder_id", "place", "laboratory_id", "received_at", "retain_until"),
)
PART_KINDS = [SampleKind.SUBSAMPLE, SampleKind.PULP, SampleKind.REJECT]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part that comes out of a split; mass in grams."""

    mass_g: Decimal
    kind: str = SampleKind.SUBSAMPLE
    container: str = ""
    seal_number: str = ""


def split_blockers(sample: Sample, by: Any) -> list[Blocker]:
    """Why the caller cannot split the sample now."""
    blockers = LIFE.blockers(sample, "split")
    if sample.holder_id != by.organisation_id:
        blockers = [*blockers, Blocker("not_holder", "Your organisation does not hold this sample. Whoever holds it splits it.")]
    return blockers


def split_sample(
    *, sample: Sample, parts: Sequence[Part], remaining_g: Decimal, reason: str = "", by: Any, at: datetime | None = None
) -> list[Sample]:
    """Split a sample; `remaining_g` is what stays under its own code (0 when all was parted). Returns the new samples, part by part.

    parent = parts + remaining + loss. A loss beyond the material's tolerance (`MaterialHandling`) needs a reason; a gain beyond it is
    refused.
    Raises `Blocked` (state, hold, discrepancy, not held) and `Invalid` with pointers such as `/parts/1/mass_g`.
    """
    require(by, Action.SAMPLE_SPLIT)
    return divide_sample(sample=sample, parts=parts, remaining_g=remaining_g, reason=reason, by=by, at=at)


def divide_sample(
    *, sample: Sample, parts: Sequence[Part], remaining_g: Decimal, reason: str = "", by: Any, at: datetime | None = None
) -> list[Sample]:
    """As `split_sample`, for services that ask for a permission of their own."""
    now = at or clock.now()
    with transaction.atomic(), acting(by, reason or "split"):
        parent = lock_sample(sample)
        refuse_if(split_blockers(parent, by))
        loss = _checked_loss(parent, parts, remaining_g, reason)
        children = _children(parent, parts, by, now)
        Sample.objects.bulk_create(children)
        parent.mass_g = remaining_g
        parent.save(update_fields=["mass_g"])
        seals = [
            SealSeen(number=one.seal_number, organisation_id=by.organisation_id, sample_id=one.pk) for one in children if one.seal_number
        ]
        note_seals(seals, by=by, at=now)
        append_events(_entries(parent, children, loss, reason, now), by=by)
    return children


def _note_seals(children: Sequence[Sample], by: Any, now: datetime) -> None:
    """Whoever splits seals the parts with seals of their own."""
    seals = [(child.seal_number, child.pk) for child in children if child.seal_number]
    note_seals([SealSeen(number=seal, organisation_id=by.organisation_id, sample_id=key) for seal, key in seals], by=by, at=now)


def _checked_loss(parent: Sample, parts: Sequence[Part], remaining_g: Decimal, reason: str) -> Decimal:
    problems = list(_problems(parts, remaining_g))
    loss = Decimal(0)
    if not problems:
        loss = parent.mass_g - sum((part.mass_g for part in parts), remaining_g)
        problems = balance_problems(parent.mass_g, loss, parent, reason, pointer="/parts")
    if problems:
        raise Invalid("split", f"Nothing was split. {problems[0].pointer[1:]}: {problems[0].detail}", problems=problems)
    return loss


def _problems(parts: Sequence[Part], remaining_g: Decimal) -> list[Problem]:
    problems = []
    if not 1 <= len(parts) <= MOST_PARTS:
        problems.append(Problem("/parts", "out_of_range", f"A split has 1 to {MOST_PARTS} parts."))
    for index, part in enumerate(parts):
        if not is_mass(part.mass_g) or part.mass_g == 0:
            problems.append(Problem(f"/parts/{index}/mass_g", "mass_not_positive", "Give what was weighed, in grams, to the milligram."))
        if part.kind not in PART_KINDS:
            problems.append(Problem(f"/parts/{index}/kind", "unknown_choice", f"“{part.kind}” is none of: {', '.join(PART_KINDS)}."))
        if len(part.container) > 40 or not (part.container or "x").isprintable():
            problems.append(Problem(f"/parts/{index}/container", "too_long", "At most 40 printable characters."))
    if not is_mass(remaining_g):
        problems.append(Problem("/remaining_g", "mass_not_positive", "Give what stays of the sample, in grams: 0 when nothing does."))
    return problems + seal_problems([part.seal_number for part in parts], "/parts/{index}/seal_number")


def _children(parent: Sample, parts: Sequence[Part], by: Any, now: datetime) -> list[Sample]:
    codes, blind_codes = take_codes(SAMPLE, len(parts)), new_blind_codes(len(parts))
    inherited = {name: getattr(parent, name) for name in _INHERITED}
    if Placement.objects.filter(sample=parent).exists():
        inherited["place"] = parent.holder.name[:160]  # where the sample lies in a position, its parts do not lie yet
    return [
        Sample(
            **inherited,
            code=code,
            blind_code=blind_code,
            parent=parent,
            kind=part.kind,
            collected_mass_g=part.mass_g,
            mass_g=part.mass_g,
            container=part.container.strip() or parent.container,
            seal_number=part.seal_number.strip() or None,
            # In a laboratory a part is there as its parent was received; in the field it is as if just collected.
            state=SampleState.RECEIVED if parent.laboratory_id else SampleState.COLLECTED,
            registered_by=by,
            registered_at=now,
        )
        for part, code, blind_code in zip(parts, codes, blind_codes, strict=True)
    ]


def _entries(parent: Sample, children: Sequence[Sample], loss: Decimal, reason: str, now: datetime) -> list[Entry]:
    """The bytes name samples by UUID: they are for ever, and whoever reads them may know only one of the codes."""
    detail = {"parts": ",".join(str(child.pk) for child in children), "loss_g": mass_text(loss)}
    entries = [
        Entry(sample_id=parent.pk, kind=EventKind.SPLIT, occurred_at=now, mass_g=parent.mass_g, remark=reason.strip(), detail=detail)
    ]
    for child in children:
        entries.append(
            Entry(
                sample_id=child.pk,
                kind=EventKind.SPLIT,
                code=child.code,
                blind_code=child.blind_code,
                occurred_at=now,
                place=child.place,
                receiver=parent.holder.name,
                holder=child.holder_id,
                mass_g=child.mass_g,
                container_count=child.container_count,
                detail={"parent": str(parent.pk), "kind": str(child.kind), "state": str(child.state)},
            )
        )
        if child.seal_number:
            entries.append(
                Entry(sample_id=child.pk, kind=EventKind.SEALED, occurred_at=now, seal_number=child.seal_number, seal_condition="intact")
            )
    return entries

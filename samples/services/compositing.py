"""Mixing samples into a composite: every gram that leaves a source arrives in it or is lost with a reason."""

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
from samples.lifecycle import SampleState
from samples.models import CompositeShare, Sample
from samples.models.samples import SampleKind
from samples.services.balancing import balance_problems, is_mass, seal_problems
from samples.services.locking import lock_samples
from samples.services.registering import new_blind_codes
from samples.services.sealing import applied_seals, note_seals
from samples.services.splitting import split_blockers

MOST_SOURCES = 100
# What the mixed samples must share; a mixture of several owners, materials or kinds of sampling is no sample of anything.
_COMMON = ("owner_id", "holder_id", "laboratory_id", "material", "method")
_WORDS = {
    "owner_id": "belong to different owners",
    "holder_id": "are held by different organisations",
    "laboratory_id": "are at different laboratories",
    "material": "are of different materials",
    "method": "were taken by different methods",
}


@dataclass(frozen=True, kw_only=True)
class Share:
    """How much of one sample goes into the composite, in grams."""

    sample: Sample
    mass_g: Decimal


def composite_samples(
    *,
    shares: Sequence[Share],
    mass_g: Decimal,
    container: str = "",
    seal_number: str = "",
    reason: str = "",
    by: Any,
    at: datetime | None = None,
) -> Sample:
    """Mix shares of at least two samples into a new one of `mass_g` grams, as weighed; the sources keep the rest. Returns the composite.

    Shares = composite + loss, the loss within the material's tolerance or with a reason. The composite has the mine of its sources only if
    they share one; else none, and its shares name them (`samples.selectors.mixing`). Raises `Blocked` for every source that cannot be
    split now, and `Invalid` with pointers such as `/shares/1/mass_g`.
    """
    require(by, Action.SAMPLE_SPLIT)
    now = at or clock.now()
    with transaction.atomic(), acting(by, reason or "composite"):
        _check_count(shares)
        sources = lock_samples(share.sample.pk for share in shares)
        refuse_if(_blockers(sources, by))
        loss = _checked_loss(shares, sources, mass_g, container, seal_number, reason)
        composite = _build(sources, mass_g, container, seal_number, by, now)
        composite.save(force_insert=True)
        note_seals(applied_seals([composite] if composite.seal_number else [], by=by), by=by, at=now)
        for source, share in zip(sources, shares, strict=True):
            source.mass_g -= share.mass_g
        Sample.objects.bulk_update(sources, ["mass_g"])
        CompositeShare.objects.bulk_create(
            CompositeShare(composite=composite, source=source, mass_g=share.mass_g) for source, share in zip(sources, shares, strict=True)
        )
        append_events(_entries(composite, sources, shares, loss, reason, now), by=by)
    return composite


def _check_count(shares: Sequence[Share]) -> None:
    ids = [share.sample.pk for share in shares]
    if not 2 <= len(ids) <= MOST_SOURCES:
        raise _refusal(Problem("/shares", "out_of_range", f"A composite is mixed from 2 to {MOST_SOURCES} samples."))
    twice = next((index for index, pk in enumerate(ids) if pk in ids[:index]), None)
    if twice is not None:
        raise _refusal(Problem(f"/shares/{twice}/sample", "duplicate_sample", "This sample is listed before already."))


def _blockers(sources: Sequence[Sample], by: Any) -> list[Blocker]:
    found = [
        Blocker(one.code, one.sentence if source.code_for(by) in one.sentence else f"{source.code_for(by)}: {one.sentence}")
        for source in sources
        for one in split_blockers(source, by)
    ]
    differing = next((name for name in _COMMON if len({getattr(one, name) for one in sources}) > 1), None)
    if not found and differing is not None:
        found.append(Blocker("not_alike", f"These samples {_WORDS[differing]}. Mix only what belongs together."))
    return found


def _checked_loss(
    shares: Sequence[Share], sources: Sequence[Sample], mass_g: Decimal, container: str, seal_number: str, reason: str
) -> Decimal:
    problems = [] if is_mass(mass_g) and mass_g else [Problem("/mass_g", "mass_not_positive", "Give what the composite weighs, in grams.")]
    for index, (share, source) in enumerate(zip(shares, sources, strict=True)):
        if not is_mass(share.mass_g) or not share.mass_g:
            problems.append(Problem(f"/shares/{index}/mass_g", "mass_not_positive", "Give what was weighed, in grams, to the milligram."))
        elif share.mass_g > source.mass_g:
            detail = f"{source.code_for_refusal} holds {source.mass_g} g; {share.mass_g} g cannot be taken from it."
            problems.append(Problem(f"/shares/{index}/mass_g", "not_enough_mass", detail))
    if len(container) > 40 or not (container or "x").isprintable():
        problems.append(Problem("/container", "too_long", "At most 40 printable characters."))
    problems += seal_problems([seal_number], "/seal_number")
    if problems:
        raise _refusal(problems[0], problems)
    total = sum((share.mass_g for share in shares), Decimal(0))
    problems = balance_problems(total, total - mass_g, sources[0], reason, pointer="/mass_g")
    if problems:
        raise _refusal(problems[0], problems)
    return total - mass_g


def _refusal(first: Problem, problems: Sequence[Problem] = ()) -> Invalid:
    return Invalid("composite", f"Nothing was mixed. {first.pointer[1:]}: {first.detail}", problems=problems or [first])


def _shared(sources: Sequence[Sample], name: str) -> Any:
    """What all of them have; None where they differ."""
    values = {getattr(one, name) for one in sources}
    return values.pop() if len(values) == 1 else None


def _build(sources: Sequence[Sample], mass_g: Decimal, container: str, seal_number: str, by: Any, now: datetime) -> Sample:
    first = min(sources, key=lambda one: one.collected_at)
    collectors = list(dict.fromkeys(one.collected_by for one in sources))
    depths_from = [one.depth_from_m for one in sources if one.depth_from_m is not None]
    depths_to = [one.depth_to_m for one in sources if one.depth_to_m is not None]
    same_interval = _shared(sources, "depth_from_m") is not None and _shared(sources, "depth_to_m") is not None
    return Sample(
        **{name: getattr(first, name) for name in _COMMON},
        code=take_codes(SAMPLE)[0],
        blind_code=new_blind_codes(1)[0],
        kind=SampleKind.COMPOSITE,
        mine_id=_shared(sources, "mine_id"),
        pit_id=_shared(sources, "pit_id"),
        visit_id=_shared(sources, "visit_id"),
        collected_by=collectors[0] if len(collectors) == 1 else f"{collectors[0]} +{len(collectors) - 1}"[:120],
        collected_at=first.collected_at,
        collected_zone=first.collected_zone,
        # One place or interval only where all share it: an average would be nobody's.
        depth_from_m=depths_from[0] if same_interval else None,
        depth_to_m=depths_to[0] if same_interval else None,
        collected_mass_g=mass_g,
        mass_g=mass_g,
        container=container.strip() or first.container,
        container_count=1,
        seal_number=seal_number.strip() or None,
        place=by.organisation.name[:160],
        state=SampleState.RECEIVED if first.laboratory_id else SampleState.COLLECTED,
        received_at=max((one.received_at for one in sources if one.received_at), default=None),
        retain_until=max((one.retain_until for one in sources if one.retain_until), default=None),
        registered_by=by,
        registered_at=now,
    )


def _entries(
    composite: Sample, sources: Sequence[Sample], shares: Sequence[Share], loss: Decimal, reason: str, now: datetime
) -> list[Entry]:
    entries = [
        Entry(
            sample_id=source.pk,
            kind=EventKind.COMPOSITED,
            occurred_at=now,
            mass_g=share.mass_g,
            remark=reason.strip(),
            detail={"composite": str(composite.pk), "remaining_g": mass_text(source.mass_g)},
        )
        for source, share in zip(sources, shares, strict=True)
    ]
    sources_named = ",".join(str(source.pk) for source in sources)
    entries.append(
        Entry(
            sample_id=composite.pk,
            kind=EventKind.COMPOSITED,
            code=composite.code,
            blind_code=composite.blind_code,
            occurred_at=now,
            place=composite.place,
            receiver=composite.holder.name,
            holder=composite.holder_id,
            mass_g=composite.mass_g,
            container_count=composite.container_count,
            remark=reason.strip(),
            detail={"sources": sources_named, "loss_g": mass_text(loss), "state": str(composite.state)},
        )
    )
    if composite.seal_number:
        entries.append(
            Entry(
                sample_id=composite.pk,
                kind=EventKind.SEALED,
                occurred_at=now,
                seal_number=composite.seal_number,
                seal_condition="intact",
            )
        )
    return entries

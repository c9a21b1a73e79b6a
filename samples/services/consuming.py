"""Mass that leaves a sample for a test portion, and the steps of its life within the laboratory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import prefetch_related_objects

from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Invalid, Problem, refuse_if
from lims.core.roles import Action, require
from samples.custody.hashing import mass_text
from samples.custody.kinds import EventKind
from samples.custody.ledger import Entry, append_events, refuse_future
from samples.lifecycle import SAMPLE
from samples.models import Sample
from samples.services.disposing import keep_family
from samples.services.locking import lock_sample, lock_samples

# Steps of the sample's life within the laboratory, and who may take them: a certificate, new or amended, reports.
_LABORATORY_STEPS = {"prepare": Action.PREPARATION_EDIT, "analyse": Action.PREPARATION_EDIT, "report": Action.CERTIFICATE_WITHDRAW}


def consume_mass(*, sample: Sample, mass_g: Decimal, purpose: str, by: Any, at: datetime | None = None) -> Sample:
    """Take a test portion of `mass_g` grams out of a sample; returns the sample with what is left.

    Raises `Invalid('mass_not_positive' | 'too_precise' | 'not_enough_mass')`, and `Blocked` on hold or with an open discrepancy.
    `purpose` stands in clear in the ledger and must not tell the origin.
    """
    require(by, Action.PREPARATION_EDIT)
    with transaction.atomic(), acting(by, "mass consumed"):
        sample = lock_sample(sample)
        work = SampleWork([sample], by=by, at=at or clock.now())
        work.consume(sample, mass_g, purpose)
        work.write()
    return sample


class SampleWork:
    """What rows entered together do to their samples: each row is judged as if those before it were written, and all are written
    together, so that the database is asked as often for two rows as for two hundred.

    Runs inside the caller's transaction, on samples it has locked, for a caller who has checked that `by` may prepare. After a refusal
    nothing may be written.
    """

    def __init__(self, samples: Sequence[Sample], *, by: Any, at: datetime) -> None:
        self._by, self._at = by, at
        self._moved: dict[tuple[str, str], list[UUID]] = {}
        self._masses: dict[UUID, list[Decimal]] = {}
        self._entries: list[Entry] = []
        # The guards look at these only where a mark on the sample says so.
        prefetch_related_objects([one for one in samples if one.on_hold], "holds")
        prefetch_related_objects([one for one in samples if one.has_open_discrepancy], "discrepancies")

    def advance(self, sample: Sample, step: str) -> None:
        """Move a sample a step on (`prepare`, `analyse`), unless it stands there already. Raises `Blocked`."""
        refuse_if(SAMPLE.blockers(sample, step))
        target = SAMPLE.find(step).target
        if sample.state == target:
            return
        sample.state = target
        self._moved.setdefault((step, target), []).append(sample.pk)
        self._entries.append(_progressed(sample, step, clock.now()))

    def consume(self, sample: Sample, mass_g: Decimal, purpose: str) -> None:
        """Take grams out of a sample; see `consume_mass` for what it raises."""
        refuse_if(SAMPLE.blockers(sample, "prepare"))
        _refuse_impossible_mass(mass_g, sample)
        refuse_future(self._at, clock.now())
        sample.mass_g -= mass_g
        self._masses.setdefault(sample.pk, []).append(sample.mass_g)
        entry = Entry(
            sample_id=sample.pk,
            kind=EventKind.CONSUMED,
            occurred_at=self._at,
            mass_g=mass_g,
            purpose=purpose,
            detail={"remaining_g": mass_text(sample.mass_g)},
        )
        self._entries.append(entry)

    def write(self) -> None:
        """Write states, masses and events. History keeps every mass a sample had: one that is taken from twice is written twice."""
        for (step, target), moved in self._moved.items():
            with acting(self._by, step):
                Sample.objects.filter(pk__in=moved).update(state=target)
        with acting(self._by, "mass consumed"):
            for portion in zip_longest(*self._masses.values()):
                left = [Sample(pk=key, mass_g=mass) for key, mass in zip(self._masses, portion, strict=True) if mass is not None]
                Sample.objects.bulk_update(left, ["mass_g"])
        append_events(self._entries, by=self._by)


def _progressed(sample: Sample, step: str, now: datetime) -> Entry:
    return Entry(
        sample_id=sample.pk, kind=EventKind.PROGRESSED, occurred_at=now, detail={"step": step, "state": str(SAMPLE.find(step).target)}
    )


def _refuse_impossible_mass(mass_g: Decimal, sample: Sample) -> None:
    if not mass_g.is_finite() or mass_g <= 0:
        detail = f"{mass_g} is not a mass. Give what was weighed, in grams, above zero."
        raise Invalid("mass_not_positive", detail, problems=[Problem("/mass_g", "mass_not_positive", detail)])
    if mass_g > sample.mass_g:
        detail = (
            f"Sample {sample.code_for_refusal} holds {sample.mass_g} g; {mass_g} g cannot be taken from it. Check the unit and the sample."
        )
        raise Invalid("not_enough_mass", detail, problems=[Problem("/mass_g", "not_enough_mass", detail)])
    if round(mass_g, 3) != mass_g:
        detail = "What leaves a sample is kept to the milligram: at most three decimals, in grams."
        raise Invalid("too_precise", detail, problems=[Problem("/mass_g", "too_precise", detail)])


def advance_sample(*, sample: Sample, step: str, by: Any) -> Sample:
    """Move one sample a step through the laboratory; see `advance_samples`."""
    return advance_samples(samples=[sample], step=step, by=by)[0]


def advance_samples(*, samples: Sequence[Sample], step: str, by: Any) -> list[Sample]:
    """Move samples through the laboratory (`prepare`, `analyse`, `report`); all or none. `Blocked` names every sample that cannot."""
    require(by, _LABORATORY_STEPS[step])
    with transaction.atomic(), acting(by, step):
        locked = lock_samples(sample.pk for sample in samples)
        refuse_if([blocker for sample in locked for blocker in SAMPLE.blockers(sample, step)])
        target = SAMPLE.find(step).target
        moving = [sample for sample in locked if sample.state != target]
        for sample in moving:
            sample.state = target
        Sample.objects.filter(pk__in=[sample.pk for sample in moving]).update(state=target)
        now = clock.now()
        if step == "report":
            keep_family(locked, laboratory_id=by.organisation_id, reported_at=now)
        append_events([_progressed(one, step, now) for one in moving], by=by)
    return locked

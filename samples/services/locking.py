"""Locking samples."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from lims.core.errors import NotFound
from samples.models import Sample


def lock_samples(ids: Iterable[UUID]) -> list[Sample]:
    """The samples as they stand now, locked until the transaction ends, in the order of `ids`. Locks are taken in one order, so that two
    writers wait for each other and never for good."""
    wanted = list(ids)
    found = {row.pk: row for row in Sample.objects.filter(pk__in=wanted).order_by("pk").select_for_update(no_key=True)}
    if len(found) != len(set(wanted)):
        raise NotFound()
    return [found[one] for one in wanted]


def lock_sample(sample: Sample) -> Sample:
    """One sample as it stands now, locked until the transaction ends."""
    return lock_samples([sample.pk])[0]

"""The seal register at work: what it knows against a seal, and every use of one. Set-based: one query for a thousand seals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from lims.core.copying import copy_rows
from lims.core.ids import uuid7_series
from samples.models.seals import SealUseKind
from samples.receipt_rules import Deviation
from samples.seal_numbers import plain_seal, split_seal


@dataclass(frozen=True, kw_only=True)
class SealSeen:
    """A seal on a sample or around a consignment. `organisation_id` is whose seal it should be: that of who applied it."""

    number: str
    organisation_id: UUID
    kind: str = SealUseKind.APPLIED
    sample_id: UUID | None = None
    consignment_id: UUID | None = None


# What the register says of each seal, the gravest first. Where nothing was ever issued there is no register, and nothing to say.
_FINDINGS = """
SELECT CASE
    WHEN b.id IS NULL THEN 'seal_unissued'
    WHEN EXISTS (SELECT 1 FROM samples_sealvoiding w WHERE w.batch_id = b.id AND v.digits BETWEEN w.first AND w.last) THEN 'seal_void'
    WHEN b.organisation_id <> v.organisation THEN 'seal_foreign'
    WHEN EXISTS (SELECT 1 FROM samples_sealuse u WHERE u.number = v.number AND u.kind = 'applied'
                 AND (u.sample_id, u.consignment_id) IS DISTINCT FROM (v.sample, v.consignment)) THEN 'seal_reused'
    ELSE '' END
FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::int[], %s::uuid[], %s::uuid[], %s::uuid[]) WITH ORDINALITY
    AS v(number, prefix, digits, width, organisation, sample, consignment, place)
LEFT JOIN LATERAL (
    SELECT id, organisation_id FROM samples_sealbatch b
    WHERE b.prefix = v.prefix AND b.width = v.width AND v.digits BETWEEN b.first AND b.last LIMIT 1
) b ON true
WHERE EXISTS (SELECT 1 FROM samples_sealbatch)
ORDER BY v.place
"""
_SENTENCES = {
    "seal_unissued": "Seal {} is not in the register: it was never issued to anybody.",
    "seal_void": "Seal {} was returned or declared void and should not have been used.",
    "seal_foreign": "Seal {} was issued to somebody else than who used it.",
    "seal_reused": "Seal {} was used before, on something else.",
}


def find_seal_problems(seals: Sequence[SealSeen]) -> list[str]:
    """What the register knows against each seal, in their order: a kind of discrepancy, or an empty text."""
    if not seals:
        return []
    parts = [split_seal(seal.number) for seal in seals]
    columns: list[list[Any]] = [
        [plain_seal(seal.number) for seal in seals],
        [part.prefix if part else None for part in parts],
        [part.number if part else None for part in parts],
        [part.width if part else None for part in parts],
        [str(seal.organisation_id) for seal in seals],
        [str(seal.sample_id) if seal.sample_id else None for seal in seals],
        [str(seal.consignment_id) if seal.consignment_id else None for seal in seals],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_FINDINGS, columns)
        found = [row[0] for row in cursor.fetchall()]
    return found or [""] * len(seals)


def note_seals(seals: Sequence[SealSeen], *, by: Any, at: datetime) -> list[str]:
    """Write each use into the register and return what it knows against each seal, as `find_seal_problems`. Part of the caller's
    transaction; never refuses, because what has been sealed is sealed."""
    findings = find_seal_problems(seals)
    copy_rows(
        "samples_sealuse",
        ["id", "number", "kind", "sample_id", "consignment_id", "finding", "organisation_id", "used_by_id", "used_at"],
        [
            (key, plain_seal(seal.number), str(seal.kind), seal.sample_id, seal.consignment_id, finding, seal.organisation_id, by.pk, at)
            for key, seal, finding in zip(uuid7_series(len(seals)), seals, findings, strict=True)
        ],
    )
    return findings


def seal_deviation(number: str, finding: str) -> Deviation:
    """The difference a finding of the register makes at a receipt."""
    return Deviation(finding, seal_sentence(number, finding))


def seal_sentence(number: str, finding: str) -> str:
    """A finding in words, naming no origin."""
    return _SENTENCES[finding].format(number)


def seal_warnings(sample: Any) -> list[str]:
    """What the register knew against the seal of a sample that was just registered, in words."""
    return [seal_sentence(sample.seal_number, sample.seal_finding)] if sample.seal_finding else []


def applied_seals(samples: Iterable[Any], *, by: Any = None) -> list[SealSeen]:
    """The seals that samples left with: their owners', or those of whoever sealed them (`by`)."""
    return [
        SealSeen(number=one.seal_number, organisation_id=by.organisation_id if by else one.owner_id, sample_id=one.pk)
        for one in samples
        if one.seal_number
    ]

"""The family of a sample: everything its mass came from and went into, as a tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models.expressions import RawSQL
from django.urls import reverse

from samples.models import CompositeShare, Sample
from samples.models.samples import SampleKind

# Up and down over splits and composites. Field duplicates share a place with their original and not one gram.
_EDGES = """
WITH RECURSIVE edge(source, target) AS (
    SELECT parent_id, id FROM samples_sample WHERE parent_id IS NOT NULL AND kind <> 'field_duplicate'
    UNION ALL
    SELECT source_id, composite_id FROM samples_compositeshare
)"""
_KIN = f"""{_EDGES}, kin(id) AS (
    SELECT unnest(%s::uuid[])
    UNION
    SELECT CASE WHEN edge.source = kin.id THEN edge.target ELSE edge.source END FROM edge JOIN kin ON kin.id IN (edge.source, edge.target)
)
SELECT id FROM kin
"""  # noqa: S608 - both halves are ours
# Down alone.
_PARTS = f"""{_EDGES}, part(id) AS (
    SELECT target FROM edge WHERE source = ANY(%s::uuid[])
    UNION
    SELECT edge.target FROM edge JOIN part ON part.id = edge.source
)
SELECT id FROM part
"""  # noqa: S608 - both halves are ours

# Up to the place: the bag a portion is of, and the first bag that was filled there. Duplicates of one another share the place alone.
_BAGS = """
WITH RECURSIVE up(start, id, bag) AS (
    SELECT id, id, NULL::uuid FROM samples_sample WHERE id = ANY(%s::uuid[])
    UNION
    SELECT up.start, one.parent_id, coalesce(up.bag, CASE WHEN one.kind = 'field_duplicate' THEN one.id END)
    FROM up JOIN samples_sample one ON one.id = up.id WHERE one.parent_id IS NOT NULL
)
SELECT up.start, up.id, coalesce(up.bag, up.id) FROM up JOIN samples_sample top ON top.id = up.id WHERE top.parent_id IS NULL
"""


def find_kin(sample_ids: list[UUID]) -> list[UUID]:
    """Everything that shares mass with the samples, themselves included."""
    with connection.cursor() as cursor:
        cursor.execute(_KIN, [[str(one) for one in sample_ids]])
        return [row[0] for row in cursor.fetchall()]


def find_parts(sample_ids: list[UUID]) -> list[UUID]:
    """Everything that was split from the samples, or mixed with something of them, however many steps ago."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTS, [[str(one) for one in sample_ids]])
        return [row[0] for row in cursor.fetchall()]


def find_field_duplicates(sample_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Of these samples, those that are field duplicates of an earlier one of them → that one: bags filled at one place, or portions of
    such bags. The bag the others repeat comes first wherever it stands; portions of one bag are no duplicates of one another here.

    Laboratories measure field duplicates blind: what comes back is for the machine and for those who judge, never for the bench.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BAGS, [[str(one) for one in sample_ids]])
        origins = {start: (place, bag) for start, place, bag in cursor.fetchall()}
    first: dict[UUID, UUID] = {}
    for one in sorted(origins.keys() & set(sample_ids), key=lambda key: (origins[key][0] != origins[key][1], sample_ids.index(key))):
        first.setdefault(origins[one][0], one)
    return {one: first[place] for one, (place, bag) in origins.items() if bag != origins[first[place]][1]}


@dataclass(frozen=True)
class Relative:
    """One sample in a family tree: how deep it stands, what went into it from the one above, and what is left of it."""

    sample: Sample
    code: str
    href: str
    level: int
    share_g: Decimal
    is_subject: bool = False
    again: bool = False


def family_of(sample: Sample, viewer: Any) -> list[Relative]:
    """The family in the order of a tree, oldest first; a composite stands under each sample it was mixed from, with its parts only once.
    Only what the viewer may see; empty for a sample without relatives."""
    kin = RawSQL(_KIN, [[str(sample.pk)]])  # noqa: S611 - the statement is ours, the key a parameter
    seen = {one.pk: one for one in Sample.objects.visible_to(viewer).filter(pk__in=kin)}
    if len(seen) < 2:
        return []
    below: dict[UUID, list[tuple[UUID, Decimal]]] = {}
    targets: set[UUID] = set()
    for one in seen.values():
        if one.parent_id in seen and one.kind != SampleKind.FIELD_DUPLICATE and one.parent_id is not None:
            below.setdefault(one.parent_id, []).append((one.pk, one.collected_mass_g))
            targets.add(one.pk)
    for source, composite, mass in CompositeShare.objects.filter(composite__in=seen).values_list("source", "composite", "mass_g"):
        if source in seen:
            below.setdefault(source, []).append((composite, mass))
            targets.add(composite)
    rows: list[Relative] = []
    told: set[UUID] = set()

    def tell(key: UUID, level: int, share: Decimal) -> None:
        one, again = seen[key], key in told
        told.add(key)
        code = one.code_for(viewer)
        rows.append(Relative(one, code, reverse("samples:sample", args=[code]), min(level, 4), share, key == sample.pk, again))
        for child, mass in () if again else sorted(below.get(key, []), key=lambda pair: seen[pair[0]].code):
            tell(child, level + 1, mass)

    for key in sorted(seen.keys() - targets, key=lambda pk: seen[pk].code):
        tell(key, 0, seen[key].collected_mass_g)
    return rows

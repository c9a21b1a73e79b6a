"""What a dossier tells people beside the proofs: facts, places, photographs, seals, and what to stumble over; all as plain texts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from lims.core.roles import Role
from samples.custody.hashing import time_text
from samples.custody.reading import TimelineEvent
from samples.dossiers.gaps import Step, find_gaps
from samples.looks.looking import may_see_origin
from samples.models import Consignment, Photo, Sample
from samples.selectors.sample_page import event_row
from samples.selectors.samples import sample_data, sees_origin

Chains = dict[UUID, list[TimelineEvent]]


def reader_words(viewer: Any, *, exact: bool) -> dict[str, str]:
    """For whom a dossier is, and what was left out for that reader."""
    return {
        "name": viewer.full_name,
        "role": str(Role(viewer.role).label),
        "organisation": viewer.organisation.name,
        "zone": viewer.time_zone,
        "left_out": _left_out(viewer, exact),
    }


def _left_out(viewer: Any, exact: bool) -> str:
    kept = "Their commitments stand in the bytes of every event, so nothing can be exchanged without being noticed."
    if not sees_origin(viewer):
        return f"Names, places and coordinates that are not this reader's to know are left out. {kept}"
    return "It holds exact places: pass it on to nobody who may not know them." if exact else f"Exact coordinates are left out. {kept}"


def sample_words(sample: Sample, viewer: Any) -> dict[str, Any]:
    """One sample's facts, those that are the viewer's."""
    facts = sample_data(sample, viewer)
    holder = sample.holder.name if "holder" in facts else (sample.laboratory.name if sample.laboratory else "")
    return {
        "code": sample.code_for(viewer),
        "id": str(sample.pk),
        "kind": str(dict(Sample._meta.get_field("kind").flatchoices)[facts["kind"]]),
        "parent": facts["parent"] or "",
        "material": str(sample.get_material_display()),
        "state": str(sample.get_state_display()),
        "on_hold": sample.on_hold,
        "open_discrepancy": sample.has_open_discrepancy,
        "mass": f"{sample.mass_g} g",
        "container": f"{sample.container} × {sample.container_count}" if sample.container_count > 1 else sample.container,
        "seal": sample.seal_number or "",
        "holder": holder,
        "place": str(facts.get("place") or ""),
        "mine": " · ".join(text for text in (facts.get("mine_name"), facts.get("pit")) if text),
        "belt": str(facts.get("belt") or ""),
        "field_id": str(facts.get("field_id") or ""),
        "collected_by": str(facts.get("collected_by") or ""),
        "collected_at": time_text(sample.collected_at) if "collected_at" in facts else "",
        "collected_mass": f"{facts['collected_mass_g']} g" if "collected_mass_g" in facts else "",
        "received_at": time_text(sample.received_at) if sample.received_at else "",
    }


def timeline_words(events: Sequence[TimelineEvent]) -> list[dict[str, Any]]:
    """A sample's events as lines of a timeline, the first first."""
    rows = [(event, event_row(event)) for event in events]
    return [
        {
            "seq": event.seq,
            "at": time_text(row.at),
            "title": row.title,
            "tone": row.tone,
            "actor": row.actor,
            "detail": row.detail,
            "facts": [[label, str(value)] for label, value in row.facts],
            "hash": event.hash,
        }
        for event, row in rows
    ]


def gap_words(samples: Sequence[Sample], chains: Chains, viewer: Any, now: datetime) -> list[dict[str, Any]]:
    """What to stumble over, the gravest first."""
    zone = ZoneInfo(viewer.time_zone)
    steps = [[_step(event, sample.code_for(viewer), zone) for event in chains[sample.pk]] for sample in samples]
    found = find_gaps(steps, now.astimezone(zone))
    return [{"tone": gap.tone, "title": gap.title, "sentence": gap.sentence, "samples": list(gap.samples)} for gap in found]


def _step(event: TimelineEvent, code: str, zone: ZoneInfo) -> Step:
    content, told = event.content, event.disclosed
    return Step(
        sample=code,
        seq=event.seq,
        kind=event.kind,
        at=event.occurred_at.astimezone(zone),
        recorded=event.recorded_at.astimezone(zone),
        seal_number=content["seal_number"],
        seal_condition=content["seal_condition"],
        mass_g=Decimal(content["mass_g"]) if content["mass_g"] else None,
        consignment=content["consignment"],
        receiver=told.get("receiver", ""),
        remark=told.get("remark", ""),
        detail=content["detail"],
        # An empty field has no commitment, so the bytes say whether there is one to readers who may not know which.
        signed="signature" in content["commitments"],
    )


def seal_words(samples: Sequence[Sample], chains: Chains, viewer: Any) -> list[dict[str, Any]]:
    """Every time a seal was put on or looked at."""
    return [
        {
            "sample": sample.code_for(viewer),
            "at": time_text(event.occurred_at),
            "act": event.label,
            "number": event.content["seal_number"],
            "condition": event.content["seal_condition"],
        }
        for sample in samples
        for event in chains[sample.pk]
        if event.content["seal_condition"]
    ]


def photos_of_all(samples: Sequence[Sample], viewer: Any) -> list[Photo]:
    """Photographs of the samples and of what was found on their receipt, those the viewer may look at."""
    keys = [sample.pk for sample in samples]
    photos = Photo.objects.filter(Q(sample__in=keys) | Q(receipt_item__sample__in=keys)).select_related(
        "added_by", "sample", "receipt_item__sample"
    )
    if not (sees_origin(viewer) and may_see_origin(viewer)):
        photos = photos.filter(added_by__organisation=viewer.organisation_id)
    return list(photos.order_by("added_at", "id"))


def photo_words(photos: Sequence[Photo], viewer: Any) -> list[dict[str, Any]]:
    """What stands under each photograph."""
    return [
        {
            "sample": (photo.sample or photo.receipt_item.sample).code_for(viewer),  # type: ignore[union-attr]
            "caption": photo.caption or ("on receipt" if photo.receipt_item_id else ""),
            "taken_at": time_text(photo.taken_at) if photo.taken_at else "",
            "added_at": time_text(photo.added_at),
            "added_by": photo.added_by.full_name,
            "sha256": photo.sha256,
            "width": photo.width,
            "height": photo.height,
        }
        for photo in photos
    ]


def place_words(samples: Sequence[Sample], consignments: Sequence[Consignment], viewer: Any, *, exact: bool) -> list[dict[str, Any]]:
    """Points of a map for who may know the mines: where samples were taken, to a quarter of a degree unless `exact`, and the laboratories
    they went to."""
    if not (sees_origin(viewer) and may_see_origin(viewer)):
        return []
    places = "0.00001" if exact else "0.25"
    mines: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.latitude is not None and sample.longitude is not None:
            mines.setdefault(sample.mine.name if sample.mine else "", []).append(sample)
    points = [
        {
            "label": name,
            "latitude": _rounded([one.latitude for one in there], places),
            "longitude": _rounded([one.longitude for one in there], places),
            "kind": "mine",
            "count": len(there),
        }
        for name, there in sorted(mines.items())
    ]
    laboratories = {one.addressee_id: one.addressee for one in consignments} | {
        one.laboratory_id: one.laboratory for one in samples if one.laboratory is not None
    }
    points += [
        {
            "label": one.name.split(" (")[0],
            "latitude": str(one.latitude),
            "longitude": str(one.longitude),
            "kind": "laboratory",
            "count": sum(sample.laboratory_id == one.pk for sample in samples) or 1,
        }
        for one in laboratories.values()
        if one.latitude is not None and one.longitude is not None
    ]
    return points


def _rounded(degrees: Sequence[Decimal | None], step: str) -> str:
    """The middle of coordinates, to a step of degrees."""
    known = [one for one in degrees if one is not None]
    middle = sum(known, Decimal(0)) / len(known)
    return str((middle / Decimal(step)).quantize(Decimal(1)) * Decimal(step))

"""What the page of a sample shows besides its facts: the custody timeline and its corrections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from samples.custody.kinds import EventKind
from samples.custody.proving import covering_sizes
from samples.custody.reading import TimelineEvent, read_timeline
from samples.looks.looking import may_see_origin
from samples.models import Mine, Pit, Sample, Visit
from samples.models.receipts import Decision, DiscrepancyKind, SealCondition
from samples.models.samples import HoldKind, Material, SampleKind, SamplingMethod
from samples.selectors.samples import sees_origin

# What a correction can change; states, holders and masses follow from custody and have their events.
_FIELD_LABELS = {
    "mine_id": gettext_lazy("Mine"),
    "pit_id": gettext_lazy("Pit"),
    "visit_id": gettext_lazy("Visit"),
    "field_id": gettext_lazy("Field id"),
    "material": gettext_lazy("Material"),
    "method": gettext_lazy("Method"),
    "collected_by": gettext_lazy("Collected by"),
    "collected_at": gettext_lazy("Collected at"),
    "collected_zone": gettext_lazy("Time zone"),
    "latitude": gettext_lazy("Latitude"),
    "longitude": gettext_lazy("Longitude"),
    "depth_from_m": gettext_lazy("Depth from (m)"),
    "depth_to_m": gettext_lazy("Depth to (m)"),
    "collected_mass_g": gettext_lazy("Mass (g)"),
    "container": gettext_lazy("Container"),
    "container_count": gettext_lazy("Containers"),
    "seal_number": gettext_lazy("Seal"),
    "remark": gettext_lazy("Remark"),
}
# A sampling record names four of them otherwise.
_COLUMNS_OF_MEMBERS = {"mine": "mine_id", "pit": "pit_id", "visit": "visit_id", "mass_g": "collected_mass_g"}


@dataclass(frozen=True)
class TimelineRow:
    """One event as the timeline component shows it."""

    tone: str
    title: str
    at: datetime
    detail: str
    actor: str
    facts: list[tuple[str, str]] = field(default_factory=list)
    hash: str = ""
    href: str = ""
    log: str = ""


def timeline_of(sample: Sample, viewer: Any, *, exact: bool = False) -> list[TimelineRow]:
    """The sample's custody, newest first, as this viewer may see it; coordinates where the look at them was recorded (`exact`)."""
    events = read_timeline(sample, viewer, exact=exact)
    covered = covering_sizes([event.leaf_index for event in events if event.leaf_index is not None])
    return [replace(event_row(event), log=_place_in_log(event.leaf_index, covered)) for event in reversed(events)]


def _place_in_log(index: int | None, covered: Mapping[int, int]) -> str:
    if index is None:
        return _("Waiting for its place in the custody log")
    if index not in covered:
        return _("Entry %(index)s of the custody log, not signed yet") % {"index": index}
    return _("Entry %(index)s of the custody log, covered by checkpoint %(size)s") % {"index": index, "size": covered[index]}


def event_row(event: TimelineEvent) -> TimelineRow:
    """One event in words, of what its viewer was told."""
    told = event.disclosed
    actor = ", ".join(text for text in (told.get("actor"), told.get("actor_organisation")) if text)
    # A correction tells its reason, then one line for each member: `depth_to_m: 1.80 → 2.4`.
    remark, *corrected = told.get("remark", "").split("\n") if event.kind == EventKind.CORRECTED else [told.get("remark", "")]
    return TimelineRow(
        tone=event.tone,
        title=event.label,
        at=event.occurred_at,
        detail=remark,
        actor=actor,
        facts=[(label, value) for label, value in _facts(event) if value] + [_corrected(line) for line in corrected],
        hash=f"{event.seq} · {event.hash[:24]}…",
    )


def _corrected(line: str) -> tuple[str, str]:
    name, _colon, change = line.partition(": ")
    return str(_FIELD_LABELS.get(_COLUMNS_OF_MEMBERS.get(name, name), name)), change


def _facts(event: TimelineEvent) -> list[tuple[str, str]]:
    content, told = event.content, event.disclosed
    condition = SealCondition(content["seal_condition"]).label if content["seal_condition"] in SealCondition.values else ""
    seal = " ".join(str(text) for text in (content["seal_number"], condition) if text)
    count = content["container_count"]
    detail = {
        name: value
        for name, value in content["detail"].items()
        if name not in {"parts", "parent", "members", "position", "from", "composite", "sources", "state"}
    }
    return [
        (_("Mass"), f"{content['mass_g']} g" if content["mass_g"] else ""),
        (_("Seal"), seal),
        (_("Containers"), str(count) if count and count > 1 else ""),
        (_("Consignment"), content["consignment"]),
        (_("Purpose"), content["purpose"]),
        (_("Place"), told.get("place", "")),
        (_("Coordinates"), told.get("coordinates", "")),
        (_("From"), told.get("giver", "")),
        (_("To"), told.get("receiver", "")),
        (_("Waybill"), told.get("waybill", "")),
        *((_detail_label(name), _detail_value(name, value)) for name, value in detail.items()),
    ]


# What stands in the ledger's detail as a code, by the member it stands in.
_CODES: dict[str, dict[str, Any]] = {
    "hold": dict(HoldKind.choices),
    "kind": {**dict(SampleKind.choices), **dict(DiscrepancyKind.choices)},
    "decision": dict(Decision.choices),
    "material": dict(Material.choices),
    "method": dict(SamplingMethod.choices),
}
_UNITS = {"_uSv_h": " µSv/h", "_Bq_g": " Bq/g", "_cm": " cm", "_g": " g"}


def _detail_value(name: str, value: str) -> str:
    """A value of the detail as people read it: codes in words, numbers with their unit."""
    unit = next((text for ending, text in _UNITS.items() if name.endswith(ending)), "")
    return f"{value}{unit}" if unit else str(_CODES.get(name, {}).get(value, value))


def _detail_label(name: str) -> str:
    labels = {
        "dose_rate_uSv_h": _("Dose rate"),
        "background_uSv_h": _("Background"),
        "uncertainty_uSv_h": _("Uncertainty"),
        "distance_cm": _("Distance"),
        "limit_uSv_h": _("Limit"),
        "limit_Bq_g": _("Limit"),
        "activities": _("Activities"),
        "outcome": _("Outcome"),
        "source": _("Source"),
        "container": _("Container"),
        "witnessed": _("Witnessed"),
        "material": _("Material"),
        "method": _("Method"),
        "hold": _("Hold"),
        "kind": _("Kind"),
        "step": _("Step"),
        "decision": _("Decision"),
        "handover": _("Handover"),
        "signed": _("Signed"),
        "scan_sha256": _("SHA-256 of the scan"),
        "loss_g": _("Loss"),
        "remaining_g": _("Left"),
    }
    return labels.get(name, name.replace("_", " ").capitalize())


# --- Corrections ----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Correction:
    """One correction of the sampling record: who, when, why, and what was there before."""

    at: datetime
    by: str
    reason: str
    changes: list[tuple[str, str, str]]


def corrections_of(sample: Sample, viewer: Any, *, exact: bool = False) -> list[Correction]:
    """The corrections of a sampling record from its history, newest first; for those who may know the origin, with those of coordinates
    where the look at them was recorded (`exact`)."""
    if not sees_origin(viewer) or sample.version == 1:
        return []
    model: Any = Sample.pgh_event_model  # type: ignore[attr-defined]
    versions = list(model.objects.filter(pgh_obj_id=sample.pk).order_by("pgh_id"))
    exact = exact and may_see_origin(viewer)
    names = _names_of(versions)
    found = []
    for before, after in pairwise(versions):
        changes = [
            (str(_FIELD_LABELS[name]), _shown(getattr(before, name), names), _shown(getattr(after, name), names))
            for name in _FIELD_LABELS
            if getattr(before, name) != getattr(after, name) and (exact or name not in {"latitude", "longitude"})
        ]
        if changes:
            context = after.pgh_context or {}
            found.append(Correction(after.pgh_created_at, context.get("actor_name", ""), context.get("reason", ""), changes))
    return found[::-1]


def _names_of(versions: list[Any]) -> dict[UUID, str]:
    """Mines, pits and visits by their id, as text."""
    ids = {getattr(version, name) for version in versions for name in ("mine_id", "pit_id", "visit_id")} - {None}
    models: tuple[Any, ...] = (Mine, Pit, Visit)
    return {row.pk: str(row) for model in models for row in model.objects.filter(pk__in=ids)}


def _shown(value: Any, names: dict[UUID, str]) -> str:
    if isinstance(value, UUID):
        return names.get(value, str(value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    return "" if value is None else str(value)

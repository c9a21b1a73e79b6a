"""Samples as one viewer may see them: the one place that decides which facts travel to pages, files and the API.

The owner, officials and administrators see the whole sampling record, exact coordinates by permission and on request alone
(`samples.looks`). A carrier sees what it carries, not where it comes from. A laboratory sees the blind code and the belt: no mine,
coordinates, field id, collector, owner or visit, and a field duplicate looks like any other sample.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from lims.core.codes import check_code, has_code_shape, normalise
from lims.core.errors import Invalid, NotFound
from lims.core.roles import LABORATORY_ROLES, Role
from lims.core.scope import fetch_visible
from samples.lifecycle import SampleState
from samples.looks.looking import may_see_origin
from samples.models import Hold, Photo, Sample
from samples.models.samples import SampleKind, SampleQuerySet
from samples.selectors.mixing import belt_of, mines_of

Badge = tuple[str, str]
_TONES = {
    SampleState.COLLECTED: "none",
    SampleState.PACKED: "wait",
    SampleState.IN_TRANSIT: "wait",
    SampleState.RECEIVED: "pass",
    SampleState.IN_PREPARATION: "pass",
    SampleState.IN_ANALYSIS: "pass",
    SampleState.REPORTED: "pass",
    SampleState.REFUSED: "fail",
    SampleState.LOST: "fail",
    SampleState.RETURNED: "none",
    SampleState.DISPOSED: "none",
}


ORDERINGS = {"id": "id", "registered_at": "registered_at", "received_at": "received_at", "collected_at": "collected_at"}


def orderings_for(viewer: Any) -> dict[str, str]:
    """How the viewer's list may be ordered; an order by the time of collection would tell that time."""
    return ORDERINGS if sees_origin(viewer) else {"id": "id", "received_at": "received_at"}


def is_blind(viewer: Any) -> bool:
    """Whether the viewer works at a laboratory and sees samples blind."""
    return viewer.role in LABORATORY_ROLES


def sees_origin(viewer: Any) -> bool:
    """Whether the viewer, once a sample is in scope, may know where it comes from."""
    return viewer.role in {Role.COLLECTOR, Role.OFFICIAL, Role.ADMINISTRATOR}


def state_badge_of(sample: Sample) -> Badge:
    """Tone and word of the sample's state."""
    return _TONES[SampleState(sample.state)], str(SampleState(sample.state).label)


def select_samples(viewer: Any) -> SampleQuerySet:
    """The viewer's samples with what `sample_data` tells of them. Few joins: planning nine takes longer than reading the rows."""
    rows: SampleQuerySet = Sample.objects.visible_to(viewer).select_related("mine", "owner", "holder", "laboratory")
    return rows.prefetch_related("parent", *(("pit", "visit", "registered_by") if sees_origin(viewer) else ()))


def select_rows(viewer: Any) -> SampleQuerySet:
    """The viewer's samples with what a row of the list shows of them."""
    return Sample.objects.visible_to(viewer).select_related("mine", "holder")


def find_sample(code: str, viewer: Any) -> Sample:
    """One sample by the code the viewer knows it by, or by UUID; `NotFound` otherwise, saying when a code is mistyped."""
    text = normalise(code)
    try:
        return fetch_visible(Sample, viewer, queryset=select_samples(viewer).coded(text, viewer))
    except NotFound:
        if has_code_shape(text):
            _explain_mistyped(text)
        raise


def _explain_mistyped(code: str) -> None:
    try:
        check_code(code)
    except Invalid as error:
        raise NotFound(error.code, error.message) from error


# --- Facts ----------------------------------------------------------------------------------------------------------------------------


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def _moment(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat() if value else None


def _code(thing: Any) -> str | None:
    return thing.code if thing else None


def sample_data(sample: Sample, viewer: Any, *, exact: bool = False) -> dict[str, Any]:
    """One sample, flat, for lists, files and the API; members that are not the viewer's are absent. Measured numbers are texts. `exact`
    adds the coordinates, by permission: for whoever has just given them, or whose look was recorded."""
    common = {
        "id": str(sample.pk),
        "code": sample.code_for(viewer),
        "state": sample.state,
        "on_hold": sample.on_hold,
        "has_open_discrepancy": sample.has_open_discrepancy,
        "kind": visible_kind(sample, viewer),
        "parent": _visible_parent(sample, viewer),
        "material": sample.material,
        "method": sample.method,
        "mass_g": _text(sample.mass_g),
        "container": sample.container,
        "container_count": sample.container_count,
        "seal_number": sample.seal_number,
        "laboratory": _code(sample.laboratory),
        "received_at": _moment(sample.received_at),
        "version": sample.version,
    }
    if sees_origin(viewer):
        return common | _origin(sample, exact=exact and may_see_origin(viewer))
    if is_blind(viewer):
        depths = {"depth_from_m": _text(sample.depth_from_m), "depth_to_m": _text(sample.depth_to_m)}
        return common | depths | {"belt": belt_of(sample)}
    return common | {"owner": sample.owner.code, "holder": sample.holder.code}


def _origin(sample: Sample, *, exact: bool) -> dict[str, Any]:
    degrees = {"latitude": _text(sample.latitude), "longitude": _text(sample.longitude)}
    return {
        "blind_code": sample.blind_code,
        "field_id": sample.field_id,
        "mine": _code(sample.mine),
        "mine_name": sample.mine.name if sample.mine else None,
        "mines": [mine.code for mine in mines_of(sample)],
        "belt": belt_of(sample),
        "pit": _code(sample.pit),
        "visit": _code(sample.visit),
        **(degrees if exact else {}),
        "depth_from_m": _text(sample.depth_from_m),
        "depth_to_m": _text(sample.depth_to_m),
        "collected_by": sample.collected_by,
        "collected_at": _moment(sample.collected_at),
        "collected_zone": sample.collected_zone,
        "collected_mass_g": _text(sample.collected_mass_g),
        "owner": sample.owner.code,
        "holder": sample.holder.code,
        "place": sample.place,
        "remark": sample.remark,
        "registered_by": sample.registered_by.full_name,
        "registered_at": _moment(sample.registered_at),
    }


def visible_kind(sample: Sample, viewer: Any) -> str:
    """How it came to be; a laboratory must not know a field duplicate for one."""
    if is_blind(viewer) and sample.kind == SampleKind.FIELD_DUPLICATE:
        return SampleKind.FIELD
    return sample.kind


def _visible_parent(sample: Sample, viewer: Any) -> str | None:
    if sample.parent is None or (is_blind(viewer) and sample.kind == SampleKind.FIELD_DUPLICATE):
        return None
    # A second laboratory works with a portion under a code of its own and never learns the code of the first.
    if is_blind(viewer) and not Sample.objects.visible_to(viewer).filter(pk=sample.parent.pk).exists():
        return None
    return sample.parent.code_for(viewer)


def sample_detail(sample: Sample, viewer: Any, *, exact: bool = False) -> dict[str, Any]:
    """One sample with its open holds and the parts it was split into; `exact` as in `sample_data`."""
    return {
        **sample_data(sample, viewer, exact=exact),
        "holds": [hold_data(hold, viewer) for hold in open_holds(sample)],
        "parts": [part.code_for(viewer) for part in parts_of(sample, viewer)],
    }


def parts_of(sample: Sample, viewer: Any) -> list[Sample]:
    """What came out of the sample by splitting, within the viewer's scope."""
    parts = Sample.objects.visible_to(viewer).filter(parent=sample).order_by("code")
    return list(parts.exclude(kind=SampleKind.FIELD_DUPLICATE) if is_blind(viewer) else parts)


def open_holds(sample: Sample) -> list[Hold]:
    """The holds that lie over the sample now."""
    return list(sample.holds.filter(released_at=None).select_related("opened_by__organisation"))


def hold_data(hold: Hold, viewer: Any) -> dict[str, Any]:
    """One hold. Why others opened it may tell the origin: a laboratory or carrier reads the reasons of its own people."""
    seen = sees_origin(viewer) or hold.opened_by.organisation_id == viewer.organisation_id
    return {
        "id": str(hold.pk),
        "kind": hold.kind,
        "reason": hold.reason if seen else None,
        "opened_by": hold.opened_by.full_name if seen else None,
        "opened_at": _moment(hold.opened_at),
        "released_at": _moment(hold.released_at),
        "release_reason": hold.release_reason if seen else None,
    }


def photos_of(sample: Sample, viewer: Any) -> list[Photo]:
    """Photographs the viewer may look at: a picture shows the place, so those who may see exact places see all in scope, others their own
    organisation's."""
    photos = sample.photos.select_related("added_by").order_by("added_at")
    if not (sees_origin(viewer) and may_see_origin(viewer)):
        photos = photos.filter(added_by__organisation=viewer.organisation_id)
    return list(photos)

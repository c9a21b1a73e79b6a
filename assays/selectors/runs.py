"""Reading planned runs: what the autosampler should hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from assays.models import RetestRequest, Run, RunPosition
from assays.models.runs import PositionKind
from assays.selectors.blinding import hide_blind_controls
from assays.selectors.leach_shares import mark_otherwise

_INSTRUMENT_TYPES = {
    PositionKind.SAMPLE: "Sample",
    PositionKind.DUPLICATE: "Sample",
    PositionKind.REFERENCE: "Sample",
    PositionKind.DRIFT: "Sample",
    PositionKind.SPIKE: "Sample",
    PositionKind.BLANK: "Blank",
    PositionKind.CALIBRATION: "CalStd",
}
"""How a sequence names what stands at a position; controls run as samples, so that the instrument subtracts or fits nothing."""


def run_list(viewer: Any) -> QuerySet[Run]:
    """The viewer's runs, with `position_count` and `sample_count`."""
    return (
        Run.objects.visible_to(viewer)
        .select_related("instrument", "method_version__method", "method_version__high_grade", "planned_by")
        .annotate(position_count=Count("positions"), sample_count=Count("positions", filter=Q(positions__kind=PositionKind.SAMPLE)))
    )


def tray_of(run: Run, viewer: Any, *, marked: bool = False) -> list[RunPosition]:
    """The positions with everything a label or a worklist names, as the viewer may see them; `marked` with `otherwise` where the sample
    was also measured by another extraction, and `rejected` with the reason where a reviewer rejected what stands there."""
    positions = run.positions.select_related("aliquot__test__sample", "material", "duplicate_of", "blind")
    if marked:
        rejected = RetestRequest.objects.filter(position=OuterRef("pk"), rejects=True).values("reason")[:1]
        positions = positions.annotate(otherwise=mark_otherwise(run), rejected=Subquery(rejected))
    return hide_blind_controls(positions.order_by("number"), viewer)


def worklist_row(position: RunPosition) -> dict[str, Any]:
    """One line of a sequence: amounts are the aliquot's, or the control's own; the dilution is the tube's own where it has one."""
    amounts = position.aliquot or position
    # A blind control reads as the sample it stands for; whoever may know it is told its material beside.
    stands_for = position.blind
    return {
        "position": position.number,
        "label": position.label,
        "type": _INSTRUMENT_TYPES[PositionKind(position.kind)],
        "kind": position.kind,
        "aliquot": position.aliquot.code if position.aliquot else stands_for.code if stands_for else None,
        "sample": position.aliquot.test.sample.blind_code if position.aliquot else stands_for.sample_code if stands_for else None,
        "material": position.material.code if position.material else None,
        "duplicate_of": position.duplicate_of.number if position.duplicate_of else None,
        "mass_g": number_text(amounts.mass_g),
        "volume_ml": number_text(amounts.volume_ml),
        "dilution": number_text(position.dilution or amounts.dilution),
        "control": position.control,
        "nominal": position.nominal,
    }


_TRAY_KINDS = {PositionKind.CALIBRATION: "standard", PositionKind.DRIFT: "standard"}


def tray_position(position: Any) -> dict[str, Any]:
    """A planned or stored position as the tray map shows it."""
    return {"number": position.number, "kind": _TRAY_KINDS.get(position.kind, position.kind), "label": position.label}


def number_text(number: Decimal | None) -> str | None:
    """A stored number without the zeros its column adds and without an exponent."""
    if number is None:
        return None
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

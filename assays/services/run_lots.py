"""The lots a run is planned with: refused where they do not serve, recorded as used for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from assays.models import Lot, Run, Use
from assays.models.lots import LotKind, LotPurpose
from assays.models.runs import PositionKind
from assays.selectors.run_lots import CHECKS, RunLots, current_values, open_materials, stopped_lots
from assays.selectors.tray_plan import PlannedPosition
from assays.services.lots import use_blockers
from lims.core.errors import Blocker

_SERVES = {
    LotPurpose.CALIBRATION: {LotKind.STANDARD},
    LotPurpose.VERIFICATION: {LotKind.STANDARD},
    LotPurpose.SPIKE: {LotKind.STANDARD},
    LotPurpose.REFERENCE: {LotKind.REFERENCE},
    LotPurpose.REAGENT: {LotKind.REAGENT, LotKind.ACID, LotKind.FLUX, LotKind.STANDARD},
}


def lock_lots(lots: RunLots) -> None:
    """Lock the lots, in one order, and read them again, so that none is withdrawn while a run is planned with it."""
    named = {one.pk: one for _, one in lots.by_purpose}
    for fresh in Lot.objects.filter(pk__in=named).order_by("pk").select_for_update():
        named[fresh.pk].withdrawn, named[fresh.pk].expires_on = fresh.withdrawn, fresh.expires_on


def lot_blockers(lots: RunLots, tray: Sequence[PlannedPosition], by: Any, day: date) -> list[Blocker]:
    """Why a tray may not be planned with these lots: expired, withdrawn or held, of another kind than asked, a calibration that would
    verify itself, a material that does not stand on the tray, levels that cannot be computed."""
    named = lots.by_purpose
    stopped = stopped_lots(one for _, one in named)
    found = []
    for purpose, lot in named:
        if lot.laboratory_id != by.organisation_id:
            found.append(Blocker("unknown_lot", f"Lot {lot.code} is none of your laboratory's. Scan its label again."))
            continue
        found += use_blockers(lot, day)
        if lot.pk in stopped:
            sentence = f"Lot {lot.code} ({lot.name}) is held by nonconforming work {stopped[lot.pk]}. Take another."
            found.append(Blocker("lot_held", sentence))
        if lot.kind not in _SERVES[purpose]:
            sentence = (
                f"Lot {lot.code} ({lot.name}) is on record as {lot.get_kind_display()}; it does not serve as {purpose.label}. Name another."
            )
            found.append(Blocker("lot_kind", sentence))
    return [*dict.fromkeys(found), *_fitting(lots, tray)]


def _fitting(lots: RunLots, tray: Sequence[PlannedPosition]) -> Iterator[Blocker]:
    if lots.calibration is not None and lots.calibration == lots.verification:
        sentence = f"Lot {lots.calibration.code} cannot verify its own calibration. Name another lot as second source."
        yield Blocker("not_a_second_source", sentence)
    standing = {one.pk for one in open_materials(tray)}
    materials = [lot.material_id for lot in lots.references]
    for lot in lots.references:
        if materials.count(lot.material_id) > 1:
            yield Blocker("two_lots_of_one", f"Two lots of {lot.material} are named; its tubes are of one. Leave one of them out.")
            break
    for lot in lots.references:
        if lot.kind == LotKind.REFERENCE and lot.material_id not in standing:
            yield Blocker("material_not_there", f"Lot {lot.code} is of {lot.material}, which does not stand on this tray. Leave it out.")
    if lots.spike is not None and not any(one.kind == PositionKind.SPIKE for one in tray):
        yield Blocker("nothing_spiked", f"Lot {lots.spike.code} is named for spikes, and none stands on this tray. Leave it out.")
    yield from _unreckoned(lots, tray)


def _unreckoned(lots: RunLots, tray: Sequence[PlannedPosition]) -> Iterator[Blocker]:
    """Levels and spikes are dilutions reckoned by the label; a certificate without it gives none. A check may hold a solution as it
    comes, by volume."""
    standards = [lot for lot in (lots.calibration, lots.verification, lots.spike) if lot is not None]
    values = current_values(standards)
    uses = [
        (lots.calibration, any(one.kind == PositionKind.CALIBRATION for one in tray), True),
        (lots.verification, any(one.control in CHECKS for one in tray), False),
        (lots.spike, any(one.kind == PositionKind.SPIKE for one in tray), True),
    ]
    for lot, stands, diluted in uses:
        if lot is None or not stands:
            continue
        unlabelled = [one for one in values[lot.pk].values() if one.nominal is None and (diluted or not one.unit.endswith("/L"))]
        if unlabelled:
            symbols = ", ".join(one.element for one in unlabelled)
            sentence = f"The certificate of lot {lot.code} gives no amount on the label for {symbols}: its dilutions cannot be reckoned."
            yield Blocker("no_label_amount", f"{sentence} Enter it, or name another lot.")


def record_run_lots(run: Run, lots: RunLots, day: date, by: Any, now: datetime) -> None:
    """Record each lot as used for the run."""
    Use.objects.bulk_create(
        Use(lot=lot, run=run, purpose=purpose, used_on=day, recorded_by=by, recorded_at=now)
        for purpose, lot in dict.fromkeys(lots.by_purpose)
    )

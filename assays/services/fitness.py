"""Whether what a run was measured with was fit for it on the day: instrument, method version, reference materials, lots, equipment; and
whether work on it stands still."""

from __future__ import annotations

from datetime import date

from django.db.models import F, Q

from assays.models import Run, Use
from assays.nonconformities.models import Nonconformity
from assays.services.submitting import is_in_force
from lims.core.days import local_day
from lims.core.errors import Blocker


def fitness_blockers(run: Run) -> list[Blocker]:
    """What had expired on the day the run was measured (ISO/IEC 17025:2017, 6.4 and 7.2); nothing while it was not."""
    if run.measured_at is None:
        return stopped_blockers(run)
    day = local_day(run.measured_at)
    found = []
    due = run.instrument.calibration_due
    if due is not None and due < day:
        sentence = f"The calibration of {run.instrument.code} was due on {due:%d %b %Y}, before this run was measured. Measure it again."
        found.append(Blocker("calibration_due", sentence))
    if not is_in_force(run.method_version, day):
        sentence = f"{run.method_version} was not in force on {day:%d %b %Y}. Measure by the version that was."
        found.append(Blocker("not_in_force", sentence))
    expired = run.positions.filter(material__expires_on__lt=day).values_list("material__code", flat=True).distinct()
    if expired:
        found.append(Blocker("material_expired", f"{', '.join(sorted(expired))} had expired when this run was measured. Measure it again."))
    return found + _use_blockers(run, day) + stopped_blockers(run)


def _uses_of(run: Run) -> Q:
    """What was used for the run, for its test portions and for their preparations."""
    return Q(run=run) | Q(aliquot__positions__run=run) | Q(preparation__aliquots__positions__run=run)


def _use_blockers(run: Run, day: date) -> list[Blocker]:
    """Lots that had expired and equipment whose calibration was overdue on the day it was used for this run: what it was planned with, on
    the day it was measured."""
    late = Q(lot__expires_on__lt=F("used_on")) | Q(equipment__calibration_due__lt=F("used_on"))
    late |= ~Q(purpose="") & Q(lot__expires_on__lt=day)
    uses = Use.objects.filter(_uses_of(run)).filter(late).select_related("lot", "equipment").distinct()
    found = {}
    for use in uses:
        if use.lot is not None:
            sentence = f"Lot {use.lot.code} ({use.lot.name}) had expired when it was used for this run. Measure it again with another."
            found[use.lot_id] = Blocker("lot_expired", sentence)
        elif use.equipment is not None:
            sentence = f"The calibration of {use.equipment.code} was overdue when it was used for this run. Do that work again."
            found[use.equipment_id] = Blocker("calibration_due", sentence)
    return list(found.values())


def stopped_blockers(run: Run) -> list[Blocker]:
    """Nonconforming work that stops this run: work was stopped, and the run, its instrument, a lot or equipment used for it, or a material
    in it is what it touches (7.10.1 b)."""
    touched = (
        Q(links__run=run)
        | Q(links__instrument=run.instrument_id)
        | Q(links__material__in=run.positions.exclude(material=None).values("material"))
        | Q(links__lot__in=Use.objects.filter(_uses_of(run), lot__isnull=False).values("lot"))
        | Q(links__equipment__in=Use.objects.filter(_uses_of(run), equipment__isnull=False).values("equipment"))
    )
    stopping = Nonconformity.objects.filter(touched, laboratory=run.laboratory_id, work_stopped=True, resumed_at=None)
    return [
        Blocker("work_stopped", f"Work stands still because of {one.code}: {one.title}. The quality manager authorises that it goes on.")
        for one in stopping.exclude(state="closed").distinct().order_by("id")
    ]

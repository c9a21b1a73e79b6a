"""Whether what a run was measured with was fit for it on the day: instrument, method version, reference materials."""

from __future__ import annotations

from assays.models import Run
from assays.services.submitting import is_in_force
from lims.core.days import local_day
from lims.core.errors import Blocker


def fitness_blockers(run: Run) -> list[Blocker]:
    """What had expired on the day the run was measured (ISO/IEC 17025:2017, 6.4 and 7.2); nothing while it was not."""
    if run.measured_at is None:
        return []
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
    return found

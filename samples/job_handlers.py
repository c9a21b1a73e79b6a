"""What the field's jobs do."""

from __future__ import annotations

from django.utils.translation import gettext as _

from lims.core.errors import DomainError
from lims.jobs.services import JobContext, job_handler
from samples.custody.comparing import compare_custody
from samples.services.travelling import raise_overdue_alarms


@job_handler("compare_custody")
def handle_comparison(context: JobContext) -> None:
    """Compare every sample with its custody events; a difference is a failed job that names the first."""
    context.report(0.1, _("Deriving every sample from its custody events."))
    result = compare_custody()
    if not result.equal:
        raise DomainError("custody_differs", f"{result.differences} differences between samples and custody. First: {result.first[0]}.")
    context.result = {"samples": result.samples, "events": result.events}


@job_handler("check_overdue")
def handle_overdue(context: JobContext) -> None:
    """Raise an alarm for every consignment that had not arrived when it was promised."""
    context.result = {"alarms": len(raise_overdue_alarms())}

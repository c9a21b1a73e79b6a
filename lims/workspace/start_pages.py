"""Who starts with what: each role's page is a declaration, in the order the work is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from lims.core.roles import Role
from lims.workspace import field_work as field
from lims.workspace import laboratory_work as lab
from lims.workspace import office_work as office
from lims.workspace.work import Question, WorkItem


@dataclass(frozen=True)
class StartPage:
    """What a role is asked to look at, and what to do when nothing waits: a sentence and, where there is one, a step."""

    questions: tuple[Question, ...]
    when_done: Any
    step: tuple[Any, str] | None = None


START_PAGES: dict[str, StartPage] = {
    Role.COLLECTOR: StartPage(
        (field.to_acknowledge, field.to_pack, field.being_packed, field.not_acknowledged, field.imports_waiting, field.overdue_on_the_way),
        _("All samples are on their way. Register what was collected on the next visit."),
        (_("Register a sample"), "samples:new"),
    ),
    Role.CUSTODIAN: StartPage(
        (field.to_acknowledge, field.we_hold, field.not_acknowledged, field.overdue_on_the_way),
        _("You hold nothing. A consignment appears here when somebody offers it to you."),
        (_("All consignments"), "samples:consignments"),
    ),
    Role.RECEPTIONIST: StartPage(
        (field.alarms, field.to_receive, lab.received_unasked, lab.open_submissions, field.holds),
        _("Nothing is on its way to you. A consignment appears here as soon as it is dispatched."),
        (_("All submissions"), "assays:submissions"),
    ),
    Role.TECHNICIAN: StartPage(
        (lab.to_prepare, lab.to_weigh, lab.to_leach, lab.to_load, lab.uploads_waiting),
        _("The bench is empty. Samples appear here when a submission asks for them."),
        (_("All runs"), "assays:runs"),
    ),
    Role.ANALYST: StartPage(
        (lab.went_wrong, lab.uploads_waiting, lab.to_import, lab.to_load),
        _("No run waits for readings. Plan the next tray when test portions are weighed."),
        (_("Plan a run"), "assays:run-plan"),
    ),
    Role.REVIEWER: StartPage(
        (lab.to_review, lab.stopped_runs),
        _("Nothing waits for review. A run appears here when its controls are judged."),
        (_("All runs"), "assays:runs"),
    ),
    Role.SIGNATORY: StartPage(
        (lab.to_authorise, lab.to_certify, lab.certificates_failed),
        _("Nothing waits for your signature. A run appears here when it is reviewed."),
        (_("All certificates"), "reports:certificates"),
    ),
    Role.QUALITY_MANAGER: StartPage(
        (lab.discrepancies, lab.stopped_runs, field.holds, lab.competences_ending),
        _("No discrepancy is open, no run is stopped, no sample is held."),
        (_("Methods"), "assays:methods"),
    ),
    Role.ADMINISTRATOR: StartPage(
        (office.jobs_failed, office.temporary_passwords, office.tokens_ending, office.calibrations_due),
        _("No job failed and nothing ends soon."),
        (_("People"), "accounts:people"),
    ),
}


def items_for(user: Any) -> list[WorkItem]:
    """What the person is asked to look at, in the order of the work."""
    return [question(user) for question in START_PAGES[user.role].questions]

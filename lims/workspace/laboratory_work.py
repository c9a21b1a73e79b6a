"""What waits in a laboratory: at the bench, at the instruments, at the desks of those who review, authorise and answer for quality."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from assays.lifecycle import RunState, SubmissionState, TestState
from assays.models import Run, Submission, SubmissionTest
from assays.reports.models import Standing
from assays.reports.selectors import select_certificates
from assays.selectors.leaches import aliquots_to_leach
from assays.selectors.uploads import error_queue
from assays.selectors.worklists import Queue, queue_to_load, queue_to_prepare, queue_to_weigh
from lims.accounts.models import Competence
from lims.core import clock
from lims.workspace.work import Entry, Waiting, WorkItem, address, ask
from samples.lifecycle import SampleState
from samples.models import Sample
from samples.selectors.receipts import select_discrepancies

SOON = timedelta(days=60)
"""How long before its end a competence is looked at again."""


def _run(found: Run) -> Entry:
    return Entry(found.code, address("assays:run", found.code))


def _submission(found: Submission) -> Entry:
    return Entry(found.code, address("assays:submission", found.code))


def _runs(user: Any, label: Any, hint: Any, states: list[RunState], since: str, *, url: str = "", alarm: bool = False) -> WorkItem:
    values = [state.value for state in states]
    tests = SubmissionTest.objects.filter(aliquots__positions__run=OuterRef("pk")).order_by("submission__due_on")
    rows = Run.objects.visible_to(user).filter(state__in=values)
    rows = rows.annotate(due_on=Subquery(tests.values("submission__due_on")[:1]))
    return WorkItem(label, hint, url or address("assays:runs", state=values), ask(rows, since=since, due="due_on", show=_run), alarm)


# --- Reception ------------------------------------------------------------------------------------------------------------------------


def received_unasked(user: Any) -> WorkItem:
    """Samples in the house for which nobody asked anything."""
    live = SubmissionTest.objects.filter(sample=OuterRef("pk")).exclude(state=TestState.CANCELLED)
    here = Sample.objects.visible_to(user).filter(laboratory=user.organisation_id, state=SampleState.RECEIVED)
    rows = here.filter(~Exists(live))
    return WorkItem(
        _("Received, nothing asked for"),
        _("Record what the customer wants measured"),
        address("assays:submission-new"),
        ask(rows, since="received_at", held=Q(on_hold=True) | Q(has_open_discrepancy=True)),
    )


def open_submissions(user: Any) -> WorkItem:
    """Requests that are not complete."""
    rows = Submission.objects.visible_to(user).filter(state__in=[SubmissionState.OPEN, SubmissionState.ON_HOLD])
    return WorkItem(
        _("Open submissions"),
        _("Asked for and not yet certified"),
        address("assays:submissions", state=SubmissionState.OPEN.value, ordering="due_on"),
        ask(rows, since="submitted_at", due="due_on", held=Q(state=SubmissionState.ON_HOLD), show=_submission),
    )


# --- Bench ----------------------------------------------------------------------------------------------------------------------------


def _queued(queue: Queue) -> Waiting:
    return Waiting(queue.count, queue.oldest_at, queue.due_on, queue.held)


def to_prepare(user: Any) -> WorkItem:
    """Samples without a preparation that suits what is asked."""
    hint = _("Dry, crush, split, pulverise; wet and dry mass of the moisture portion")
    return WorkItem(_("To prepare"), hint, address("assays:preparation"), _queued(queue_to_prepare(user)))


def to_weigh(user: Any) -> WorkItem:
    """Tests without a test portion."""
    return WorkItem(_("To weigh"), _("Test portions of prepared samples"), address("assays:weighing"), _queued(queue_to_weigh(user)))


def to_leach(user: Any) -> WorkItem:
    """Weighed portions of a leaching method whose leach is not on record."""
    rows = aliquots_to_leach(user)
    return WorkItem(
        _("To leach"),
        _("Weighed portions that wait for their leach: pH, time, temperature, leachant"),
        address("assays:leaching"),
        ask(
            rows,
            since="weighed_at",
            due="test__submission__due_on",
            show=lambda one: Entry(one.code, address("assays:aliquot", one.code)),
        ),
    )


def to_load(user: Any) -> WorkItem:
    """Test portions that stand on no tray."""
    return WorkItem(
        _("To load"), _("Weighed test portions that stand in no run: plan a tray"), address("assays:run-plan"), _queued(queue_to_load(user))
    )


# --- Instruments ----------------------------------------------------------------------------------------------------------------------


def uploads_waiting(user: Any) -> WorkItem:
    """Files that could not be read, match with a warning, or hold rows that belong to no tube."""
    return WorkItem(
        _("Uploads waiting"),
        _("Instrument files that wait for a person: confirm, assign rows or withdraw"),
        address("instruments:queue"),
        ask(error_queue(user), since="received_at", show=lambda one: Entry(one.file_name, address("instruments:upload", one.pk))),
    )


def to_import(user: Any) -> WorkItem:
    """Planned trays without readings."""
    return _runs(user, _("Runs to measure"), _("Planned trays that wait for their readings"), [RunState.PLANNED], "planned_at")


def went_wrong(user: Any) -> WorkItem:
    """Runs that quality control stopped; what a reviewer sent back waits to be loaded again."""
    hint = _("A control failed or is missing: find the cause, measure again")
    return _runs(user, _("Failed or blocked runs"), hint, [RunState.QC_FAILED, RunState.BLOCKED], "measured_at", alarm=True)


# --- Release --------------------------------------------------------------------------------------------------------------------------


def to_review(user: Any) -> WorkItem:
    """Runs whose controls passed, or were overridden."""
    hint = _("Quality control passed or was overridden; look at the run and decide")
    return _runs(user, _("To review"), hint, [RunState.QC_PASSED, RunState.OVERRIDDEN], "measured_at", url=address("assays:review"))


def stopped_runs(user: Any) -> WorkItem:
    """Runs whose controls did not pass, for the reviewer to send back and the quality manager to look into."""
    hint = _("A control failed or is missing; nothing of them is released")
    return _runs(user, _("Stopped by quality control"), hint, [RunState.QC_FAILED, RunState.BLOCKED], "measured_at", alarm=True)


def to_authorise(user: Any) -> WorkItem:
    """Runs a reviewer approved."""
    hint = _("Reviewed runs whose results wait for your signature")
    return _runs(user, _("To authorise"), hint, [RunState.REVIEWED], "reviewed_at", url=address("assays:review"))


def to_certify(user: Any) -> WorkItem:
    """Submissions with authorised results that no certificate reports."""
    ready = SubmissionTest.objects.filter(submission=OuterRef("pk"), state=TestState.AUTHORISED)
    rows = Submission.objects.visible_to(user).filter(Exists(ready))
    return WorkItem(
        _("Certificates to issue"),
        _("Submissions with authorised results that no certificate reports yet"),
        address("assays:submissions", ordering="due_on"),
        ask(rows, since="submitted_at", due="due_on", held=Q(state=SubmissionState.ON_HOLD), show=_submission),
    )


def certificates_failed(user: Any) -> WorkItem:
    """Certificates whose making failed."""
    rows = select_certificates(user).filter(standing=Standing.FAILED)  # type: ignore[misc]
    return WorkItem(
        _("Certificates that could not be made"),
        _("Put right what the message names, then try again"),
        address("reports:certificates", status=Standing.FAILED.value),
        ask(rows, since="requested_at", show=lambda one: Entry(one.number, address("reports:certificate", one.number))),
        alarm=True,
    )


# --- Quality --------------------------------------------------------------------------------------------------------------------------


def discrepancies(user: Any) -> WorkItem:
    """What differs from what was sent and blocks samples."""
    rows = select_discrepancies(user).filter(decided_at=None)
    return WorkItem(
        _("Discrepancies to settle"),
        _("Each blocks its sample until you decide, with a reason and your signature"),
        address("samples:discrepancies", state="open"),
        ask(rows, since="found_at", show=lambda one: Entry(one.sample.code_for(user), address("samples:discrepancy", one.pk))),
        alarm=True,
    )


def competences_ending(user: Any) -> WorkItem:
    """Competences of the own laboratory that end soon and were not renewed."""
    today = clock.today()
    held = Competence.objects.visible_to(user).filter(user__is_active=True)
    same = {"user": OuterRef("user"), "method_code": OuterRef("method_code"), "activity": OuterRef("activity")}
    renewed = Competence.objects.filter(**same, valid_until__gt=today + SOON)
    rows = held.filter(~Exists(renewed), valid_until__range=(today, today + SOON))
    return WorkItem(
        _("Competences that end soon"),
        _("Within sixty days; renew them before they block a run"),
        address("workspace:competences"),
        ask(rows, due="valid_until"),
    )

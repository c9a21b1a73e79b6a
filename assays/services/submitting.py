"""Submissions: what a customer asks a laboratory for, and its clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from assays.lifecycle import SUBMISSION, TEST
from assays.models import ClockStop, MethodVersion, Submission, SubmissionTest
from assays.models.submissions import Turnaround
from assays.selectors.submissions import AT_THE_BENCH
from assays.services.routing import choose_routes
from assays.turnaround import WORKING_DAYS, add_working_days, move_due_day
from lims.accounts.models import Organisation, OrganisationKind
from lims.core import clock
from lims.core.acting import acting
from lims.core.codes import SUBMISSION as SUBMISSION_CODE
from lims.core.days import local_day
from lims.core.errors import Blocker, Forbidden, Invalid, Problem, refuse_if
from lims.core.roles import LABORATORY_ROLES, Action, Role, require
from lims.core.scope import fetch_visible
from lims.core.sequences import take_codes
from samples.models import Sample
from samples.services.movement import checked_texts

BASES = ("dry", "as_received")


def create_submission(
    *,
    laboratory: Organisation,
    customer: Organisation,
    samples: Sequence[Sample],
    method_versions: Sequence[MethodVersion],
    basis: str = "dry",
    turnaround: str = Turnaround.ROUTINE,
    customer_reference: str = "",
    remark: str = "",
    by: Any,
    at: datetime | None = None,
) -> Submission:
    """Ask a laboratory for every method on every sample; the samples must have been received there.

    The due day is `WORKING_DAYS[turnaround]` after today. The customer owns the samples or is the ministry, since the customer sees the
    certificate. Raises `Invalid` with one problem per sample or method (`/samples/3`, `/methods/0`), `Forbidden` for another's laboratory
    or customer.
    """
    require(by, Action.SUBMISSION_EDIT)
    now = at or clock.now()
    texts = checked_texts(Submission, customer_reference=customer_reference, remark=remark)
    _refuse_foreign(laboratory, customer, by)
    with transaction.atomic(), acting(by, "submission recorded"):
        # Locked, so that none is sent away or disposed of before its tests stand.
        locked = {
            one.pk: one for one in Sample.objects.filter(pk__in=[s.pk for s in samples]).order_by("pk").select_for_update(no_key=True)
        }
        current = [locked[sample.pk] for sample in samples]
        problems = [
            *_request_problems(laboratory, basis, turnaround),
            *_sample_problems(current, laboratory, customer),
            *_method_problems(method_versions, local_day(now)),
        ]
        if problems:
            raise Invalid("submission", problems[0].detail, problems=problems)
        submission = Submission.objects.create(
            code=take_codes(SUBMISSION_CODE)[0],
            laboratory=laboratory,
            customer=customer,
            basis=basis,
            turnaround=turnaround,
            submitted_at=now,
            due_on=add_working_days(local_day(now), WORKING_DAYS[turnaround]),
            created_by=by,
            **texts,
        )
        tests = [
            SubmissionTest(submission=submission, sample=sample, method_version=version, changed_at=now)
            for sample in current
            for version in method_versions
        ]
        choose_routes(tests=tests, laboratory=laboratory, at=now)
        SubmissionTest.objects.bulk_create(tests)
    return submission


def hold_submission(*, submission: Submission, reason: str, by: Any, at: datetime | None = None) -> Submission:
    """Stop the clock: nothing is weighed or loaded, and the due day waits until `resume_submission`."""
    require(by, Action.SUBMISSION_EDIT)
    reason = _given_reason(reason, "the clock stops")
    with transaction.atomic(), acting(by, reason):
        submission = _advance(submission, "hold", by)
        ClockStop.objects.create(submission=submission, reason=reason, started_at=at or clock.now(), started_by=by)
    return submission


def resume_submission(*, submission: Submission, by: Any, at: datetime | None = None) -> Submission:
    """Let the clock run again; the due day moves by the working days it stood."""
    require(by, Action.SUBMISSION_EDIT)
    now = at or clock.now()
    with transaction.atomic(), acting(by, "clock resumed"):
        submission = _advance(submission, "resume", by)
        stop = submission.clock_stops.get(ended_at=None)
        stop.ended_at = now
        stop.save(update_fields=["ended_at"])
        submission.due_on = move_due_day(submission.due_on, stop.started_at, now)
        submission.save(update_fields=["due_on"])
    return submission


def completion_blockers(submission: Submission) -> list[Blocker]:
    """Why the submission is not complete yet: every test is certified or cancelled, and one at least is certified."""
    found = SUBMISSION.blockers(submission, "complete")
    states = Counter(submission.tests.values_list("state", flat=True))
    unfinished = states.total() - states["certified"] - states["cancelled"]
    if unfinished:
        found.append(
            Blocker(
                "tests_unfinished",
                f"{unfinished} of {states.total()} tests of {submission.code} have no certificate yet. Issue it, or cancel them.",
            )
        )
    elif not states["certified"]:
        found.append(Blocker("nothing_certified", f"Nothing of {submission.code} was certified. Cancel the submission instead."))
    return found


def complete_submission(*, submission: Submission, by: Any, at: datetime | None = None) -> Submission:
    """Close a submission whose tests are all certified or cancelled: by whoever records submissions or issues certificates."""
    require(by, Action.CERTIFICATE_ISSUE if by.role == Role.SIGNATORY else Action.SUBMISSION_EDIT)
    with transaction.atomic(), acting(by, "submission complete"):
        submission = fetch_visible(Submission, by, lock=True, pk=submission.pk)
        refuse_if(completion_blockers(submission))
        submission.state = SUBMISSION.target(submission, "complete")
        submission.completed_at = at or clock.now()
        submission.save(update_fields=["state", "completed_at"])
    return submission


def cancel_submission(*, submission: Submission, reason: str, by: Any, at: datetime | None = None) -> Submission:
    """Withdraw a request. What is in a run or further cannot be withdrawn: raises `Blocked` naming each such test."""
    require(by, Action.SUBMISSION_EDIT)
    now = at or clock.now()
    reason = _given_reason(reason, "the submission is cancelled")
    with transaction.atomic(), acting(by, reason):
        submission = _advance(submission, "cancel", by)
        tests = list(
            submission.tests.exclude(state="cancelled").select_related("sample", "method_version__method").select_for_update(of=("self",))
        )
        refuse_if(
            [
                Blocker("test_under_way", f"{test} is {test.get_state_display()} and can no longer be cancelled.")
                for test in tests
                if TEST.blockers(test, "cancel")
            ]
        )
        submission.tests.filter(pk__in=[test.pk for test in tests]).update(state="cancelled", changed_at=now)
        submission.clock_stops.filter(ended_at=None).update(ended_at=now)
    return submission


def _advance(submission: Submission, step: str, by: Any) -> Submission:
    """Lock the submission within the caller's scope and move it."""
    submission = fetch_visible(Submission, by, lock=True, pk=submission.pk)
    submission.state = SUBMISSION.target(submission, step)
    submission.save(update_fields=["state"])
    return submission


def _refuse_foreign(laboratory: Organisation, customer: Organisation, by: Any) -> None:
    if by.role in LABORATORY_ROLES and laboratory.pk != by.organisation_id:
        raise Forbidden("other_laboratory", f"You record submissions to your own laboratory, not to {laboratory.name}.")
    if by.role == Role.COLLECTOR and customer.pk != by.organisation_id:
        raise Forbidden("other_customer", f"You ask for tests in the name of your own organisation, not of {customer.name}.")


def _request_problems(laboratory: Organisation, basis: str, turnaround: str) -> list[Problem]:
    found = []
    if not laboratory.is_laboratory:
        found.append(Problem("/laboratory", "not_a_laboratory", f"{laboratory.name} is not a laboratory. Choose one."))
    if basis not in BASES:
        found.append(Problem("/basis", "unknown_choice", f"“{basis}” is not a basis. Use one of: {', '.join(BASES)}."))
    if turnaround not in WORKING_DAYS:
        found.append(
            Problem("/turnaround", "unknown_choice", f"“{turnaround}” is not a turnaround. Use one of: {', '.join(WORKING_DAYS)}.")
        )
    return found


def _sample_problems(samples: Sequence[Sample], laboratory: Organisation, customer: Organisation) -> list[Problem]:
    if not samples:
        return [Problem("/samples", "empty", "A submission names at least one sample. Scan or type its code.")]
    found, seen = [], set()
    for index, sample in enumerate(samples):
        problem = _sample_problem(sample, laboratory, customer, repeated=sample.pk in seen)
        seen.add(sample.pk)
        if problem:
            found.append(Problem(f"/samples/{index}", *problem))
    return found


def _sample_problem(sample: Sample, laboratory: Organisation, customer: Organisation, repeated: bool) -> tuple[str, str] | None:
    code = sample.code_for_refusal
    if repeated:
        return "repeated", f"Sample {code} stands twice in the list. Name each sample once."
    if sample.laboratory_id != laboratory.pk or sample.state not in AT_THE_BENCH:
        return "not_received", f"Sample {code} was not received at {laboratory.name}. Tests are asked for once it has been received there."
    if customer.kind != OrganisationKind.MINISTRY and sample.owner_id != customer.pk:
        return "not_the_customers", f"Sample {code} does not belong to {customer.name}. The customer is its owner, or the ministry."
    return None


def _method_problems(versions: Sequence[MethodVersion], day: date) -> list[Problem]:
    if not versions:
        return [Problem("/methods", "empty", "A submission asks for at least one method. Choose one.")]
    found, seen = [], set()
    for index, version in enumerate(versions):
        if version.method_id in seen:
            found.append(Problem(f"/methods/{index}", "repeated", f"{version.method.code} is asked for twice. Name each method once."))
        elif not is_in_force(version, day):
            found.append(
                Problem(f"/methods/{index}", "not_in_force", f"{version} is not in force on {day:%d %b %Y}. Choose the current version.")
            )
        seen.add(version.method_id)
    return found


def is_in_force(version: MethodVersion, day: date) -> bool:
    """Whether a method version may be used for new work on that day."""
    return version.in_force_from <= day and (version.retired_on is None or day < version.retired_on)


def _given_reason(text: str, what: str) -> str:
    if not text.strip():
        detail = f"Say why {what}: the reason is kept."
        raise Invalid("reason_missing", detail, problems=[Problem("/reason", "reason_missing", detail)])
    return checked_texts(ClockStop, reason=text)["reason"]

"""Submissions: what may be asked for, when it is due, and the clock that stops."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from assays.models import MethodVersion, SubmissionTest
from assays.services.submitting import (
    cancel_submission,
    complete_submission,
    completion_blockers,
    create_submission,
    hold_submission,
    resume_submission,
)
from lims.core.errors import Blocked, Forbidden, Invalid, NotFound
from samples.models import Sample
from tests.factories.bench import make_planned_run, make_received_samples, make_submission, method_version, nothing_changes
from tests.factories.samples import make_samples

TUESDAY = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)


def test_each_sample_gets_a_test_by_each_method(cast):
    samples = make_received_samples(cast, 2)
    submission = make_submission(cast, samples, ["FUS-MS", "LCH-MS"], customer_reference=" PO 7 ", basis="as_received")
    assert submission.code.startswith("SUB-")
    assert (submission.state, submission.basis, submission.customer_reference) == ("open", "as_received", "PO 7")
    tests = submission.tests.values_list("sample__code", "method_version__method__code", "state")
    assert sorted(tests) == sorted((sample.code, code, "requested") for sample in samples for code in ("FUS-MS", "LCH-MS"))


@pytest.mark.parametrize(("turnaround", "due"), [("routine", date(2026, 11, 17)), ("rush", date(2026, 11, 6))])
def test_due_day_follows_from_the_turnaround(cast, turnaround, due):
    submission = make_submission(cast, make_received_samples(cast), turnaround=turnaround, at=TUESDAY)
    assert submission.due_on == due


@pytest.mark.parametrize(("role", "customer"), [("receptionist", "irel"), ("collector", "irel"), ("official", "ministry")])
def test_laboratory_owner_and_ministry_may_ask(cast, role, customer):
    samples = make_received_samples(cast)
    submission = make_submission(cast, samples, customer=cast.organisations[customer], by=cast.people[role])
    assert submission.created_by == cast.people[role]


def test_others_may_not_ask(cast, subtests):
    samples = make_received_samples(cast)
    for role in ["custodian", "technician", "analyst", "reviewer", "signatory", "quality_manager", "administrator"]:
        with subtests.test(role), nothing_changes(), pytest.raises(Forbidden):
            make_submission(cast, samples, by=cast.people[role])


def test_nobody_asks_in_anothers_name(cast):
    samples = make_received_samples(cast)
    with nothing_changes():
        with pytest.raises(Forbidden, match="your own laboratory"):
            make_submission(cast, samples, by=cast.outsiders["receptionist"])
        with pytest.raises(Forbidden, match="your own organisation"):
            make_submission(cast, samples, by=cast.outsiders["collector"])


def test_a_sample_that_is_not_received_here_is_named(cast):
    [received], [elsewhere] = make_received_samples(cast), make_samples(cast)
    there = make_received_samples(cast, receptionist=cast.outsiders["receptionist"])[0]
    with nothing_changes(), pytest.raises(Invalid, match="was not received at Bhopal Laboratory") as refusal:
        make_submission(cast, [received, elsewhere, there])
    assert [(problem.pointer, problem.code) for problem in refusal.value.problems] == [
        ("/samples/1", "not_received"),
        ("/samples/2", "not_received"),
    ]


def test_results_go_to_the_owner_or_the_ministry_alone(cast):
    samples = make_received_samples(cast)
    with nothing_changes(), pytest.raises(Invalid, match="does not belong to Midwest") as refusal:
        make_submission(cast, samples, customer=cast.organisations["midwest"])
    assert refusal.value.problems[0].code == "not_the_customers"


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"basis": "wet"}, "/basis", "unknown_choice"),
        ({"turnaround": "now"}, "/turnaround", "unknown_choice"),
        ({"times": 0}, "/samples", "empty"),
        ({"times": 2}, "/samples/1", "repeated"),
        ({"methods": []}, "/methods", "empty"),
        ({"methods": ["FUS-MS", "FUS-MS"]}, "/methods/1", "repeated"),
        ({"laboratory": "carrier"}, "/laboratory", "not_a_laboratory"),
    ],
)
def test_a_wrong_request_is_refused_whole(cast, change, pointer, code):
    [sample] = make_received_samples(cast)
    fields = {"basis": "dry", "turnaround": "routine"} | {name: change[name] for name in ("basis", "turnaround") if name in change}
    with nothing_changes(), pytest.raises(Invalid) as refusal:
        create_submission(
            laboratory=cast.organisations[change.get("laboratory", "lab")],
            customer=sample.owner,
            samples=[sample] * change.get("times", 1),
            method_versions=[method_version(one) for one in change.get("methods", ["FUS-MS"])],
            by=cast.official,
            **fields,
        )
    assert (refusal.value.problems[0].pointer, refusal.value.problems[0].code) == (pointer, code)


def test_a_retired_method_version_cannot_be_asked_for(cast):
    samples = make_received_samples(cast)
    MethodVersion.objects.filter(method__code="FUS-MS").update(retired_on=date(2026, 11, 1))
    with nothing_changes(), pytest.raises(Invalid, match="FUS-MS v1 is not in force"):
        make_submission(cast, samples, at=TUESDAY)


def test_the_clock_stops_and_the_due_day_moves(cast):
    submission = make_submission(cast, make_received_samples(cast), at=TUESDAY)
    held = hold_submission(submission=submission, reason="customer asks for another basis", by=cast.receptionist, at=TUESDAY)
    assert (held.state, held.clock_stops.get().ended_at) == ("on_hold", None)
    thursday = datetime(2026, 11, 5, 6, 0, tzinfo=UTC)
    resumed = resume_submission(submission=held, by=cast.receptionist, at=thursday)
    assert (resumed.state, resumed.due_on) == ("open", date(2026, 11, 19))
    assert resumed.clock_stops.get().ended_at == thursday


def test_a_hold_needs_a_reason_and_an_open_submission(cast):
    submission = make_submission(cast, make_received_samples(cast))
    with nothing_changes(), pytest.raises(Invalid, match="Say why the clock stops"):
        hold_submission(submission=submission, reason="  ", by=cast.receptionist)
    with nothing_changes(), pytest.raises(Blocked, match="must be “on hold"):
        resume_submission(submission=submission, by=cast.receptionist)
    hold_submission(submission=submission, reason="x", by=cast.receptionist)
    with nothing_changes(), pytest.raises(Blocked):
        hold_submission(submission=submission, reason="again", by=cast.receptionist)


def test_another_laboratorys_submission_does_not_exist(cast):
    submission = make_submission(cast, make_received_samples(cast))
    outsider = cast.outsiders["receptionist"]
    with nothing_changes():
        for refused in (
            lambda: hold_submission(submission=submission, reason="x", by=outsider),
            lambda: cancel_submission(submission=submission, reason="x", by=outsider),
            lambda: complete_submission(submission=submission, by=outsider),
        ):
            with pytest.raises(NotFound):
                refused()


def test_a_submission_is_complete_when_every_test_has_its_certificate(cast):
    submission = make_submission(cast, make_received_samples(cast, 2))
    with nothing_changes(), pytest.raises(Blocked, match="2 of 2 tests"):
        complete_submission(submission=submission, by=cast.receptionist)
    tests = list(submission.tests.all())
    SubmissionTest.objects.filter(pk=tests[0].pk).update(state="certified")
    assert [blocker.code for blocker in completion_blockers(submission)] == ["tests_unfinished"]
    SubmissionTest.objects.filter(pk=tests[1].pk).update(state="cancelled")
    done = complete_submission(submission=submission, by=cast.signatory)
    assert done.state == "complete"
    assert done.completed_at is not None


def test_cancelling_ends_tests_and_clock_and_stops_at_what_is_measured(cast):
    submission = make_submission(cast, make_received_samples(cast, 2))
    hold_submission(submission=submission, reason="customer unsure", by=cast.receptionist)
    cancelled = cancel_submission(submission=submission, reason="customer withdrew", by=cast.receptionist)
    assert cancelled.state == "cancelled"
    assert set(cancelled.tests.values_list("state", flat=True)) == {"cancelled"}
    assert not cancelled.clock_stops.filter(ended_at=None).exists()
    assert [blocker.code for blocker in completion_blockers(cancelled)] == ["wrong_state", "nothing_certified"]


def test_what_stands_in_a_run_is_not_cancelled(cast):
    run = make_planned_run(cast, 2)
    submission = run.positions.exclude(aliquot=None).first().aliquot.test.submission
    with nothing_changes(), pytest.raises(Blocked, match="can no longer be cancelled"):
        cancel_submission(submission=submission, reason="too late", by=cast.receptionist)


def test_history_tells_who_stopped_the_clock_and_why(cast):
    submission = make_submission(cast, make_received_samples(cast))
    hold_submission(submission=submission, reason="waits for a permit", by=cast.receptionist)
    event = submission.events.order_by("pgh_id").last()
    assert event.state == "on_hold"
    assert event.pgh_context["actor_name"] == cast.receptionist.username
    assert event.pgh_context["reason"] == "waits for a permit"


def test_a_sample_stays_locked_while_its_tests_are_written(cast, django_assert_max_num_queries):
    samples = make_received_samples(cast, 12)
    with django_assert_max_num_queries(14):
        make_submission(cast, samples, ["FUS-MS", "LCH-MS"])
    assert SubmissionTest.objects.filter(sample__in=Sample.objects.all()).count() == 24

"""Asking for a certificate: who may, over what, and what stands against it."""

from __future__ import annotations

import pytest

from assays.models import Submission
from assays.reports.models import Certificate, CertificateSnapshot
from assays.reports.services import issue_blockers, request_certificate, standing_of
from lims.core.codes import check_code
from lims.core.errors import Blocked, Forbidden, Invalid
from lims.jobs.models import Job
from samples.services.holding import hold_sample
from tests.factories import bench
from tests.factories.people import Cast
from tests.factories.release import CLAY, make_authorised, make_reviewed_run


def samples_of(submission: Submission) -> list[object]:
    return [test.sample for test in submission.tests.order_by("sample__code").select_related("sample")]


def test_signatory_asks_for_a_certificate_and_a_job_waits_to_make_it(cast: Cast) -> None:
    submission = make_authorised(cast, 2)
    certificate = request_certificate(submission=submission, by=cast.signatory)
    assert check_code(certificate.number) == certificate.number
    assert standing_of(certificate) == "making"
    assert certificate.samples.count() == 2
    job = Job.objects.get()
    assert (job.kind, job.state, job.arguments) == ("certificate", "queued", {"certificate": str(certificate.pk)})
    assert not CertificateSnapshot.objects.exists()


def test_only_a_signatory_issues(cast: Cast, authorised: Submission) -> None:
    for role in ["analyst", "reviewer", "quality_manager", "official", "collector", "receptionist"]:
        with pytest.raises(Forbidden):
            request_certificate(submission=authorised, by=cast.people[role])
    assert not Certificate.objects.exists()
    assert not Job.objects.exists()


def test_results_that_are_only_reviewed_are_not_certified(cast: Cast) -> None:
    submission = bench.make_submission(cast, bench.make_received_samples(cast))
    make_reviewed_run(cast, submission, [CLAY])
    with pytest.raises(Blocked) as refusal:
        request_certificate(submission=submission, by=cast.signatory)
    assert refusal.value.code == "nothing_authorised"
    assert submission.code in refusal.value.message
    assert not Certificate.objects.exists()


def test_a_held_sample_blocks_its_certificate_and_not_that_of_the_others(cast: Cast) -> None:
    submission = make_authorised(cast, 2)
    held, free = samples_of(submission)
    hold_sample(sample=held, kind="quality", reason="Confirm the moisture", by=cast.quality_manager)
    with pytest.raises(Blocked) as refusal:
        request_certificate(submission=submission, by=cast.signatory)
    assert refusal.value.code == "on_hold"
    assert held.blind_code in refusal.value.message
    certificate = request_certificate(submission=submission, samples=[free.pk], by=cast.signatory)
    assert [one.sample for one in certificate.samples.all()] == [free]


def test_a_sample_without_authorised_result_in_the_submission_is_refused_by_its_place(cast: Cast, authorised: Submission) -> None:
    other = make_authorised(cast)
    (own,), (stranger,) = samples_of(authorised), samples_of(other)
    with pytest.raises(Invalid) as refusal:
        request_certificate(submission=authorised, samples=[own.pk, stranger.pk], by=cast.signatory)
    assert [problem.pointer for problem in refusal.value.problems] == ["/samples/1"]
    assert not Certificate.objects.exists()


def test_samples_are_covered_by_one_certificate_at_a_time(cast: Cast, authorised: Submission) -> None:
    first = request_certificate(submission=authorised, by=cast.signatory)
    with pytest.raises(Blocked, match=f"{first.number} is being made"):
        request_certificate(submission=authorised, by=cast.signatory)
    assert Certificate.objects.count() == 1


def test_a_certificate_in_force_is_amended_or_withdrawn_never_issued_again(cast: Cast, certificate: Certificate) -> None:
    (blocker,) = issue_blockers(certificate.submission)
    assert blocker.code == "certified_already"
    assert "Amend it" in blocker.sentence

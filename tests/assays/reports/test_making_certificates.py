"""Making a certificate: all or nothing, once, from what is authorised at that moment."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from assays.models import Submission
from assays.reports import making
from assays.reports.making import make_certificate
from assays.reports.models import Certificate, CertificateArtefact, CertificateSnapshot, CertificateStatus
from assays.reports.services import request_certificate, retry_certificate, standing_of
from lims.core.errors import DomainError, Forbidden
from lims.core.files import read_bytes
from lims.jobs.models import Job
from lims.jobs.services import run_job
from samples.models import Sample
from samples.services.holding import hold_sample, release_hold
from tests.factories import bench
from tests.factories.people import Cast
from tests.factories.release import authorise, finish, make_authorised, make_issued, make_reviewed_run, remeasure, without


def pieces() -> tuple[int, int, int]:
    """How many snapshots, papers and status events there are."""
    return CertificateSnapshot.objects.count(), CertificateArtefact.objects.count(), CertificateStatus.objects.count()


def test_made_certificate_is_in_force_with_snapshot_and_paper_by_their_hashes(cast: Cast, certificate: Certificate) -> None:
    assert standing_of(certificate) == "issued"
    snapshot = bytes(certificate.snapshot.content)
    assert hashlib.sha256(snapshot).hexdigest() == certificate.snapshot.sha256
    assert json.loads(snapshot)["number"] == certificate.number
    paper = read_bytes("certificates", certificate.artefacts.get().sha256)
    assert paper.startswith(b"%PDF-")
    assert len(paper) == certificate.artefacts.get().size


def test_tests_samples_and_submission_move_on_together(cast: Cast) -> None:
    submission = make_authorised(cast, 2)
    certificate = make_issued(cast, submission)
    submission.refresh_from_db()
    assert set(submission.tests.values_list("state", flat=True)) == {"certified"}
    assert submission.state == "complete"
    assert submission.completed_at is not None
    assert set(Sample.objects.filter(certificates__certificate=certificate).values_list("state", flat=True)) == {"reported"}


def test_sample_with_work_left_elsewhere_is_not_yet_reported_nor_the_submission_complete(cast: Cast) -> None:
    submission = bench.make_submission(cast, bench.make_received_samples(cast), ["FUS-MS", "FAD-MS"])
    authorise(cast, make_reviewed_run(cast, submission))
    certificate = make_issued(cast, submission)
    submission.refresh_from_db()
    assert standing_of(certificate) == "issued"
    assert submission.state == "open"
    assert certificate.samples.get().sample.state == "in_analysis"
    assert len(json.loads(bytes(certificate.snapshot.content))["tables"]) == 1


def test_progress_moves_forward_and_says_what_is_done(cast: Cast) -> None:
    certificate = request_certificate(submission=make_authorised(cast), by=cast.signatory)
    seen: list[tuple[float, str]] = []
    make_certificate(certificate.pk, lambda progress, message: seen.append((progress, message)))
    steps = [progress for progress, _ in seen]
    assert len(steps) >= 4
    assert steps == sorted(steps)
    assert all(message for _, message in seen)


def test_job_tells_where_the_certificate_is(cast: Cast, certificate: Certificate) -> None:
    job = Job.objects.get()
    assert (job.state, job.progress) == ("done", 1.0)
    assert job.result == {"number": certificate.number, "certificate": f"/api/v1/certificates/{certificate.number}/"}
    assert job.result_url == f"/certificates/{certificate.number}/"


def test_making_it_again_changes_nothing(cast: Cast, certificate: Certificate) -> None:
    before, paper = pieces(), certificate.artefacts.get()
    make_certificate(certificate.pk, lambda progress, message: None)
    assert pieces() == before
    assert certificate.artefacts.get() == paper


def test_hold_put_on_meanwhile_stops_it_and_nothing_is_stored(cast: Cast, authorised: Submission) -> None:
    certificate = request_certificate(submission=authorised, by=cast.signatory)
    sample = certificate.samples.get().sample
    hold = hold_sample(sample=sample, kind="quality", reason="Confirm", by=cast.quality_manager)
    job = run_job(certificate.job_id)
    assert job is not None
    assert (job.state, job.error_code) == ("failed", "on_hold")
    assert sample.blind_code in job.message
    assert standing_of(certificate) == "failed"
    assert pieces() == (0, 0, 0)

    release_hold(hold=hold, reason="Confirmed", by=cast.quality_manager)
    finish(retry_certificate(certificate=certificate, by=cast.signatory))
    assert standing_of(certificate) == "issued"
    assert pieces() == (1, 1, 1)


def test_only_what_failed_is_tried_again_and_only_by_who_may_issue(cast: Cast, certificate: Certificate) -> None:
    with pytest.raises(DomainError) as refusal:
        retry_certificate(certificate=certificate, by=cast.signatory)
    assert refusal.value.code == "not_failed"
    with pytest.raises(Forbidden):
        retry_certificate(certificate=certificate, by=cast.quality_manager)


def test_results_that_change_while_it_is_drawn_are_drawn_anew(cast: Cast, authorised: Submission, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = request_certificate(submission=authorised, by=cast.signatory)
    drawn: list[Any] = []
    draw = making.render_certificate

    def draw_while_results_change(content: Any, **more: Any) -> bytes:
        drawn.append(content)
        if len(drawn) == 1:
            remeasure(cast, authorised, [without(Dy="40.1")])
        return draw(content, **more)

    monkeypatch.setattr(making, "render_certificate", draw_while_results_change)
    finish(certificate)
    assert len(drawn) == 2
    results = json.loads(bytes(Certificate.objects.get().snapshot.content))["tables"][0]["results"]
    assert [one["result"]["value"] for one in results if one["element"] == "Dy"] == ["40.1"]
    assert pieces() == (1, 1, 1)


def test_crash_while_drawing_leaves_nothing_behind(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = request_certificate(submission=make_authorised(cast), by=cast.signatory)

    def crash(*args: Any, **more: Any) -> bytes:
        raise RuntimeError("the printer is on fire")

    monkeypatch.setattr(making, "render_certificate", crash)
    job = run_job(certificate.job_id)
    assert job is not None
    assert (job.state, job.error_code) == ("failed", "internal")
    assert "fire" not in job.message
    assert pieces() == (0, 0, 0)
    assert certificate.submission.tests.get().state == "authorised"


def test_character_that_no_font_prints_is_named_in_the_job(cast: Cast, authorised: Submission) -> None:
    authorised.customer_reference = "𓂀-17"
    authorised.save()
    certificate = request_certificate(submission=authorised, by=cast.signatory)
    job = run_job(certificate.job_id)
    assert job is not None
    assert job.error_code == "character_without_font"
    assert "𓂀" in job.message

"""Certificates that wait for k of n witnesses of the custody log."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from assays.reports.models import Certificate, Standing
from assays.reports.services import request_certificate, standing_of
from lims.jobs.models import Job
from lims.jobs.services import due_jobs, run_job
from samples.custody.cosigning import accept_cosignature
from samples.services.holding import hold_sample, release_hold
from samples.services.witnessing import end_witness
from tests.factories.log import cosigned, make_checkpoint, make_witness
from tests.factories.people import Cast
from tests.factories.release import make_authorised


@pytest.fixture
def certificate(cast: Cast, settings: Any, tmp_path: Path) -> Certificate:
    """Asked for where two witnesses must have seen the custody of its samples."""
    settings.LOG_KEY_FILE, settings.CERTIFICATE_COSIGNATURES = tmp_path / "log_key.pem", 2
    return request_certificate(submission=make_authorised(cast), by=cast.signatory)


def attempt(certificate: Certificate) -> tuple[str, str, Standing]:
    """State and message of its job after a try, and what it is worth."""
    job = run_job(certificate.job_id)
    assert job is not None
    return job.state, job.message, standing_of(certificate)


def test_a_certificate_waits_for_two_of_three_and_is_released_by_itself(cast: Cast, certificate: Certificate, client: Client) -> None:
    state, message, standing = attempt(certificate)
    assert (state, standing, Job.objects.get(pk=certificate.job_id).attempts) == ("queued", "making", 0)
    assert message == "Waiting: 2 witnesses must cosign the custody of its samples, and only 0 are registered."
    signers = [make_witness(cast, f"witness.example/w{number}", number)[1] for number in (1, 2, 3)]
    checkpoint = make_checkpoint()
    accept_cosignature(cosigned(checkpoint, signers[0]))
    assert attempt(certificate)[1] == "Waiting until 2 of 3 witnesses have cosigned the custody of its samples."
    client.force_login(cast.signatory)
    assert "Waiting until 2 of 3 witnesses" in client.get(f"/certificates/{certificate.number}/").content.decode()
    accept_cosignature(cosigned(checkpoint, signers[2]))
    assert not due_jobs()
    Job.objects.filter(pk=certificate.job_id).update(sent_at=timezone.now() - timedelta(seconds=61))
    assert [job.pk for job in due_jobs()] == [certificate.job_id], "the sweeper sends it again by itself"
    assert attempt(certificate)[::2] == ("done", "issued")


def test_what_happened_after_the_cosigned_checkpoint_is_waited_for_too(cast: Cast, certificate: Certificate) -> None:
    (_, one), (second, two) = make_witness(cast), make_witness(cast, "witness.example/w2", 2)
    before = make_checkpoint()
    for signer in (one, two):
        accept_cosignature(cosigned(before, signer))
    sample = certificate.samples.get().sample
    release_hold(
        hold=hold_sample(sample=sample, kind="quality", reason="looked at", by=cast.quality_manager), reason="fine", by=cast.quality_manager
    )
    assert attempt(certificate)[0] == "queued"
    after = make_checkpoint()
    accept_cosignature(cosigned(after, one))
    assert attempt(certificate)[0] == "queued"
    end_witness(witness=second.pk, reason="given up", by=cast.administrator)
    assert "only 1 are registered" in attempt(certificate)[1]
    accept_cosignature(cosigned(after, make_witness(cast, "witness.example/w3", 3)[1]))
    assert attempt(certificate)[::2] == ("done", "issued")

"""Certificates made by a real worker: seen moving, killed in the middle, put to sleep, without a broker. One certificate comes of it; and
an import whose worker was killed ends right, once."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from django.utils import timezone

from assays.instruments.models import Reading, Upload
from assays.models import Reduction, Run, Submission
from assays.reports.models import Certificate, CertificateArtefact, CertificateSnapshot, CertificateStatus
from lims.core.files import read_bytes
from lims.jobs.models import Job
from lims.jobs.services import due_jobs, last_tick
from lims.jobs.tasks import sweep
from samples.models import Sample
from tests.databases import url_of
from tests.factories.bench import make_planned_run
from tests.factories.measurement import make_export, make_instrument_token
from tests.factories.people import Cast
from tests.factories.release import make_authorised
from tests.processes import Broker, Program, start_beat, wait_until

Start = Callable[[str], Program]


def sign_in(people: Cast) -> Client:
    client = Client()
    client.force_login(people.signatory)
    return client


def ask(client: Client, submission: Submission) -> dict[str, Any]:
    """The signatory asks over HTTP; the answer's body."""
    answer = client.post("/api/v1/certificates/", {"submission": submission.code}, content_type="application/json")
    assert answer.status_code == 202, answer.content
    body: dict[str, Any] = answer.json()
    return body


@contextmanager
def held(database: str, table: str) -> Iterator[None]:
    """Somebody else holds the rows of a table, so that whoever wants to change them waits."""
    connection = psycopg2.connect(url_of(database))
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT FROM {table} FOR NO KEY UPDATE")
            yield
    finally:
        connection.close()


def is_anybody_waiting(database: str) -> bool:
    """Whether a program waits for a lock in the database."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = %s", [database])
        return bool(cursor.fetchone()[0])


def lease_ran_out() -> bool:
    job = Job.objects.get()
    return job.lease_until is not None and job.lease_until < timezone.now()


def assert_exactly_one_in_force(client: Client, number: str) -> None:
    """One certificate, one snapshot, one paper, one status; everything moved on once."""
    certificate = Certificate.objects.get()
    assert certificate.number == number
    assert CertificateSnapshot.objects.get().certificate == certificate
    assert CertificateArtefact.objects.get().certificate == certificate
    assert list(CertificateStatus.objects.values_list("status", flat=True)) == ["issued"]
    assert Submission.objects.get().state == "complete"
    assert Sample.objects.get(certificates__certificate=certificate).state == "reported"
    verify = urlsplit(client.get(f"/api/v1/certificates/{number}/").json()["verify_url"]).path
    assert Client().get(verify, headers={"accept": "application/json"}).json()["status"] == "authentic"
    paper = client.get(f"/api/v1/certificates/{number}/pdf/").content
    assert paper.startswith(b"%PDF-")
    assert len(paper) == certificate.artefacts.get().size


def test_progress_of_a_certificate_moves_to_its_end(fresh_database: str, people: Cast, start: Start) -> None:
    start("one")
    submission, client, seen = make_authorised(people), sign_in(people), []

    def look() -> str:
        job = client.get(body["job"]["url"]).json()
        seen.append(job["progress"])
        state: str = job["state"]
        return state

    with held(fresh_database, "assays_submissiontest"):
        body = ask(client, submission)
        wait_until(lambda: look() == "running" and seen[-1] == 0.1, "the worker has begun")
    wait_until(lambda: look() == "done", "the certificate is made")
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert_exactly_one_in_force(client, body["number"])


# While results are gathered, and at the very end, with everything written and nothing committed.
MOMENTS = [("assays_submissiontest", 0.1), ("samples_sample", 0.9)]


@pytest.mark.parametrize(("table", "reached"), MOMENTS)
def test_worker_killed_in_the_middle_leaves_one_certificate(
    fresh_database: str, people: Cast, start: Start, table: str, reached: float
) -> None:
    worker = start("first")
    submission, client = make_authorised(people), sign_in(people)
    with held(fresh_database, table):
        body = ask(client, submission)
        wait_until(lambda: Job.objects.get().progress == reached, f"the worker is at {reached}")
        worker.kill()
    assert CertificateStatus.objects.count() == CertificateSnapshot.objects.count() == 0
    assert client.get(f"/api/v1/certificates/{body['number']}/").json()["status"] == "making"

    wait_until(lease_ran_out, "the lease of the dead worker runs out")
    start("second")
    sweep.delay()
    wait_until(lambda: Job.objects.get().state == "done", "the second worker makes it")
    assert Job.objects.get().attempts == 2
    assert_exactly_one_in_force(client, body["number"])


def test_worker_that_slept_past_its_lease_and_wakes_doubles_nothing(fresh_database: str, people: Cast, start: Start) -> None:
    sleeper = start("sleeper")
    submission, client = make_authorised(people), sign_in(people)
    with held(fresh_database, "assays_submissiontest"):
        body = ask(client, submission)
        wait_until(lambda: Job.objects.get().progress == 0.1, "the worker has begun")
        sleeper.send(signal.SIGSTOP)
        wait_until(lease_ran_out, "the lease of the sleeping worker runs out")
        start("awake")
        sweep.delay()
        wait_until(lambda: Job.objects.get().attempts == 2, "another worker takes over")
    sleeper.send(signal.SIGCONT)
    wait_until(lambda: Job.objects.get().state == "done", "one of them makes it")
    assert_exactly_one_in_force(client, body["number"])


def test_request_is_kept_while_the_broker_is_away_and_done_when_it_returns(
    fresh_database: str, people: Cast, start: Start, broker: Broker
) -> None:
    submission, client = make_authorised(people), sign_in(people)
    broker.stop()
    asked = time.monotonic()
    body = ask(client, submission)
    assert time.monotonic() - asked < 15
    job = Job.objects.get()
    assert (job.state, job.sent_at) == ("queued", None)
    assert client.get(f"/api/v1/certificates/{body['number']}/pdf/").status_code == 409

    broker.start()
    start("one")
    Job.objects.update(created_at=timezone.now() - timedelta(seconds=11))
    assert [one.pk for one in due_jobs()] == [job.pk]
    sweep.delay()
    wait_until(lambda: Job.objects.get().state == "done", "the certificate is made")
    assert_exactly_one_in_force(client, body["number"])


def kill_at_import(worker: Program, database: str, people: Cast, data: bytes, run: Run) -> Upload:
    """A large file of the run comes over HTTP; its worker is killed with every row written and nothing committed."""
    token = make_instrument_token(people, run.instrument)
    sender = Client(headers={"authorization": f"Token {token}"})
    # The run's lock is taken last of all, for what is recorded at once.
    with held(database, "assays_run"):
        answer = sender.post("/api/v1/instruments/me/uploads/", {"file": SimpleUploadedFile("large.xlsx", data)})
        assert answer.status_code == 202, answer.content
        wait_until(lambda: sender.get(answer.headers["Location"]).json()["job"]["progress"] == 0.5, "the worker stores the rows")
        wait_until(lambda: is_anybody_waiting(database), "the worker has written its rows")
        worker.kill()
    upload = Upload.objects.get()
    assert (upload.state, Reading.objects.count()) == ("reading", 0)
    return upload


def test_scheduler_ticks_and_finds_what_was_lost_by_itself(
    fresh_database: str, people: Cast, start: Start, broker: Broker, tmp_path: Path, settings: Any
) -> None:
    submission, client = make_authorised(people), sign_in(people)
    broker.stop()
    body = ask(client, submission)
    # The sweeper looks after what waited longer than a healthy worker needs.
    Job.objects.update(created_at=timezone.now() - timedelta(seconds=11))
    broker.start()
    worker = start("one")
    beat = start_beat(database=fresh_database, broker=broker, folder=tmp_path)
    try:
        wait_until(lambda: last_tick() is not None, "the scheduler ticks")
        wait_until(lambda: Job.objects.get().state == "done", "the sweeper sends the lost job")
        assert_exactly_one_in_force(client, body["number"])

        settings.READ_AT_ONCE_BYTES = 1000
        run = make_planned_run(people)
        data = make_export(run)
        upload = kill_at_import(worker, fresh_database, people, data, run)
        start("two")
        wait_until(lambda: Upload.objects.get().state == "recorded", "the sweeper sends the import of the dead worker")
        wait_until(lambda: Job.objects.get(pk=upload.job_id).state == "done", "its job says so")
    finally:
        beat.kill()
    assert Job.objects.get(pk=upload.job_id).attempts == 2
    assert read_bytes("uploads", upload.sha256) == data
    assert (upload.rows.filter(outcome="matched").count(), Reduction.objects.filter(run=run).count()) == (run.positions.count(), 1)
    assert Reading.objects.values("row", "sequence").distinct().count() == Reading.objects.count() > 0

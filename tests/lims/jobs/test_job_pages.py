"""The pages of jobs: administrators find what failed and send it again; everybody sees the jobs of the own organisation."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from lims.jobs import services
from lims.jobs.models import Job, JobState
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed(cast: Cast) -> Job:
    return Job.objects.create(
        kind="certificate", state=JobState.FAILED, message="The printer of PDF files is gone.", error_code="internal",
        attempts=5, requested_by=cast.signatory,
    )  # fmt: skip


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setattr("lims.jobs.views.send_on_commit", found.append)
    return found


def test_an_administrator_finds_a_failed_job_and_sends_it_again(cast: Cast, client: Client, failed: Job, sent: list[Any]) -> None:
    client.force_login(cast.administrator)
    page = client.get("/jobs/?state=failed&q=printer").content.decode()
    assert "The printer of PDF files is gone." in page
    assert cast.signatory.full_name in page
    assert client.post(f"/jobs/{failed.pk}/retry/").headers["Location"] == f"/jobs/{failed.pk}/"
    failed.refresh_from_db()
    assert (failed.state, failed.attempts) == (JobState.QUEUED, 0)
    assert sent == [failed]


def test_only_a_failed_job_is_sent_again(cast: Cast, client: Client, failed: Job, sent: list[Any]) -> None:
    services.restart_job(failed)
    client.force_login(cast.administrator)
    page = client.post(f"/jobs/{failed.pk}/retry/", follow=True)
    assert "Only work that failed" in page.content.decode()
    assert sent == []


def test_others_see_the_jobs_of_their_house_and_no_list(cast: Cast, client: Client, failed: Job) -> None:
    client.force_login(cast.analyst)
    assert client.get(f"/jobs/{failed.pk}/").status_code == 200
    assert client.get("/jobs/").status_code == 403
    assert client.post(f"/jobs/{failed.pk}/retry/").status_code == 403
    client.force_login(cast.outsiders["analyst"])
    assert client.get(f"/jobs/{failed.pk}/").status_code == 404


def test_the_list_is_a_file_too(cast: Cast, client: Client, failed: Job) -> None:
    client.force_login(cast.administrator)
    lines = b"".join(client.get("/jobs/?format=csv")).decode().splitlines()
    assert lines[0].startswith("id,kind,state,message")
    assert lines[1].startswith(f"{failed.pk},certificate,failed,")


@pytest.mark.parametrize(("role", "leads"), [("signatory", True), ("administrator", False)])
def test_a_job_leads_only_where_one_may_go(cast: Cast, client: Client, role: str, leads: bool) -> None:
    job = Job.objects.create(kind="certificate", state=JobState.DONE, result_url="/certificates/C-26-00001-X/", requested_by=cast.signatory)
    client.force_login(cast.people[role])
    assert (job.result_url in client.get(f"/jobs/{job.pk}/").content.decode()) is leads
    assert (job.result_url in client.get(f"/jobs/{job.pk}/progress/").content.decode()) is leads

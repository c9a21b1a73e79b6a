"""Jobs: claimed once, told apart by lease, failed with a sentence, tried again, found when lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from lims.core.errors import DomainError
from lims.jobs import services
from lims.jobs.models import Job
from lims.jobs.services import MAX_ATTEMPTS, JobContext, claim_job, create_job, due_jobs, job_handler, restart_job, run_job
from tests.factories.people import Cast

Make = Callable[[Callable[[JobContext], None]], Job]


@pytest.fixture
def make(cast: Cast) -> Iterator[Make]:
    """A job of the analyst's whose handler is the given function."""

    def make_job(handler: Callable[[JobContext], None]) -> Job:
        job_handler("test")(handler)
        return create_job(kind="test", arguments={"n": "1"}, by=cast.analyst)

    yield make_job
    services._handlers.pop("test", None)


def nothing(context: JobContext) -> None:
    """Work that is soon done."""


def change(job: Job, **fields: Any) -> None:
    Job.objects.filter(pk=job.pk).update(**fields)


def test_job_without_handler_is_a_mistake_of_the_caller(cast: Cast) -> None:
    with pytest.raises(KeyError):
        create_job(kind="unheard-of", arguments={}, by=cast.analyst)
    assert not Job.objects.exists()


def test_done_job_keeps_what_it_made(make: Make) -> None:
    def work(context: JobContext) -> None:
        context.report(0.5, "Half way.")
        context.result, context.result_url = {"number": "C-1"}, "/somewhere/"

    job = run_job(make(work).pk)
    assert job is not None
    assert (job.state, job.progress, job.result, job.result_url, job.attempts) == ("done", 1.0, {"number": "C-1"}, "/somewhere/", 1)
    assert job.finished_at is not None
    assert job.lease_until is None


def test_refusal_is_told_and_a_crash_is_not(make: Make) -> None:
    def refuse(context: JobContext) -> None:
        raise DomainError("on_hold", "Sample B-1 is on hold.")

    def crash(context: JobContext) -> None:
        raise RuntimeError("password=hunter2")

    refused, crashed = run_job(make(refuse).pk), run_job(make(crash).pk)
    assert refused is not None
    assert crashed is not None
    assert (refused.state, refused.error_code, refused.message) == ("failed", "on_hold", "Sample B-1 is on hold.")
    assert (crashed.state, crashed.error_code) == ("failed", "internal")
    assert "hunter2" not in crashed.message


def test_job_is_done_once_whoever_asks_again(make: Make) -> None:
    done: list[int] = []
    job = make(lambda context: done.append(1))
    assert run_job(job.pk) is not None
    assert run_job(job.pk) is None
    assert done == [1]


def test_claimed_job_is_nobody_elses_until_its_lease_runs_out(make: Make) -> None:
    job = make(nothing)
    assert claim_job(job.pk) is not None
    assert claim_job(job.pk) is None
    change(job, lease_until=timezone.now() - timedelta(seconds=1))
    taken = claim_job(job.pk)
    assert taken is not None
    assert taken.attempts == 2


def test_worker_that_lost_its_lease_says_nothing_more(make: Make) -> None:
    def work(context: JobContext) -> None:
        change(context.job, lease_until=timezone.now() - timedelta(seconds=1))
        assert claim_job(context.job.pk) is not None
        context.report(0.9, "I am still here.")

    job = run_job(make(work).pk)
    assert job is not None
    assert (job.state, job.progress, job.message) == ("running", 0.0, "Started.")


def test_job_that_never_finishes_gives_up_after_its_attempts(make: Make) -> None:
    job = make(nothing)
    change(job, attempts=MAX_ATTEMPTS)
    ended = run_job(job.pk)
    assert ended is not None
    assert (ended.state, ended.error_code) == ("failed", "attempts")


def test_database_gone_leaves_the_job_to_its_lease(make: Make) -> None:
    def lose(context: JobContext) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    job = make(lose)
    with pytest.raises(OperationalError):
        run_job(job.pk)
    job.refresh_from_db()
    assert job.state == "running"
    assert job.lease_until is not None


def test_only_a_failed_job_is_started_over(make: Make) -> None:
    def refuse(context: JobContext) -> None:
        raise DomainError("no", "No.")

    job = make(refuse)
    with pytest.raises(DomainError, match="Only work that failed"):
        restart_job(job)
    run_job(job.pk)
    again = restart_job(Job.objects.get())
    assert (again.state, again.attempts, again.error_code, again.sent_at, again.finished_at) == ("queued", 0, "", None, None)
    job_handler("test")(nothing)
    ended = run_job(job.pk)
    assert ended is not None
    assert ended.state == "done"


def test_sweeper_finds_what_was_lost_and_leaves_what_is_on_its_way(make: Make) -> None:
    now = timezone.now()

    def seconds(ago: float) -> Any:
        return now - timedelta(seconds=ago)

    job = make(nothing)
    for due, fields in [
        (False, {"state": "queued", "sent_at": None, "created_at": seconds(5)}),
        (True, {"state": "queued", "sent_at": None, "created_at": seconds(15)}),
        (False, {"state": "queued", "sent_at": seconds(30), "created_at": seconds(40)}),
        (True, {"state": "queued", "sent_at": seconds(90), "created_at": seconds(99)}),
        (False, {"state": "running", "lease_until": seconds(-5)}),
        (True, {"state": "running", "lease_until": seconds(5)}),
        (False, {"state": "done", "lease_until": None}),
        (False, {"state": "failed", "sent_at": seconds(90)}),
    ]:
        change(job, **fields)
        assert [one.pk for one in due_jobs()] == ([job.pk] if due else []), fields


def test_page_and_api_show_a_job_to_its_own_house_only(make: Make, cast: Cast) -> None:
    job = make(nothing)
    run_job(job.pk)
    for user, status in [(cast.analyst, 200), (cast.signatory, 200), (cast.outsiders["analyst"], 404), (cast.official, 404)]:
        client = Client()
        client.force_login(user)
        for path in [f"/jobs/{job.pk}/", f"/jobs/{job.pk}/progress/", f"/api/v1/jobs/{job.pk}/"]:
            assert client.get(path).status_code == status, (user.role, path)
    assert Client().get(f"/api/v1/jobs/{job.pk}/").status_code == 401
    assert Client().get(f"/jobs/{job.pk}/").status_code == 302


def test_bar_moves_and_asks_again_until_the_end(make: Make, cast: Cast) -> None:
    job = make(nothing)
    client = Client()
    client.force_login(cast.analyst)
    change(job, state="running", progress=0.4, message="Setting the pages.")
    moving = client.get(f"/jobs/{job.pk}/progress/").content.decode()
    assert 'value="40"' in moving
    assert "hx-get" in moving
    assert client.get(f"/api/v1/jobs/{job.pk}/").json()["progress"] == 0.4
    change(job, state="done", result_url="/certificates/C-1/")
    ended = client.get(f"/jobs/{job.pk}/progress/").content.decode()
    assert "hx-get" not in ended
    assert 'href="/certificates/C-1/"' in ended
    assert client.get(f"/api/v1/jobs/{job.pk}/").json()["result_url"] == "http://testserver/certificates/C-1/"

"""Creating, claiming and finishing jobs. Services create rows; the edge sends them (`dispatch.send_on_commit`)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import OperationalError, connections
from django.db.models import F, Q
from django.utils import timezone

from lims.core.errors import DomainError
from lims.jobs.models import Job, JobQuerySet, JobState, Tick

MAX_ATTEMPTS = 5
# A message that was sent may wait in a long queue; one that was not sent is lost.
_UNSENT_FOR = timedelta(seconds=10)
_UNANSWERED_FOR = timedelta(seconds=60)
logger = logging.getLogger("lims.jobs")


@dataclass
class JobContext:
    """What a handler gets: the job and a way to say how far it is. `report` also renews the lease; it writes at once, outside the
    handler's own transactions only when called outside them, so report between transactions."""

    job: Job
    report: Callable[[float, str], None]
    result: dict[str, Any] = field(default_factory=dict)
    result_url: str = ""


class NotYet(Exception):
    """What a handler raises when something outside must happen first; the sentence says what. The job waits on and is tried again about
    once a minute, as often as it takes."""


Handler = Callable[[JobContext], None]
OnFailure = Callable[[Job, str], None]
_handlers: dict[str, Handler] = {}
_on_failure: dict[str, OnFailure] = {}
_recurring: dict[str, Callable[[], object]] = {}


def job_handler(kind: str, on_failure: OnFailure | None = None) -> Callable[[Handler], Handler]:
    """Register the function that does jobs of a kind. It must be safe to run again from the start; so must `on_failure`, which is told of a
    job that failed, with its sentence, before the job's own row says so."""

    def register(handler: Handler) -> Handler:
        _handlers[kind] = handler
        if on_failure is not None:
            _on_failure[kind] = on_failure
        return handler

    return register


def recurring(name: str) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Register work that the scheduler repeats by itself and that leaves no job row. It must be safe to end anywhere, to run twice at once
    and to be left out: the next time makes up for it."""

    def register(work: Callable[[], object]) -> Callable[[], object]:
        _recurring[name] = work
        return work

    return register


def do_recurring(name: str) -> None:
    """Do registered recurring work once; a refusal is logged for the operator, the next time tries again."""
    try:
        _recurring[name]()
    except DomainError as error:
        logger.error("%s: %s", name, error.message)


def create_job(*, kind: str, arguments: dict[str, Any], by: Any) -> Job:
    """A job row, waiting. Part of the caller's transaction: no row, no job."""
    if kind not in _handlers:
        raise KeyError(f"no handler is registered for jobs of kind {kind!r}")
    return Job.objects.create(
        kind=kind, arguments=arguments, requested_by=by if getattr(by, "_meta", None) else None, message="Waiting for a worker."
    )


def create_regular_job(kind: str) -> Job | None:
    """The next job of a kind that is done regularly; None while the one before it is unfinished."""
    if Job.objects.filter(kind=kind, state__in=[JobState.QUEUED, JobState.RUNNING]).exists():
        return None
    return create_job(kind=kind, arguments={}, by=None)


def _lease() -> Any:
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


def claim_job(job_id: Any) -> Job | None:
    """Take the job if it waits or its worker's lease has run out; None when somebody else has it or it is finished."""
    now = timezone.now()
    free = Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lt=now)
    taken = Job.objects.filter(free, pk=job_id).update(
        state=JobState.RUNNING, lease_until=_lease(), attempts=F("attempts") + 1, started_at=now, message="Started."
    )
    return Job.objects.filter(pk=job_id, started_at=now).first() if taken else None


def restart_job(job: Job) -> Job:
    """A failed job waits again, with as many attempts as a new one; the edge sends it. Refuses (`not_failed`) any other job."""
    restarted = Job.objects.filter(pk=job.pk, state=JobState.FAILED).update(
        state=JobState.QUEUED, attempts=0, progress=0, message="Waiting for a worker.", error_code="",
        sent_at=None, started_at=None, finished_at=None,
    )  # fmt: skip
    if not restarted:
        raise DomainError("not_failed", "Only work that failed can be tried again; this has not.")
    job.refresh_from_db()
    return job


class _Heartbeat(threading.Thread):
    """Renews the lease while the handler works, on a connection of its own; ends with the process, so a killed worker loses its lease."""

    def __init__(self, job: Job) -> None:
        super().__init__(daemon=True)
        self.job, self.done = job, threading.Event()

    def run(self) -> None:
        try:
            while not self.done.wait(settings.JOB_LEASE_SECONDS / 3):
                _held(self.job).update(lease_until=_lease())
        finally:
            connections.close_all()


def _held(job: Job) -> JobQuerySet:
    """The job's row as long as it is ours: a worker whose lease ran out and whose work was taken over says nothing more."""
    return Job.objects.filter(pk=job.pk, state=JobState.RUNNING, started_at=job.started_at)


def run_job(job_id: Any) -> Job | None:
    """Claim and do one job; a refusal or a crash is stored as its failure. Returns the job, or None when it was not free.

    When the database goes away the job stays as it is: its lease runs out and the sweeper sends it again.
    """
    job = claim_job(job_id)
    if job is None:
        return None

    def report(progress: float, message: str) -> None:
        _held(job).update(progress=progress, message=str(message)[:300], lease_until=_lease())

    heartbeat = _Heartbeat(job)
    heartbeat.start()
    try:
        outcome = _do(JobContext(job, report))
        if outcome["state"] == JobState.FAILED:
            _tell_failure(job, outcome["message"])
    finally:
        heartbeat.done.set()
    _held(job).update(**{"finished_at": timezone.now(), "lease_until": None} | outcome)
    heartbeat.join(timeout=5)
    job.refresh_from_db()
    return job


def _do(context: JobContext) -> dict[str, Any]:
    """Run the handler; what the job's row says at its end."""
    job = context.job
    try:
        if job.attempts > MAX_ATTEMPTS:
            raise DomainError("attempts", f"This work was started {MAX_ATTEMPTS} times and never finished. Tell the administrator.")
        _handlers[job.kind](context)
    except NotYet as error:
        # As if it had just been sent: the sweeper sends it again when it has stayed unanswered.
        waiting = {"state": JobState.QUEUED, "message": str(error)[:300], "progress": 0}
        return waiting | {"attempts": 0, "sent_at": timezone.now(), "finished_at": None}
    except DomainError as error:
        return {"state": JobState.FAILED, "message": error.message[:300], "error_code": error.code}
    except OperationalError:
        raise
    except Exception:
        logger.exception("job %s (%s) failed", job.pk, job.kind)
        sentence = "It failed on our side; nothing was changed. Tell the administrator."
        return {"state": JobState.FAILED, "message": sentence, "error_code": "internal"}
    return {"state": JobState.DONE, "progress": 1.0, "message": "Done.", "result": context.result, "result_url": context.result_url}


def _tell_failure(job: Job, sentence: str) -> None:
    """Let what the job was for know, as long as the job is still ours."""
    if job.kind not in _on_failure or not _held(job).exists():
        return
    try:
        _on_failure[job.kind](job, sentence)
    except OperationalError:
        raise
    except Exception:
        logger.exception("the failure of job %s (%s) could not be told", job.pk, job.kind)


def due_jobs() -> list[Job]:
    """Jobs whose message was lost or whose worker died: waiting unsent or unanswered, or running past their lease."""
    now = timezone.now()
    lost = Q(state=JobState.QUEUED) & (Q(sent_at=None, created_at__lt=now - _UNSENT_FOR) | Q(sent_at__lt=now - _UNANSWERED_FOR))
    return list(Job.objects.filter(lost | Q(state=JobState.RUNNING, lease_until__lt=now)).order_by("created_at")[:500])


def record_tick(name: str = "beat") -> None:
    """Note that the scheduler lives."""
    Tick.objects.update_or_create(name=name, defaults={"at": timezone.now()})


def last_tick(name: str = "beat") -> str | None:
    """When the scheduler last ticked, as RFC 3339 text; None before the first time."""
    tick = Tick.objects.filter(name=name).first()
    return tick.at.isoformat() if tick else None

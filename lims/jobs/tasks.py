"""The Celery tasks: the only ones there are."""

from __future__ import annotations

from celery import shared_task

from lims.jobs import services


@shared_task
def run(job_id: str) -> None:
    """Do one job."""
    services.run_job(job_id)


@shared_task
def tick() -> None:
    """The scheduler lives."""
    services.record_tick()


@shared_task
def start(kind: str) -> None:
    """Begin regular work that nobody asked for: a job of that kind, unless one is still going on."""
    from lims.jobs.dispatch import send

    job = services.create_regular_job(kind)
    if job is not None:
        send(job)


@shared_task
def sweep() -> None:
    """Send again what was lost."""
    from lims.jobs.dispatch import send

    for job in services.due_jobs():
        send(job)


@shared_task
def repeat(name: str) -> None:
    """Do one piece of recurring work."""
    services.do_recurring(name)

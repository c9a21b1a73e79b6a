"""Sending jobs to the broker: the only sender. A broker that is down delays; the sweeper sends again."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from lims.jobs.models import Job
from lims.jobs.tasks import run

logger = logging.getLogger("lims.jobs")


def send(job: Job) -> bool:
    """Hand the job to a worker now; False when the broker cannot be reached."""
    try:
        run.delay(str(job.pk))
    except (OperationalError, OSError):
        logger.warning("the broker cannot be reached; job %s waits for the sweeper", job.pk)
        return False
    Job.objects.filter(pk=job.pk).update(sent_at=timezone.now())
    return True


def send_on_commit(job: Job) -> None:
    """Send once the surrounding transaction has committed."""
    transaction.on_commit(lambda: send(job), robust=True)

"""The Celery application. Only `lims.jobs` sends tasks; state, progress and recovery live in the job table, not in the broker."""

from __future__ import annotations

import os
import signal
from typing import Any

from celery import Celery
from celery.signals import worker_process_init

from lims.stack.processes import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lims.settings")

app = Celery("lims")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["lims.jobs"])


@worker_process_init.connect
def end_with_worker(**_: Any) -> None:
    """A process of the pool must not outlive a killed worker: its job would be done twice, and on a demonstration machine it would stay."""
    end_with_parent(signal.SIGKILL)

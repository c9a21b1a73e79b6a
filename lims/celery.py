"""What `celery -A lims` starts. Only `lims.jobs` sends tasks; state, progress and recovery live in the job table, not in the broker."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from celery.signals import beat_init, worker_init, worker_process_init
from django.core.exceptions import ImproperlyConfigured

from lims.core.startup import refuse_unsafe
from lims.jobs.broker import app
from lims.stack.processes import end_with_parent

__all__ = ["app"]

# What must hold is looked at below; Django's other checks would load every page and form first, which no job needs.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")


@worker_init.connect
@beat_init.connect
def refuse_unsafe_start(**_: Any) -> None:
    """Neither worker nor beat serves an unsafe installation. Celery swallows an exception of a signal's receiver, but not an exit."""
    try:
        refuse_unsafe()
    except ImproperlyConfigured as error:
        sys.exit(f"Not started: {error}")


@worker_process_init.connect
def end_with_worker(**_: Any) -> None:
    """A process of the pool must not outlive a killed worker: its job would be done twice, and on a demonstration machine it would stay."""
    end_with_parent(signal.SIGKILL)

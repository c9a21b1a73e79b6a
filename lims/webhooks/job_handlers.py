"""What webhooks do by themselves."""

from __future__ import annotations

from lims.jobs.services import recurring
from lims.webhooks.services import deliver_waiting


@recurring("webhooks.deliver")
def deliver() -> None:
    """Tell what waits."""
    deliver_waiting()

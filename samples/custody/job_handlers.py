"""What the custody log does by itself."""

from __future__ import annotations

from lims.jobs.services import recurring
from samples.custody.sequencing import advance_log


@recurring("custody.sequence")
def sequence() -> None:
    """Give new events their place and sign a checkpoint."""
    advance_log()

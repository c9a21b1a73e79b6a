"""The one clock. It can be set only where the installation was marked synthetic when it was created (ADR: the clock)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime

from django.conf import settings
from django.utils import timezone

from lims.core.days import local_day
from lims.core.errors import DomainError

_set_to: ContextVar[datetime | None] = ContextVar("set_to", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _set_to.get() or timezone.now()


def today() -> date:
    """The laboratory's calendar day of the present moment."""
    return local_day(now())


@contextmanager
def set_to(moment: datetime) -> Iterator[None]:
    """Let the clock stand at `moment` inside the block. Refused in production and in an installation that is not synthetic."""
    from lims.core.models import Installation

    if settings.PRODUCTION or not Installation.current().synthetic:
        raise DomainError("clock_locked", "The clock can be set only in an installation that was created for synthetic data.")
    token = _set_to.set(moment)
    try:
        yield
    finally:
        _set_to.reset(token)

"""Requests per caller, counted in Redis so that every web process sees the same number.

The count is a sliding window of the library `limits`: one atomic script a request, constant memory a caller, and no burst of twice the rate
at the edge of a window. Where Redis cannot be reached nobody is refused: a guard against floods must not stop a laboratory.
"""

from __future__ import annotations

import logging
import time
from functools import cache
from typing import Any

from django.conf import settings
from limits import RateLimitItem, parse
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from lims.core.roles import INSTRUMENT

logger = logging.getLogger("lims.api")

_PATIENCE_SECONDS = 0.5


class CallerThrottle(BaseThrottle):
    """Counts per instrument, per token of a person, per person signed in, and per address where nobody is known. `API_RATES` says how many
    of each kind."""

    def __init__(self) -> None:
        self._wait = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        kind, caller = self.caller_of(request)
        rate = _rate(settings.API_RATES[kind])
        limiter = _limiter(settings.REDIS_URL)
        try:
            if limiter.hit(rate, kind, caller):
                return True
            self._wait = max(0.0, limiter.get_window_stats(rate, kind, caller).reset_time - time.time())
        except (RedisError, OSError) as error:
            logger.warning("requests are not counted, Redis cannot be reached: %s", error)
            return True
        return False

    def caller_of(self, request: Request) -> tuple[str, str]:
        """What kind of caller, and who."""
        user = request.user
        if getattr(user, "role", "") == INSTRUMENT:
            return "instrument", str(user.pk)
        if getattr(user, "pk", None) is None:
            return "address", self.get_ident(request)
        # Without a token it is the person's session, and that counts as the person.
        return "person", str(getattr(request.auth, "pk", None) or user.pk)

    def wait(self) -> float:
        """Seconds until the next request is taken."""
        return self._wait


@cache
def _rate(text: str) -> RateLimitItem:
    return parse(text)


@cache
def _limiter(url: str) -> SlidingWindowCounterRateLimiter:
    storage = RedisStorage(url, key_prefix="lims:rate", socket_timeout=_PATIENCE_SECONDS, socket_connect_timeout=_PATIENCE_SECONDS)
    return SlidingWindowCounterRateLimiter(storage)

"""Requests per caller."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle


class CallerThrottle(SimpleRateThrottle):
    """Counts per user or instrument; the anonymous per address."""

    scope = "caller"

    def get_cache_key(self, request: Request, view: Any) -> str:
        caller = getattr(request.user, "pk", None) or self.get_ident(request)
        return f"throttle:{caller}"

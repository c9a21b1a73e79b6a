"""Each request in its viewer's zone and language, with every tracked change kept as made by that person."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from lims.core.acting import acting


class ViewerMiddleware:
    """Activates the signed-in person's time zone and language, and names the person to the history."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            return self.get_response(request)
        with timezone.override(zoneinfo.ZoneInfo(user.time_zone)), translation.override(user.language):
            request.LANGUAGE_CODE = translation.get_language() or "en"
            if request.method in {"GET", "HEAD"}:
                return self.get_response(request)
            with acting(user):
                return self.get_response(request)

"""Each request in its viewer's zone and language, with every tracked change kept as made by that person; a temporary password opens one
page only."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from lims.core.acting import acting
from lims.core.api.problems import problem_page


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
            if user.must_change_password and request.path not in _open_addresses():
                return _ask_for_own_password(request)
            if request.method in {"GET", "HEAD"}:
                return self.get_response(request)
            with acting(user):
                return self.get_response(request)


def _open_addresses() -> set[str]:
    """What a temporary password opens: choosing one's own, leaving, and what belongs to the frame of those pages."""
    return {reverse(name) for name in ("password_change", "logout", "set_language", "set_zone", "healthz", "readyz")}


def _ask_for_own_password(request: HttpRequest) -> HttpResponse:
    sentence = _("Somebody else knows this password. Choose your own before you go on.")
    if request.path.startswith("/api/"):
        return problem_page(403, "temporary_password", sentence)
    messages.warning(request, sentence)
    return redirect("password_change")

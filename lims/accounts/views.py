"""A person's own settings."""

from __future__ import annotations

import zoneinfo
from typing import ClassVar

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.utils.translation import gettext as _

from lims.core.pages import Page

ZONES = ["Asia/Kolkata", "Asia/Yangon", "UTC"]


def _back(request: HttpRequest) -> HttpResponseRedirect:
    """The page the person came from, if it is ours."""
    target = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(target if safe else "/")


class SetLanguage(Page):
    """Choose the language of the pages; kept with the account and, for the sign-in page, in a cookie."""

    http_method_names: ClassVar[list[str]] = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        language = request.POST.get("language", "")
        response = _back(request)
        if language in dict(settings.LANGUAGES) and check_for_language(language):
            request.user.language = language
            request.user.save(update_fields=["language"])
            response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, samesite="Lax", secure=settings.PRODUCTION)
        else:
            messages.error(request, _("This language is not available; nothing was changed."))
        return response


class SetZone(Page):
    """Choose the zone times are shown in."""

    http_method_names: ClassVar[list[str]] = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        zone = request.POST.get("time_zone", "")
        if zone in zoneinfo.available_timezones():
            request.user.time_zone = zone
            request.user.save(update_fields=["time_zone"])
        else:
            messages.error(request, _("“%(zone)s” is not a time zone; nothing was changed.") % {"zone": zone})
        return _back(request)

"""What holds for every request and answer: addresses without NUL, and nothing kept by caches on the way."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse

# The camera reads labels on our own pages; nothing else of the device is asked for, and no frame of another origin gets any.
_PERMISSIONS = "camera=(self), microphone=(), geolocation=(), usb=(), serial=(), payment=()"


class AddressMiddleware:
    """Refuses an address with a NUL character, which no text of the database can hold: nothing is there (404), or the query is malformed
    (400)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path:
            raise Http404
        if "%00" in request.META.get("QUERY_STRING", ""):
            raise SuspiciousOperation("NUL in the query")
        return self.get_response(request)


class PrivateAnswerMiddleware:
    """Pages and answers are for their reader alone: what says nothing else about caching is stored by no browser or proxy, so that the
    next person at a shared computer does not find it with the back button. And pages use of the device what `_PERMISSIONS` names."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
        return response

"""Error pages: a page for people, a problem document for programs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from lims.core.api.problems import problem_page


def _answer(request: HttpRequest, status: int, code: str, sentence: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem_page(status, code, sentence)
    return render(request, f"{status}.html", {"sentence": sentence}, status=status)


def bad_request(request: HttpRequest, exception: Any) -> HttpResponse:
    return _answer(request, 400, "malformed", "This request could not be understood.")


def forbidden(request: HttpRequest, exception: Any) -> HttpResponse:
    return _answer(request, 403, "role", str(exception) or "Your role does not allow this.")


def not_found(request: HttpRequest, exception: Any) -> HttpResponse:
    return _answer(request, 404, "not_found", "There is nothing here under that address, or it is not yours to see.")


def server_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problem_page(500, "internal", "Something went wrong on our side; nothing was changed.")
    return render(request, "500.html", {}, status=500)

"""Every error of the API is an RFC 9457 problem document."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DataError
from django.http import Http404, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

from lims.core.errors import DomainError

logger = logging.getLogger("lims.api")

CONTENT_TYPE = "application/problem+json"
_STATUS_OF_KIND = {
    "invalid": 422,
    "not_found": 404,
    "forbidden": 403,
    "conflict": 409,
    "malformed": 400,
    "too_large": 413,
    "media_type": 415,
    "stale": 412,
}


def problem_body(status: int, code: str, detail: str, errors: Sequence[Mapping[str, Any]] = (), **more: Any) -> dict[str, Any]:
    """The members of a problem document."""
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if errors:
        body["errors"] = list(errors)
    return body | more


def problem(status: int, code: str, detail: str, errors: Sequence[Mapping[str, Any]] = (), **more: Any) -> Response:
    """A problem response for a DRF view."""
    return Response(problem_body(status, code, detail, errors, **more), status=status, content_type=CONTENT_TYPE)


def problem_page(status: int, code: str, detail: str) -> HttpResponse:
    """A problem response outside DRF (unknown addresses, crashes)."""
    return JsonResponse(problem_body(status, code, detail), status=status, content_type=CONTENT_TYPE)


def from_domain_error(error: DomainError) -> Response:
    """The response to a refusal; `details` travel under their own name."""
    more = {"details": error.details} if error.details else {}
    return problem(_STATUS_OF_KIND[error.kind], error.code, error.message, error.errors, **more)


def _flatten(detail: Any, pointer: str = "") -> list[dict[str, Any]]:
    """DRF's nested validation errors as a list with JSON pointers."""
    if isinstance(detail, Mapping):
        return [
            one for key, value in detail.items() for one in _flatten(value, pointer if key == "non_field_errors" else f"{pointer}/{key}")
        ]
    if isinstance(detail, (list, tuple)):
        nested = any(isinstance(item, (Mapping, list)) for item in detail)
        return [one for index, item in enumerate(detail) for one in _flatten(item, f"{pointer}/{index}" if nested else pointer)]
    return [{"pointer": pointer, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}]


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """The one door errors leave through."""
    if isinstance(error, DomainError):
        return from_domain_error(error)
    if isinstance(error, Http404):
        return problem(404, "not_found", "There is nothing here under that address, or it is not yours to see.")
    if isinstance(error, PermissionDenied):
        return problem(403, "role", "Your role does not allow this.")
    if isinstance(error, RequestDataTooBig):
        return problem(413, "too_large", "The body is larger than is taken in one request. Send it in parts.")
    if isinstance(error, RecursionError):
        return problem(400, "malformed", "The body is nested deeper than anything that is taken here. Send it as the description shows.")
    if isinstance(error, (DataError, UnicodeEncodeError)) or (isinstance(error, ValueError) and "(0x00)" in str(error)):
        sentence = "A text holds a character that cannot be kept (NUL or half a character), or a number is larger than is kept. Correct it."
        return problem(422, "not_storable", sentence)
    if isinstance(error, exceptions.ValidationError):
        errors = _flatten(error.detail)
        detail = "; ".join(f"{one['pointer'].lstrip('/') or 'body'}: {one['detail']}" for one in errors[:3])
        return problem(422, "validation", detail, errors)
    if isinstance(error, exceptions.APIException):
        codes = error.get_codes()
        response = problem(error.status_code, codes if isinstance(codes, str) else "error", str(error.detail))
        if wait := getattr(error, "wait", None):
            response["Retry-After"] = str(int(wait) + 1)
        if challenge := getattr(error, "auth_header", None):
            response["WWW-Authenticate"] = challenge
        return response
    logger.exception("unexpected error", exc_info=error)
    return problem(
        500, "internal", "Something went wrong on our side; nothing was changed. Try again, and tell the administrator if it stays."
    )

"""What every operation of the description has in common: the refusals, and safe retries."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from rest_framework.permissions import AllowAny

from lims.core.api.problems import CONTENT_TYPE

_REFUSALS = {
    400: "Malformed: no JSON where it is promised, a query or header that cannot be read, or a body nested too deep.",
    401: "Nobody is known by this token or session.",
    403: "The caller's role, or the token's scope, does not allow this.",
    404: "Nothing is there under that name, or it is not the caller's to see.",
    406: "No such form of the answer is made here; see `Accept`.",
    409: "The state of things does not allow it now; `errors` names each blocker. Or an `Idempotency-Key` that came with another request.",
    412: "Stale: it was changed since the caller read it.",
    413: "The body is larger than is taken in one request.",
    415: "The body is of a media type that is not taken here.",
    422: "The content fails validation; `errors` names each place.",
    429: "Too many requests; `Retry-After` says in how many seconds to come again.",
}
_ALWAYS = (400, 404, 406, 422, 429)
_OF_KNOWN_CALLERS = (401, 403)
_OF_BODIES = (409, 413, 415)

_PROBLEM = {
    "type": "object",
    "description": "A refusal (RFC 9457). Nothing was changed.",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string", "description": "The phrase of the status"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, where, and what to do"},
        "code": {"type": "string", "description": "Stable; for programs"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer (RFC 6901), or empty for the whole"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
                "required": ["pointer", "code", "detail"],
            },
        },
        "details": {"type": "object", "description": "Facts of this kind of refusal, for machines"},
    },
    "required": ["type", "title", "status", "detail", "code"],
}
_IDEMPOTENCY = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "Makes a retry safe: the same key with the same request gets the first answer, with another request 409.",
}


class DescribedRefusals(AutoSchema):
    """Adds to what a view says of itself: its refusals, all problem documents, and the header of safe retries at every POST."""

    def _map_basic_serializer(self, serializer: Any, direction: Literal["request", "response"]) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if not type(serializer).__doc__:  # what the base class says of itself says nothing of this one
            schema.pop("description", None)
        return schema

    def _get_parameters(self) -> list[dict[str, Any]]:
        return [*super()._get_parameters(), *([_IDEMPOTENCY] if self.method == "POST" else [])]

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        responses = {code: self._as_problem(code, body) for code, body in super()._get_response_bodies(direction).items()}
        for status in self._refusals():
            responses.setdefault(str(status), self._refusal(status))
        return responses

    def _refusals(self) -> list[int]:
        found = list(_ALWAYS)
        if AllowAny not in self.view.permission_classes:
            found += _OF_KNOWN_CALLERS
        if self.method != "GET":
            found += _OF_BODIES
        if any(parameter["name"] == "If-Match" for parameter in self._get_parameters()):
            found.append(412)
        return sorted(found)

    def _as_problem(self, code: str, body: dict[str, Any]) -> dict[str, Any]:
        """What a view itself says of a refusal: the same problem document, perhaps with more members."""
        if int(code) < 400:
            return body
        schemas = [one["schema"] for one in body.get("content", {}).values()]
        if not schemas:
            return self._refusal(int(code))
        return body | {"content": {CONTENT_TYPE: {"schema": schemas[0]}}}

    def _refusal(self, status: int) -> dict[str, Any]:
        problem = ResolvedComponent("Problem", ResolvedComponent.SCHEMA, _PROBLEM, "problem")
        self.registry.register_on_missing(problem)
        name = HTTPStatus(status).phrase.title().replace(" ", "").replace("-", "")
        schema = {"description": _REFUSALS[status], "content": {CONTENT_TYPE: {"schema": problem.ref}}}
        response = ResolvedComponent(name, ResolvedComponent.RESPONSE, schema, name)
        self.registry.register_on_missing(response)
        reference: dict[str, Any] = response.ref
        return reference

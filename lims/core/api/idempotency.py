"""Safe retries: the same key and body get the first answer; the same key with another body is refused."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from rest_framework.request import Request
from rest_framework.response import Response

from lims.core.api.problems import problem
from lims.core.models import IdempotencyKey
from lims.core.sealing import SealBroken, seal, unseal

_PURPOSE = "lims answers with secrets"


def fingerprint(request: Request) -> str:
    """SHA-256 over method, path with query, and the body; multipart bodies by their parts, since boundaries differ."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if (request.content_type or "").startswith("multipart/"):
        for name in sorted(request.data):
            for value in request.data.getlist(name):
                content = hashlib.sha256(b"".join(value.chunks())).hexdigest() if hasattr(value, "chunks") else str(value)
                if hasattr(value, "seek"):
                    value.seek(0)
                digest.update(f"{name}\0{getattr(value, 'name', '')}\0{content}\n".encode())
    else:
        digest.update(request.body)
    return digest.hexdigest()


def idempotent(handler: Callable[..., Response]) -> Callable[..., Response]:
    """Wrap a POST handler: with `Idempotency-Key`, handler and stored answer commit together."""

    @functools.wraps(handler)
    def wrapped(request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return handler(request, *args, **kwargs)
        if not 1 <= len(key) <= 255:
            return problem(400, "idempotency_key", "An Idempotency-Key has 1 to 255 characters.")
        return _answer_once(handler, request, key, args, kwargs)

    return wrapped


def _answer_once(handler: Callable[..., Response], request: Request, key: str, args: Any, kwargs: Any) -> Response:
    caller, print_ = str(request.user.pk), fingerprint(request)
    with transaction.atomic():
        # A second request with the same key waits here until the first has committed or failed.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{caller}\n{key}"])
        stored = IdempotencyKey.objects.filter(caller=caller, key=key).first()
        if stored is not None:
            return _replay(stored, print_)
        response = handler(request, *args, **kwargs)
        if response.status_code < 400:
            response.accepted_renderer, response.accepted_media_type = request.accepted_renderer, request.accepted_media_type
            response.renderer_context = {"view": None, "request": request}  # type: ignore[attr-defined]
            # What no cache may keep holds a secret.
            is_sealed = response.get("Cache-Control") == "no-store"
            IdempotencyKey.objects.create(
                caller=caller,
                key=key,
                fingerprint=print_,
                status=response.status_code,
                body=seal(response.rendered_content, _PURPOSE) if is_sealed else response.rendered_content,
                is_sealed=is_sealed,
                content_type=response.content_type or "application/json",
                headers={name: value for name, value in response.items() if name in {"Location", "ETag"}},
            )
        return response


def _replay(stored: IdempotencyKey, print_: str) -> Response:
    if stored.fingerprint != print_:
        return problem(409, "idempotency_mismatch", "This Idempotency-Key was used for another request. Use a new key for a new request.")
    body = bytes(stored.body) if stored.body else b""
    try:
        body = unseal(body, _PURPOSE) if stored.is_sealed else body
    except SealBroken:
        return problem(409, "answer_lost", "The first answer was kept under another SECRET_KEY and is lost. Send it with a new key.")
    response = Response(json.loads(body) if body else None, status=stored.status)
    for name, value in stored.headers.items():
        response[name] = value
    if stored.is_sealed:
        response["Cache-Control"] = "no-store"
    response["Idempotent-Replay"] = "true"
    return response

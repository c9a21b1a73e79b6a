"""People at the API, each with a token."""

from __future__ import annotations

import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lims.accounts.tokens import issue_user_token


class Caller:
    """Somebody at the API. Paths are below `/api/v1`; bodies are sent as JSON (a string as it stands)."""

    def __init__(self, user: Any) -> None:
        _, token = issue_user_token(user=user, by=user, name="test")
        self.client = Client(headers={"Authorization": f"Token {token}"})

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(f"/api/v1{path}", headers=headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self._send(self.client.post, path, body, headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self._send(self.client.patch, path, body, headers)

    @staticmethod
    def _send(method: Any, path: str, body: Any, headers: dict[str, str]) -> Any:
        data = body if isinstance(body, str) else json.dumps(body)
        return method(f"/api/v1{path}", data, content_type="application/json", headers=headers)


class InstrumentCaller(Caller):
    """An instrument at the API, with its own token."""

    def __init__(self, token: str) -> None:
        self.client = Client(headers={"Authorization": f"Token {token}"})

    def send_form(self, data: bytes, name: str = "batch.xlsx", **fields: str) -> Any:
        """A file as form data."""
        return self.client.post("/api/v1/instruments/me/uploads/", {"file": SimpleUploadedFile(name, data)} | fields)

    def send_raw(self, data: bytes, content_type: str = "application/octet-stream", query: str = "", **headers: str) -> Any:
        """A file as the request's body."""
        return self.client.post(f"/api/v1/instruments/me/uploads/{query}", data, content_type=content_type, headers=headers)

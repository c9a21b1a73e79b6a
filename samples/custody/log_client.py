"""A custody log asked over HTTP, as a witness does. Standard library only."""

from __future__ import annotations

import json
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from samples.custody.witness import Unclear

_SECONDS = 30
_MOST_BYTES = 4 * 2**20


class LogClient:
    """Implements `witness.Log`. Whatever goes wrong on the way is `Unclear`, never taken for an answer."""

    def __init__(self, address: str) -> None:
        if urlsplit(address).scheme not in {"http", "https"}:
            raise Unclear(f"“{address}” is not the address of an installation; it starts with https://.")
        self.base = f"{address.rstrip('/')}/api/v1/custody"

    def checkpoint(self) -> str:
        """The signed text of the newest checkpoint."""
        return self._ask("/checkpoint/").decode("utf-8", "replace")

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the tree of `new` leaves begins with that of `old`."""
        answer = self._object(f"/consistency/?from={old}&to={new}")
        try:
            return [bytes.fromhex(digest) for digest in answer["hashes"]]
        except (KeyError, TypeError, ValueError) as error:
            raise Unclear("The log gave a consistency proof that cannot be read.") from error

    def keys(self, size: int) -> list[dict[str, Any]]:
        """The announcements of the log's keys, with proofs."""
        keys = self._object(f"/keys/?size={size}").get("keys")
        if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
            raise Unclear("The log gave a list of keys that cannot be read.")
        return keys

    def send(self, note: str) -> None:
        """Hand in a cosigned checkpoint."""
        self._ask("/cosignatures/", json.dumps({"checkpoint": note}).encode())

    def _object(self, path: str) -> dict[str, Any]:
        try:
            answer = json.loads(self._ask(path))
        except ValueError as error:
            raise Unclear(f"The log's answer to {path} is not JSON.") from error
        if not isinstance(answer, dict):
            raise Unclear(f"The log's answer to {path} cannot be read.")
        return answer

    def _ask(self, path: str, body: bytes | None = None) -> bytes:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        request = Request(f"{self.base}{path}", data=body, headers=headers)  # noqa: S310  # the scheme was checked
        try:
            with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
                content: bytes = answer.read(_MOST_BYTES)
                return content
        except HTTPError as error:
            raise Unclear(f"The log answers {error.code} to {path}: {_detail(error)}") from error
        except (URLError, OSError, HTTPException) as error:
            raise Unclear(f"The log does not answer at {self.base}{path}: {error}.") from error


def _detail(error: HTTPError) -> str:
    try:
        return str(json.loads(error.read(_MOST_BYTES))["detail"])
    except (ValueError, KeyError, TypeError, OSError):
        return error.reason or "no reason given."

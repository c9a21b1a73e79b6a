"""How people authenticate to the API."""

from __future__ import annotations

from typing import Any

from rest_framework import authentication, exceptions
from rest_framework.request import Request

from lims.accounts.models import ApiToken, User
from lims.accounts.tokens import find_token


def bearer_of(request: Request) -> str | None:
    """The token of `Authorization: Token …`, or None where there is no such header."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "token" and token.strip() else None


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Token <token>` of a person. A token with scopes narrows the role to them."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        token = bearer_of(request)
        if token is None:
            return None
        row = find_token(ApiToken, token, "user__organisation")
        if row is None or not row.user.is_active:
            raise exceptions.AuthenticationFailed("This token is unknown, revoked or expired. Ask the administrator for a new one.")
        row.user.token_scopes = frozenset(row.scopes)  # type: ignore[attr-defined]
        return row.user, row

    def authenticate_header(self, request: Request) -> str:
        return "Token"


class SessionAuthentication(authentication.SessionAuthentication):
    """The web session, with its CSRF check."""

    def authenticate_header(self, request: Request) -> str:
        return "Token"

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        return super().authenticate(request)

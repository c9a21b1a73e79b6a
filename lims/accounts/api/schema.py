"""How the OpenAPI description names the ways to authenticate."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class TokenScheme(OpenApiAuthenticationExtension):
    """A person's token."""

    target_class = "lims.accounts.api.auth.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Token <token>` of a person or an instrument"}


class InstrumentScheme(TokenScheme):
    """An instrument's token travels the same way."""

    target_class = "assays.instruments.api.auth.InstrumentTokenAuthentication"
    name = "instrument"


class SessionScheme(OpenApiAuthenticationExtension):
    """The web session."""

    target_class = "lims.accounts.api.auth.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "lims_session"}

"""How instruments authenticate."""

from __future__ import annotations

from rest_framework import authentication
from rest_framework.request import Request

from assays.instruments.models import Instrument, InstrumentToken
from lims.accounts.api.auth import bearer_of
from lims.accounts.tokens import find_token


class InstrumentTokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Token <token>` of an instrument. The caller's role is `instrument`, which the matrix allows nothing but sending."""

    def authenticate(self, request: Request) -> tuple[Instrument, InstrumentToken] | None:
        token = bearer_of(request)
        if token is None or not token.startswith("i_"):
            return None
        row = find_token(InstrumentToken, token, "instrument__laboratory")
        if row is None or not row.instrument.active:
            return None
        return row.instrument, row

    def authenticate_header(self, request: Request) -> str:
        return "Token"

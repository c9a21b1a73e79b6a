"""Making and recognising tokens. A token is shown once; only its SHA-256 is kept (256 random bits need no salt)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Q

from lims.accounts.models import ApiToken, TokenFields, User
from lims.core import clock
from lims.core.acting import acting

T = TypeVar("T", bound=TokenFields)

_USED_RESOLUTION = timedelta(minutes=1)


def digest_of(token: str) -> str:
    """Hexadecimal SHA-256 of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue_token(model: type[T], *, by: Any, name: str, expires_at: datetime | None = None, **owner: Any) -> tuple[T, str]:
    """A new token row and the token itself, which is not kept."""
    token = f"{model.__name__[:1].lower()}_{secrets.token_urlsafe(32)}"
    with acting(by, "token issued"):
        row = model._default_manager.create(name=name, digest=digest_of(token), hint=token[:8], expires_at=expires_at, **owner)
    return row, token


def issue_user_token(
    *, user: User, by: Any, name: str, expires_at: datetime | None = None, scopes: list[str] | None = None
) -> tuple[ApiToken, str]:
    """A token for a person."""
    return issue_token(ApiToken, by=by, name=name, expires_at=expires_at, user=user, scopes=scopes or [])


def revoke_token(*, token: TokenFields, by: Any) -> None:
    """End a token now."""
    with acting(by, "token revoked"):
        token.revoked_at = clock.now()
        token.save(update_fields=["revoked_at"])


def find_token(model: type[T], token: str, *related: str) -> T | None:
    """The live token row, or None; notes the use at most once a minute."""
    now = clock.now()
    live = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))
    row = model._default_manager.select_related(*related).filter(live, digest=digest_of(token)).first()
    if row is not None and (row.last_used_at is None or now - row.last_used_at > _USED_RESOLUTION):
        model._default_manager.filter(pk=row.pk).update(last_used_at=now)
    return row

"""What everybody does with the own account: another password, tokens for programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from lims.accounts.models import ApiToken, User
from lims.accounts.tokens import issue_user_token, revoke_token
from lims.core import clock
from lims.core.acting import acting
from lims.core.checking import refuse_member
from lims.core.errors import Blocked, Blocker
from lims.core.roles import MATRIX, Action, require

LONGEST_TOKEN_LIFE = timedelta(days=366)


def scopes_of(role: str) -> list[Action]:
    """What a token of such a person can be narrowed to: everything the role may do."""
    return [action for action in Action if role in MATRIX[action]]


def choose_password(*, person: User, password: str) -> User:
    """The person's own choice, which ends a temporary password. The form checked the old one and the strength of the new one."""
    with transaction.atomic(), acting(person, "own password chosen"):
        person.set_password(password)
        person.must_change_password = False
        person.save(update_fields=["password", "must_change_password"])
    return person


def create_own_token(*, name: str, expires_at: datetime, scopes: Sequence[str] = (), by: User) -> tuple[ApiToken, str]:
    """A token of one's own and its text, which is not kept. Without `scopes` it may do what its owner may.

    Raises `Invalid` for an empty name, a moment that is past or more than a year ahead, or a scope the role does not have.
    """
    require(by, Action.PROFILE_EDIT)
    name, now = name.strip(), clock.now()
    if not name:
        raise refuse_member("name", "missing", "Name the program or machine that will use the token.")
    if len(name) > 100:
        raise refuse_member("name", "too_long", "A name has at most 100 characters.")
    if not now < expires_at <= now + LONGEST_TOKEN_LIFE:
        raise refuse_member("expires_on", "out_of_range", "A token ends in the future and lives a year at most.")
    unknown = set(scopes) - set(scopes_of(by.role))
    if unknown:
        raise refuse_member("scopes", "unknown_scope", f"Your role does not have: {', '.join(sorted(unknown))}.")
    return issue_user_token(user=by, by=by, name=name, expires_at=expires_at, scopes=sorted(scopes))


def end_token(*, token: ApiToken, by: Any) -> ApiToken:
    """Revoke a token at once: one's own or, for administrators, anybody's. Raises `Blocked('ended_already')`."""
    require(by, Action.PROFILE_EDIT if token.user_id == by.pk else Action.ACCOUNT_EDIT)
    with transaction.atomic():
        token = ApiToken.objects.select_for_update(no_key=True).get(pk=token.pk)
        if token.revoked_at is not None:
            raise Blocked([Blocker("ended_already", f"The token “{token.name}” was revoked already.")])
        revoke_token(token=token, by=by)
    return token

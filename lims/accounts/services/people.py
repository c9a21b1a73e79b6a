"""Accounts of people: added, changed, closed and opened again, each by an administrator, with a reason where something changes."""

from __future__ import annotations

from typing import Any

from axes.utils import reset as forget_failures
from django.db import transaction

from lims.accounts.attempts import forget_wrong
from lims.accounts.houses import HOUSES, explain_house
from lims.accounts.models import ApiToken, Organisation, User
from lims.accounts.passwords import make_temporary_password
from lims.accounts.tokens import revoke_token
from lims.core import clock
from lims.core.acting import acting
from lims.core.checking import check_record, given_reason, refuse_member
from lims.core.errors import Blocked, Blocker
from lims.core.roles import Action, Role, require

_UNSET = {"password", "last_login"}


def add_person(*, username: str, full_name: str, role: str, organisation: Organisation, email: str = "", by: Any) -> tuple[User, str]:
    """A new account and its temporary password, which is not kept in readable form.

    Raises `Invalid` naming each wrong member, also a role that does not belong into the organisation.
    """
    require(by, Action.ACCOUNT_EDIT)
    _check_house(role, organisation)
    password = make_temporary_password()
    person = User(username=username.strip(), email=email.strip(), must_change_password=True)
    _place(person, full_name, role, organisation)
    person.set_password(password)
    with transaction.atomic(), acting(by, "account added"):
        check_record(person, exclude=_UNSET)
        person.save(force_insert=True)
    return person, password


def change_person(*, person: User, full_name: str, role: str, organisation: Organisation, email: str = "", reason: str, by: Any) -> User:
    """Change name, role or organisation, with a reason. What the person signed or recorded keeps the name and role of its day."""
    require(by, Action.ACCOUNT_EDIT)
    reason = given_reason(reason)
    _check_house(role, organisation)
    with transaction.atomic(), acting(by, reason):
        person = _lock(person)
        if person.role == Role.ADMINISTRATOR and role != Role.ADMINISTRATOR:
            _keep_an_administrator(person, by)
        person.email = email.strip()
        _place(person, full_name, role, organisation)
        check_record(person, exclude=_UNSET)
        person.save()
    return person


def deactivate_person(*, person: User, reason: str, by: Any) -> User:
    """Close an account: its sessions end and its tokens are revoked, so opening it again revives neither. Nothing is deleted."""
    require(by, Action.ACCOUNT_EDIT)
    reason = given_reason(reason)
    with transaction.atomic(), acting(by, reason):
        person = _lock(person)
        if not person.is_active:
            raise Blocked([Blocker("closed_already", f"The account {person.username} is closed already.")])
        _keep_an_administrator(person, by)
        person.is_active = False
        person.save(update_fields=["is_active"])
        for token in ApiToken.objects.live(clock.now()).filter(user=person):
            revoke_token(token=token, by=by)
    return person


def reactivate_person(*, person: User, reason: str, by: Any) -> tuple[User, str]:
    """Open a closed account again, with a temporary password as for a new one."""
    require(by, Action.ACCOUNT_EDIT)
    reason = given_reason(reason)
    with transaction.atomic(), acting(by, reason):
        person = _lock(person)
        if person.is_active:
            raise Blocked([Blocker("open_already", f"The account {person.username} is open already.")])
        if not person.organisation.active:
            raise Blocked([Blocker("organisation_closed", f"{person.organisation} is closed. Open the organisation first.")])
        person.is_active = True
        password = _give_temporary_password(person)
    return person, password


def set_temporary_password(*, person: User, by: Any) -> str:
    """A password to tell the person, for a forgotten one: the person chooses another at the next sign-in. Ends the person's sessions and
    forgets wrong attempts."""
    require(by, Action.ACCOUNT_EDIT)
    with transaction.atomic(), acting(by, "temporary password set"):
        person = _lock(person)
        if person.pk == by.pk:
            raise Blocked([Blocker("own_account", "This is your own account. Change your password on your own page.")])
        if not person.is_active:
            raise Blocked([Blocker("closed", f"The account {person.username} is closed. Open it again first; that sets a password too.")])
        return _give_temporary_password(person)


def _give_temporary_password(person: User) -> str:
    password = make_temporary_password()
    person.set_password(password)
    person.must_change_password = True
    person.save(update_fields=["password", "must_change_password", "is_active"])
    forget_failures(username=person.username)
    forget_wrong(person)
    return password


def _place(person: User, full_name: str, role: str, organisation: Organisation) -> None:
    person.full_name = full_name.strip()
    person.role = role
    person.organisation = organisation
    # Django's admin opens to those who may look at everything anyway.
    person.is_staff = role == Role.ADMINISTRATOR


def _lock(person: User) -> User:
    # Administrators are locked together, in order: two of them could otherwise close each other's account at once.
    list(User.objects.filter(role=Role.ADMINISTRATOR).order_by("pk").select_for_update(no_key=True))
    locked: User = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    return locked


def _check_house(role: str, organisation: Organisation) -> None:
    if role not in HOUSES:
        raise refuse_member("role", "unknown_choice", f"“{role}” is no role. Choose one of: {', '.join(HOUSES)}.")
    if organisation.kind not in HOUSES[role]:
        kind, label = organisation.get_kind_display(), Role(role).label
        detail = f"{organisation} is a {kind.lower()}. The role {label.lower()} belongs to: {explain_house(role)}."
        raise refuse_member("role", "wrong_house", detail)
    if not organisation.active:
        raise refuse_member("organisation", "organisation_closed", f"{organisation} is closed. Open it again or choose another.")


def _keep_an_administrator(person: User, by: Any) -> None:
    if person.pk == by.pk:
        raise Blocked([Blocker("own_account", "This is your own account. Another administrator closes it or changes its role.")])
    others = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).exclude(pk=person.pk)
    if person.role == Role.ADMINISTRATOR and not others.exists():
        raise Blocked([Blocker("last_administrator", "This is the only administrator. Add another one first.")])

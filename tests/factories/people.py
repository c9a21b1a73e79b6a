"""Organisations and people for tests: one of each role, in two laboratories, two firms and a carrier."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

from django.contrib.auth.hashers import make_password

from lims.accounts.models import Organisation, User
from lims.core.roles import LABORATORY_ROLES, Role

PASSWORD = "correct horse battery 9"

_ORGANISATIONS = {
    "ministry": ("ministry", "Ministry of Mines"),
    "irel": ("state_firm", "IREL (India) Limited"),
    "midwest": ("private_firm", "Midwest Advanced Materials"),
    "carrier": ("carrier", "North-East Freight"),
    "lab": ("laboratory", "Bhopal Laboratory"),
    "other_lab": ("laboratory", "Hyderabad Laboratory"),
}


@functools.cache
def _password_hash() -> str:
    """The product's slow hash, computed once a test run."""
    return make_password(PASSWORD)


def make_organisations() -> dict[str, Organisation]:
    """Each organisation under a short key."""
    made = Organisation.objects.bulk_create(
        Organisation(code=key.upper()[:12], kind=kind, name=name, address=f"1 Main Road, {name}")
        for key, (kind, name) in _ORGANISATIONS.items()
    )
    return dict(zip(_ORGANISATIONS, made, strict=True))


def make_user(username: str, role: str, organisation: Organisation) -> User:
    """A person with `PASSWORD`."""
    person = _person(username, role, organisation)
    person.save()
    return person


def _person(username: str, role: str, organisation: Organisation) -> User:
    return User(
        username=username,
        full_name=f"{role.replace('_', ' ').title()} {username}",
        role=role,
        organisation=organisation,
        is_staff=role == Role.ADMINISTRATOR,
        password=_password_hash(),
    )


def home_of(role: str) -> str:
    """The organisation a role usually belongs to."""
    if role in LABORATORY_ROLES:
        return "lab"
    return {Role.COLLECTOR: "irel", Role.CUSTODIAN: "carrier", Role.OFFICIAL: "ministry", Role.ADMINISTRATOR: "ministry"}[Role(role)]


@dataclass
class Cast:
    """Everybody of one test: `cast.people["analyst"]`, `cast.analyst`, `cast.organisations["lab"]`; `outsiders` belong to other houses."""

    organisations: dict[str, Organisation]
    people: dict[str, User]
    outsiders: dict[str, User] = field(default_factory=dict)

    def __getattr__(self, name: str) -> User:
        try:
            return self.__dict__["people"][name]
        except KeyError as error:
            raise AttributeError(name) from error


def make_cast() -> Cast:
    """One person of each role, and outsiders: the laboratory roles in another laboratory, a collector of another firm."""
    organisations = make_organisations()
    people = {role.value: _person(role.value, role.value, organisations[home_of(role)]) for role in Role}
    outsiders = {role: _person(f"other_{role}", role, organisations["other_lab"]) for role in sorted(LABORATORY_ROLES)}
    outsiders["collector"] = _person("other_collector", "collector", organisations["midwest"])
    User.objects.bulk_create([*people.values(), *outsiders.values()])
    return Cast(organisations, people, outsiders)

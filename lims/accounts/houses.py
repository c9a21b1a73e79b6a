"""Which role may work in which kind of organisation, as data."""

from __future__ import annotations

from lims.accounts.models import OrganisationKind
from lims.core.roles import LABORATORY_ROLES, Role

HOUSES: dict[str, frozenset[str]] = {
    **{role.value: frozenset({OrganisationKind.LABORATORY.value}) for role in Role if role in LABORATORY_ROLES},
    Role.COLLECTOR.value: frozenset({OrganisationKind.STATE_FIRM.value, OrganisationKind.PRIVATE_FIRM.value}),
    Role.CUSTODIAN.value: frozenset({OrganisationKind.CARRIER.value}),
    Role.OFFICIAL.value: frozenset({OrganisationKind.MINISTRY.value}),
    Role.ADMINISTRATOR.value: frozenset({OrganisationKind.MINISTRY.value}),
}
"""Scope follows from the organisation, so a role in the wrong house would see nothing, or far too much."""


def roles_in(kind: str) -> list[Role]:
    """The roles people of such an organisation may have."""
    return [role for role in Role if kind in HOUSES[role]]


def explain_house(role: str) -> str:
    """Where the role belongs, in words: `Laboratory`, `State firm or Private firm`."""
    return " or ".join(str(OrganisationKind(kind).label) for kind in sorted(HOUSES[role], reverse=True))

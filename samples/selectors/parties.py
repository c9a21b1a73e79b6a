"""Organisations by the code people and programs name them with."""

from __future__ import annotations

from django.db.models import QuerySet

from lims.accounts.models import Organisation, OrganisationKind
from lims.core.errors import Invalid, Problem


def find_party(code: str, pointer: str) -> Organisation:
    """The active organisation with that code; raises `Invalid('unknown_organisation')` at `pointer`."""
    found = Organisation.objects.filter(code__iexact=code.strip(), active=True).first()
    if found is None:
        detail = f"There is no organisation with the code “{code}”. Look the code up on a consignment, or ask the administrator."
        raise Invalid("unknown_organisation", detail, problems=[Problem(pointer, "unknown_organisation", detail)])
    return found


def laboratories() -> QuerySet[Organisation]:
    """Whom consignments go to."""
    return Organisation.objects.filter(kind=OrganisationKind.LABORATORY, active=True)


def carriers() -> QuerySet[Organisation]:
    """Who carries them."""
    return Organisation.objects.filter(kind=OrganisationKind.CARRIER, active=True)


def possible_receivers() -> QuerySet[Organisation]:
    """Who may take a consignment over."""
    return Organisation.objects.filter(active=True).exclude(kind=OrganisationKind.MINISTRY)

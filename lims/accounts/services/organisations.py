"""Organisations: recorded and changed by administrators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from lims.accounts.houses import HOUSES
from lims.accounts.models import Organisation, User
from lims.core.acting import acting
from lims.core.checking import check_record, given_reason, refuse_member
from lims.core.errors import Blocked, Blocker
from lims.core.roles import Action, Role, require

MEMBERS = ("code", "name", "kind", "address", "contact", "accreditation", "latitude", "longitude", "active")


def record_organisation(*, values: Mapping[str, Any], by: Any) -> Organisation:
    """A new organisation; `values` by `MEMBERS`. Raises `Invalid` naming each wrong member."""
    require(by, Action.ACCOUNT_EDIT)
    return _save(Organisation(), values, by, "organisation recorded")


def change_organisation(*, organisation: Organisation, values: Mapping[str, Any], reason: str, by: Any) -> Organisation:
    """Change an organisation, with a reason. Issued certificates keep the name and address they were issued with.

    Raises `Blocked` when people work there whom the change would leave in the wrong house or without one.
    """
    require(by, Action.ACCOUNT_EDIT)
    reason = given_reason(reason)
    with transaction.atomic():
        found = Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
        _refuse_misplaced_people(found, values)
        return _save(found, values, by, reason)


def _save(organisation: Organisation, values: Mapping[str, Any], by: Any, reason: str) -> Organisation:
    for name in MEMBERS:
        if name in values:
            setattr(organisation, name, values[name])
    organisation.code = organisation.code.strip().upper()
    if (organisation.latitude is None) != (organisation.longitude is None):
        missing = "longitude" if organisation.longitude is None else "latitude"
        raise refuse_member(missing, "missing", "A place needs both latitude and longitude. Give both, or neither.")
    with transaction.atomic(), acting(by, reason):
        check_record(organisation)
        organisation.save()
    return organisation


def _refuse_misplaced_people(organisation: Organisation, values: Mapping[str, Any]) -> None:
    people = User.objects.filter(organisation=organisation, is_active=True)
    kind = values.get("kind", organisation.kind)
    misplaced = people.exclude(role__in=[role for role, kinds in HOUSES.items() if kind in kinds]).first()
    if misplaced is not None:
        sentence = f"{misplaced} works here as {Role(misplaced.role).label.lower()}, which this kind of organisation does not have."
        raise Blocked([Blocker("has_people", f"{sentence} Change or close that account first.")])
    if not values.get("active", True) and people.exists():
        sentence = f"{people.count()} open accounts belong to {organisation}. Close or move them before the organisation is closed."
        raise Blocked([Blocker("has_people", sentence)])

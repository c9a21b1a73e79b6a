"""People and organisations as others read them."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet

from lims.accounts.models import ApiToken, Competence, Organisation, User
from lims.core import clock

Badge = tuple[str, Any]


def select_people(viewer: Any) -> QuerySet[User]:
    """The people the viewer may see, with `live_tokens`, the number of their tokens that open something now."""
    now = clock.now()
    live = Q(tokens__revoked_at=None) & (Q(tokens__expires_at=None) | Q(tokens__expires_at__gt=now))
    people: QuerySet[User] = (
        User.objects.visible_to(viewer).select_related("organisation").annotate(live_tokens=Count("tokens", filter=live))
    )
    return people


def select_organisations(viewer: Any) -> QuerySet[Organisation]:
    """The organisations the viewer may see, with `open_accounts`."""
    return Organisation.objects.visible_to(viewer).annotate(open_accounts=Count("people", filter=Q(people__is_active=True)))


def tokens_of(person: User) -> QuerySet[ApiToken]:
    """A person's tokens, the newest first."""
    return ApiToken.objects.filter(user=person).order_by("-created_at")


def competences_of(person: User) -> QuerySet[Competence]:
    """A person's competences, those that hold longest first."""
    return Competence.objects.filter(user=person).select_related("granted_by").order_by("-valid_until", "method_code")


def person_row(person: User) -> dict[str, Any]:
    """One person for a file."""
    return {
        "username": person.username,
        "full_name": person.full_name,
        "role": person.role,
        "organisation": person.organisation.code,
        "organisation_name": person.organisation.name,
        "state": "open" if person.is_active else "closed",
        "email": person.email,
        "added_at": person.date_joined.isoformat(),
        "last_sign_in": person.last_login.isoformat() if person.last_login else "",
    }


def organisation_row(organisation: Organisation) -> dict[str, Any]:
    """One organisation for a file."""
    members = ("code", "name", "kind", "address", "contact", "accreditation", "active")
    return {name: getattr(organisation, name) for name in members}

"""Competences (ISO/IEC 17025:2017, 6.2.6): the quality manager records who of the own laboratory may do what, by which
method, until when."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import transaction

from lims.accounts.models import Competence, User
from lims.core import clock
from lims.core.acting import acting
from lims.core.checking import check_record, given_reason, refuse_member
from lims.core.errors import Blocked, Blocker, Forbidden, NotFound
from lims.core.roles import Action, Role, require

LONGEST = timedelta(days=5 * 366)
ACTIVITY_ROLES: dict[str, frozenset[str]] = {
    "measure": frozenset({Role.TECHNICIAN.value, Role.ANALYST.value}),
    "review": frozenset({Role.REVIEWER.value}),
    "authorise": frozenset({Role.SIGNATORY.value}),
}
"""Who does what is the matrix's; a competence beside it would allow nothing."""


def record_competence(*, person: User, method_code: str, activity: str, valid_from: date, valid_until: date, by: Any) -> Competence:
    """Authorise a person of the own laboratory for a method and activity. An earlier competence for the same stays on record.

    Raises `NotFound` for people elsewhere, `Forbidden('own_competence')` for oneself, `Invalid` naming each wrong member.
    """
    require(by, Action.COMPETENCE_EDIT)
    if person.organisation_id != by.organisation_id:
        raise NotFound()
    if person.pk == by.pk:
        raise Forbidden("own_competence", "Nobody records the own competence. Another quality manager of the laboratory does.")
    if not person.is_active:
        raise refuse_member("person", "closed", f"The account of {person} is closed.")
    if activity not in ACTIVITY_ROLES or person.role not in ACTIVITY_ROLES[activity]:
        detail = f"{person} is {person.get_role_display().lower()}, a role that does not {activity}. Choose another activity or person."
        raise refuse_member("activity", "wrong_role", detail)
    if valid_until - valid_from > LONGEST:
        raise refuse_member("valid_until", "too_long", "A competence is looked at again after five years at the latest.")
    if valid_until < clock.today():
        raise refuse_member("valid_until", "past", "This day has passed. A competence that is recorded now ends in the future.")
    competence = Competence(
        user=person, method_code=method_code, activity=activity, valid_from=valid_from, valid_until=valid_until, granted_by=by
    )
    if valid_until < valid_from:
        raise refuse_member("valid_until", "ends_before_start", "It ends before it begins. Check both days.")
    with transaction.atomic(), acting(by, "competence recorded"):
        check_record(competence)
        competence.save()
    return competence


def end_competence(*, competence: Competence, reason: str, by: Any) -> Competence:
    """End a competence yesterday, with a reason: from now on it allows nothing; what was done under it stands."""
    require(by, Action.COMPETENCE_EDIT)
    reason = given_reason(reason)
    with transaction.atomic(), acting(by, reason):
        found = Competence.objects.select_for_update(no_key=True, of=("self",)).select_related("user").get(pk=competence.pk)
        if found.user.organisation_id != by.organisation_id:
            raise NotFound()
        yesterday = clock.today() - timedelta(days=1)
        if found.valid_until <= yesterday:
            raise Blocked([Blocker("ended_already", f"This competence ended on {found.valid_until:%d %b %Y} already.")])
        # One that began today or later never held; its own days stay in its history.
        found.valid_from, found.valid_until = min(found.valid_from, yesterday), yesterday
        found.save(update_fields=["valid_from", "valid_until"])
    return found

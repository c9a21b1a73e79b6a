"""Setting sample codes aside for a team, and closing a set."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from lims.core import clock
from lims.core.acting import acting
from lims.core.checking import check_record, given_reason, refuse_member
from lims.core.codes import ALLOTMENT, SAMPLE
from lims.core.errors import Blocked, Blocker, Forbidden
from lims.core.roles import Action, require
from lims.core.sequences import take_codes
from samples.allotments.models import Allotment, AllotmentEnd

MOST_CODES = 500


def allot_codes(*, count: int, team: str, purpose: str = "", by: Any, at: datetime | None = None) -> Allotment:
    """Set `count` consecutive sample codes aside for the caller's organisation, to be printed before the field. Raises
    `Invalid('count')` outside 1 to 500 and for a missing team."""
    require(by, Action.CODE_ALLOT)
    if not 1 <= count <= MOST_CODES:
        raise refuse_member("count", "count", f"Set 1 to {MOST_CODES} codes aside at a time; these are {count}.")
    with transaction.atomic(), acting(by, "codes set aside"):
        codes = take_codes(SAMPLE, count)
        numbers = [int(code.split("-")[2]) for code in (codes[0], codes[-1])]
        (code,) = take_codes(ALLOTMENT)
        made = Allotment(
            code=code,
            organisation=by.organisation,
            year=clock.now().year,
            first=numbers[0],
            last=numbers[1],
            team=team.strip(),
            purpose=purpose.strip(),
            issued_by=by,
            issued_at=at or clock.now(),
        )
        check_record(made)
        made.save(force_insert=True)
    return made


def end_allotment(*, allotment: Allotment, reason: str, by: Any, at: datetime | None = None) -> AllotmentEnd:
    """Close a set: its codes that are on no sample yet are refused from now on. Raises `Blocked('ended')` when it is closed."""
    require(by, Action.CODE_ALLOT)
    if allotment.organisation_id != by.organisation_id:
        raise Forbidden("not_owner", f"The codes {allotment.code} were set aside for {allotment.organisation}; only its people close them.")
    blocker = Blocker("ended", f"The codes {allotment.code} are closed already; there is nothing left to do.")
    if AllotmentEnd.objects.filter(allotment=allotment).exists():
        raise Blocked([blocker])
    try:
        with transaction.atomic(), acting(by, given_reason(reason)):
            return AllotmentEnd.objects.create(allotment=allotment, reason=given_reason(reason), ended_by=by, ended_at=at or clock.now())
    except IntegrityError as error:
        raise Blocked([blocker]) from error

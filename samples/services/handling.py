"""What holds for a material at a laboratory: what splitting may lose, how long it is kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction

from lims.core.acting import acting
from lims.core.checking import check_record
from lims.core.errors import NotFound
from lims.core.roles import Action, require
from samples.models import MaterialHandling
from samples.services.holding import given_reason


def change_handling(*, material: str, loss_tolerance_percent: Decimal, retention_days: int, reason: str, by: Any) -> MaterialHandling:
    """Change what holds for a material at the caller's laboratory from now on, with a reason; dates that were set stay, and other
    laboratories keep theirs or the default. Raises `NotFound` for no material, `Invalid` naming each wrong member."""
    require(by, Action.REFERENCE_EDIT)
    reason = given_reason(reason)
    with transaction.atomic(), acting(by, reason):
        default = MaterialHandling.objects.select_for_update().filter(material=material, laboratory=None).first()
        if default is None:
            raise NotFound
        # The default's row is the lock: of two who set the first one of a laboratory, the second changes it.
        own = MaterialHandling.objects.filter(material=material, laboratory=by.organisation_id).first()
        handling = own or MaterialHandling(material=material, laboratory_id=by.organisation_id)
        handling.loss_tolerance_percent, handling.retention_days = loss_tolerance_percent, retention_days
        check_record(handling)
        handling.save()
    return handling

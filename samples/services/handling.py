"""What holds for a material: what splitting may lose, how long it is kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction

from lims.core.acting import acting
from lims.core.checking import check_record
from lims.core.roles import Action, require
from samples.models import MaterialHandling
from samples.services.holding import given_reason


def change_handling(
    *, handling: MaterialHandling, loss_tolerance_percent: Decimal, retention_days: int, reason: str, by: Any
) -> MaterialHandling:
    """Change what holds for a material from now on, with a reason; dates that were set stay. Raises `Invalid` naming each wrong member."""
    require(by, Action.REFERENCE_EDIT)
    reason = given_reason(reason)
    with transaction.atomic(), acting(by, reason):
        handling = MaterialHandling.objects.select_for_update().get(pk=handling.pk)
        handling.loss_tolerance_percent, handling.retention_days = loss_tolerance_percent, retention_days
        check_record(handling)
        handling.save()
    return handling

"""Who may do what with a method (ISO/IEC 17025:2017, 6.2.6): a recorded competence that is valid on the day."""

from __future__ import annotations

from datetime import date
from typing import Any

from lims.accounts.models import Competence
from lims.core.errors import Blocker


def competence_blockers(user: Any, method_code: str, activity: str, day: date) -> list[Blocker]:
    """Why the person may not do the activity (`measure`, `review`, `authorise`) with the method on that day; empty when they may."""
    held = Competence.objects.filter(user=user, method_code=method_code, activity=activity)
    if held.filter(valid_from__lte=day, valid_until__gte=day).exists():
        return []
    last = held.filter(valid_until__lt=day).order_by("-valid_until").values_list("valid_until", flat=True).first()
    state = f"expired on {last:%d %b %Y}" if last else "is not on record"
    return [Blocker("competence", f"Your competence to {activity} by {method_code} {state}. The quality manager records it first.")]

"""The life of a nonconformity, as a table (ISO/IEC 17025:2017, 7.10 and 8.7)."""

from __future__ import annotations

from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from lims.core.errors import Blocker
from lims.core.transitions import Machine, step


class NonconformityState(TextChoices):
    """How far a nonconformity is dealt with."""

    OPEN = "open", _("to be evaluated")
    EVALUATED = "evaluated", _("evaluated")
    ACTING = "acting", _("corrective action under way")
    DONE = "done", _("action taken, effect to be checked")
    CLOSED = "closed", _("closed")


def _no_action_needed(record: Any) -> list[Blocker]:
    """From *evaluated* only what cannot recur is closed: anything else asks for a corrective action (8.7)."""
    if record.state == NonconformityState.EVALUATED and record.may_recur:
        return [Blocker("action_missing", f"{record.code} could recur. Find its root cause and agree a corrective action first.")]
    return []


def _effect_shown(record: Any) -> list[Blocker]:
    if record.state == NonconformityState.DONE and not record.effective:
        return [Blocker("effect_unchecked", f"Whether the action of {record.code} worked is not recorded. Check its effect first.")]
    return []


def _work_resumed(record: Any) -> list[Blocker]:
    if record.work_stopped and record.resumed_at is None:
        return [Blocker("work_stopped", f"Work stands still because of {record.code}. Authorise its resumption first.")]
    return []


def _customers_told(record: Any) -> list[Blocker]:
    if record.notify_customers and not record.notices.exists():
        return [Blocker("customers_not_told", f"Customers are to be told of {record.code} and no notice was sent. Send one first.")]
    return []


NONCONFORMITY = Machine(
    "nonconformity",
    dict(NonconformityState.choices),
    (
        step("evaluate", {"open", "evaluated"}, "evaluated"),
        step("plan_action", {"evaluated", "acting"}, "acting"),
        step("finish_action", {"acting"}, "done"),
        step("confirm_effect", {"done"}, "done"),
        step("act_again", {"done"}, "acting"),
        step("close", {"evaluated", "done"}, "closed", _no_action_needed, _effect_shown, _work_resumed, _customers_told),
    ),
)

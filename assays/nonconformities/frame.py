"""What nonconforming work adds to the frame: the rail, the scan box, and a panel on the run's page."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from assays.models import Run
from assays.nonconformities.models import Nonconformity
from assays.nonconformities.selectors import of_run, select_open, select_unread
from lims.core.codes import NONCONFORMITY
from lims.core.navigation import Item, register_item
from lims.core.panels import Panel, register_panel, register_scanner
from lims.core.roles import Action, Role, allowed

# Who needs notices now and then, without an entry of their own.
_SELDOM = frozenset({Role.TECHNICIAN, Role.ANALYST, Role.RECEPTIONIST, Role.REVIEWER, Role.SIGNATORY})


def register_frame() -> None:
    """Called once when the app is ready."""
    seldom = frozenset({Role.ADMINISTRATOR, Role.RECEPTIONIST})
    register_item(
        Item(3, 50, _("Nonconforming work"), "nonconformities:list", Action.NONCONFORMITY_VIEW, counted=select_open, hidden_from=seldom)
    )
    register_item(Item(3, 60, _("Recall"), "nonconformities:recall", Action.RECALL_SEARCH))
    register_item(Item(3, 70, _("Notices"), "nonconformities:notices", Action.NOTICE_VIEW, counted=select_unread, hidden_from=_SELDOM))
    register_scanner(open_nonconformity)
    register_panel("run", Panel("nonconformities/run_panel.html", run_panel))


def open_nonconformity(code: str, user: Any) -> str | None:
    """The page of the nonconformity with that code."""
    if not code.startswith(f"{NONCONFORMITY}-") or not allowed(user, Action.NONCONFORMITY_VIEW):
        return None
    found = Nonconformity.objects.visible_to(user).filter(code=code).exists()
    return reverse("nonconformities:page", args=[code]) if found else None


def run_panel(run: Run, user: Any) -> dict[str, Any] | None:
    """The nonconformities a run is linked to."""
    if not allowed(user, Action.NONCONFORMITY_VIEW):
        return None
    return {"run": run, "found": of_run(run, user), "may_report": allowed(user, Action.NONCONFORMITY_REPORT)}

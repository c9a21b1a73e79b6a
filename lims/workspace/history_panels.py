"""Every version of a record, on its page, for administrators."""

from __future__ import annotations

from typing import Any

from lims.core.history import read_history
from lims.core.panels import Panel, register_panel
from lims.core.roles import Action, allowed

# What administrators have no need to know of a sample.
_RESTRICTED = frozenset({"latitude", "longitude"})


def register_history_panels() -> None:
    """Called once when the app is ready."""
    for page in ("sample", "consignment"):
        register_panel(page, Panel("workspace/history_panel.html", _history, order=900))


def _history(record: Any, user: Any) -> dict[str, Any] | None:
    return {"changes": read_history(record, hide=_RESTRICTED)} if allowed(user, Action.ACCOUNT_EDIT) else None

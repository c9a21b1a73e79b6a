"""Who changes what and why: the context every tracked change is stored with."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import pghistory


def acting(by: Any, reason: str = "") -> AbstractContextManager[Any]:
    """Changes inside the block are kept in history as made by `by` (a user, an instrument, or a name) for `reason`."""
    name = by.get_username() if hasattr(by, "get_username") else str(by)
    return pghistory.context(actor=str(getattr(by, "pk", "") or ""), actor_name=name, reason=reason)

"""Where storage stands in the rail, what the scan box opens of it, and what a sample's page shows of it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lims.core.errors import NotFound
from lims.core.navigation import Item, register_item
from lims.core.panels import Panel, register_panel, register_scanner
from lims.core.roles import LABORATORY_ROLES, Action, Role, allowed
from samples.models import Sample
from samples.storage.selectors import find_location, position_of
from samples.storage.services.storing import store_blockers

# Who looks things up here now and then, without an entry of their own.
_SELDOM = frozenset({Role.REVIEWER, Role.SIGNATORY, Role.OFFICIAL, Role.ADMINISTRATOR, Role.CUSTODIAN})


def register_navigation() -> None:
    """Called once when the app is ready."""
    register_item(Item(1, 40, _("Storage"), "storage:tree", Action.STORAGE_VIEW, hidden_from=_SELDOM))
    register_scanner(open_location)
    register_panel("sample", Panel("storage/sample_panel.html", position_panel, order=20))


def open_location(code: str, user: Any) -> str | None:
    """The page of the place with that code."""
    try:
        return reverse("storage:location", args=[find_location(code, user).code])
    except NotFound:
        return None


def position_panel(sample: Sample, viewer: Any) -> dict[str, Any] | None:
    """Where the sample lies, for those who hold it and those who oversee; and the way to put it somewhere."""
    inside = sample.holder_id == viewer.organisation_id or viewer.role in {Role.OFFICIAL, Role.ADMINISTRATOR}
    if not allowed(viewer, Action.STORAGE_VIEW) or not inside:
        return None
    placement = position_of(sample)
    if placement is None and viewer.role not in LABORATORY_ROLES and viewer.role != Role.COLLECTOR:
        return None
    return {
        "placement": placement,
        "shown_code": sample.code_for(viewer),
        "may_move": allowed(viewer, Action.STORAGE_MOVE),
        "blockers": store_blockers(sample, viewer),
    }

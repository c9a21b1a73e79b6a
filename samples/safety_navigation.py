"""Where radiation and seals stand in the rail, what the scan box opens of them, the panel on a sample's page."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lims.core.errors import NotFound
from lims.core.navigation import Item, register_item
from lims.core.panels import Panel, register_panel, register_scanner
from lims.core.roles import Action, allowed


def register_navigation() -> None:
    """Called once when the app is ready."""
    from samples.selectors.radiation import panel_of, select_unscreened

    register_item(Item(1, 45, _("Radiation at the door"), "samples:door", Action.RADIATION_SCREEN, counted=select_unscreened))
    register_item(Item(1, 60, _("Seals"), "samples:seals", Action.SEAL_VIEW))
    register_item(Item(1, 65, _("Door policy"), "samples:door-policy", Action.POLICY_EDIT))
    register_panel("sample", Panel("samples/safety/panel.html", panel_of, order=20))
    register_scanner(open_seal)


def open_seal(code: str, user: Any) -> str | None:
    """The life of the seal with that number; what bears it now was looked for before."""
    from samples.selectors.seals import read_seal

    if not allowed(user, Action.SEAL_VIEW) or "/" in code:
        return None
    try:
        return reverse("samples:seal", args=[read_seal(code, user).number])
    except NotFound:
        return None

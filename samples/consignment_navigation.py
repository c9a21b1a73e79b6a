"""Where consignments stand in the rail, and what the scan box opens of them."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lims.core.navigation import Item, register_item
from lims.core.panels import register_scanner
from lims.core.roles import Action, allowed


def register_navigation() -> None:
    """Called once when the app is ready."""
    from samples.selectors.consignments import select_incoming
    from samples.selectors.receipts import select_undecided

    register_item(Item(1, 30, _("Incoming"), "samples:incoming", Action.CONSIGNMENT_ACKNOWLEDGE, counted=select_incoming))
    register_item(Item(1, 40, _("Consignments"), "samples:consignments", Action.CONSIGNMENT_VIEW))
    register_item(Item(1, 50, _("Discrepancies"), "samples:discrepancies", Action.DISCREPANCY_SETTLE, counted=select_undecided))
    register_item(Item(1, 60, _("Routes"), "samples:routes", Action.ROUTE_VIEW))
    register_scanner(open_consignment)


def open_consignment(code: str, user: Any) -> str | None:
    """The page of the consignment with that code or outer seal: for who packs it the packing table, while it is open."""
    from samples.lifecycle import ConsignmentState
    from samples.models import Consignment

    found = Consignment.objects.visible_to(user).filter(Q(code=code) | Q(outer_seal__iexact=code)).first()
    if found is None:
        return None
    packing = found.state == ConsignmentState.PACKING and found.sender_id == user.organisation_id and allowed(user, Action.CONSIGNMENT_EDIT)
    return reverse("samples:consignment-pack" if packing else "samples:consignment", args=[found.code])

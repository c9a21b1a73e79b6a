"""Where provenance stands in the rail, what the scan box opens of it, and its parts of other pages."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lims.core.navigation import Item, register_item
from lims.core.panels import Panel, register_panel, register_scanner
from lims.core.roles import Action, allowed


def register_navigation() -> None:
    """Called once when the app is ready."""
    register_item(Item(1, 60, _("Provenance"), "provenance:list", Action.PROVENANCE_VIEW))
    register_scanner(open_record)
    register_panel("mine", Panel("samples/provenance/mine_panel.html", _of_mine, order=10))
    register_panel("consignment", Panel("samples/provenance/consignment_panel.html", _of_consignment, order=50))


def open_record(code: str, user: Any) -> str | None:
    """The page of the record with that code."""
    from samples.provenance.models import ProvenanceRecord

    if not allowed(user, Action.PROVENANCE_VIEW) or not ProvenanceRecord.objects.visible_to(user).filter(code=code).exists():
        return None
    return reverse("provenance:record", args=[code])


def _of_mine(mine: Any, user: Any) -> dict[str, Any] | None:
    from samples.provenance.selectors import profile_of, select_records, standing_of

    if not allowed(user, Action.PROVENANCE_VIEW):
        return None
    rows = [standing_of(record) for record in select_records(user).filter(mine=mine)[:20]]
    return {"mine": mine, "profile": profile_of(mine), "rows": rows, "may_assess": allowed(user, Action.PROVENANCE_ASSESS)}


def _of_consignment(consignment: Any, user: Any) -> dict[str, Any] | None:
    from samples.models import Consignment, Mine
    from samples.provenance.selectors import lots_without_record, select_records, standing_of

    if not allowed(user, Action.PROVENANCE_VIEW) or not Consignment.objects.visible_to(user).filter(pk=consignment.pk).exists():
        return None
    rows = [standing_of(record) for record in select_records(user).filter(consignment=consignment)]
    without: list[Mine] = [mine for _lot, mine, _count in lots_without_record(user, consignment)]
    may_edit = allowed(user, Action.PROVENANCE_EDIT) and consignment.sender_id == user.organisation_id
    return {"consignment": consignment, "rows": rows, "without": without, "may_edit": may_edit}

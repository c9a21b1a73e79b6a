"""What dossiers add to the frame: the rail, the scan box, and panels on the pages of samples and consignments."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lims.core.codes import DOSSIER
from lims.core.navigation import Item, register_item
from lims.core.panels import Panel, register_panel, register_scanner
from lims.core.roles import LABORATORY_ROLES, Action, Role, allowed
from samples.dossiers.models import Dossier
from samples.dossiers.selectors import badge_of, select_dossiers
from samples.looks.looking import may_see_origin

_MOST_ROWS = 5


def register_frame() -> None:
    """Called once when the app is ready."""
    hidden = LABORATORY_ROLES - {Role.QUALITY_MANAGER}
    register_item(Item(1, 40, _("Custody dossiers"), "dossiers:dossiers", Action.CUSTODY_DOSSIER, hidden_from=hidden))
    register_scanner(find_dossier)
    register_panel("sample", Panel("dossiers/panel.html", sample_panel, order=60))
    register_panel("consignment", Panel("dossiers/panel.html", consignment_panel, order=60))


def find_dossier(code: str, user: Any) -> str | None:
    """The page of a scanned dossier number."""
    if not code.startswith(f"{DOSSIER}-") or not allowed(user, Action.CUSTODY_DOSSIER):
        return None
    return reverse("dossiers:dossier", args=[code]) if Dossier.objects.visible_to(user).filter(number=code).exists() else None


def sample_panel(sample: Any, user: Any) -> dict[str, Any] | None:
    """The sample's dossiers, and the step that asks for a new one."""
    address = reverse("dossiers:of-sample", args=[sample.code_for(user)])
    return _panel(select_dossiers(user).filter(sample=sample), address, user)


def consignment_panel(consignment: Any, user: Any) -> dict[str, Any] | None:
    """The consignment's dossiers, and the step that asks for a new one."""
    address = reverse("dossiers:of-consignment", args=[consignment.code])
    return _panel(select_dossiers(user).filter(consignment=consignment), address, user)


def _panel(rows: QuerySet[Dossier], address: str, user: Any) -> dict[str, Any] | None:
    if not allowed(user, Action.CUSTODY_DOSSIER):
        return None
    return {
        "rows": [(one, badge_of(one)) for one in rows.order_by("-id")[:_MOST_ROWS]],
        "request_url": address,
        "may_look": may_see_origin(user),
    }

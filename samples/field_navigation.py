"""Where samples, visits and mines stand in the rail, and what the scan box opens of them."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lims.core.errors import Invalid
from lims.core.navigation import Item, register_item
from lims.core.panels import register_scanner
from lims.core.roles import Action, allowed


def register_navigation() -> None:
    """Called once when the app is ready."""
    register_item(Item(1, 10, _("Samples"), "samples:list", Action.SAMPLE_VIEW))
    register_item(Item(1, 12, _("Register a sample"), "samples:new", Action.SAMPLE_REGISTER))
    register_item(Item(1, 14, _("Import samples"), "samples:imports", Action.SAMPLE_REGISTER))
    register_item(Item(1, 16, _("Visits"), "samples:visits", Action.VISIT_VIEW))
    register_item(Item(1, 18, _("Mines"), "samples:mines", Action.MINE_VIEW))
    register_item(Item(1, 15, _("Codes for the field"), "samples:allotments", Action.CODE_ALLOT))
    register_item(Item(1, 42, _("Retention"), "samples:retention", Action.SAMPLE_DISPOSE))
    register_item(Item(1, 70, _("Looks at origins"), "samples:looks", Action.LOOK_VIEW))
    register_item(Item(1, 60, _("Custody log"), "samples:log", Action.LOG_VIEW))
    register_scanner(open_sample)
    register_scanner(open_allotment)


def open_sample(code: str, user: Any) -> str | None:
    """The page of the sample with that code, blind code or seal."""
    from samples.selectors.scanned import find_scanned

    try:
        (sample,) = find_scanned([code], user)
    except Invalid:
        return None
    return reverse("samples:sample", args=[sample.code_for(user)])


def open_allotment(code: str, user: Any) -> str | None:
    """The page of the codes set aside under that code; of one of these codes while it is on no sample."""
    from samples.allotments.models import Allotment
    from samples.services.code_checking import place_of

    if not allowed(user, Action.CODE_ALLOT):
        return None
    place = place_of(code)
    sets = Allotment.objects.visible_to(user)
    found = sets.filter(year=place[0], first__lte=place[1], last__gte=place[1]) if place else sets.filter(code=code)
    one = found.first()
    return reverse("samples:allotment", args=[one.code]) if one else None

"""The rail, the scan box and panels: what measured runs, uploads and instruments add to the frame."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from assays.control_charts.selectors import select_open_failures
from assays.models import Run
from assays.selectors.error_queue import select_waiting
from assays.selectors.measured_runs import select_to_review
from lims.core.navigation import Item, register_item
from lims.core.panels import register_scanner
from lims.core.roles import Action, allowed


def register_run_navigation() -> None:
    """Called once when the app is ready."""
    register_item(Item(3, 0, _("Runs"), "assays:runs", Action.RUN_VIEW))
    register_item(Item(3, 10, _("Uploads"), "instruments:uploads", Action.UPLOAD_VIEW))
    register_item(Item(3, 20, _("Error queue"), "instruments:queue", Action.UPLOAD_VIEW, counted=select_waiting))
    register_item(Item(3, 22, _("Mappings"), "instruments:mappings", Action.UPLOAD_VIEW))
    register_item(Item(3, 24, _("Names of controls"), "instruments:patterns", Action.UPLOAD_VIEW))
    register_item(Item(3, 30, _("Review"), "assays:review", Action.QC_VIEW, counted=select_to_review))
    register_item(Item(3, 40, _("Control charts"), "control_charts:charts", Action.QC_VIEW, counted=select_open_failures))
    register_item(Item(4, 20, _("Instruments"), "instruments:instruments", Action.REFERENCE_VIEW))
    register_scanner(open_measured_run)


def open_measured_run(code: str, user: Any) -> str | None:
    """The page of the run with that code."""
    if not allowed(user, Action.RUN_VIEW) or not Run.objects.visible_to(user).filter(code=code).exists():
        return None
    return reverse("assays:run", args=[code])

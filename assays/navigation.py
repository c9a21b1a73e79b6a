"""The rail and the scan box: what the bench adds to the frame."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from assays.models import Aliquot, Lot, Submission, ValidationRun
from lims.core.navigation import Item, register_item
from lims.core.panels import register_scanner
from lims.core.roles import Action, allowed


def register_navigation() -> None:
    """Called once when the app is ready."""
    register_item(Item(2, 0, _("Submissions"), "assays:submissions", Action.SUBMISSION_VIEW))
    register_item(Item(2, 10, _("Preparation"), "assays:preparation", Action.PREPARATION_EDIT))
    register_item(Item(2, 15, _("Preparation steps"), "assays:steps", Action.PREPARATION_EDIT))
    register_item(Item(2, 20, _("Weighing"), "assays:weighing", Action.PREPARATION_EDIT))
    register_item(Item(2, 25, _("Leaching"), "assays:leaching", Action.PREPARATION_EDIT))
    register_item(Item(2, 30, _("Plan a run"), "assays:run-plan", Action.RUN_EDIT))
    register_item(Item(4, 20, _("Racks"), "assays:layouts", Action.REFERENCE_EDIT))
    register_item(Item(4, 30, _("Blind controls"), "assays:blind-controls", Action.BLIND_EDIT))
    register_item(Item(4, 0, _("Methods"), "assays:methods", Action.REFERENCE_VIEW))
    register_item(Item(4, 10, _("Reference materials"), "assays:materials", Action.REFERENCE_VIEW))
    register_item(Item(4, 20, _("Validation"), "assays:validations", Action.VALIDATION_VIEW))
    register_item(Item(4, 15, _("Lots and equipment"), "assays:lots", Action.LOT_VIEW))
    register_scanner(open_submission)
    register_scanner(open_lot)
    register_scanner(open_validation)
    register_scanner(open_aliquot)


def open_submission(code: str, user: Any) -> str | None:
    """The page of the submission with that code."""
    if not allowed(user, Action.SUBMISSION_VIEW) or not Submission.objects.visible_to(user).filter(code=code).exists():
        return None
    return reverse("assays:submission", args=[code])


def open_validation(code: str, user: Any) -> str | None:
    """The page of a validation of the calculations with that number."""
    if not allowed(user, Action.VALIDATION_VIEW) or not ValidationRun.objects.visible_to(user).filter(number=code).exists():
        return None
    return reverse("assays:validation", args=[code])


def open_lot(code: str, user: Any) -> str | None:
    """The page of the lot with that code."""
    if not allowed(user, Action.LOT_VIEW) or not Lot.objects.visible_to(user).filter(code=code).exists():
        return None
    return reverse("assays:lot", args=[code])


def open_aliquot(code: str, user: Any) -> str | None:
    """The run an aliquot stands in, or its own page."""
    if not allowed(user, Action.RUN_VIEW):
        return None
    aliquot = (
        Aliquot.objects.filter(code=code, test__submission__laboratory=user.organisation_id).select_related("test__submission").first()
    )
    if aliquot is None:
        return None
    position = aliquot.positions.exclude(run__state="cancelled").select_related("run").order_by("-run__planned_at").first()
    return reverse("assays:run", args=[position.run.code]) if position else reverse("assays:aliquot", args=[aliquot.code])

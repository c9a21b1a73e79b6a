"""The steps when something goes wrong on the way: lost, found again, refused at the door."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest
from django.utils.translation import gettext as _

from lims.core.errors import Invalid
from lims.core.roles import Action
from samples.forms.straying import FindingForm, LossForm, RefusalForm
from samples.models import Consignment
from samples.selectors.scanned import find_scanned
from samples.services import straying
from samples.views.packing import ConsignmentStep


def read_step(form: Any, viewer: Any) -> dict[str, Any]:
    """The cleaned form with its codes as samples (None: all); raises `Invalid` with what is wrong in words."""
    if not form.is_valid():
        raise Invalid("form", " ".join(f"{form[name].label}: {errors[0]}" for name, errors in form.errors.items()))
    cleaned: dict[str, Any] = dict(form.cleaned_data)
    codes = cleaned.pop("codes").split()
    return cleaned | {"samples": find_scanned(codes, viewer) if codes else None}


class Lost(ConsignmentStep):
    """Declare it, or some of its samples, lost."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_HANDOVER}

    def take(self, request: HttpRequest, consignment: Consignment) -> str:
        straying.lose_samples(consignment=consignment, **read_step(LossForm(request.POST), request.user), by=request.user)
        return _("Recorded as lost. Say so here when it turns up.")


class Found(ConsignmentStep):
    """What was lost turned up."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_HANDOVER}

    def take(self, request: HttpRequest, consignment: Consignment) -> str:
        straying.find_samples(consignment=consignment, **read_step(FindingForm(request.POST), request.user), by=request.user)
        return _("On its way again.")


class Refuse(ConsignmentStep):
    """The laboratory does not take it, or some of its samples."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_RECEIVE}

    def take(self, request: HttpRequest, consignment: Consignment) -> str:
        straying.refuse_receipt(consignment=consignment, **read_step(RefusalForm(request.POST), request.user), by=request.user)
        return _("Refused. Whoever holds it sends it back.")

"""The steps when something goes wrong on the way: lost, found again, refused at the door."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from lims.core.errors import DomainError, Invalid
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action
from samples.forms.straying import FindingForm, LossForm, OnwardForm, RefusalForm, ReturnForm, TakeBackForm
from samples.models import Consignment
from samples.selectors.scanned import find_scanned
from samples.services import returning, straying
from samples.views.consignments import address_of
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


class Return(ConsignmentStep):
    """Back to the sender: a new consignment, to be dispatched like any other."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_EDIT}

    def take(self, request: HttpRequest, consignment: Consignment) -> str:
        back = returning.send_back(consignment=consignment, **read_step(ReturnForm(request.POST), request.user), by=request.user)
        return _("%(code)s goes back to the sender: dispatch it and hand it over.") % {"code": back.code}


class TakeBack(ConsignmentStep):
    """The sender has its samples again."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_ACKNOWLEDGE}

    def take(self, request: HttpRequest, consignment: Consignment) -> str:
        words = read_step(TakeBackForm(request.POST), request.user)
        missing = words.pop("samples") or []
        returning.take_back(consignment=consignment, missing=missing, **words, by=request.user)
        return _("Taken back.")


class Onward(Page):
    """Portions of samples to another laboratory."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_RECEIVE, "POST": Action.CONSIGNMENT_RECEIVE}
    template = "samples/consignments/onward.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render({"form": OnwardForm(sender=self.request.user.organisation_id)})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = OnwardForm(request.POST, sender=self.request.user.organisation_id)
        if form.is_valid():
            words = dict(form.cleaned_data)
            try:
                lines = words.pop("portions")
                samples = find_scanned([code for code, _mass in lines], request.user, pointer="/portions")
                portions = [returning.Portion(sample=one, mass_g=mass) for one, (_code, mass) in zip(samples, lines, strict=True)]
                consignment = returning.reconsign_samples(portions=portions, **words, by=request.user)
                return redirect(address_of(consignment))
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"form": form}, status=422)

"""Handover: the giver's page, the receiver's page, and taking an offer back."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from lims.core.errors import DomainError
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action
from samples.forms.consignments import AnswerForm, OfferForm
from samples.models import Consignment
from samples.models.consignments import HandoverState
from samples.selectors.consignments import read_row
from samples.services import handing_over
from samples.views.consignments import address_of, fetch_consignment
from samples.views.packing import ConsignmentStep


class Withdraw(ConsignmentStep):
    """Take an unanswered handover back."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_HANDOVER}

    def take(self, request: HttpRequest, consignment: Consignment) -> str:
        pending = handing_over.pending_handover(consignment)
        handing_over.withdraw_handover(handover=pending, reason=request.POST.get("reason", ""), by=request.user)
        return _("The handover is taken back.")


class HandOver(Page):
    """The giver's side: to whom, where, signed."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_HANDOVER, "POST": Action.CONSIGNMENT_HANDOVER}
    template = "samples/consignments/hand_over.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        consignment = fetch_consignment(request, code)
        first = consignment.carrier_id if consignment.holder_id == consignment.sender_id else consignment.addressee_id
        return self._show(consignment, OfferForm(holder=consignment.holder_id, initial={"receiver": first}))

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        consignment = fetch_consignment(request, code)
        form = OfferForm(request.POST, holder=consignment.holder_id)
        if form.is_valid():
            password = request.POST.get("password", "")
            try:
                handing_over.offer_handover(consignment=consignment, **form.cleaned_data, password=password, by=request.user)
                messages.success(request, _("Handed over. It waits for %(name)s.") % {"name": form.cleaned_data["receiver"]})
                return redirect(address_of(consignment))
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(consignment, form, status=422)

    def _show(self, consignment: Consignment, form: Form, *, status: int = 200) -> HttpResponse:
        blockers = handing_over.offer_blockers(consignment, self.request.user)
        context = {"consignment": consignment, "form": form, "blockers": blockers, "row": read_row(consignment, self.request.user)}
        return self.render(context, status=status)


class Answer(Page):
    """The receiver's side: take it over or refuse it, signed."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_ACKNOWLEDGE, "POST": Action.CONSIGNMENT_ACKNOWLEDGE}
    template = "samples/consignments/answer.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self._show(fetch_consignment(request, code), AnswerForm())

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        consignment = fetch_consignment(request, code)
        form = AnswerForm(request.POST)
        if form.is_valid():
            try:
                handover = handing_over.pending_handover(consignment)
                password = request.POST.get("password", "")
                handing_over.answer_handover(handover=handover, **form.cleaned_data, password=password, by=request.user)
                messages.success(request, _("You hold it now.") if form.cleaned_data["accept"] else _("Refused; the giver keeps it."))
                return redirect(address_of(consignment))
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(consignment, form, status=422)

    def _show(self, consignment: Consignment, form: Form, *, status: int = 200) -> HttpResponse:
        pending = consignment.handovers.filter(state=HandoverState.PENDING).select_related("giver", "receiver", "giver_user").first()
        context = {"consignment": consignment, "form": form, "handover": pending, "row": read_row(consignment, self.request.user)}
        context["mine"] = pending is not None and pending.receiver_id == self.request.user.organisation_id
        return self.render(context, status=status)

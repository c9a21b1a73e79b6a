"""Consignments: the list, what is coming in, the papers, and the page of one with the steps its viewer may take."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from lims.core.api.paging import KeysetPaginator
from lims.core.api.views import stream_csv
from lims.core.codes import normalise
from lims.core.errors import DomainError, Invalid
from lims.core.pages import Page, add_form_errors
from lims.core.panels import render_panels
from lims.core.roles import Action, allowed
from lims.core.scope import fetch_visible
from samples.forms.consignment_filters import CONSIGNMENT_ORDERINGS, ConsignmentFilter, chosen
from samples.forms.consignments import ConsignmentForm, DispatchForm, ExpectationForm, PassageForm, ReasonForm
from samples.forms.straying import FindingForm, LossForm, RefusalForm, ReturnForm, TakeBackForm
from samples.lifecycle import CONSIGNMENT, ConsignmentState
from samples.models import Consignment
from samples.models.consignments import HandoverState
from samples.selectors.consignments import incoming_for, items_of, legs_of, read_row, row_of, select_consignments
from samples.selectors.journeys import journey_of
from samples.selectors.movement_rows import consignment_data
from samples.selectors.receipts import receipts_of
from samples.selectors.routes import way_of
from samples.services import consigning, receiving, returning, straying, travelling


def address_of(consignment: Consignment) -> str:
    """The consignment's page."""
    return reverse("samples:consignment", args=[consignment.code])


def fetch_consignment(request: HttpRequest, code: str) -> Consignment:
    """A consignment within the viewer's scope, or *not found*."""
    return fetch_visible(Consignment, request.user, code=normalise(code))


class ConsignmentList(Page):
    """Consignments within the viewer's scope; the same rows as CSV."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_VIEW}
    template = "samples/consignments/list.html"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        filters = ConsignmentFilter(request.GET, queryset=select_consignments(request.user), request=request)
        rows = chosen(filters)
        try:
            paginator = KeysetPaginator(request, orderings=CONSIGNMENT_ORDERINGS, default="-id")
            if request.GET.get("format") == "csv":
                ordered = paginator.ordered(rows).iterator(2000)
                return stream_csv((consignment_data(row_of(one, request.user)) for one in ordered), "consignments.csv")
            page = dataclasses.replace(paginator.page(rows), total=rows.count())
        except Invalid as error:
            return self.refuse(error, reverse("samples:consignments"))
        rows_shown = [row_of(one, request.user) for one in page.rows]
        may_edit = allowed(request.user, Action.CONSIGNMENT_EDIT)
        return self.render(
            {
                "filters": filters.form,
                "page": page,
                "rows": rows_shown,
                "may_edit": may_edit,
                "may_send_on": allowed(request.user, Action.CONSIGNMENT_RECEIVE),
            }
        )


class Incoming(Page):
    """What waits for the viewer's organisation: to acknowledge, and to receive."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_ACKNOWLEDGE}
    template = "samples/consignments/incoming.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = incoming_for(request.user)
        mine = request.user.organisation.code
        return self.render({"rows": rows, "mine": mine, "may_receive": allowed(request.user, Action.CONSIGNMENT_RECEIVE)})


class NewConsignment(Page):
    """The papers of a new consignment; packing follows."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_EDIT, "POST": Action.CONSIGNMENT_EDIT}
    template = "samples/consignments/papers.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render({"form": ConsignmentForm(sender=request.user.organisation_id)})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ConsignmentForm(request.POST, sender=request.user.organisation_id)
        if form.is_valid():
            try:
                consignment = consigning.create_consignment(**form.cleaned_data, by=request.user)
                return redirect("samples:consignment-pack", consignment.code)
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"form": form}, status=422)


class ChangePapers(Page):
    """The papers of a consignment that is still being packed."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_EDIT, "POST": Action.CONSIGNMENT_EDIT}
    template = "samples/consignments/papers.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        consignment = fetch_consignment(request, code)
        form = ConsignmentForm(initial=_papers_of(consignment), sender=consignment.sender_id)
        return self.render({"form": form, "consignment": consignment})

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        consignment = fetch_consignment(request, code)
        form = ConsignmentForm(request.POST, initial=_papers_of(consignment), sender=consignment.sender_id)
        if form.is_valid():
            try:
                consigning.change_consignment(consignment=consignment, **form.cleaned_data, by=request.user)
                return redirect(address_of(consignment))
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"form": form, "consignment": consignment}, status=422)


def _papers_of(consignment: Consignment) -> dict[str, Any]:
    return {name: getattr(consignment, name) for name in ConsignmentForm.base_fields}


class ConsignmentPage(Page):
    """One consignment: where it is, who holds it since when, what is in it, what happened."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_VIEW}
    template = "samples/consignments/consignment.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        consignment = fetch_consignment(request, code)
        row = read_row(consignment, request.user)
        receipts = receipts_of(consignment, request.user)
        context = {
            "consignment": consignment,
            "row": row,
            "items": items_of(consignment, request.user),
            "journey": journey_of(row, legs_of(consignment, request.user), receipts),
            "receipts": receipts,
            "way": way_of(consignment, request.user),
            "may_see_papers": allowed(request.user, Action.CONSIGNMENT_PAPERS),
            "may_see_customs": allowed(request.user, Action.CUSTOMS_VIEW),
            "panels": render_panels("consignment", consignment, request),
        }
        return self.render(context | steps_of(consignment, request.user))


def steps_of(consignment: Consignment, viewer: Any) -> dict[str, Any]:
    """What the viewer may do with it now; a step of theirs that is blocked comes with its reasons."""
    steps: dict[str, Any] = {"dispatch_form": DispatchForm(), "reason_form": ReasonForm(auto_id="cancel_%s"), "withdraw_form": ReasonForm()}
    mine, pending = viewer.organisation_id, consignment.handovers.filter(state=HandoverState.PENDING).first()
    if allowed(viewer, Action.CONSIGNMENT_EDIT) and consignment.sender_id == mine and consignment.state == ConsignmentState.PACKING:
        steps |= {"may_pack": True, "dispatch_blockers": consigning.dispatch_blockers(consignment, viewer)}
    if allowed(viewer, Action.CONSIGNMENT_HANDOVER) and consignment.holder_id == mine and consignment.state == ConsignmentState.DISPATCHED:
        steps |= {"may_offer": True, "offer_blockers": CONSIGNMENT.blockers(consignment, "hand_over")}
        steps["may_withdraw"] = pending is not None and pending.giver_id == mine
    if allowed(viewer, Action.CONSIGNMENT_ACKNOWLEDGE) and pending is not None:
        steps["may_answer"] = pending.receiver_id == mine
    if allowed(viewer, Action.CONSIGNMENT_RECEIVE) and consignment.addressee_id == mine:
        steps |= {"may_receive": True, "receive_blockers": receiving.receipt_blockers(consignment, viewer)}
    if allowed(viewer, Action.CONSIGNMENT_HANDOVER):
        steps |= {
            "may_lose": not straying.loss_blockers(consignment, viewer),
            "may_find": not straying.finding_blockers(consignment, viewer),
        }
        steps["passing_blockers"] = travelling.passing_blockers(consignment, viewer)
        steps["may_expect"] = consignment.state == ConsignmentState.DISPATCHED and mine in {consignment.sender_id, consignment.holder_id}
    if steps.get("may_receive"):
        steps["may_refuse"] = not CONSIGNMENT.blockers(consignment, "refuse")
    if allowed(viewer, Action.CONSIGNMENT_EDIT) and consignment.state in {ConsignmentState.REFUSED, ConsignmentState.RECEIVED}:
        steps |= {"may_return": not returning.return_blockers(consignment, viewer), "return_form": ReturnForm()}
    if consignment.returns_id and consignment.addressee_id == mine and allowed(viewer, Action.CONSIGNMENT_ACKNOWLEDGE):
        steps |= {"may_take_back": not returning.taking_blockers(consignment), "take_back_form": TakeBackForm()}
    steps |= {"passage_form": PassageForm(auto_id="passage_%s"), "expectation_form": ExpectationForm()}
    steps |= {"loss_form": LossForm(), "finding_form": FindingForm(), "refusal_form": RefusalForm()}
    steps["may_print"] = allowed(viewer, Action.LABEL_PRINT)
    return steps

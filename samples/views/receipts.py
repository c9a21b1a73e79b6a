"""Receipt at the laboratory on one screen, what came of it, and the discrepancies that wait for a decision."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from lims.core import clock
from lims.core.api.paging import KeysetPaginator
from lims.core.api.views import stream_csv
from lims.core.errors import DomainError, Invalid
from lims.core.models import Installation
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action, allowed
from lims.core.scope import fetch_visible
from samples.consignment_labels import print_blind_labels, print_box_label
from samples.forms.consignment_filters import DISCREPANCY_ORDERINGS, DiscrepancyFilter, chosen
from samples.forms.consignments import SettlementForm
from samples.forms.discrepancies import DiscrepancyForm
from samples.forms.receipts import ReceiptSheet
from samples.lifecycle import SampleState
from samples.models import Consignment, Discrepancy
from samples.models.receipts import SealCondition
from samples.selectors.consignments import items_of, read_row
from samples.selectors.movement_rows import discrepancy_data
from samples.selectors.receipts import ReceiptView, discrepancy_row, outer_seals_of, receipts_of, select_discrepancies
from samples.selectors.samples import photos_of
from samples.selectors.scanned import find_scanned
from samples.services import settling
from samples.services.raising import raise_discrepancy
from samples.services.receiving import receipt_blockers, receive_consignment
from samples.views.consignments import fetch_consignment


class Receive(Page):
    """The sheet of a reception: scan, seal, container, mass, next."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_RECEIVE, "POST": Action.CONSIGNMENT_RECEIVE}
    template = "samples/consignments/receive.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        consignment = fetch_consignment(request, code)
        return self._show(consignment, self._sheet(consignment))

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        consignment = fetch_consignment(request, code)
        sheet = self._sheet(consignment, request.POST)
        found = sheet.read()
        if found is not None:
            try:
                receipt = receive_consignment(
                    consignment=consignment,
                    items=found,
                    packs=sheet.packs,
                    remark=sheet.remark,
                    rest_follows=sheet.rest_follows,
                    by=request.user,
                )
                return redirect("samples:receipt", consignment.code, receipt.pk)
            except DomainError as error:
                sheet.add_refusal(error)
        return self._show(consignment, sheet, status=422)

    def _sheet(self, consignment: Consignment, data: Any = None) -> ReceiptSheet:
        awaited = [item for item in items_of(consignment, self.request.user) if item.state == SampleState.IN_TRANSIT]
        return ReceiptSheet(awaited, data, outer=outer_seals_of(consignment, awaited))

    def _show(self, consignment: Consignment, sheet: ReceiptSheet, *, status: int = 200) -> HttpResponse:
        user = self.request.user
        context = {
            "consignment": consignment,
            "row": read_row(consignment, user),
            "sheet": sheet,
            "conditions": SealCondition.choices,
            "blockers": receipt_blockers(consignment, user),
            "unoffered": consignment.holder_id != consignment.addressee_id,
        }
        return self.render(context, status=status)


def fetch_receipt(request: HttpRequest, code: str, pk: UUID) -> tuple[Consignment, ReceiptView]:
    """A reception of a consignment within the viewer's scope, or *not found*."""
    consignment = fetch_consignment(request, code)
    found = [one for one in receipts_of(consignment, request.user) if one.id == pk]
    if not found:
        raise Http404(_("There is no such receipt."))
    return consignment, found[0]


class ReceiptPage(Page):
    """What came of a reception, sample by sample."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_VIEW}
    template = "samples/consignments/receipt.html"

    def get(self, request: HttpRequest, code: str, pk: UUID) -> HttpResponse:
        consignment, receipt = fetch_receipt(request, code, pk)
        labels = allowed(request.user, Action.CONSIGNMENT_RECEIVE) and consignment.addressee_id == request.user.organisation_id
        return self.render({"consignment": consignment, "receipt": receipt, "offers_labels": labels and bool(receipt.present)})


class BlindLabels(Page):
    """The blind labels of what a reception found, as PDF."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_RECEIVE}

    def get(self, request: HttpRequest, code: str, pk: UUID) -> HttpResponse:
        consignment, receipt = fetch_receipt(request, code, pk)
        if not receipt.present:
            raise Http404(_("Nothing of this receipt was present."))
        paper = print_blind_labels(receipt.present, printed_at=clock.now(), synthetic=Installation.current().synthetic)
        return _pdf(paper, f"{consignment.code}-labels.pdf")


class BoxLabel(Page):
    """The label for the outside of the box, as PDF."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.LABEL_PRINT}

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        consignment = fetch_consignment(request, code)
        paper = print_box_label(consignment, printed_at=clock.now(), synthetic=Installation.current().synthetic)
        return _pdf(paper, f"{consignment.code}.pdf")


def _pdf(paper: bytes, name: str) -> HttpResponse:
    return HttpResponse(paper, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})


class DiscrepancyList(Page):
    """What receptions found; the open ones first in the quality manager's queue. The same rows as CSV."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_VIEW}
    template = "samples/discrepancies/list.html"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        filters = DiscrepancyFilter(request.GET, queryset=select_discrepancies(request.user), request=request)
        rows = chosen(filters)
        try:
            paginator = KeysetPaginator(request, orderings=DISCREPANCY_ORDERINGS, default="found_at")
            if request.GET.get("format") == "csv":
                ordered = paginator.ordered(rows).iterator(2000)
                return stream_csv((discrepancy_data(discrepancy_row(one, request.user)) for one in ordered), "discrepancies.csv")
            page = dataclasses.replace(paginator.page(rows), total=rows.count())
        except Invalid as error:
            return self.refuse(error, reverse("samples:discrepancies"))
        context = {"filters": filters.form, "page": page, "rows": [discrepancy_row(one, request.user) for one in page.rows]}
        return self.render(context | {"may_report": allowed(request.user, Action.DISCREPANCY_RAISE)})


class ReportDiscrepancy(Page):
    """Report what differs on a sample that is here: in words, with a photograph."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.DISCREPANCY_RAISE, "POST": Action.DISCREPANCY_RAISE}
    template = "samples/discrepancies/report.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render({"form": DiscrepancyForm(initial={"sample": request.GET.get("sample", "")})})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = DiscrepancyForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                words = dict(form.cleaned_data)
                (sample,) = find_scanned([words.pop("sample")], request.user, pointer="/sample")
                photo = words.pop("photo")
                found = raise_discrepancy(sample=sample, photo=photo.read() if photo else None, **words, by=request.user)
                messages.success(request, _("Reported. The sample is blocked until the quality manager has decided."))
                return redirect("samples:discrepancy", found.pk)
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"form": form}, status=422)


class DiscrepancyPage(Page):
    """One discrepancy: both sides of it, the decision, and for its quality manager the signature."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_VIEW, "POST": Action.DISCREPANCY_SETTLE}
    template = "samples/discrepancies/discrepancy.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        discrepancy = self._fetch(pk)
        return self._show(discrepancy, self._form(discrepancy))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        discrepancy = self._fetch(pk)
        form = self._form(discrepancy, request.POST)
        if form.is_valid():
            try:
                password = request.POST.get("password", "")
                shown = request.POST.get("content_hash") or None
                words = form.cleaned_data | {"password": password, "shown_hash": shown}
                settling.settle_discrepancy(discrepancy=discrepancy, **words, by=request.user)
                messages.success(request, _("Settled and signed."))
                return redirect("samples:discrepancies")
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(discrepancy, form, status=422)

    def _fetch(self, pk: UUID) -> Discrepancy:
        return fetch_visible(Discrepancy, self.request.user, queryset=select_discrepancies(self.request.user), pk=pk)

    def _form(self, discrepancy: Discrepancy, data: Any = None) -> SettlementForm:
        return SettlementForm(data, possible=settling.possible_decisions(discrepancy.sample))

    def _show(self, discrepancy: Discrepancy, form: SettlementForm, *, status: int = 200) -> HttpResponse:
        user = self.request.user
        context = {
            "row": discrepancy_row(discrepancy, user),
            "form": form,
            "may_settle": allowed(user, Action.DISCREPANCY_SETTLE) and discrepancy.decided_at is None,
            "blockers": settling.settlement_blockers(discrepancy, user),
            "digest": settling.hash_shown(discrepancy),
            "alike": [one.sample.code_for(user) for one in settling.list_alike(discrepancy)],
            "photos": [one for one in photos_of(discrepancy.sample, user) if one.discrepancy_id == discrepancy.pk],
            "others": [
                discrepancy_row(one, user)
                for one in select_discrepancies(user).filter(sample=discrepancy.sample_id).exclude(pk=discrepancy.pk).order_by("found_at")
            ],
        }
        return self.render(context, status=status)

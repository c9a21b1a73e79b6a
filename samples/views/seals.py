"""The seal register: batches, issuing, taking back, and the life of one seal."""

from __future__ import annotations

import dataclasses
from typing import ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from lims.core.api.paging import KeysetPaginator
from lims.core.api.views import stream_csv
from lims.core.errors import DomainError, Invalid
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action, allowed
from lims.core.scope import fetch_visible
from samples.forms.consignment_filters import chosen
from samples.forms.safety import IssueForm, VoidForm
from samples.forms.safety_filters import SEAL_ORDERINGS, SealBatchFilter
from samples.models import SealBatch, SealUse
from samples.seal_numbers import plain_seal
from samples.selectors.seals import batch_data, count_used, may_void, read_seal, select_batches
from samples.services.issuing import issue_seals, void_seals


class SealRegister(Page):
    """To whom which seals were issued; the same rows as CSV."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SEAL_VIEW}
    template = "samples/seals/register.html"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        filters = SealBatchFilter(request.GET, queryset=select_batches(request.user), request=request)
        rows = chosen(filters)
        try:
            paginator = KeysetPaginator(request, orderings=SEAL_ORDERINGS, default="-id")
            if request.GET.get("format") == "csv":
                return stream_csv((batch_data(one) for one in paginator.ordered(rows).iterator(2000)), "seals.csv")
            page = dataclasses.replace(paginator.page(rows), total=rows.count())
        except Invalid as error:
            return self.refuse(error, reverse("samples:seals"))
        count_used(page.rows)
        return self.render(
            {"filters": filters.form, "page": page, "rows": page.rows, "may_issue": allowed(request.user, Action.SEAL_ISSUE)}
        )


class IssueSeals(Page):
    """A new range."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SEAL_ISSUE, "POST": Action.SEAL_ISSUE}
    template = "samples/seals/issue.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render({"form": IssueForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = IssueForm(request.POST)
        if form.is_valid():
            try:
                batch = issue_seals(**form.cleaned_data, by=request.user)
                messages.success(request, _("Issued: %(batch)s.") % {"batch": batch})
                return redirect("samples:seal-batch", batch.pk)
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"form": form}, status=422)


class SealBatchPage(Page):
    """One batch: its uses, and what was taken back of it."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SEAL_VIEW, "POST": Action.SEAL_VOID}
    template = "samples/seals/batch.html"
    _LISTED = 500

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self._show(self._fetch(pk), VoidForm())

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        batch, form = self._fetch(pk), VoidForm(request.POST)
        if form.is_valid():
            try:
                void_seals(batch=batch, **form.cleaned_data, by=request.user)
                messages.success(request, _("Taken out of the register's use."))
                return redirect("samples:seal-batch", batch.pk)
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(batch, form, status=422)

    def _fetch(self, pk: UUID) -> SealBatch:
        return fetch_visible(SealBatch, self.request.user, queryset=select_batches(self.request.user), pk=pk)

    def _show(self, batch: SealBatch, form: VoidForm, status: int = 200) -> HttpResponse:
        count_used([batch])
        uses = SealUse.objects.between(batch, batch.first, batch.last).order_by("number", "id")
        latest = {use.number: use for use in uses[: self._LISTED]}
        context = {
            "batch": batch,
            "uses": list(latest.values()),
            "voidings": batch.voidings.select_related("voided_by"),
            "may_void": may_void(batch, self.request.user),
            "form": form,
        }
        return self.render(context, status=status)


class SealPage(Page):
    """The life of one seal: issued, used, broken."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SEAL_VIEW}
    template = "samples/seals/seal.html"

    def get(self, request: HttpRequest, number: str) -> HttpResponse:
        life = read_seal(number, request.user)
        shown = SealBatch.objects.visible_to(request.user).filter(pk=life.batch.pk).exists() if life.batch else False
        return self.render({"life": life, "events": life.events[::-1], "shows_batch": shown})


class FindSeal(Page):
    """The box above the register: a scanned seal opens its life."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SEAL_VIEW}

    def get(self, request: HttpRequest) -> HttpResponse:
        number = plain_seal(request.GET.get("number", ""))
        return redirect("samples:seal", number) if number and "/" not in number else redirect("samples:seals")

"""Recall, what follows from it, and the notices customers read."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assays.nonconformities import recalls, selectors
from assays.nonconformities.forms import NoticeFilter, NoticeForm, RecallForm
from assays.nonconformities.models import Notice
from assays.nonconformities.services import recalling
from assays.nonconformities.views.records import StepPage, page_context
from assays.reports.selectors import badge_of as certificate_badge
from assays.selectors.badges import run_badge
from assays.views.lists import ListPage
from lims.core.api.views import stream_csv
from lims.core.errors import DomainError, Invalid
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action, allowed
from lims.core.scope import fetch_visible


class RecallPage(Page):
    """Ask what a thing touched; the answer as a page or a file."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RECALL_SEARCH, "POST": Action.RECALL_SEARCH}
    template = "nonconformities/recall.html"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        form = RecallForm(request.GET or None, viewer=request.user)
        if not form.is_bound:
            return self.render({"form": form})
        try:
            question, thing = form.question() if form.is_valid() else (None, None)
        except Invalid as error:
            add_form_errors(form, error)
            question, thing = None, None
        if question is None:
            return self.render({"form": form}, status=422)
        found = recalls.recall(question, request.user)
        if request.GET.get("format") == "csv":
            return stream_csv(recalls.affected_results(found.touched), "recall.csv")
        return self.render(self._answer(found, thing) | {"form": form})

    def _answer(self, found: recalls.Recall, thing: Model | None) -> dict[str, Any]:
        papers = {one.pk: one for one in found.certificates}
        return {
            "found": found,
            "thing": thing,
            "rows": [
                {
                    "run": found.runs[one.run],
                    "badge": run_badge(found.runs[one.run].state),
                    "samples": len(one.samples),
                    "results": one.results,
                    "certificates": [papers[key] for key in one.certificates],
                }
                for one in found.touched
            ],
            "papers": [(one, certificate_badge(one)) for one in found.certificates],
            "may_decide": allowed(self.request.user, Action.CERTIFICATE_WITHDRAW),
        }

    def post(self, request: HttpRequest) -> HttpResponse:
        """Open nonconforming work linked to everything found; the question comes with the address."""
        form = RecallForm(request.GET, viewer=request.user)
        if not form.is_valid():
            return self.render({"form": form}, status=422)
        try:
            question, thing = form.question()
            record = recalling.open_recall(
                found=recalls.recall(question, request.user),
                thing=thing,
                source=_SOURCES.get(question.kind, "audit"),
                title=request.POST.get("title", ""),
                what_happened=request.POST.get("what_happened", ""),
                by=request.user,
            )
        except DomainError as error:
            return self.refuse(error, request.get_full_path())
        return redirect("nonconformities:page", record.code)


_SOURCES = {"lot": "lot", "equipment": "instrument", "instrument": "instrument", "material": "lot", "run": "run"}


class Hold(StepPage):
    """The samples it touches are held."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.NONCONFORMITY_MANAGE}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        record = selectors.fetch_nonconformity(request.user, code)
        try:
            held = recalling.hold_affected(record=record, by=request.user)
            messages.success(request, ngettext("%(n)d sample is on hold.", "%(n)d samples are on hold.", held) % {"n": held})
        except DomainError as error:
            return self.refuse(error, request.path.removesuffix("hold/"))
        return redirect("nonconformities:page", record.code)


class Notify(StepPage):
    """The customers are told."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.NONCONFORMITY_MANAGE, "POST": Action.NONCONFORMITY_MANAGE}
    template = "nonconformities/notify.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        record = selectors.fetch_nonconformity(request.user, code)
        words = _("Results of the certificates named here are affected. %(what)s") % {"what": record.title}
        form = NoticeForm(initial={"subject": record.title, "text": words})
        return self._show(record, form)

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        record = selectors.fetch_nonconformity(request.user, code)
        form = NoticeForm(request.POST)
        if form.is_valid():
            try:
                sent = recalling.notify_customers(record=record, by=request.user, **form.cleaned_data)
                messages.success(request, ngettext("%(n)d customer is told.", "%(n)d customers are told.", len(sent)) % {"n": len(sent)})
                return redirect("nonconformities:page", record.code)
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(record, form, status=422)

    def _show(self, record: Any, form: NoticeForm, status: int = 200) -> HttpResponse:
        customers = recalling.customers_of(record)
        context = page_context(record, self.request.user)
        return self.render(context | {"form": form, "customers": list(customers.items())}, status=status)


class NoticeList(ListPage):
    """Notices the viewer's organisation was sent, or sent."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.NOTICE_VIEW}
    template = "nonconformities/notices.html"
    filterset = NoticeFilter
    orderings: ClassVar[dict[str, str]] = {"id": "id", "sent_at": "sent_at"}
    default_ordering = "-sent_at"
    file_name = "notices.csv"

    def queryset(self) -> QuerySet[Notice]:
        return selectors.select_notices(self.request.user)

    def data(self, found: Notice) -> dict[str, Any]:
        return selectors.notice_row(found, self.request.user)

    def shown(self, found: Notice) -> dict[str, Any]:
        mine = found.customer_id == self.request.user.organisation_id
        return {"notice": found, "mine": mine and allowed(self.request.user, Action.NOTICE_ACKNOWLEDGE)}


class AcknowledgeNotice(Page):
    """Read."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.NOTICE_ACKNOWLEDGE}

    def post(self, request: HttpRequest, pk: Any) -> HttpResponse:
        notice = fetch_visible(Notice, request.user, pk=pk)
        try:
            recalling.acknowledge_notice(notice=notice, by=request.user)
        except DomainError as error:
            return self.refuse(error, "/notices/")
        return redirect("nonconformities:notices")

"""Codes set aside for the field: the list, one set with its labels, and closing it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from lims.core import clock
from lims.core.errors import DomainError, Invalid
from lims.core.listing import RecordList
from lims.core.models import Installation
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action, allowed
from samples.allotments.models import Allotment
from samples.forms.allotments import AllotmentFilter, AllotmentForm
from samples.forms.sampling import ReasonForm
from samples.sample_labels import LAYOUTS, allotment_labels, answer_labels
from samples.selectors.allotments import allotment_badge, allotment_data, find_allotment, select_allotments, unused_codes, used_codes
from samples.services.allotting import allot_codes, end_allotment


class AllotmentList(RecordList):
    """Sets within the viewer's scope, and the form for another; the same rows as CSV."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CODE_ALLOT, "POST": Action.CODE_ALLOT}
    template = "samples/allotments/list.html"
    filterset_class = AllotmentFilter
    orderings: ClassVar[dict[str, str]] = {"id": "id", "issued_at": "issued_at"}
    default_ordering = "-id"
    file_name = "codes.csv"
    form: AllotmentForm | None = None

    def select(self, viewer: Any) -> QuerySet[Allotment]:
        return select_allotments(viewer)

    def row(self, found: Allotment) -> dict[str, Any]:
        return allotment_data(found)

    def render(self, context: dict[str, Any], **more: Any) -> HttpResponse:
        rows = [(one, allotment_badge(one), len(used_codes(one))) for one in context["page"].rows]
        status = 422 if self.form is not None else 200
        return super().render(context | {"rows": rows, "form": self.form or AllotmentForm()}, **({"status": status} | more))

    def post(self, request: HttpRequest) -> Any:
        form = AllotmentForm(request.POST)
        if form.is_valid():
            try:
                made = allot_codes(**form.cleaned_data, by=request.user)
                messages.success(request, _("Set aside. Print the labels before you leave."))
                return redirect("samples:allotment", made.code)
            except DomainError as error:
                add_form_errors(form, error)
        self.form = form
        return self.get(request)


class AllotmentPage(Page):
    """One set: its codes, used and free, its labels, and closing it."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CODE_ALLOT, "POST": Action.CODE_ALLOT}
    template = "samples/allotments/allotment.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self._show(find_allotment(code, request.user), ReasonForm())

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        allotment = find_allotment(code, request.user)
        form = ReasonForm(request.POST)
        if form.is_valid():
            try:
                end_allotment(allotment=allotment, reason=form.cleaned_data["reason"], by=request.user)
                return redirect("samples:allotment", allotment.code)
            except DomainError as error:
                messages.error(request, error.message)
                add_form_errors(form, error)
        return self._show(allotment, form, status=422)

    def _show(self, allotment: Allotment, form: ReasonForm, status: int = 200) -> HttpResponse:
        used = used_codes(allotment)
        context = {
            "allotment": allotment,
            "badge": allotment_badge(allotment),
            "codes": [(code, code in used) for code in allotment.codes()],
            "used": len(used),
            "ended": getattr(allotment, "end", None),
            "form": form,
            "may_print": allowed(self.request.user, Action.LABEL_PRINT),
            "layouts": list(LAYOUTS),
        }
        return self.render(context, status=status)


class AllotmentLabels(Page):
    """Labels of the codes that are on no sample yet: PDF, or text for label printers."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CODE_ALLOT}

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        allotment = find_allotment(code, request.user)
        back = reverse("samples:allotment", args=[allotment.code])
        try:
            free = unused_codes(allotment)
            if not free or hasattr(allotment, "end"):
                raise Invalid("nothing_chosen", _("No code of this set is free, so there is no label to print."))
            return answer_labels(
                allotment_labels(allotment, free),
                layout=request.GET.get("layout", "sheet"),
                skip=request.GET.get("skip") or "0",
                printed_at=clock.now(),
                synthetic=Installation.current().synthetic,
                name=f"{allotment.code}-labels",
            )
        except DomainError as error:
            return self.refuse(error, back)

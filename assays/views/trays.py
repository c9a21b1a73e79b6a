"""What trays are made of: racks, and blind controls."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from assays.forms.planning import BlindForm, LayoutForm
from assays.forms.problems import add_problems
from assays.models import BlindControl, TrayLayout
from assays.services.blind_controls import insert_blind_control, withdraw_blind_control
from assays.services.layouts import add_layout
from lims.core.codes import normalise
from lims.core.errors import DomainError
from lims.core.pages import Page
from lims.core.roles import Action, allowed
from lims.core.scope import fetch_visible


class LayoutsPage(Page):
    """Racks a planner can fill; the quality manager adds the laboratory's own."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RUN_VIEW, "POST": Action.REFERENCE_EDIT}
    template = "assays/planning/layouts.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(LayoutForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = LayoutForm(request.POST)
        if form.is_valid():
            try:
                made = add_layout(**form.cleaned_data, by=request.user)
                messages.success(request, _("The rack %(code)s can be planned.") % {"code": made.code})
                return redirect("assays:layouts")
            except DomainError as error:
                add_problems(form, error)
        return self._show(form, status=422)

    def _show(self, form: LayoutForm, status: int = 200) -> HttpResponse:
        layouts = TrayLayout.objects.visible_to(self.request.user).filter(active=True).select_related("laboratory")
        may_add = allowed(self.request.user, Action.REFERENCE_EDIT)
        return self.render({"layouts": layouts, "form": form, "may_add": may_add}, status=status)


class BlindControlsPage(Page):
    """Reference materials among the samples, for the quality manager alone."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.BLIND_EDIT, "POST": Action.BLIND_EDIT}
    template = "assays/planning/blind.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(BlindForm(viewer=request.user))

    def post(self, request: HttpRequest) -> HttpResponse:
        if "withdraw" in request.POST:
            return self._withdraw(request)
        form = BlindForm(request.POST, viewer=request.user)
        if form.is_valid():
            fields = {name: form.cleaned_data[name] for name in ("material", "mass_g")}
            try:
                made = insert_blind_control(method_version=form.versions[form.cleaned_data["method"]], **fields, by=request.user)
                words = {"code": made.code, "sample": made.sample_code}
                messages.success(request, _("Label the vessel %(code)s. It stands on the next tray as sample %(sample)s.") % words)
                return redirect("assays:blind-controls")
            except DomainError as error:
                add_problems(form, error)
        return self._show(form, status=422)

    def _withdraw(self, request: HttpRequest) -> HttpResponse:
        blind = fetch_visible(BlindControl, request.user, code=normalise(request.POST["withdraw"]))
        try:
            withdraw_blind_control(blind=blind, by=request.user)
        except DomainError as error:
            return self.refuse(error, request.path)
        messages.success(request, _("%(code)s is taken back.") % {"code": blind.code})
        return redirect("assays:blind-controls")

    def _show(self, form: BlindForm, status: int = 200) -> HttpResponse:
        found = BlindControl.objects.visible_to(self.request.user).select_related("material", "method_version__method")
        rows = [(one, one.positions.select_related("run").exclude(run__state="cancelled").first()) for one in found[:200]]
        return self.render({"rows": rows, "form": form}, status=status)

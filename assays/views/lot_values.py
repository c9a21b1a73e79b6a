"""What the certificate of a lot says, entered line by line."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from assays.forms.lot_values import LotValuesForm
from assays.forms.problems import add_problems
from assays.models import Analyte, Lot, LotValue
from assays.services.lot_values import record_lot_values
from lims.core.codes import normalise
from lims.core.errors import DomainError
from lims.core.pages import Page
from lims.core.roles import Action
from lims.core.scope import fetch_visible


class LotValuesPage(Page):
    """Lines of a certificate, beside what is on record."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.LOT_EDIT, "POST": Action.LOT_EDIT}
    template = "assays/lots/values.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        lot = self._fetch(code)
        return self._show(lot, LotValuesForm(lot=lot))

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        lot = self._fetch(code)
        form = LotValuesForm(request.POST, lot=lot)
        if form.is_valid():
            try:
                made = record_lot_values(lot=lot, amounts=form.amounts, reason=form.cleaned_data["reason"], by=request.user)
                messages.success(request, _("On record of the certificate: %(count)s new.") % {"count": len(made)})
                return redirect("assays:lot", lot.code)
            except DomainError as error:
                add_problems(form, error)
        return self._show(lot, form, status=422)

    def _fetch(self, code: str) -> Lot:
        return fetch_visible(Lot, self.request.user, code=normalise(code))

    def _show(self, lot: Lot, form: Any, status: int = 200) -> HttpResponse:
        return self.render({"thing": lot, "form": form, "values": values_of(lot)}, status=status)


def values_of(lot: Lot) -> list[LotValue]:
    """What counts of a lot's certificate, elements in their usual order."""
    order = dict(Analyte.objects.values_list("symbol", "order"))
    found = LotValue.objects.filter(lot=lot, corrected_by=None)
    return sorted(found, key=lambda one: (one.method_group, order.get(one.element, len(order) + 1), one.element))

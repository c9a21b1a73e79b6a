"""What the certificate of a lot says, entered line by line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from assays.forms.lot_values import LotValuesForm
from assays.forms.problems import add_problems
from assays.models import Analyte, Lot, LotValue
from assays.selectors.reference import group_words
from assays.services.lot_values import correction_blockers, record_lot_values, runs_of_lot
from lims.core.codes import normalise
from lims.core.errors import DomainError
from lims.core.pages import Page
from lims.core.roles import Action, allowed
from lims.core.scope import fetch_visible


class LotValuesPage(Page):
    """Lines of a certificate, beside what is on record."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.LOT_EDIT, "POST": Action.LOT_EDIT}
    template = "assays/lots/values.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        lot = self._fetch(code)
        return self._show(lot, LotValuesForm(lot=lot, signed=self._signs(lot), initial=self._standing(lot)))

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        lot = self._fetch(code)
        form = LotValuesForm(request.POST, lot=lot, signed=self._signs(lot))
        if form.is_valid():
            try:
                words = {name: form.cleaned_data.get(name, "") for name in ("reason", "password")}
                made = record_lot_values(lot=lot, amounts=form.amounts, by=request.user, **words)
                messages.success(request, _("On record of the certificate: %(count)s new.") % {"count": len(made)})
                return redirect("assays:lot", lot.code)
            except DomainError as error:
                add_problems(form, error)
        return self._show(lot, form, status=422)

    def _fetch(self, code: str) -> Lot:
        return fetch_visible(Lot, self.request.user, code=normalise(code))

    def _signs(self, lot: Lot) -> bool:
        """Whether this person signs where an amount is changed."""
        return allowed(self.request.user, Action.LOT_CORRECT) and bool(runs_of_lot(lot))

    def _standing(self, lot: Lot) -> dict[str, Any]:
        """What is on record of the element the address names, to be put right."""
        asked = {"element": self.request.GET.get("element", ""), "method_group": self.request.GET.get("group", "")}
        found = LotValue.objects.filter(lot=lot, corrected_by=None, **asked).first()
        if found is None:
            return {}
        numbers = [found.value_text, found.texts["uncertainty"], *([found.texts["sd"]] if lot.material_id else [])]
        line = " ".join([found.element, *("-" if one is None else one for one in numbers)])
        shared = {name: getattr(found, name) for name in ("unit", "method_group", "basis")}
        return shared | {"k": found.texts["k"] or 2, "nominal": found.texts["nominal"], "lines": line}

    def _show(self, lot: Lot, form: Any, status: int = 200) -> HttpResponse:
        context = {"thing": lot, "form": form, "values": values_of(lot), "earlier": earlier_values_of(lot), "may_edit": True}
        blockers = correction_blockers(lot, self.request.user)
        return self.render(context | {"correction_blockers": blockers, "runs": runs_of_lot(lot)}, status=status)


def earlier_values_of(lot: Lot) -> list[LotValue]:
    """What the record of a lot's certificate said before, the newest correction first; what took its place is `corrected_by`."""
    found = LotValue.objects.filter(lot=lot, corrected_by__isnull=False)
    return _in_words(found.select_related("corrected_by__entered_by", "corrected_by__signature").order_by("-corrected_by__id"))


def _in_words(values: Iterable[LotValue]) -> list[LotValue]:
    """The amounts, each with what it is certified for in words (`group_words`)."""
    found: list[Any] = list(values)
    for one in found:
        one.group_words = group_words(one.method_group) if one.method_group else ""
    return found


def values_of(lot: Lot) -> list[LotValue]:
    """What counts of a lot's certificate, elements in their usual order."""
    order = dict(Analyte.objects.values_list("symbol", "order"))
    found = _in_words(LotValue.objects.filter(lot=lot, corrected_by=None))
    return sorted(found, key=lambda one: (one.method_group, order.get(one.element, len(order) + 1), one.element))

"""Changes to lots and equipment: putting a record right, taking out of use, the supplier's certificate."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from assays.forms.lots import CorrectionForm, ReasonForm
from assays.models import Equipment, Lot
from assays.services.lot_changes import LotChange, correct_lot, withdraw_thing
from lims.core.codes import normalise
from lims.core.errors import DomainError, NotFound
from lims.core.files import read_bytes
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action
from lims.core.scope import fetch_visible


class CorrectLot(Page):
    """What stands on record of a lot, put right with a reason."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.LOT_EDIT, "POST": Action.LOT_EDIT}
    template = "assays/lots/change.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        lot = self._fetch(code)
        return self._show(lot, CorrectionForm(initial={name: getattr(lot, name) for name in CorrectionForm.KEPT}))

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        lot, form = self._fetch(code), CorrectionForm(request.POST)
        if form.is_valid():
            values = dict(form.cleaned_data)
            reason = values.pop("reason")
            try:
                correct_lot(lot=lot, change=LotChange(**values), reason=reason, by=request.user)
                messages.success(request, _("The record is put right; what it said before is kept."))
                return redirect("assays:lot", lot.code)
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(lot, form, status=422)

    def _fetch(self, code: str) -> Lot:
        return fetch_visible(Lot, self.request.user, code=normalise(code))

    def _show(self, lot: Lot, form: Any, status: int = 200) -> HttpResponse:
        return self.render({"thing": lot, "form": form}, status=status)


class WithdrawLot(Page):
    """Take a lot out of use."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.LOT_EDIT}
    model: ClassVar[Any] = Lot
    address: ClassVar[str] = "assays:lot"

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        thing = fetch_visible(self.model, request.user, code=code.upper())
        form = ReasonForm(request.POST)
        try:
            withdraw_thing(thing=thing, reason=form.data.get("reason", ""), by=request.user)
            messages.success(request, _("%(code)s is out of use.") % {"code": thing.code})
        except DomainError as error:
            return self.refuse(error, request.build_absolute_uri("../"))
        return redirect(self.address, thing.code)


class WithdrawEquipment(WithdrawLot):
    """Take a piece of equipment out of use."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.LOT_EDIT}
    model, address = Equipment, "assays:equipment-page"


class LotCertificate(Page):
    """The supplier's certificate of a lot, as it came. Never opened by a browser, whatever it is."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.LOT_VIEW}

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        lot = fetch_visible(Lot, request.user, code=normalise(code))
        if not lot.certificate_sha256:
            raise NotFound("no_certificate", f"No supplier's certificate of {lot.code} is on record.")
        response = HttpResponse(read_bytes("lots", lot.certificate_sha256), content_type="application/octet-stream")
        response.headers["Content-Disposition"] = (
            content_disposition_header(True, lot.certificate_name or f"{lot.code}.pdf") or "attachment"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "private, no-store"
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response

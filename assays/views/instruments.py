"""Instruments: what stands in a laboratory, whether it lives, until when its calibration holds, and the tokens of its computers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from assays.forms.instruments import CalibrationForm, InstrumentForm, TokenForm, UnitForm, UseForm
from assays.forms.problems import add_problems
from assays.instruments import keeping, weights
from assays.instruments.models import BALANCE, Instrument, InstrumentToken
from assays.selectors.instruments import calibration_badge, clock_badge, default_unit_changes, instrument_list, life_badge
from lims.core import clock
from lims.core.days import begin_of
from lims.core.errors import DomainError, Forbidden
from lims.core.pages import Page
from lims.core.roles import Action, allowed
from lims.core.scope import fetch_visible


class InstrumentList(Page):
    """The viewer's instruments; officials and the administrator see all."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.REFERENCE_VIEW}
    template = "instruments/instruments.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = [
            {"instrument": one, "life": life_badge(one), "clock": clock_badge(one), "calibration": calibration_badge(one)}
            for one in instrument_list(request.user)
        ]
        return self.render({"rows": rows, "may_keep": allowed(request.user, Action.ACCOUNT_EDIT)})


class NewInstrument(Page):
    """A new instrument."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.ACCOUNT_EDIT, "POST": Action.ACCOUNT_EDIT}
    template = "instruments/new_instrument.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render({"form": InstrumentForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = InstrumentForm(request.POST)
        if form.is_valid():
            try:
                instrument = keeping.create_instrument(**form.cleaned_data, by=request.user)
                messages.success(request, _("%(code)s is in use. Make a token for its computer.") % {"code": instrument.code})
                return redirect("instruments:instrument", instrument.code)
            except DomainError as error:
                add_problems(form, error)
        return self.render({"form": form}, status=422)


class InstrumentPage(Page):
    """One instrument with its tokens and newest uploads."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.REFERENCE_VIEW}
    template = "instruments/instrument.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self.show(fetch_instrument(request.user, code))

    def show(self, instrument: Instrument, *, status: int = 200, token: str = "", **forms: Any) -> HttpResponse:
        """The page; `token` is a new token, shown this once."""
        viewer = self.request.user
        may_keep = allowed(viewer, Action.ACCOUNT_EDIT)
        context = {
            "instrument": instrument,
            "life": life_badge(instrument),
            "calibration": calibration_badge(instrument),
            "clock": clock_badge(instrument),
            "skew": abs(instrument.clock_skew_s or 0),
            "uploads": instrument.uploads.select_related("run")[:10] if allowed(viewer, Action.UPLOAD_VIEW) else [],
            "is_balance": instrument.technique == BALANCE,
            "operator": weights.operator_of(instrument, clock.now()),
            "weights": instrument.weights.select_related("sample", "weighed_by", "aliquot")[
                : 10 if allowed(viewer, Action.RUN_VIEW) else 0
            ],
            "may_weigh": allowed(viewer, Action.PREPARATION_EDIT),
            "tokens": instrument.tokens.order_by("-created_at") if may_keep else [],
            "may_keep": may_keep,
            "may_calibrate": allowed(viewer, Action.REFERENCE_EDIT),
            "token": token,
            "unit_form": UnitForm(initial={"default_unit": instrument.default_unit}, auto_id="unit_%s"),
            "unit_changes": default_unit_changes(instrument),
            "token_form": TokenForm(),
            "use_form": UseForm(),
            "calibration_form": CalibrationForm(initial={"calibration_due": instrument.calibration_due}),
        }
        response = self.render(context | forms, status=status)
        if token:
            response.headers["Cache-Control"] = "no-store"
        return response


def fetch_instrument(viewer: Any, code: str) -> Instrument:
    """An instrument within the viewer's scope."""
    return fetch_visible(Instrument, viewer, queryset=Instrument.objects.select_related("laboratory"), code=code)


class NewToken(InstrumentPage):
    """A token, shown once on the page that answers."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.ACCOUNT_EDIT}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        instrument, form = fetch_instrument(request.user, code), TokenForm(request.POST)
        if not form.is_valid():
            return self.show(instrument, status=422, token_form=form)
        day = form.cleaned_data["expires_on"]
        # A token is good through the day it names, by the laboratories' calendar.
        expires_at = begin_of(day + timedelta(days=1)) if day else None
        try:
            _row, token = keeping.issue_instrument_token(
                instrument=instrument, name=form.cleaned_data["name"], expires_at=expires_at, by=request.user
            )
        except DomainError as error:
            add_problems(form, error)
            return self.show(instrument, status=422, token_form=form)
        return self.show(instrument, token=token)


class RevokeToken(Page):
    """Ending a token."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.ACCOUNT_EDIT}

    def post(self, request: HttpRequest, code: str, pk: UUID) -> HttpResponse:
        instrument = fetch_instrument(request.user, code)
        back = reverse("instruments:instrument", args=[instrument.code])
        token = InstrumentToken.objects.filter(instrument=instrument, pk=pk).first()
        if token is None:
            messages.error(request, _("This instrument has no such token."))
            return redirect(back)
        try:
            keeping.revoke_instrument_token(token=token, by=request.user)
        except DomainError as error:
            return self.refuse(error, back)
        messages.success(request, _("The token opens nothing any more."))
        return redirect(back)


class Calibrate(InstrumentPage):
    """The quality manager records when the calibration is due next."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.REFERENCE_EDIT}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        instrument, form = fetch_instrument(request.user, code), CalibrationForm(request.POST)
        if form.is_valid():
            try:
                keeping.record_calibration(instrument=instrument, due=form.cleaned_data["calibration_due"], by=request.user)
                messages.success(request, _("The calibration is recorded."))
                return redirect("instruments:instrument", instrument.code)
            except Forbidden:
                raise
            except DomainError as error:
                add_problems(form, error)
        return self.show(instrument, status=422, calibration_form=form)


class SetUnit(InstrumentPage):
    """The quality manager sets the unit of files that state none."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.REFERENCE_EDIT}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        instrument, form = fetch_instrument(request.user, code), UnitForm(request.POST, auto_id="unit_%s")
        if form.is_valid():
            chosen = form.cleaned_data
            try:
                keeping.set_default_unit(instrument=instrument, unit=chosen["default_unit"], reason=chosen["reason"], by=request.user)
                messages.success(request, _("The unit is set for the files that come from now on."))
                return redirect("instruments:instrument", instrument.code)
            except Forbidden:
                raise
            except DomainError as error:
                add_problems(form, error)
        return self.show(instrument, status=422, unit_form=form)


class SetInUse(InstrumentPage):
    """Taking an instrument out of use, or back."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.ACCOUNT_EDIT}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        instrument, form = fetch_instrument(request.user, code), UseForm(request.POST)
        if form.is_valid():
            keeping.set_in_use(instrument=instrument, active=not instrument.active, reason=form.cleaned_data["reason"], by=request.user)
            messages.success(request, _("Changed."))
            return redirect("instruments:instrument", instrument.code)
        return self.show(instrument, status=422, use_form=form)


class StandAtBalance(Page):
    """Who stands at a balance: what it sends is that person's weighing."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.PREPARATION_EDIT}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        balance = fetch_instrument(request.user, code)
        back = reverse("instruments:instrument", args=[balance.code])
        try:
            if request.POST.get("leave"):
                weights.leave_balance(balance=balance, by=request.user)
                messages.success(request, _("Nobody stands at the balance; what it sends is refused."))
            else:
                weights.stand_at_balance(balance=balance, by=request.user)
                messages.success(request, _("What the balance sends in the next eight hours is recorded as your weighing."))
        except DomainError as error:
            return self.refuse(error, back)
        return redirect(back)

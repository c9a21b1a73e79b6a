"""Mines and their pits."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from lims.core.errors import DomainError
from lims.core.pages import Page, add_form_errors
from lims.core.panels import render_panels
from lims.core.roles import Action, allowed
from samples.forms.looks import LookForm
from samples.forms.places import ChangeReasonForm, MineForm, MineSearch, PitForm
from samples.looks.looking import Shown, glance_at
from samples.models import Mine, Pit
from samples.selectors.places import find_mine, find_pit, select_mines, select_visits
from samples.services import placing
from samples.views.looks import look_form_for, look_on_page


class MineList(Page):
    """Mines, searched by code, name, belt or township."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.MINE_VIEW}
    template = "samples/mines.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        form = MineSearch(request.GET)
        q = form.cleaned_data["q"] if form.is_valid() else ""
        rows = select_mines(request.user)
        if q:
            rows = rows.filter(Q(code__icontains=q) | Q(name__icontains=q) | Q(belt__icontains=q) | Q(township__icontains=q))
        return self.render({"rows": rows, "form": form, "may_edit": allowed(request.user, Action.MINE_EDIT)})


class MinePage(Page):
    """One mine with its pits and visits."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.MINE_VIEW}
    template = "samples/mine.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self.show(find_mine(code, request.user))

    def show(self, mine: Mine, *, exact: bool = False, look_form: Any = None, status: int = 200) -> HttpResponse:
        """The page; `exact`: the look at operator and places was recorded."""
        request = self.request
        return self.render(
            {
                "mine": mine,
                "pits": mine.pits.order_by("code"),
                "visits": select_visits(request.user).filter(mines=mine)[:20],
                "origin": mine if exact else None,
                "look_form": look_form_for(request.user, {"look_form": look_form}),
                "panels": render_panels("mine", mine, request),
                "may_edit": allowed(request.user, Action.MINE_EDIT),
            },
            status=status,
            template=MinePage.template,
        )


class MineOrigin(MinePage):
    """The page with operator and exact places, after its viewer has said what for; the look is recorded."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.PLACE_EXACT}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        mine = find_mine(code, request.user)
        form = LookForm(request.POST, prefix="look")
        if form.is_valid():
            try:
                shown = [glance_at(mine, Shown.PLACE), glance_at(mine, Shown.SUPPLIER)]
                look_on_page(request, shown, form.cleaned_data["purpose"])
                return self.show(mine, exact=True)
            except DomainError as error:
                add_form_errors(form, error)
        return self.show(mine, look_form=form, status=422)


class RecordPlace(Page):
    """A form for a mine or a pit, new or to be corrected with a reason."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.MINE_EDIT, "POST": Action.MINE_EDIT}
    template = "samples/place_form.html"

    def get(self, request: HttpRequest, **where: str) -> HttpResponse:
        mine, place = self.find(**where)
        if mine is not None and place is not None:
            shown = [Shown.PLACE] if place is not mine else [Shown.PLACE, Shown.SUPPLIER]
            look_on_page(request, [glance_at(mine, one) for one in shown], _("to correct the record"))
        return self._show(mine, place, self.form_class(instance=place), ChangeReasonForm() if place else None)

    def post(self, request: HttpRequest, **where: str) -> HttpResponse:
        mine, place = self.find(**where)
        form = self.form_class(request.POST, instance=place)
        reason = ChangeReasonForm(request.POST) if place else None
        if form.is_valid() and (reason is None or reason.is_valid()):
            try:
                return redirect(
                    "samples:mine", self.record(mine, place, form.cleaned_data, reason.cleaned_data["reason"] if reason else "")
                )
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(mine, place, form, reason, status=422)

    def _show(self, mine: Mine | None, place: Any, form: Any, reason: Any, status: int = 200) -> HttpResponse:
        context = {"mine": mine, "place": place, "form": form, "reason": reason, "is_pit": self.form_class is PitForm}
        return self.render(context, status=status)

    form_class: ClassVar[Any]

    def find(self, **where: str) -> tuple[Mine | None, Any]:
        """The mine it belongs to and the record to correct; None for what is new."""
        raise NotImplementedError

    def record(self, mine: Mine | None, place: Any, values: dict[str, Any], reason: str) -> str:
        """Write it; returns the code of the mine."""
        raise NotImplementedError


class RecordMine(RecordPlace):
    """A mine."""

    form_class = MineForm

    def find(self, **where: str) -> tuple[Mine | None, Any]:
        mine = find_mine(where["code"], self.request.user) if where else None
        return mine, mine

    def record(self, mine: Mine | None, place: Any, values: dict[str, Any], reason: str) -> str:
        by = self.request.user
        if place is None:
            return placing.record_mine(values=values, by=by).code
        return placing.change_mine(mine=place, values=values, reason=reason, by=by).code


class RecordPit(RecordPlace):
    """A pit of a mine."""

    form_class = PitForm

    def find(self, **where: str) -> tuple[Mine | None, Any]:
        mine = find_mine(where["code"], self.request.user)
        return mine, find_pit(mine, where["pit"], self.request.user) if "pit" in where else None

    def record(self, mine: Mine | None, place: Pit | None, values: dict[str, Any], reason: str) -> str:
        by = self.request.user
        if place is None and mine is not None:
            placing.record_pit(mine=mine, values=values, by=by)
        elif place is not None:
            placing.change_pit(pit=place, values=values, reason=reason, by=by)
        return mine.code if mine else ""

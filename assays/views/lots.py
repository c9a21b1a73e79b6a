"""Lots and equipment: lists, new ones, where each was used."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assays.forms import lots as forms
from assays.models import Equipment, Lot, Use
from assays.models.lots import LotKind
from assays.services import lots as services
from assays.views.lists import ListPage
from assays.views.lot_values import earlier_values_of, values_of
from lims.core import clock
from lims.core.codes import normalise
from lims.core.errors import DomainError
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action, allowed
from lims.core.scope import fetch_visible

Badge = tuple[str, Any]


def badge_of(thing: Lot | Equipment) -> Badge:
    """Whether it may be used today."""
    if thing.withdrawn:
        return "none", _("not to be used")
    if services.use_blockers(thing, clock.today()):
        return "fail", _("expired") if isinstance(thing, Lot) else _("calibration overdue")
    return "pass", _("may be used")


class _Things(ListPage):
    actions: ClassVar[dict[str, Action]] = {"GET": Action.LOT_VIEW}
    template = "assays/lots/list.html"
    model: ClassVar[Any]
    word: ClassVar[Any]

    def queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model.objects.visible_to(self.request.user)
        return rows

    def data(self, found: Any) -> dict[str, Any]:
        names = [one.name for one in found._meta.concrete_fields if one.name not in {"id", "laboratory", "material"}]
        return {name: getattr(found, name) for name in names}

    def shown(self, found: Any) -> dict[str, Any]:
        return {"thing": found, "badge": badge_of(found)}

    def more(self) -> dict[str, Any]:
        return {"is_lot": self.model is Lot, "word": self.word, "may_edit": allowed(self.request.user, Action.LOT_EDIT)}


class LotList(_Things):
    """The laboratory's lots."""

    filterset, orderings, file_name = forms.LotFilter, forms.LOT_ORDERINGS, "lots.csv"
    model, word = Lot, gettext_lazy("Lots")


class EquipmentList(_Things):
    """The laboratory's equipment, what is due first."""

    filterset, orderings, file_name = forms.EquipmentFilter, forms.EQUIPMENT_ORDERINGS, "equipment.csv"
    default_ordering = "calibration_due"
    model, word = Equipment, gettext_lazy("Equipment")


class NewLot(Page):
    """A lot that came."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.LOT_EDIT, "POST": Action.LOT_EDIT}
    template = "assays/lots/new.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(forms.LotForm(viewer=request.user))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = forms.LotForm(request.POST, request.FILES, viewer=request.user)
        if form.is_valid():
            values = dict(form.cleaned_data)
            file = values.pop("certificate")
            if file:
                values |= {"certificate": file.read(), "certificate_name": file.name}
            else:
                values |= {"certificate": b"", "certificate_name": ""}
            try:
                made = services.register_lot(delivery=services.Delivery(**values), by=request.user)
                return redirect("assays:lot", made.code)
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(form, status=422)

    def _show(self, form: Any, status: int = 200) -> HttpResponse:
        return self.render(
            {"form": form, "word": _("A lot that came"), "back": reverse("assays:lots"), "back_label": _("Lots")}, status=status
        )


class NewEquipment(Page):
    """A piece of equipment."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.LOT_EDIT, "POST": Action.LOT_EDIT}
    template = "assays/lots/new.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(forms.EquipmentForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = forms.EquipmentForm(request.POST)
        if form.is_valid():
            try:
                made = services.register_equipment(by=request.user, **form.cleaned_data)
                return redirect("assays:equipment-page", made.code)
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(form, status=422)

    def _show(self, form: Any, status: int = 200) -> HttpResponse:
        return self.render(
            {"form": form, "word": _("New equipment"), "back": reverse("assays:equipment"), "back_label": _("Equipment")}, status=status
        )


class ThingPage(Page):
    """One lot or piece of equipment: whether it may be used, where it was used, and recording that it was."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.LOT_VIEW, "POST": Action.LOT_EDIT}
    template = "assays/lots/page.html"
    model: ClassVar[Any] = Lot
    address: ClassVar[str] = "assays:lot"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self.show(self.fetch(code), forms.UseForm())

    def fetch(self, code: str) -> Any:
        return fetch_visible(self.model, self.request.user, code=normalise(code))

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        thing, form = self.fetch(code), forms.UseForm(request.POST)
        if form.is_valid():
            try:
                subjects = forms.find_subjects(form.cleaned_data["codes"], request.user)
                services.record_uses(thing=thing, subjects=subjects, used_on=form.cleaned_data["used_on"], by=request.user)
                messages.success(request, _("The use of %(code)s is recorded.") % {"code": thing.code})
                return redirect(self.address, thing.code)
            except DomainError as error:
                add_form_errors(form, error)
        return self.show(thing, form, status=422)

    def show(self, thing: Any, form: Any, status: int = 200, calibration: Any = None) -> HttpResponse:
        uses = Use.objects.filter(**{self.model.__name__.lower(): thing})
        related = ("run", "aliquot", "preparation__sample", "recorded_by")
        is_lot = self.model is Lot
        return self.render(
            {
                "thing": thing,
                "badge": badge_of(thing),
                "is_lot": is_lot,
                "uses": uses.select_related(*related).order_by("-id")[:200],
                "form": form,
                "values": values_of(thing) if is_lot else [],
                "earlier": earlier_values_of(thing) if is_lot else [],
                "certified": is_lot and thing.kind in (LotKind.STANDARD, LotKind.REFERENCE),
                "reason_form": forms.ReasonForm(auto_id="id_withdraw_%s"),
                "calibration_form": None if is_lot else calibration or forms.CalibrationForm(),
                "blockers": services.use_blockers(thing, clock.today()),
                "may_edit": allowed(self.request.user, Action.LOT_EDIT),
                "may_recall": allowed(self.request.user, Action.RECALL_SEARCH),
            },
            status=status,
        )


class EquipmentPage(ThingPage):
    """One piece of equipment."""

    model, address = Equipment, "assays:equipment-page"
    actions: ClassVar[dict[str, Action]] = {"GET": Action.LOT_VIEW, "POST": Action.LOT_EDIT}

    def fetch(self, code: str) -> Any:
        return fetch_visible(Equipment, self.request.user, code=code.upper())


class Calibrate(EquipmentPage):
    """It was calibrated."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.LOT_EDIT}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        thing, form = self.fetch(code), forms.CalibrationForm(request.POST)
        if form.is_valid():
            try:
                services.record_calibration(equipment=thing, by=request.user, **form.cleaned_data)
                return redirect(self.address, thing.code)
            except DomainError as error:
                add_form_errors(form, error)
        return self.show(thing, forms.UseForm(), status=422, calibration=form)

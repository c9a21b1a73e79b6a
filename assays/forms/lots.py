"""Forms and filters of lots and equipment."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from assays.models import Aliquot, Equipment, Lot, Preparation, ReferenceMaterial, Run
from assays.models.lots import EquipmentKind, LotKind
from lims.core import clock
from lims.core.codes import tidy_scanned
from lims.core.errors import Invalid, Problem

LOT_ORDERINGS = {"id": "id", "code": "code", "expires_on": "expires_on", "received_on": "received_on"}
EQUIPMENT_ORDERINGS = {"id": "id", "code": "code", "calibration_due": "calibration_due"}


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class LotFilter(django_filters.FilterSet):
    """By words, kind and whether it expired."""

    q = django_filters.CharFilter(label=_("Code, name or supplier's lot"), method="search")
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=LotKind.choices, empty_label=_("all"))
    expired = django_filters.BooleanFilter(label=_("Expired"), method="pick_expired")

    class Meta:
        model = Lot
        fields: list[str] = []

    def search(self, rows: QuerySet[Lot], name: str, value: str) -> QuerySet[Lot]:
        words = value.strip()
        return rows.filter(Q(code__icontains=tidy_scanned(words)) | Q(name__icontains=words) | Q(supplier_lot__icontains=words))

    def pick_expired(self, rows: QuerySet[Lot], name: str, value: bool) -> QuerySet[Lot]:
        expired = Q(expires_on__lt=clock.today())
        return rows.filter(expired) if value else rows.exclude(expired)


class EquipmentFilter(django_filters.FilterSet):
    """By words, kind and whether its calibration is overdue."""

    q = django_filters.CharFilter(label=_("Code, name or serial number"), method="search")
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=EquipmentKind.choices, empty_label=_("all"))
    overdue = django_filters.BooleanFilter(label=_("Overdue"), method="pick_overdue")

    class Meta:
        model = Equipment
        fields: list[str] = []

    def search(self, rows: QuerySet[Equipment], name: str, value: str) -> QuerySet[Equipment]:
        words = value.strip()
        return rows.filter(Q(code__icontains=words) | Q(name__icontains=words) | Q(serial__icontains=words))

    def pick_overdue(self, rows: QuerySet[Equipment], name: str, value: bool) -> QuerySet[Equipment]:
        late = Q(calibration_due__lt=clock.today())
        return rows.filter(late) if value else rows.exclude(late)


class LotForm(forms.Form):
    """A lot as it came."""

    kind = forms.ChoiceField(label=_("Kind"), choices=LotKind.choices)
    name = forms.CharField(label=_("What it is"), max_length=120, help_text=_("With concentration or grade"))
    supplier = forms.CharField(label=_("Supplier"), max_length=120, required=False)
    supplier_lot = forms.CharField(label=_("Supplier's lot number"), max_length=80)
    material = forms.ModelChoiceField(
        label=_("Reference material"), queryset=ReferenceMaterial.objects.none(), required=False, to_field_name="code"
    )
    received_on = forms.DateField(label=_("Received on"), widget=_day(), initial=clock.today)
    opened_on = forms.DateField(label=_("Opened on"), widget=_day(), required=False)
    expires_on = forms.DateField(label=_("Expires on"), widget=_day(), required=False)
    certificate = forms.FileField(label=_("Supplier's certificate"), required=False)

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        material: Any = self.fields["material"]
        material.queryset = ReferenceMaterial.objects.filter(Q(laboratory=None) | Q(laboratory=viewer.organisation_id), active=True)


class EquipmentForm(forms.Form):
    """A piece of equipment."""

    code = forms.CharField(label=_("Code"), max_length=24, help_text=_("As on its label"))
    kind = forms.ChoiceField(label=_("Kind"), choices=EquipmentKind.choices)
    name = forms.CharField(label=_("What it is"), max_length=120)
    serial = forms.CharField(label=_("Serial number"), max_length=80, required=False)
    calibration_due = forms.DateField(label=_("Calibration due on"), widget=_day())


class CalibrationForm(forms.Form):
    """A calibration."""

    calibrated_on = forms.DateField(label=_("Calibrated on"), widget=_day(), initial=clock.today)
    due = forms.DateField(label=_("Due again on"), widget=_day())


class UseForm(forms.Form):
    """Where a lot or a piece of equipment was used."""

    codes = forms.CharField(
        label=_("Used for"),
        widget=forms.Textarea(attrs={"rows": 3, "class": "code-input", "autocapitalize": "characters", "spellcheck": "false"}),
        help_text=_("Runs and aliquots by their codes, a sample's preparation by the sample's; one a line, scanned or typed"),
    )
    used_on = forms.DateField(label=_("On"), widget=_day(), initial=clock.today)


def find_subjects(text: str, viewer: Any) -> list[Run | Aliquot | Preparation]:
    """What the codes name within the viewer's laboratory; a sample's code means its newest preparation. Raises `Invalid` naming the first
    that is none."""
    found: list[Run | Aliquot | Preparation] = []
    laboratory = viewer.organisation_id
    for code in map(tidy_scanned, text.replace(",", " ").split()):
        one = (
            Run.objects.filter(code=code, laboratory=laboratory).first()
            or Aliquot.objects.filter(code=code, test__submission__laboratory=laboratory).first()
            or Preparation.objects.filter(sample__blind_code=code, laboratory=laboratory).order_by("-prepared_at").first()
        )
        if one is None:
            detail = f"“{code}” is no run, aliquot or prepared sample of this laboratory."
            raise Invalid("codes", detail, problems=[Problem("/codes", "unknown", detail)])
        found.append(one)
    return found


class CorrectionForm(forms.Form):
    """A lot's record, put right."""

    KEPT = ("name", "supplier", "supplier_lot", "opened_on", "expires_on")

    name = forms.CharField(label=_("What it is"), max_length=120)
    supplier = forms.CharField(label=_("Supplier"), max_length=120, required=False)
    supplier_lot = forms.CharField(label=_("Supplier's lot number"), max_length=80)
    opened_on = forms.DateField(label=_("Opened on"), widget=_day(), required=False)
    expires_on = forms.DateField(label=_("Expires on"), widget=_day(), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class ReasonForm(forms.Form):
    """Why it is taken out of use."""

    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))

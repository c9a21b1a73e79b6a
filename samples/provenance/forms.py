"""Forms of provenance. They only translate; the services decide."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters as filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lims.core.codes import normalise
from samples.models import Consignment, Mine, Visit
from samples.provenance.models import (
    AssessmentDecision,
    EvidenceKind,
    Intermediary,
    MineProfile,
    Part,
    Payment,
    ProvenanceRecord,
    RouteStage,
)
from samples.provenance.selectors import select_records, standing_of


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


_LETTERS = {"class": "code-input", "autocapitalize": "characters", "spellcheck": "false"}


class _ServiceForm(forms.ModelForm):
    """Reads fields; the service checks the record."""

    def _post_clean(self) -> None:
        """The service checks the record."""


class RecordForm(_ServiceForm):
    """What is known of the lot."""

    class Meta:
        model = ProvenanceRecord
        fields = (
            "quantity_kg",
            "extraction_method",
            "extracted_from",
            "extracted_until",
            "acquired_on",
            "sent_on",
            "permits",
            "no_intermediary",
            "no_payment",
            "remark",
        )
        labels: ClassVar[dict[str, Any]] = {
            "quantity_kg": _("Quantity of the lot"),
            "extraction_method": _("Extraction method"),
            "extracted_from": _("Extracted from"),
            "extracted_until": _("Extracted until"),
            "acquired_on": _("Acquired or sampled on"),
            "sent_on": _("Sent on"),
            "permits": _("Permits"),
            "no_intermediary": _("Nobody stood between mine and team"),
            "no_payment": _("Nothing was paid to anybody"),
            "remark": _("Remark"),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "quantity_kg": _("What the supplier offers or holds, not the mass of the samples"),
            "permits": _("One a line: authority, number, valid until"),
        }
        widgets: ClassVar[dict[str, Any]] = {
            "quantity_kg": forms.NumberInput(attrs={"data-unit": "kg", "inputmode": "decimal"}),
            "extracted_from": _day(),
            "extracted_until": _day(),
            "acquired_on": _day(),
            "sent_on": _day(),
            "permits": forms.Textarea(attrs={"rows": 3}),
            "remark": forms.Textarea(attrs={"rows": 2}),
        }


class NewRecordForm(RecordForm):
    """A new record: of which lot."""

    mine = forms.ModelChoiceField(label=_("Mine"), queryset=Mine.objects.none(), empty_label=_("choose"))
    consignment = forms.ModelChoiceField(
        label=_("Consignment"),
        queryset=Consignment.objects.none(),
        required=False,
        empty_label=_("none yet"),
        to_field_name="code",
        help_text=_("Which brought the lot, or else the visit"),
    )
    visit = forms.ModelChoiceField(
        label=_("Visit"), queryset=Visit.objects.none(), required=False, empty_label=_("none"), to_field_name="code"
    )
    field_order = ("mine", "consignment", "visit")

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mine"].queryset = Mine.objects.visible_to(viewer)  # type: ignore[attr-defined]
        sent = Consignment.objects.visible_to(viewer).filter(sender=viewer.organisation_id).exclude(state="cancelled")
        self.fields["consignment"].queryset = sent  # type: ignore[attr-defined]
        led = Visit.objects.visible_to(viewer).filter(organisation=viewer.organisation_id)
        self.fields["visit"].queryset = led  # type: ignore[attr-defined]


class IntermediaryForm(_ServiceForm):
    """Somebody through whose hands it went."""

    class Meta:
        model = Intermediary
        fields = ("name", "role", "jurisdiction", "identified_by", "identifier", "beneficial_owner", "remark")
        labels: ClassVar[dict[str, Any]] = {
            "name": _("Name of person or firm"),
            "role": _("Role"),
            "jurisdiction": _("Jurisdiction"),
            "identified_by": _("Identified by"),
            "identifier": _("Number of the paper or entry"),
            "beneficial_owner": _("Beneficial owner"),
            "remark": _("Remark"),
        }
        help_texts: ClassVar[dict[str, Any]] = {"jurisdiction": _("Two letters: MM, IN, CN")}
        widgets: ClassVar[dict[str, Any]] = {
            "jurisdiction": forms.TextInput(attrs=_LETTERS),
            "remark": forms.Textarea(attrs={"rows": 2}),
        }


class StageForm(_ServiceForm):
    """A place of the route."""

    class Meta:
        model = RouteStage
        fields = ("kind", "place", "jurisdiction", "conflict_area", "arrived_on", "left_on", "remark")
        labels: ClassVar[dict[str, Any]] = {
            "kind": _("Kind"),
            "place": _("Place"),
            "jurisdiction": _("Jurisdiction"),
            "conflict_area": _("Conflict-affected or high-risk area"),
            "arrived_on": _("Arrived on"),
            "left_on": _("Left on"),
            "remark": _("Remark"),
        }
        help_texts: ClassVar[dict[str, Any]] = {"jurisdiction": _("Two letters: MM, IN, CN")}
        widgets: ClassVar[dict[str, Any]] = {
            "jurisdiction": forms.TextInput(attrs=_LETTERS),
            "arrived_on": _day(),
            "left_on": _day(),
            "remark": forms.Textarea(attrs={"rows": 2}),
        }


class PaymentForm(_ServiceForm):
    """A payment."""

    class Meta:
        model = Payment
        fields = ("payer", "payee", "payee_kind", "reason", "amount", "currency", "paid_on", "place", "basis", "remark")
        labels: ClassVar[dict[str, Any]] = {
            "payer": _("Who paid"),
            "payee": _("Who was paid"),
            "payee_kind": _("Kind of payee"),
            "reason": _("What for"),
            "amount": _("Amount"),
            "currency": _("Currency"),
            "paid_on": _("Paid on"),
            "place": _("Where"),
            "basis": _("Basis"),
            "remark": _("Remark"),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "payee_kind": _("What they were in fact; the record judges nobody"),
            "currency": _("Three letters: MMK, CNY, INR, USD"),
            "basis": _("Tariff, rate or agreement it rests on"),
        }
        widgets: ClassVar[dict[str, Any]] = {
            "amount": forms.NumberInput(attrs={"inputmode": "decimal"}),
            "currency": forms.TextInput(attrs=_LETTERS),
            "paid_on": _day(),
            "remark": forms.Textarea(attrs={"rows": 2}),
        }


PART_FORMS: dict[str, Any] = {"intermediaries": IntermediaryForm, "route": StageForm, "payments": PaymentForm}


class PartReasonForm(forms.Form):
    """Why a line is changed, and whether it is struck out."""

    struck = forms.BooleanField(label=_("Strike this line out"), required=False, help_text=_("It stays readable and no longer counts"))
    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("Kept in the history for good")
    )


class EvidenceForm(forms.Form):
    """A file that shows something."""

    file = forms.FileField(
        label=_("File"),
        widget=forms.ClearableFileInput(attrs={"accept": "image/jpeg,image/png,image/webp,application/pdf"}),
        help_text=_("JPEG, PNG, WebP or PDF, at most 15 MB"),
    )
    kind = forms.ChoiceField(label=_("What it is"), choices=EvidenceKind.choices)
    payment = forms.ModelChoiceField(
        label=_("Shows the payment"), queryset=Payment.objects.none(), required=False, empty_label=_("none"), to_field_name="number"
    )
    caption = forms.CharField(label=_("Caption"), required=False, max_length=200)

    def __init__(self, *args: Any, record: ProvenanceRecord, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["payment"].queryset = record.payments.filter(struck=False)  # type: ignore[attr-defined]


class AssessmentForm(forms.Form):
    """What is done about a flag."""

    decision = forms.ChoiceField(label=_("Decision"), choices=AssessmentDecision.choices, widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    mitigation = forms.CharField(
        label=_("Mitigation"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed to continue: what is done about the risk, by whom, until when"),
    )


class ProfileForm(_ServiceForm):
    """What due diligence knows of a mine."""

    reason = forms.CharField(label=_("Reason of this entry"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    class Meta:
        model = MineProfile
        fields = ("conflict_area", "armed_control", "capacity_t_per_year", "source")
        labels: ClassVar[dict[str, Any]] = {
            "conflict_area": _("Lies in a conflict-affected or high-risk area"),
            "armed_control": _("Controlled by a non-state armed group"),
            "capacity_t_per_year": _("Known output"),
            "source": _("Source of these statements"),
        }
        help_texts: ClassVar[dict[str, Any]] = {"source": _("Who says so, in which paper, of which day")}
        widgets: ClassVar[dict[str, Any]] = {
            "capacity_t_per_year": forms.NumberInput(attrs={"data-unit": "t/year", "inputmode": "decimal"}),
            "source": forms.Textarea(attrs={"rows": 3}),
        }


class RecordFilter(filters.FilterSet):
    """Which records. What depends on rules is decided by the rules, over the records that pass the others."""

    q = filters.CharFilter(method="search", label=_("Code, mine or consignment"))
    mine = filters.ModelChoiceFilter(
        queryset=lambda request: Mine.objects.visible_to(request.user), to_field_name="code", label=_("Mine"), empty_label=_("any")
    )
    complete = filters.ChoiceFilter(
        method="by_completeness", choices=[("yes", _("complete")), ("no", _("incomplete"))], label=_("Completeness"), empty_label=_("any")
    )
    flags = filters.ChoiceFilter(
        method="by_flags",
        choices=[("open", _("to be assessed")), ("stopped", _("suspended or disengaged")), ("assessed", _("all assessed"))],
        label=_("Red flags"),
        empty_label=_("any"),
    )

    class Meta:
        model = ProvenanceRecord
        fields: ClassVar[list[str]] = []

    def search(self, rows: Any, name: str, value: str) -> Any:
        """The beginning of a code, or part of the mine's name."""
        code = normalise(value)
        return rows.filter(
            Q(code__startswith=code)
            | Q(consignment__code__startswith=code)
            | Q(mine__code__iexact=value.strip())
            | Q(mine__name__icontains=value.strip())
        )

    def by_completeness(self, rows: Any, name: str, value: str) -> Any:
        """Those of which nothing, or something, is missing."""
        return self._where(rows, lambda one: bool(one.missing) == (value == "no"))

    def by_flags(self, rows: Any, name: str, value: str) -> Any:
        """By what their flags ask for."""
        tests = {
            "open": lambda one: one.open_flags > 0,
            "stopped": lambda one: one.stops,
            "assessed": lambda one: bool(one.flags) and not one.open_flags,
        }
        return self._where(rows, tests[value])

    def _where(self, rows: Any, test: Any) -> Any:
        found = [one.pk for one in select_records(self.request.user).filter(pk__in=rows.values("pk")) if test(standing_of(one))]
        return rows.filter(pk__in=found)


def values_of(form: Any, names: Any) -> dict[str, Any]:
    """The cleaned members of a form that a service takes."""
    return {name: form.cleaned_data[name] for name in names if name in form.cleaned_data}


def part_name(part: Part) -> str:
    """Which kind of line it is, as addresses name it."""
    names: dict[type[Part], str] = {Intermediary: "intermediaries", RouteStage: "route", Payment: "payments"}
    return names[type(part)]

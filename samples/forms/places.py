"""Forms of mines, pits and visits. They only translate; the services decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lims.accounts.models import Organisation
from samples.forms.sampling import CODE
from samples.models import Mine, Pit, Visit
from samples.services.visiting import Member, VisitRecord

_DEGREES = {"data-unit": "°", "inputmode": "decimal"}


class MineSearch(forms.Form):
    """The box above the list of mines."""

    q = forms.CharField(label=_("Code, name, belt or township"), required=False, max_length=100)


class MineForm(forms.ModelForm):
    """A mine."""

    class Meta:
        model = Mine
        fields = (
            "code",
            "name",
            "belt",
            "township",
            "operator",
            "control",
            "extraction_method",
            "latitude",
            "longitude",
            "active",
            "remark",
        )
        labels = {
            "code": _("Code"),
            "name": _("Name"),
            "belt": _("Belt"),
            "township": _("Township"),
            "operator": _("Operator"),
            "control": _("Control of the area"),
            "extraction_method": _("Extraction method"),
            "latitude": _("Latitude"),
            "longitude": _("Longitude"),
            "active": _("Samples may come from it"),
            "remark": _("Remark"),
        }
        help_texts = {
            "code": _("Short, in capitals, as on bags and maps"),
            "belt": _("What laboratories may know of the place"),
            "latitude": _("Decimal degrees, WGS 84"),
        }
        widgets = {
            "code": forms.TextInput(attrs=CODE),
            "latitude": forms.NumberInput(attrs=_DEGREES),
            "longitude": forms.NumberInput(attrs=_DEGREES),
            "remark": forms.Textarea(attrs={"rows": 2}),
        }

    def _post_clean(self) -> None:
        """The service checks the record; a form only reads fields."""


class PitForm(forms.ModelForm):
    """A pit."""

    class Meta:
        model = Pit
        fields = ("code", "kind", "latitude", "longitude", "elevation_m", "remark")
        labels = {
            "code": _("Code"),
            "kind": _("Kind"),
            "latitude": _("Latitude"),
            "longitude": _("Longitude"),
            "elevation_m": _("Elevation"),
            "remark": _("Remark"),
        }
        help_texts = {"code": _("Unique within the mine"), "latitude": _("Decimal degrees, WGS 84")}
        widgets = {
            "code": forms.TextInput(attrs=CODE),
            "latitude": forms.NumberInput(attrs=_DEGREES),
            "longitude": forms.NumberInput(attrs=_DEGREES),
            "elevation_m": forms.NumberInput(attrs={"data-unit": "m", "inputmode": "decimal"}),
            "remark": forms.Textarea(attrs={"rows": 2}),
        }

    def _post_clean(self) -> None:
        """The service checks the record; a form only reads fields."""


class ChangeReasonForm(forms.Form):
    """Why a record is changed."""

    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("Kept in the history for good")
    )


class VisitForm(forms.Form):
    """An exploration visit."""

    purpose = forms.CharField(label=_("Purpose"), max_length=200)
    starts_on = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    ends_on = forms.DateField(label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    mines = forms.ModelMultipleChoiceField(label=_("Mines"), queryset=Mine.objects.none(), widget=forms.CheckboxSelectMultiple)
    permits = forms.CharField(
        label=_("Permits"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line: authority, number, valid until"),
    )
    observations = forms.CharField(label=_("Observations"), required=False, max_length=20000, widget=forms.Textarea(attrs={"rows": 5}))

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mines"].queryset = Mine.objects.visible_to(viewer)  # type: ignore[attr-defined]


class MemberForm(forms.Form):
    """One person of the team; an empty line is none."""

    organisation = forms.ModelChoiceField(
        label=_("Organisation"),
        queryset=Organisation.objects.none(),
        required=False,
        empty_label=_("choose"),
        widget=forms.Select(attrs={"aria-label": _("Organisation")}),
    )
    name = forms.CharField(label=_("Name"), required=False, max_length=120, widget=forms.TextInput(attrs={"aria-label": _("Name")}))
    duty = forms.CharField(label=_("Duty"), required=False, max_length=80, widget=forms.TextInput(attrs={"aria-label": _("Duty")}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = Organisation.objects.filter(active=True)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("organisation")) != bool(data.get("name")):
            raise forms.ValidationError(_("Give both name and organisation, or leave the line empty."))
        return data


MemberFormSet = forms.formset_factory(MemberForm, extra=3, max_num=40)


def record_of(form: VisitForm, members: Any) -> VisitRecord:
    """The visit as the service takes it."""
    team = [
        Member(organisation=row["organisation"], name=row["name"], duty=row.get("duty", ""))
        for row in members.cleaned_data
        if row.get("name")
    ]
    return VisitRecord(**(form.cleaned_data | {"mines": list(form.cleaned_data["mines"])}), members=team)


def initial_of(visit: Visit) -> dict[str, Any]:
    """A visit as the form shows it."""
    texts = {name: getattr(visit, name) for name in ("purpose", "starts_on", "ends_on", "permits", "observations")}
    return {**texts, "mines": list(visit.mines.values_list("pk", flat=True))}


def initial_members(visit: Visit) -> list[dict[str, Any]]:
    """Its team as the form shows it."""
    return [{"organisation": row.organisation_id, "name": row.name, "duty": row.duty} for row in visit.members.all()]

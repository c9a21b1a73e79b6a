"""Forms of control charts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from assays.control_charts.drawing import View
from assays.control_charts.models import ControlSeries, NoteKind
from assays.control_charts.selectors import COUNTS, Asked
from assays.instruments.models import Instrument
from assays.models import Analyte, Method, ReferenceMaterial
from lims.core import clock
from lims.core.days import local_day

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ChartForm(forms.Form):
    """Which material, measured by which method, for which element, and how it is shown."""

    # A question that cannot be answered has lost nothing.
    only_asks = True

    material = forms.ModelChoiceField(label=_("Reference material"), queryset=ReferenceMaterial.objects.none(), to_field_name="code")
    analyte = forms.ModelChoiceField(label=_("Element"), queryset=Analyte.objects.all(), to_field_name="symbol", empty_label=None)
    method = forms.ModelChoiceField(label=_("Method"), queryset=Method.objects.all(), to_field_name="code", empty_label=None)
    instrument = forms.ModelChoiceField(
        label=_("Instrument"), queryset=Instrument.objects.none(), to_field_name="code", required=False, empty_label=_("all")
    )
    view = forms.ChoiceField(label=_("Shown as"), choices=View.choices, required=False)
    limits = forms.ChoiceField(
        label=_("Limits from"), choices=[("certificate", _("certificate")), ("history", _("history"))], required=False
    )
    points = forms.TypedChoiceField(label=_("Newest points"), choices=[(one, f"{one:,}") for one in COUNTS], coerce=int, required=False)
    since = forms.DateField(label=_("Measured from"), required=False, widget=_DAY)
    until = forms.DateField(label=_("Measured until"), required=False, widget=_DAY)

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        measured = ControlSeries.objects.visible_to(viewer).values("material")
        self.fields["material"].queryset = ReferenceMaterial.objects.filter(pk__in=measured)  # type: ignore[attr-defined]
        self.fields["instrument"].queryset = Instrument.objects.visible_to(viewer)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("since") and cleaned.get("until") and cleaned["since"] > cleaned["until"]:
            self.add_error("until", _("The last day is before the first. Exchange them."))
        return cleaned

    @property
    def view_chosen(self) -> str:
        """The view asked for, by default the values."""
        return self.cleaned_data["view"] or View.VALUE

    def asked(self) -> Asked:
        """The chart in the words of the selectors."""
        chosen = self.cleaned_data
        return Asked(
            method=chosen["method"].code,
            material=chosen["material"].code,
            analyte=chosen["analyte"].symbol,
            instrument=chosen["instrument"].code if chosen["instrument"] else "",
            count=chosen["points"] or COUNTS[0],
            since=chosen["since"],
            until=chosen["until"],
            limits=chosen["limits"] or "certificate",
        )


class NoteForm(forms.Form):
    """What was found out about a point."""

    kind = forms.ChoiceField(label=_("What it is"), choices=NoteKind.choices)
    text = forms.CharField(label=_("Note"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)


class LimitsForm(forms.Form):
    """The span that limits are computed from, whole days at the laboratory."""

    since = forms.DateField(label=_("Points measured from"), widget=_DAY)
    until = forms.DateField(label=_("Points measured until"), widget=_DAY)
    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2000,
        help_text=_("Why these points show the method in control"),
    )


class MonthForm(forms.Form):
    """A calendar month."""

    # A question that cannot be answered has lost nothing.
    only_asks = True

    month = forms.DateField(
        label=_("Month"), input_formats=["%Y-%m"], widget=forms.DateInput(attrs={"type": "month"}, format="%Y-%m"), required=False
    )

    @staticmethod
    def last_month() -> Any:
        """The first day of the month before this one."""
        return (local_day(clock.now()).replace(day=1) - timedelta(days=1)).replace(day=1)

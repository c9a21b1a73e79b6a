"""The choice of a control chart."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from assays.instruments.models import Instrument
from assays.models import Analyte, Method, ReferenceMaterial


class ChartForm(forms.Form):
    """Which material, measured by which method, for which element."""

    method = forms.ModelChoiceField(label=_("Method"), queryset=Method.objects.all(), to_field_name="code", empty_label=None)
    material = forms.ModelChoiceField(label=_("Reference material"), queryset=ReferenceMaterial.objects.none(), to_field_name="code")
    analyte = forms.ModelChoiceField(label=_("Element"), queryset=Analyte.objects.all(), to_field_name="symbol", empty_label=None)
    instrument = forms.ModelChoiceField(
        label=_("Instrument"), queryset=Instrument.objects.none(), to_field_name="code", required=False, empty_label=_("all")
    )

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        measured = ReferenceMaterial.objects.filter(pk__in=_materials_measured(viewer))
        self.fields["material"].queryset = measured  # type: ignore[attr-defined]
        self.fields["instrument"].queryset = Instrument.objects.visible_to(viewer)  # type: ignore[attr-defined]


def _materials_measured(viewer: Any) -> Any:
    from assays.models import Run, RunPosition

    runs = Run.objects.visible_to(viewer).filter(measured_at__isnull=False)
    return RunPosition.objects.filter(run__in=runs, material__isnull=False).values("material")

"""Choosing the lots a run is planned with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assays.models import Lot
from assays.models.lots import LotKind
from assays.models.runs import PositionKind
from assays.selectors.run_lots import RunLots, of_tray, open_materials
from assays.selectors.supplies import find_lot
from lims.core.errors import Invalid


class _OneLot(forms.ModelChoiceField):
    """One of the lots offered. Another of the laboratory is taken too: what is wrong with it is said when the run is planned."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Lot.objects.none(), to_field_name="code", required=False, **kwargs)


class _SomeLots(forms.ModelMultipleChoiceField):
    """Some of the lots offered."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.CheckboxSelectMultiple
        super().__init__(queryset=Lot.objects.none(), to_field_name="code", required=False, widget=widget, **kwargs)


class RunLotsForm(forms.Form):
    """The lots of calibration standards, second source, spiking solution, reference materials and reagents; others by their codes."""

    calibration = _OneLot(label=gettext_lazy("Calibration standards"), empty_label=gettext_lazy("none named"))
    verification = _OneLot(label=gettext_lazy("Second source (ICV, CCV)"), empty_label=gettext_lazy("none named"))
    spike = _OneLot(label=gettext_lazy("Spiking solution"), empty_label=gettext_lazy("none named"))
    references = _SomeLots(label=gettext_lazy("Reference materials"))
    reagents = _SomeLots(label=gettext_lazy("Reagents"))
    others = forms.CharField(
        label=gettext_lazy("Other lots"),
        required=False,
        max_length=400,
        help_text=gettext_lazy(
            "Reference materials and reagents by their codes, scanned or typed; a material’s takes the place of the one above"
        ),
        widget=forms.TextInput(attrs={"class": "code-input", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def __init__(self, data: Any = None, *, viewer: Any, offered: Sequence[Lot], proposed: RunLots, tray: Sequence[Any]) -> None:
        super().__init__(data, prefix="lots", initial=_as_values(of_tray(proposed, tray)))
        self.viewer = viewer
        standing = {one.pk for one in open_materials(tray)}
        standards = [one for one in offered if one.kind == LotKind.STANDARD]
        references = [one for one in offered if one.kind == LotKind.REFERENCE and one.material_id in standing]
        # A shelf holds many: those of the substances proposed, any other by its code.
        substances = {one.name for one in proposed.reagents}
        reagents = [one for one in offered if one.kind != LotKind.REFERENCE and one.name in substances]
        self._offer("calibration", standards, none=gettext_lazy("none named"))
        self._offer("verification", standards, none=gettext_lazy("none named"))
        self._offer("spike", standards, none=gettext_lazy("none named"))
        self._offer("references", references)
        self._offer("reagents", reagents)
        spiked = standards if any(one.kind == PositionKind.SPIKE for one in tray) else []
        for name, lots in (("spike", spiked), ("references", references), ("reagents", reagents)):
            if not lots and data is None:
                del self.fields[name]

    def _offer(self, name: str, lots: Sequence[Lot], none: Any = None) -> None:
        field: Any = self.fields[name]
        field.queryset = Lot.objects.visible_to(self.viewer).select_related("material")
        field.choices = [*([("", none)] if none else []), *((one.code, describe_lot(one)) for one in lots)]

    def clean_others(self) -> list[Lot]:
        """The lots with those codes."""
        try:
            found = [find_lot(code, self.viewer, pointer="/others") for code in self.cleaned_data["others"].replace(",", " ").split()]
        except Invalid as error:
            raise forms.ValidationError(error.message) from error
        return [one for one in found if one is not None]

    @property
    def chosen(self) -> RunLots:
        """What was chosen, as the planner takes it."""
        given = self.cleaned_data
        others = [one for one in given["others"] if one.kind == LotKind.REFERENCE]
        replaced = {one.material_id for one in others}
        references = [one for one in given.get("references") or () if one.material_id not in replaced]
        reagents = [*(given.get("reagents") or ()), *(one for one in given["others"] if one.kind != LotKind.REFERENCE)]
        return RunLots(
            calibration=given["calibration"],
            verification=given["verification"],
            spike=given.get("spike"),
            references=[*references, *others],
            reagents=list(dict.fromkeys(reagents)),
        )


def _as_values(lots: RunLots) -> dict[str, Any]:
    """Proposed lots as the form's first values."""
    standards = (("calibration", lots.calibration), ("verification", lots.verification), ("spike", lots.spike))
    one = {name: lot.code for name, lot in standards if lot is not None}
    return one | {"references": [lot.code for lot in lots.references], "reagents": [lot.code for lot in lots.reagents]}


def describe_lot(lot: Lot) -> str:
    """A lot in a list of choices."""
    what = f"{lot.code} · {lot.name} · {lot.supplier_lot}"
    if lot.expires_on is None:
        return what
    return f"{what} · " + _("expires %(day)s") % {"day": date_format(lot.expires_on, "j M Y")}

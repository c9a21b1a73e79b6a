"""Forms of leaches and dilutions."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assays.forms.bench import FilledRows, amount
from assays.forms.steps import code_field
from assays.models import Leach, LeachConditions
from assays.selectors.supplies import find_equipment
from assays.services.diluting import PipettedStep
from assays.services.leaching import Leaching
from lims.core.errors import Invalid, Problem


class BatchForm(forms.Form):
    """What a whole batch of leaches shares: leachant, time, temperature."""

    lot = code_field(gettext_lazy("Lot of the leachant"), gettext_lazy("Scan its label"))
    concentration_mol_l = amount(gettext_lazy("Concentration"), "mol/L", 3)
    minutes = amount(gettext_lazy("Time"), "min", 1)
    temperature_c = amount(gettext_lazy("Temperature"), "°C", 1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("concentration_mol_l", "minutes", "temperature_c"):
            self.fields[name].required = True
        self.fields["lot"].widget.attrs["data-autofocus"] = ""


class LeachRow(forms.Form):
    """One aliquot: the leachant added, pH at start and end. A row left blank is left out."""

    main_field = "ph_start"

    aliquot = forms.UUIDField(widget=forms.HiddenInput)
    leachant_ml = amount(gettext_lazy("Leachant"), "mL", 3, **{"data-skip": ""})
    ph_start = amount(gettext_lazy("pH at the start"), "", 2)
    ph_end = amount(gettext_lazy("pH at the end"), "", 2)

    def is_blank(self) -> bool:
        """Whether no pH was typed into the row."""
        return not any(self.data.get(self.add_prefix(name), "").strip() for name in ("ph_start", "ph_end"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name in ("ph_start", "ph_end", "leachant_ml"):
            if cleaned.get(name) is None and name not in self.errors:
                self.add_error(name, _("Give it, or empty the row."))
        return cleaned

    def leaching(self, batch: dict[str, Any]) -> Leaching:
        """How this one was leached, with what the batch shares."""
        own = {name: self.cleaned_data[name] for name in ("leachant_ml", "ph_start", "ph_end")}
        return Leaching(**own, **{name: batch[name] for name in ("concentration_mol_l", "minutes", "temperature_c")})


LeachRows = forms.formset_factory(LeachRow, formset=FilledRows, extra=0, max_num=200, absolute_max=200)


class LeachCorrection(forms.Form):
    """Other numbers for a leach on record, with the reason."""

    lot = code_field(gettext_lazy("Lot of the leachant"))
    concentration_mol_l = amount(gettext_lazy("Concentration"), "mol/L", 3)
    leachant_ml = amount(gettext_lazy("Leachant"), "mL", 3)
    ph_start = amount(gettext_lazy("pH at the start"), "", 2)
    ph_end = amount(gettext_lazy("pH at the end"), "", 2)
    minutes = amount(gettext_lazy("Time"), "min", 1)
    temperature_c = amount(gettext_lazy("Temperature"), "°C", 1)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))

    NUMBERS = ("concentration_mol_l", "leachant_ml", "ph_start", "ph_end", "minutes", "temperature_c")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.NUMBERS:
            self.fields[name].required = True

    @classmethod
    def of(cls, leach: Leach) -> LeachCorrection:
        """Filled with what is on record."""
        values: dict[str, Any] = {name: getattr(leach, name) for name in cls.NUMBERS}
        return cls(initial=values | {"lot": leach.lot.code if leach.lot else ""})

    def leaching(self) -> Leaching:
        """What was typed."""
        return Leaching(**{name: self.cleaned_data[name] for name in self.NUMBERS})


class DilutionForm(forms.Form):
    """A dilution series, a step a line: taken, final, their standard uncertainties, the pipette."""

    steps = forms.CharField(
        label=gettext_lazy("Steps"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4, "class": "code-input", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "A step a line: taken; final; mL or g; standard uncertainty of the taken; of the final; pipette. The last three may be left out"
        ),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300, required=False, help_text=gettext_lazy("Where it takes the place of another")
    )

    def read(self, viewer: Any) -> list[PipettedStep]:
        """The steps typed. Raises `Invalid` naming the line that cannot be read."""
        lines = [line for line in self.cleaned_data["steps"].splitlines() if line.strip()]
        return [_read_step(index, line, viewer) for index, line in enumerate(lines)]


def _read_step(index: int, line: str, viewer: Any) -> PipettedStep:
    parts = [part.strip() for part in line.replace("\t", ";").split(";")]
    try:
        taken, final, *rest = parts
        unit, u_taken, u_final, tool = [*rest, "", "", "", ""][:4]
        numbers = [Decimal(text or "0") for text in (taken, final, u_taken, u_final)]
    except (ValueError, InvalidOperation):
        detail = _("Line %(line)d: write “1.000; 50.00; mL; 0.005; 0.03; PIP-01”, numbers with a decimal point.") % {"line": index + 1}
        raise Invalid("unreadable", detail, problems=[Problem("/steps", "unreadable", detail)]) from None
    equipment = find_equipment(tool, viewer, pointer="/steps")
    return PipettedStep(taken=numbers[0], final=numbers[1], unit=unit or "mL", u_taken=numbers[2], u_final=numbers[3], equipment=equipment)


def batch_defaults(conditions: LeachConditions | None) -> dict[str, Any]:
    """What the method states, to begin a batch with."""
    return {"concentration_mol_l": f"{conditions.concentration_mol_l.normalize():f}"} if conditions is not None else {}

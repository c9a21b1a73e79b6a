"""Bench entry: rows of a table, filled with the keyboard; a row left blank is left out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.formsets import BaseFormSet
from django.utils.translation import gettext_lazy as _

from assays.models import Aliquot, MethodVersion, SubmissionTest
from assays.models.methods import ReportedOf
from assays.services.preparing import ROUTES, PreparationRecord
from assays.services.weighing import Portion
from samples.models import Sample


def amount(label: Any, unit: str, places: int, **attributes: Any) -> forms.DecimalField:
    """A number typed at a balance; the column's head names it, so the label is for screen readers."""
    attributes = {"data-unit": unit, "aria-label": label, "autocomplete": "off"} | attributes
    return forms.DecimalField(
        label=label, required=False, max_digits=12, decimal_places=places, widget=forms.NumberInput(attrs=attributes), localize=False
    )


class PreparationRow(forms.Form):
    """One sample: its route, the moisture aliquot wet and dry, the sieve check."""

    main_field = "wet_mass_g"

    sample = forms.UUIDField(widget=forms.HiddenInput)
    route = forms.ChoiceField(
        label=_("Route"),
        choices=[(route.code, route.label) for route in ROUTES.values()],
        widget=forms.Select(attrs={"data-skip": "", "aria-label": _("Route")}),
    )
    wet_mass_g = amount(_("Wet"), "g", 4, **{"data-wet": ""})
    dry_mass_g = amount(_("Dry"), "g", 4, **{"data-dry": ""})
    sieve_passing_percent = amount(_("Passing 75 µm"), "%", 1)

    def is_blank(self) -> bool:
        """Whether nothing was typed into the row."""
        return not any(self.data.get(self.add_prefix(name), "").strip() for name in ("wet_mass_g", "dry_mass_g", "sieve_passing_percent"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name in ("wet_mass_g", "dry_mass_g"):
            if not self.is_blank() and cleaned.get(name) is None and name not in self.errors:
                self.add_error(name, _("Weigh it, or empty the row."))
        return cleaned

    def record(self, sample: Sample) -> PreparationRecord:
        """What the row says of its sample."""
        route = ROUTES[self.cleaned_data["route"]]
        return PreparationRecord(
            sample=sample,
            route=route.text,
            drying_c=route.drying_c,
            portion_dried_c=route.portion_dried_c,
            wet_mass_g=self.cleaned_data["wet_mass_g"],
            dry_mass_g=self.cleaned_data["dry_mass_g"],
            sieve_passing_percent=self.cleaned_data["sieve_passing_percent"],
        )


def amounts_of(version: MethodVersion) -> tuple[str, ...]:
    """What is entered beside a portion's mass: of a solution its volume and dilution, of a solid what the method's way needs."""
    loss = ("ignition_loss_percent",)
    needed = {ReportedOf.SPECIMEN: ("specimen_g",), ReportedOf.IGNITED: loss, ReportedOf.IGNITED_DRY: loss}
    return needed.get(ReportedOf(version.reported_of), ()) if version.is_solid else ("volume_ml", "dilution")


class WeighingRow(forms.Form):
    """One test: its portion, and the portion of a duplicate if one is weighed beside it. With `original` the row is a duplicate alone."""

    main_field = "mass_g"

    test = forms.UUIDField(widget=forms.HiddenInput)
    original = forms.CharField(required=False, widget=forms.HiddenInput)
    mass_g = amount(_("Test portion"), "g", 5)
    duplicate_mass_g = amount(_("Duplicate"), "g", 5, **{"data-skip": ""})
    volume_ml = amount(_("Final volume"), "mL", 3, **{"data-skip": ""})
    dilution = amount(_("Dilution factor"), "×", 4, **{"data-skip": ""})
    specimen_g = amount(_("Finished pellet or bead"), "g", 5, **{"data-skip": ""})
    ignition_loss_percent = amount(_("Loss on ignition"), "%", 3, **{"data-skip": ""})

    def __init__(self, *args: Any, version: MethodVersion | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if version is not None:
            for name in amounts_of(version):
                usual = getattr(version, name, None)
                self.fields[name].widget.attrs["placeholder"] = "" if usual is None else f"{usual.normalize():f}"

    def is_blank(self) -> bool:
        """Whether no mass was typed into the row."""
        return not any(self.data.get(self.add_prefix(name), "").strip() for name in ("mass_g", "duplicate_mass_g"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.is_blank() and cleaned.get("mass_g") is None and "mass_g" not in self.errors:
            self.add_error("mass_g", _("Weigh the portion itself before its duplicate."))
        return cleaned

    def portion(self, test: SubmissionTest, original: Aliquot | None) -> Portion:
        """What the row says of its test."""
        cleaned = self.cleaned_data
        return Portion(
            test=test,
            mass_g=cleaned["mass_g"],
            duplicate_mass_g=cleaned["duplicate_mass_g"],
            volume_ml=cleaned["volume_ml"],
            dilution=cleaned["dilution"],
            specimen_g=cleaned["specimen_g"],
            ignition_loss_percent=cleaned["ignition_loss_percent"],
            duplicate_of=original,
        )


class FilledRows(BaseFormSet):
    """Only the rows somebody typed into are checked."""

    def filled(self) -> list[Any]:
        """The rows with something in them, in their order."""
        return [form for form in self.forms if not form.is_blank()]

    def is_valid(self) -> bool:
        # Every row is checked, so that every error shows.
        return self.management_form.is_valid() and not [form for form in self.filled() if not form.is_valid()]


PreparationRows = forms.formset_factory(PreparationRow, formset=FilledRows, extra=0, max_num=200, absolute_max=200)
WeighingRows = forms.formset_factory(WeighingRow, formset=FilledRows, extra=0, max_num=200, absolute_max=200)


class UsedForm(forms.Form):
    """What a whole entry was weighed and dissolved with."""

    used = forms.CharField(
        label=_("Balance, flux, acids"),
        required=False,
        max_length=400,
        help_text=_("Scan their labels, one after another; expired or overdue ones are refused"),
        widget=forms.TextInput(
            attrs={"class": "code-input", "autocapitalize": "characters", "spellcheck": "false", "autocomplete": "off", "data-collect": ""}
        ),
    )

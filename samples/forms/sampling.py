"""Forms of samples: registration, correction, split, hold, release, disposal, photographs. They only translate; the services decide."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from samples.models import Mine, Sample, Visit
from samples.models.samples import HoldKind, Material, SampleKind, SamplingMethod
from samples.services.splitting import PART_KINDS, Part

CODE = {"class": "code-input", "autocapitalize": "characters", "autocomplete": "off", "autocorrect": "off", "spellcheck": "false"}
ZONES = [("Asia/Yangon", _("Myanmar (UTC+06:30)")), ("Asia/Kolkata", _("India (UTC+05:30)")), ("UTC", "UTC")]
_MOMENT_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]


class LocalMomentField(forms.DateTimeField):
    """Date and time as the clock at the place shows them; the zone stands in a field of its own."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    input_formats = _MOMENT_FORMATS

    def prepare_value(self, value: Any) -> Any:
        return value

    def to_python(self, value: Any) -> datetime | None:
        moment: datetime | None = super(forms.DateTimeField, self).to_python(value) if value not in self.empty_values else None
        return moment

    def strptime(self, value: str, format: str) -> datetime:  # noqa: A002
        return datetime.strptime(value, format)  # noqa: DTZ007 - the zone is joined in `clean`


def _number(label: Any, unit: str, **more: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, widget=forms.NumberInput(attrs={"data-unit": unit, "inputmode": "decimal"}), **more)


class SamplingForm(forms.Form):
    """The sampling record; its members are those of `SamplingRecord`."""

    mine = forms.ModelChoiceField(label=_("Mine"), queryset=Mine.objects.none(), empty_label=_("choose"))
    pit = forms.CharField(label=_("Pit"), required=False, max_length=20, help_text=_("Its code within the mine"))
    visit = forms.ModelChoiceField(label=_("Visit"), queryset=Visit.objects.none(), required=False, empty_label=_("none"))
    latitude = _number(_("Latitude"), "°", required=False, help_text=_("Decimal degrees, WGS 84"))
    longitude = _number(_("Longitude"), "°", required=False)
    collected_at = LocalMomentField(label=_("Collected at"), help_text=_("As the clock at the place shows it"))
    collected_zone = forms.ChoiceField(label=_("Time zone"), choices=ZONES)
    collected_by = forms.CharField(label=_("Collected by"), required=False, max_length=120, help_text=_("Empty: you"))
    material = forms.ChoiceField(label=_("Material"), choices=Material.choices)
    method = forms.ChoiceField(label=_("Method"), choices=SamplingMethod.choices)
    depth_from_m = _number(_("Depth from"), "m", required=False)
    depth_to_m = _number(_("Depth to"), "m", required=False)
    mass_g = _number(_("Mass"), "g")
    container = forms.CharField(label=_("Container"), max_length=40, help_text=_("Poly bag, drum, bottle …"))
    container_count = forms.IntegerField(label=_("Containers"), initial=1, widget=forms.NumberInput(attrs={"data-unit": "×"}))
    seal_number = forms.CharField(label=_("Seal"), required=False, max_length=40, widget=forms.TextInput(attrs=CODE))
    field_id = forms.CharField(
        label=_("Field id"), required=False, max_length=60, widget=forms.TextInput(attrs=CODE), help_text=_("What stands on the bag")
    )
    duplicate_of = forms.CharField(
        label=_("Duplicate of"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs=CODE),
        help_text=_("Code or field id of the sample it repeats"),
    )
    remark = forms.CharField(label=_("Remark"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    SECTIONS: ClassVar[tuple[tuple[Any, tuple[str, ...]], ...]] = (
        (_("Where"), ("mine", "pit", "visit", "latitude", "longitude")),
        (_("When and who"), ("collected_at", "collected_zone", "collected_by")),
        (_("What"), ("material", "method", "depth_from_m", "depth_to_m")),
        (_("Container"), ("mass_g", "container", "container_count", "seal_number", "field_id", "duplicate_of", "remark")),
    )

    def __init__(self, *args: Any, viewer: Any, mine: Mine | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mines = Mine.objects.visible_to(viewer)
        usable = mines.filter(active=True) | mines.filter(pk=mine.pk) if mine else mines.filter(active=True)
        self.fields["mine"].queryset = usable  # type: ignore[attr-defined]
        self.fields["visit"].queryset = Visit.objects.visible_to(viewer)  # type: ignore[attr-defined]

    @property
    def sections(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The fields in their groups."""
        return [(title, [self[name] for name in names if name in self.fields]) for title, names in self.SECTIONS]

    def members(self) -> dict[str, Any]:
        """The members of the sampling record, as `SamplingRecord` takes them."""
        values = {name: self.cleaned_data[name] for name in self.fields if name in self.cleaned_data}
        values["mine"] = str(values["mine"].pk)
        values["visit"] = values["visit"].code if values["visit"] else ""
        values["collected_at"] = values["collected_at"].replace(tzinfo=ZoneInfo(values["collected_zone"]))
        return values


class RegistrationForm(SamplingForm):
    """A new sample, with a photograph where one was taken."""

    code = forms.CharField(
        label=_("Code of a printed label"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={**CODE, "data-scan": ""}),
        help_text=_("Scan the label that was put on the bag in the field; empty: a new code is given"),
    )
    photo = forms.FileField(
        label=_("Photograph"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        help_text=_("JPEG, PNG or WebP, at most 15 MB"),
    )
    SECTIONS = (*SamplingForm.SECTIONS[:-1], (SamplingForm.SECTIONS[-1][0], ("code", *SamplingForm.SECTIONS[-1][1], "photo")))

    def members(self) -> dict[str, Any]:
        values = super().members()
        values.pop("photo", None)
        return values


class CorrectionForm(SamplingForm):
    """The record as it stands, to be corrected with a reason."""

    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("Kept with the sample for good")
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["duplicate_of"]

    def changes(self) -> dict[str, Any]:
        """The members that were changed. A time is read in its zone, so another zone is another time."""
        changed = set(self.changed_data) - {"reason", "version"}
        if "collected_zone" in changed:
            changed.add("collected_at")
        return {name: value for name, value in self.members().items() if name in changed}


def initial_of(sample: Sample) -> dict[str, Any]:
    """The sampling record of a sample as a form shows it."""
    plain = ("latitude", "longitude", "collected_zone", "collected_by", "material", "method", "depth_from_m", "depth_to_m")
    texts = ("container", "container_count", "field_id", "remark")
    return {
        **{name: getattr(sample, name) for name in (*plain, *texts)},
        "mine": sample.mine_id,
        "pit": sample.pit.code if sample.pit else "",
        "visit": sample.visit_id,
        "collected_at": sample.collected_at.astimezone(ZoneInfo(sample.collected_zone)).replace(tzinfo=None, second=0, microsecond=0),
        "mass_g": sample.collected_mass_g,
        "seal_number": sample.seal_number or "",
    }


class PartForm(forms.Form):
    """One part of a split; an empty line is none."""

    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[(kind.value, SampleKind(kind).label) for kind in PART_KINDS],
        widget=forms.Select(attrs={"aria-label": _("Kind")}),
    )
    mass_g = forms.DecimalField(
        label=_("Mass"),
        required=False,
        widget=forms.NumberInput(attrs={"data-unit": "g", "inputmode": "decimal", "aria-label": _("Mass in grams")}),
    )
    container = forms.CharField(
        label=_("Container"), required=False, max_length=40, widget=forms.TextInput(attrs={"aria-label": _("Container")})
    )
    seal_number = forms.CharField(
        label=_("Seal"), required=False, max_length=40, widget=forms.TextInput(attrs={**CODE, "aria-label": _("Seal")})
    )


PartFormSet = forms.formset_factory(PartForm, extra=4, max_num=24)


class SplitForm(forms.Form):
    """What stays, and why more than a little is lost."""

    remaining_g = _number(_("Stays under its own code"), "g", help_text=_("0 when all was parted"))
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=500, help_text=_("Needed where more than two in a hundred are lost")
    )


def parts_of(formset: Any) -> list[Part]:
    """The parts of the lines in which a mass was given."""
    return [
        Part(mass_g=row["mass_g"], kind=row["kind"], container=row["container"], seal_number=row["seal_number"])
        for row in formset.cleaned_data
        if row.get("mass_g") is not None
    ]


class HoldForm(forms.Form):
    """A hold."""

    kind = forms.ChoiceField(label=_("Kind"), choices=HoldKind.choices)
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class ReasonForm(forms.Form):
    """A reason, kept for good."""

    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("Kept with the sample for good")
    )


class PhotoForm(forms.Form):
    """A photograph."""

    photo = forms.FileField(
        label=_("Photograph"),
        widget=forms.ClearableFileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        help_text=_("JPEG, PNG or WebP, at most 15 MB"),
    )
    caption = forms.CharField(label=_("Caption"), required=False, max_length=200)


class ImportForm(forms.Form):
    """A file of sampling records."""

    file = forms.FileField(
        label=_("File"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,text/csv"}),
        help_text=_("CSV or XLSX, at most 5 MB and 1,000 rows"),
    )

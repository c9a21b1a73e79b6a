"""Forms of what a laboratory teaches: names of controls, and the layout of a file column by column."""

from __future__ import annotations

from collections.abc import Mapping as Lookup
from collections.abc import Sequence
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from assays.instruments.models import Mapping, NamePattern, PatternKind, RefusedMessage
from assays.instruments.parsers.layouts import QUANTITIES, HeadingPattern, Layout, MappedColumn, guess_column
from assays.models import ReferenceMaterial

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
BY_PATTERN = "pattern"
ROLES = [
    ("ignore", _("not read")),
    ("comment", _("describes the row")),
    ("label", _("sample name")),
    ("value", _("values")),
    (BY_PATTERN, _("values, by the pattern")),
    ("type", _("type of row")),
    ("vial", _("vial or rack place")),
    ("acquired_at", _("date or time")),
    ("dilution", _("dilution included in the values")),
    ("analyte", _("analyte (long form)")),
    ("unit", _("unit (long form)")),
    ("line", _("isotope or line (long form)")),
    ("gas_mode", _("gas mode (long form)")),
    ("quantity", _("quantity (long form)")),
    ("replicate", _("replicate (long form)")),
]
_QUANTITY_WORDS = [
    ("measured_concentration", _("concentration as measured")),
    ("concentration", _("concentration, dilution included")),
    ("mass_fraction", _("mass fraction of the solid")),
    ("counts", _("counts")),
    ("intensity", _("intensity")),
    ("concentration_sd", _("standard deviation")),
    ("concentration_rsd", _("relative standard deviation")),
]
_KNOWN_QUANTITIES = {name for name, _word in _QUANTITY_WORDS} | set(QUANTITIES)


class RefusedFilter(django_filters.FilterSet):
    """Refused messages."""

    q = django_filters.CharFilter(label=_("Words or code"), method="search")
    instrument = django_filters.CharFilter(label=_("Instrument (code)"), field_name="instrument__code", lookup_expr="iexact")
    waits = django_filters.BooleanFilter(label=_("Waits for a person"), field_name="is_open")
    received_after = django_filters.DateFilter(label=_("Received from"), field_name="received_at", lookup_expr="date__gte", widget=_DAY)

    class Meta:
        model = RefusedMessage
        fields: list[str] = []

    def search(self, rows: QuerySet[RefusedMessage], name: str, value: str) -> QuerySet[RefusedMessage]:
        text = value.strip()
        return rows.filter(Q(message__icontains=text) | Q(code__icontains=text) | Q(sha256__startswith=text.lower()))


class PatternFilter(django_filters.FilterSet):
    """Patterns of names."""

    q = django_filters.CharFilter(label=_("Name or material"), method="search")
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=PatternKind.choices)
    in_use = django_filters.BooleanFilter(label=_("In use"))

    class Meta:
        model = NamePattern
        fields: list[str] = []

    def search(self, rows: QuerySet[NamePattern], name: str, value: str) -> QuerySet[NamePattern]:
        return rows.filter(Q(names__icontains=value.strip()) | Q(material__code__icontains=value.strip()))


class MappingFilter(django_filters.FilterSet):
    """Mappings."""

    q = django_filters.CharFilter(label=_("Name"), field_name="name", lookup_expr="icontains")
    in_use = django_filters.BooleanFilter(label=_("In use"))

    class Meta:
        model = Mapping
        fields: list[str] = []


class PatternForm(forms.Form):
    """A pattern of names."""

    names = forms.CharField(
        label=_("Names"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=_("With commas between; # is a number or nothing, * anything or nothing; spaces, signs and capitals do not count"),
    )
    kind = forms.ChoiceField(label=_("What they are"), choices=PatternKind.choices)
    material = forms.ModelChoiceField(
        label=_("Reference material"),
        queryset=ReferenceMaterial.objects.none(),
        to_field_name="code",
        required=False,
        empty_label=_("none in particular"),
        help_text=_("For a control: rows of these names take the tube that holds it"),
    )

    try_names = forms.CharField(
        label=_("Names to try it on"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("One a line, as the instrument writes them; they are not kept"),
    )
    field_order = ["names", "kind", "material", "first", "in_use", "reason", "try_names"]

    def pattern(self) -> dict[str, Any]:
        """What is to be kept."""
        return {name: value for name, value in self.cleaned_data.items() if name != "try_names"}

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = ReferenceMaterial.objects.filter(Q(laboratory=None) | Q(laboratory=viewer.organisation_id), active=True)
        self.fields["material"].queryset = own  # type: ignore[attr-defined]


class NewPatternForm(PatternForm):
    """A new pattern."""

    first = forms.BooleanField(label=_("Look at it before the others"), required=False)


class ChangePatternForm(PatternForm):
    """A pattern as it is to be from now on."""

    in_use = forms.BooleanField(label=_("In use"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=500, help_text=_("Kept with the change"))


class TryForm(forms.Form):
    """Names to try the patterns on."""

    names = forms.CharField(
        label=_("Try names"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("One a line, as the instrument writes them"),
    )


class TableForm(forms.Form):
    """Which table of the file is meant, and how it is built."""

    table = forms.TypedChoiceField(label=_("Table"), coerce=int)
    header = forms.IntegerField(label=_("Row with the headings"), min_value=1, max_value=1000)
    form = forms.ChoiceField(
        label=_("Form"),
        choices=[("wide", _("wide: a column for each analyte")), ("long", _("long: a line for each reading"))],
    )
    units_row = forms.BooleanField(label=_("The row below the headings holds units"), required=False)

    def __init__(self, *args: Any, tables: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["table"].choices = tables  # type: ignore[attr-defined]


class LayoutForm(forms.Form):
    """What each column is. Fields are named by the column's place in the header; `headings` are (heading, nth, example)."""

    name = forms.CharField(label=_("Name of the mapping"), max_length=60, help_text=_("Such as the instrument's program and its report"))
    decimal_sign = forms.ChoiceField(label=_("Decimal sign"), choices=[(".", _("point (1.5)")), (",", _("comma (1,5)"))])
    missing = forms.CharField(
        label=_("Words for no value"), required=False, max_length=200, help_text=_("Beside the usual ones, with commas between")
    )
    patterns = forms.CharField(
        label=_("Patterns over headings"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=_("For files with other analytes. One a line, such as {analyte} {line} ({unit}); also {gas} and {quantity}"),
    )
    pattern_unit = forms.CharField(label=_("Unit of columns by the pattern"), required=False, max_length=20)
    pattern_quantity = forms.ChoiceField(
        label=_("Quantity of columns by the pattern"), choices=_QUANTITY_WORDS, initial="measured_concentration"
    )
    only_sheet = forms.BooleanField(label=_("Only the sheet of this name"), required=False)
    reason = forms.CharField(label=_("Why the mapping changes"), required=False, max_length=500)

    def __init__(self, *args: Any, headings: Sequence[tuple[str, int, str]], taught: Layout | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.headings = list(headings)
        known: Lookup[tuple[str, int], MappedColumn] = {(one.heading, one.nth): one for one in taught.columns} if taught else {}
        for at, (heading, nth, _example) in enumerate(self.headings):
            self._add_fields(at, heading, self._guess(heading, nth, known, taught))
        if taught is None:
            self.fields["reason"].widget = forms.HiddenInput()

    @staticmethod
    def _guess(heading: str, nth: int, known: Lookup[tuple[str, int], MappedColumn], taught: Layout | None) -> MappedColumn | None:
        """What is proposed for a column: as taught; none where a taught pattern reads it."""
        if (heading, nth) in known:
            return known[heading, nth]
        if taught is not None and any(pattern.read(heading) for pattern in taught.patterns):
            return None
        return guess_column(heading, nth)

    def _add_fields(self, at: int, heading: str, guess: MappedColumn | None) -> None:
        shown = guess or MappedColumn(heading, "value")
        fields: dict[str, forms.Field] = {
            "role": forms.ChoiceField(choices=ROLES, initial=shown.role if guess else BY_PATTERN),
            "analyte": forms.CharField(required=False, max_length=12, initial=shown.analyte),
            "line": forms.CharField(required=False, max_length=64, initial=shown.line),
            "gas_mode": forms.CharField(required=False, max_length=64, initial=shown.gas_mode),
            "quantity": forms.ChoiceField(choices=self._quantities(shown.quantity), initial=shown.quantity),
            "unit": forms.CharField(required=False, max_length=20, initial=shown.unit),
        }
        words = {
            "role": _("What is %(heading)s"), "analyte": _("Analyte of %(heading)s"), "line": _("Isotope or line of %(heading)s"),
            "gas_mode": _("Gas mode of %(heading)s"), "quantity": _("Quantity of %(heading)s"), "unit": _("Unit of %(heading)s"),
        }  # fmt: skip
        for name, field in fields.items():
            field.widget.attrs["aria-label"] = words[name] % {"heading": heading}
            if isinstance(field, forms.CharField):
                field.widget.attrs |= {"size": 7, "autocomplete": "off", "spellcheck": "false"}
            self.fields[f"{name}_{at}"] = field

    @staticmethod
    def _quantities(present: str) -> list[tuple[str, Any]]:
        return _QUANTITY_WORDS if present in _KNOWN_QUANTITIES else [*_QUANTITY_WORDS, (present, present)]

    def lines(self) -> list[dict[str, Any]]:
        """The columns with their fields, for the table of the page."""
        names = ("role", "analyte", "line", "gas_mode", "quantity", "unit")
        return [
            {"heading": heading, "nth": nth, "example": example, "fields": [self[f"{name}_{at}"] for name in names]}
            for at, (heading, nth, example) in enumerate(self.headings)
        ]

    def layout(self, table: Lookup[str, Any], separator: str | None, sheet: str | None) -> Layout:
        """What was said, as a layout; `table` is the cleaned `TableForm`."""
        said = self.cleaned_data
        columns = []
        for at, (heading, nth, _example) in enumerate(self.headings):
            role = said[f"role_{at}"]
            if role == "value":
                parts = {name: said[f"{name}_{at}"].strip() for name in ("analyte", "line", "gas_mode", "quantity", "unit")}
                columns.append(MappedColumn(heading, "value", nth, **parts))
            elif role != BY_PATTERN:
                columns.append(MappedColumn(heading, role, nth))
        templates = [line.strip() for line in said["patterns"].splitlines() if line.strip()]
        return Layout(
            tuple(columns),
            table["header"],
            table["form"],
            separator,
            (sheet or "") if said["only_sheet"] else "",
            table["units_row"],
            said["decimal_sign"],
            tuple(word.strip() for word in said["missing"].split(",") if word.strip()),
            tuple(HeadingPattern(template, said["pattern_quantity"], said["pattern_unit"].strip()) for template in templates),
        )


def initial_of(layout: Layout, name: str) -> dict[str, Any]:
    """What a form of a mapping that is to be changed starts with."""
    return {
        "name": name,
        "decimal_sign": layout.decimal_sign,
        "missing": ", ".join(layout.missing),
        "patterns": "\n".join(pattern.template for pattern in layout.patterns),
        "pattern_unit": next((pattern.unit for pattern in layout.patterns), ""),
        "pattern_quantity": next((pattern.quantity for pattern in layout.patterns), "measured_concentration"),
        "only_sheet": bool(layout.sheet),
    }

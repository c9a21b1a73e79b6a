"""Forms and filters of validations of the calculations."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from assays.models import ValidationRun
from assays.models.validations import Conclusion, ValidationOrigin

VALIDATION_ORDERINGS = {"id": "id", "ran_at": "ran_at", "number": "number"}


class ValidationFilter(django_filters.FilterSet):
    """Runs by number, file or SHA-256, by whose examples, by outcome."""

    q = django_filters.CharFilter(label=_("Number, file, SHA-256 or commit"), method="search")
    origin = django_filters.ChoiceFilter(label=_("Examples"), choices=ValidationOrigin.choices, empty_label=_("all"))
    verdict = django_filters.ChoiceFilter(
        label=_("Outcome"),
        choices=[("passed", _("all reproduced")), ("failed", _("not all reproduced"))],
        empty_label=_("all"),
        method="by_verdict",
    )
    signed = django_filters.BooleanFilter(label=_("Signed off"), field_name="sign_off", lookup_expr="isnull", exclude=True)

    class Meta:
        model = ValidationRun
        fields: list[str] = []

    def search(self, rows: QuerySet[ValidationRun], name: str, value: str) -> QuerySet[ValidationRun]:
        """Part of a number or file name, the beginning of a hash or commit."""
        word = value.strip()
        hashes = Q(file_sha256__istartswith=word) | Q(outcome_sha256__istartswith=word) | Q(commit__istartswith=word)
        return rows.filter(Q(number__icontains=word) | Q(file_name__icontains=word) | hashes)

    def by_verdict(self, rows: QuerySet[ValidationRun], name: str, value: str) -> QuerySet[ValidationRun]:
        """Runs with every example reproduced, or with one that was not."""
        clean = Q(passed=F("examples"))
        return rows.filter(clean) if value == "passed" else rows.exclude(clean)


class ExamplesFileForm(forms.Form):
    """A laboratory's own worked examples."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("JSON: a list of examples, each with id, topic, inputs, expected and tolerance; at most 1 MB"),
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
    )


class OutcomeFilterForm(forms.Form):
    """Which examples of a run to show."""

    q = forms.CharField(label=_("Words of id, topic, source or value"), required=False)
    topic = forms.ChoiceField(label=_("Topic"), required=False)
    verdict = forms.ChoiceField(
        label=_("Outcome"), required=False, choices=[("", _("all")), ("passed", _("reproduced")), ("failed", _("not reproduced"))]
    )

    def __init__(self, *args: Any, topics: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["topic"].choices = [("", _("all")), *((topic, topic) for topic in topics)]  # type: ignore[attr-defined]


class ConclusionForm(forms.Form):
    """What a run means."""

    conclusion = forms.ChoiceField(label=_("Conclusion"), choices=Conclusion.choices)
    statement = forms.CharField(
        label=_("Statement"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("Needed where unfit")
    )

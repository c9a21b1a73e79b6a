"""Filters of the list, and the forms of each step."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from assays.nonconformities.lifecycle import NonconformityState
from assays.nonconformities.models import Nonconformity, Notice, Significance, Source
from assays.nonconformities.recalls import Question, people_of
from assays.nonconformities.selectors import overdue
from assays.nonconformities.touching import ask
from lims.accounts.models import User
from lims.core import clock
from lims.core.codes import normalise
from lims.core.roles import LABORATORY_ROLES

ORDERINGS = {"id": "id", "rank": "rank", "code": "code", "found_on": "found_on", "action_due": "action_due"}
_DAY_ATTRS = {"type": "date"}


def _day() -> forms.DateInput:
    return forms.DateInput(attrs=_DAY_ATTRS, format="%Y-%m-%d")


def _text(rows: int = 3) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def split_codes(typed: str) -> list[str]:
    """The codes of a field that takes several, as they were typed: parted by lines, blanks or commas."""
    return typed.replace(",", " ").split()


class NonconformityFilter(django_filters.FilterSet):
    """The same for the page and the API."""

    q = django_filters.CharFilter(label=_("Code, words, run, sample or certificate"), method="search")
    state = django_filters.MultipleChoiceFilter(label=_("State"), choices=NonconformityState.choices)
    source = django_filters.ChoiceFilter(label=_("Source"), choices=Source.choices, empty_label=_("all"))
    significance = django_filters.ChoiceFilter(label=_("Significance"), choices=Significance.choices, empty_label=_("all"))
    overdue = django_filters.BooleanFilter(label=_("Overdue"), method="pick_overdue")
    found_after = django_filters.DateFilter(label=_("Found from"), field_name="found_on", lookup_expr="gte", widget=_day())
    found_before = django_filters.DateFilter(label=_("Found until"), field_name="found_on", lookup_expr="lte", widget=_day())

    class Meta:
        model = Nonconformity
        fields: list[str] = []

    def search(self, rows: QuerySet[Nonconformity], name: str, value: str) -> QuerySet[Nonconformity]:
        """Part of the code or of its words, or the whole code of a run, blind sample or certificate it touches."""
        code = normalise(value)
        touching = Nonconformity.objects.filter(
            Q(links__run__code=code) | Q(links__sample__blind_code=code) | Q(links__certificate__number=code) | Q(links__lot__code=code)
        )
        words = Q(title__icontains=value.strip()) | Q(what_happened__icontains=value.strip())
        return rows.filter(Q(code__icontains=code) | words | Q(pk__in=touching.values("pk")))

    def pick_overdue(self, rows: QuerySet[Nonconformity], name: str, value: bool) -> QuerySet[Nonconformity]:
        """Those whose action is late, or the others."""
        return rows.filter(overdue()) if value else rows.exclude(overdue())


class ReportForm(forms.Form):
    """What somebody found."""

    source = forms.ChoiceField(label=_("Where it came to light"), choices=Source.choices)
    title = forms.CharField(label=_("In a few words"), max_length=160)
    what_happened = forms.CharField(
        label=_("What happened"), widget=_text(5), help_text=_("What was expected, what was found, where and when")
    )
    found_on = forms.DateField(label=_("Found on"), widget=_day(), initial=clock.today)
    touches = forms.CharField(
        label=_("What it touches"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "code-input", "autocapitalize": "characters", "spellcheck": "false"}),
        help_text=_("Codes of runs, samples, lots, equipment, instruments, materials or certificates; one a line, scanned or typed"),
    )

    def codes(self) -> list[str]:
        """The codes, as they were typed."""
        return split_codes(self.cleaned_data["touches"])


class LinkForm(forms.Form):
    """Further things it touches."""

    touches = forms.CharField(
        label=_("What it touches as well"),
        widget=forms.Textarea(attrs={"rows": 2, "class": "code-input", "autocapitalize": "characters", "spellcheck": "false"}),
        help_text=_("Codes of runs, samples, lots, equipment, instruments, materials or certificates; one a line, scanned or typed"),
    )


class EvaluateForm(forms.Form):
    """What it means."""

    significance = forms.ChoiceField(label=_("Significance"), choices=Significance.choices)
    evaluation = forms.CharField(label=_("What it means"), widget=_text(), help_text=_("For these results and for earlier ones"))
    may_recur = forms.BooleanField(label=_("It could happen again, so a corrective action is needed"), required=False)
    stop_work = forms.BooleanField(label=_("Work stops: nothing it touches is reviewed or released until work is resumed"), required=False)
    notify_customers = forms.BooleanField(label=_("Customers are told"), required=False)


class ActionForm(forms.Form):
    """What is done about it."""

    root_cause = forms.CharField(label=_("Root cause"), widget=_text())
    action = forms.CharField(label=_("Corrective action"), widget=_text())
    owner = forms.ModelChoiceField(label=_("Who does it"), queryset=User.objects.none())
    due = forms.DateField(label=_("Until"), widget=_day())

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(organisation=viewer.organisation_id, role__in=LABORATORY_ROLES, is_active=True)
        owner: Any = self.fields["owner"]
        owner.queryset = people.order_by("full_name")


class EffectForm(forms.Form):
    """Whether it worked."""

    effective = forms.ChoiceField(
        label=_("Did the action work?"), choices=[("yes", _("yes")), ("no", _("no, it is taken up again"))], widget=forms.RadioSelect
    )
    effect = forms.CharField(label=_("What you found"), widget=_text())


class NoteForm(forms.Form):
    """A note, or what was done, or why."""

    text = forms.CharField(label=_("Note"), widget=_text(), max_length=4000)


class RecallForm(forms.Form):
    """What is recalled: one thing by its code, or a person, in a span of days."""

    # A question that cannot be answered has lost nothing.
    only_asks = True

    thing = forms.CharField(
        label=_("Lot, equipment, instrument, reference material or run"),
        required=False,
        widget=forms.TextInput(attrs={"class": "code-input", "autocapitalize": "characters", "spellcheck": "false", "data-autofocus": "1"}),
        help_text=_("Its code, scanned or typed"),
    )
    person = forms.ModelChoiceField(
        label=_("Or a person"),
        queryset=User.objects.none(),
        required=False,
        to_field_name="username",
        empty_label=_("nobody in particular"),
    )
    since = forms.DateField(label=_("Measured from"), widget=_day(), required=False)
    until = forms.DateField(label=_("Measured until"), widget=_day(), required=False)

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.viewer = viewer
        person: Any = self.fields["person"]
        person.queryset = people_of(viewer)

    def question(self) -> tuple[Question, Model | None]:
        """The question and the thing it is about; raises `Invalid` where neither or both are named, or the days are turned round."""
        return ask(self.viewer, **self.cleaned_data)


class NoticeForm(forms.Form):
    """What customers are told."""

    subject = forms.CharField(label=_("Subject"), max_length=200)
    text = forms.CharField(label=_("What they have to know and to do"), widget=_text(6))


class NoticeFilter(django_filters.FilterSet):
    """The same for the page and the API."""

    q = django_filters.CharFilter(label=_("Words or certificate"), method="search")
    unread = django_filters.BooleanFilter(label=_("Not acknowledged"), field_name="acknowledgement", lookup_expr="isnull")

    class Meta:
        model = Notice
        fields: list[str] = []

    def search(self, rows: QuerySet[Notice], name: str, value: str) -> QuerySet[Notice]:
        """Part of its words, or the number of a certificate it names."""
        named = Notice.objects.filter(named__certificate__number=normalise(value))
        words = Q(subject__icontains=value.strip()) | Q(text__icontains=value.strip())
        return rows.filter(words | Q(pk__in=named.values("pk")))

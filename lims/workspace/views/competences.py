"""Competences of one laboratory: who may measure, review or authorise by which method, until when."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import django_filters
from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assays.models import Method
from lims.accounts.models import Competence, User
from lims.accounts.services.competences import ACTIVITY_ROLES, end_competence, record_competence
from lims.core import clock
from lims.core.errors import DomainError
from lims.core.listing import RecordList
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action
from lims.core.scope import fetch_visible

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
_ACTIVITIES = [("measure", gettext_lazy("measure")), ("review", gettext_lazy("review")), ("authorise", gettext_lazy("authorise"))]


class CompetenceFilter(django_filters.FilterSet):
    """By person, method and whether they hold."""

    q = django_filters.CharFilter(label=gettext_lazy("Person or method"), method="search")
    activity = django_filters.ChoiceFilter(label=gettext_lazy("Activity"), choices=_ACTIVITIES, empty_label=gettext_lazy("all"))
    holds = django_filters.BooleanFilter(label=gettext_lazy("Holds today"), method="pick_holding")

    class Meta:
        model = Competence
        fields: list[str] = []

    def search(self, rows: QuerySet[Competence], name: str, value: str) -> QuerySet[Competence]:
        """Part of a name or of a method's code."""
        return rows.filter(Q(user__full_name__icontains=value) | Q(method_code__icontains=value))

    def pick_holding(self, rows: QuerySet[Competence], name: str, value: bool) -> QuerySet[Competence]:
        """Those that hold today, or the others."""
        today = clock.today()
        holding = Q(valid_from__lte=today, valid_until__gte=today)
        return rows.filter(holding) if value else rows.exclude(holding)


class CompetenceList(RecordList):
    """The competences of the own laboratory."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.COMPETENCE_EDIT}
    template = "workspace/competences.html"
    filterset_class = CompetenceFilter
    orderings: ClassVar[dict[str, str]] = {
        "valid_until": "valid_until",
        "person": "user__full_name",
        "method": "method_code",
        "activity": "activity",
    }
    default_ordering = "valid_until"
    file_name = "competences.csv"

    def select(self, viewer: Any) -> QuerySet[Competence]:
        return Competence.objects.visible_to(viewer).select_related("user", "granted_by")

    def row(self, found: Competence) -> dict[str, Any]:
        return {
            "person": found.user.full_name,
            "username": found.user.username,
            "method": found.method_code,
            "activity": found.activity,
            "valid_from": found.valid_from.isoformat(),
            "valid_until": found.valid_until.isoformat(),
            "recorded_by": found.granted_by.full_name,
        }

    def render(self, context: dict[str, Any], **options: Any) -> HttpResponse:
        return super().render(context | {"today": clock.today()}, **options)


class CompetenceForm(forms.Form):
    """Who, what, by which method, from when until when."""

    person = forms.ModelChoiceField(label=gettext_lazy("Person"), queryset=User.objects.none(), empty_label="—")
    activity = forms.ChoiceField(
        label=gettext_lazy("Activity"),
        choices=[("", "—"), *_ACTIVITIES],
        help_text=gettext_lazy("Technicians and analysts measure, reviewers review, signatories authorise."),
    )
    method = forms.ModelChoiceField(
        label=gettext_lazy("Method"), queryset=Method.objects.order_by("code"), to_field_name="code", empty_label="—"
    )
    valid_from = forms.DateField(label=gettext_lazy("Valid from"), widget=_DAY)
    valid_until = forms.DateField(label=gettext_lazy("Valid until"), widget=_DAY, help_text=gettext_lazy("Five years at most."))

    def __init__(self, *args: Any, viewer: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        roles = [role for of_activity in ACTIVITY_ROLES.values() for role in of_activity]
        people = User.objects.visible_to(viewer).filter(is_active=True, role__in=roles).order_by("full_name")
        self.fields["person"].queryset = people  # type: ignore[attr-defined]
        self.fields["person"].label_from_instance = _name_with_role  # type: ignore[attr-defined]
        self.fields["valid_from"].initial = clock.today()


def _name_with_role(person: Any) -> str:
    return f"{person.full_name} ({person.get_role_display().lower()})"


class RecordCompetence(Page):
    """A new competence."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.COMPETENCE_EDIT, "POST": Action.COMPETENCE_EDIT}
    template = "workspace/competence_form.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render({"form": CompetenceForm(viewer=request.user)})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CompetenceForm(request.POST, viewer=request.user)
        if form.is_valid():
            values = dict(form.cleaned_data)
            try:
                made = record_competence(method_code=values.pop("method").code, **values, by=request.user)
                messages.success(request, _("The competence of %(person)s is recorded.") % {"person": made.user})
                return redirect("workspace:competences")
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"form": form}, status=422)


class EndCompetence(Page):
    """It allows nothing from now on."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.COMPETENCE_EDIT}

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        competence = fetch_visible(Competence, request.user, pk=pk)
        back = redirect("workspace:competences")
        try:
            end_competence(competence=competence, reason=request.POST.get("reason", ""), by=request.user)
        except DomainError as error:
            return self.refuse(error, back.url)
        messages.success(request, _("The competence has ended."))
        return back

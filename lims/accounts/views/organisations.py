"""The administrator's pages of organisations."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from lims.accounts.forms.filters import OrganisationFilter
from lims.accounts.forms.people import ChangeOrganisationForm, OrganisationForm
from lims.accounts.models import Organisation, User
from lims.accounts.selectors import organisation_row, select_organisations
from lims.accounts.services import organisations
from lims.core.errors import DomainError
from lims.core.history import read_history
from lims.core.listing import RecordList
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action
from lims.core.scope import fetch_visible


class OrganisationList(RecordList):
    """Ministry, firms, laboratories, carriers."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.ACCOUNT_EDIT}
    template = "accounts/organisations.html"
    filterset_class = OrganisationFilter
    orderings: ClassVar[dict[str, str]] = {"name": "name", "code": "code", "kind": "kind"}
    default_ordering = "name"
    file_name = "organisations.csv"

    def select(self, viewer: Any) -> QuerySet[Organisation]:
        return select_organisations(viewer)

    def row(self, found: Organisation) -> dict[str, Any]:
        return organisation_row(found)


class AddOrganisation(Page):
    """A new organisation."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.ACCOUNT_EDIT, "POST": Action.ACCOUNT_EDIT}
    template = "accounts/organisation_form.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render({"form": OrganisationForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = OrganisationForm(request.POST)
        if form.is_valid():
            try:
                found = organisations.record_organisation(values=form.cleaned_data, by=request.user)
                messages.success(request, _("%(name)s is recorded.") % {"name": found.name})
                return redirect("accounts:organisation", pk=found.pk)
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"form": form}, status=422)


class OrganisationPage(Page):
    """One organisation, its people and what became of its entry."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.ACCOUNT_EDIT}
    template = "accounts/organisation.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        found = fetch_visible(Organisation, request.user, pk=pk)
        people = User.objects.filter(organisation=found).order_by("-is_active", "full_name")
        return self.render({"organisation": found, "people": people, "changes": read_history(found)})


class ChangeOrganisation(Page):
    """Another name, address or accreditation; closing it."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.ACCOUNT_EDIT, "POST": Action.ACCOUNT_EDIT}
    template = "accounts/organisation_form.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        found = fetch_visible(Organisation, request.user, pk=pk)
        members = {name: getattr(found, name) for name in organisations.MEMBERS}
        return self.render({"form": ChangeOrganisationForm(initial=members), "organisation": found})

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        found = fetch_visible(Organisation, request.user, pk=pk)
        form = ChangeOrganisationForm(request.POST)
        if form.is_valid():
            values = dict(form.cleaned_data)
            try:
                organisations.change_organisation(organisation=found, values=values, reason=values.pop("reason"), by=request.user)
                messages.success(request, _("The organisation was changed."))
                return redirect("accounts:organisation", pk=pk)
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"form": form, "organisation": found}, status=422)

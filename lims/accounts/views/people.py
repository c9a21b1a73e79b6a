"""The administrator's pages of people."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from lims.accounts.forms.filters import PeopleFilter
from lims.accounts.forms.people import ChangePersonForm, NewPersonForm, ReasonForm
from lims.accounts.models import User
from lims.accounts.selectors import competences_of, person_row, select_people, tokens_of
from lims.accounts.services import people
from lims.core import clock
from lims.core.errors import DomainError
from lims.core.history import read_history
from lims.core.listing import RecordList
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action
from lims.core.scope import fetch_visible


class PeopleList(RecordList):
    """Everybody with an account."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.ACCOUNT_EDIT}
    template = "accounts/people.html"
    filterset_class = PeopleFilter
    orderings: ClassVar[dict[str, str]] = {
        "full_name": "full_name",
        "role": "role",
        "organisation": "organisation__name",
        "last_login": "last_login",
    }
    default_ordering = "full_name"
    file_name = "people.csv"

    def select(self, viewer: Any) -> QuerySet[User]:
        return select_people(viewer)

    def row(self, found: User) -> dict[str, Any]:
        return person_row(found)


class AddPerson(Page):
    """A new account; the answer shows its temporary password once."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.ACCOUNT_EDIT, "POST": Action.ACCOUNT_EDIT}
    template = "accounts/person_form.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render({"form": NewPersonForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = NewPersonForm(request.POST)
        if form.is_valid():
            try:
                person, password = people.add_person(**form.cleaned_data, by=request.user)
                return show_password(self, person, password)
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"form": form}, status=422)


def show_password(page: Page, person: User, password: str) -> HttpResponse:
    """The one page that ever shows a temporary password."""
    response = page.render({"person": person, "password": password}, template="accounts/temporary_password.html")
    add_never_cache_headers(response)
    return response


class PersonPage(Page):
    """One account: who it is, what it holds, what became of it."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.ACCOUNT_EDIT}
    template = "accounts/person.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        person = fetch_visible(User, request.user, queryset=select_people(request.user), pk=pk)
        return self.render(
            {
                "person": person,
                "is_self": person.pk == request.user.pk,
                "tokens": tokens_of(person),
                "competences": competences_of(person),
                "changes": read_history(person),
                "now": clock.now(),
                "today": clock.today(),
                "reason_form": ReasonForm(auto_id="reason_%s"),
            }
        )


class ChangePerson(Page):
    """Another name, role or organisation."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.ACCOUNT_EDIT, "POST": Action.ACCOUNT_EDIT}
    template = "accounts/person_form.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        person = fetch_visible(User, request.user, pk=pk)
        members = {name: getattr(person, name) for name in ("full_name", "email", "role", "organisation")}
        return self.render({"form": ChangePersonForm(initial=members), "person": person})

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        person = fetch_visible(User, request.user, pk=pk)
        form = ChangePersonForm(request.POST)
        if form.is_valid():
            try:
                people.change_person(person=person, **form.cleaned_data, by=request.user)
                messages.success(request, _("The account was changed."))
                return redirect("accounts:person", pk=pk)
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"form": form, "person": person}, status=422)


class _PersonStep(Page):
    """A step on one account that posts at most a reason."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.ACCOUNT_EDIT}

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        person = fetch_visible(User, request.user, pk=pk)
        try:
            return self.take(person, request.POST.get("reason", ""))
        except DomainError as error:
            return self.refuse(error, redirect("accounts:person", pk=pk).url)

    def take(self, person: User, reason: str) -> HttpResponse:
        """Do it and answer."""
        raise NotImplementedError


class ClosePerson(_PersonStep):
    """The account opens nothing any more."""

    def take(self, person: User, reason: str) -> HttpResponse:
        people.deactivate_person(person=person, reason=reason, by=self.request.user)
        messages.success(self.request, _("The account is closed; its sessions and tokens have ended."))
        return redirect("accounts:person", pk=person.pk)


class ReopenPerson(_PersonStep):
    """The account opens again, with a temporary password."""

    def take(self, person: User, reason: str) -> HttpResponse:
        return show_password(self, *people.reactivate_person(person=person, reason=reason, by=self.request.user))


class SetTemporaryPassword(_PersonStep):
    """For a forgotten password."""

    def take(self, person: User, reason: str) -> HttpResponse:
        return show_password(self, person, people.set_temporary_password(person=person, by=self.request.user))

"""A person's own account: settings, password, tokens."""

from __future__ import annotations

import zoneinfo
from typing import Any, ClassVar, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.utils.translation import gettext as _

from lims.accounts.forms.own import OwnPasswordForm, TokenForm
from lims.accounts.models import ApiToken, User
from lims.accounts.selectors import competences_of, tokens_of
from lims.accounts.services import own
from lims.core import clock
from lims.core.errors import DomainError
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action
from lims.core.scope import fetch_visible


def safe_next(request: HttpRequest) -> str:
    """The page the person came from, if it is ours, else the start page."""
    target = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return target if safe else "/"


class SetLanguage(Page):
    """Choose the language of the pages; kept with the account and, for the sign-in page, in a cookie."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.PROFILE_EDIT}

    def post(self, request: HttpRequest) -> HttpResponse:
        language = request.POST.get("language", "")
        response = HttpResponseRedirect(safe_next(request))
        if language in dict(settings.LANGUAGES) and check_for_language(language):
            person: Any = request.user
            person.language = language
            person.save(update_fields=["language"])
            response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, samesite="Lax", secure=settings.PRODUCTION)
        else:
            messages.error(request, _("This language is not available; nothing was changed."))
        return response


class SetZone(Page):
    """Choose the zone times are shown in."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.PROFILE_EDIT}

    def post(self, request: HttpRequest) -> HttpResponse:
        zone = request.POST.get("time_zone", "")
        if zone in zoneinfo.available_timezones():
            person: Any = request.user
            person.time_zone = zone
            person.save(update_fields=["time_zone"])
        else:
            messages.error(request, _("“%(zone)s” is not a time zone; nothing was changed.") % {"zone": zone})
        return HttpResponseRedirect(safe_next(request))


class ChangePassword(PasswordChangeView):
    """One's own password; the only page a temporary password opens."""

    form_class = OwnPasswordForm


class _ProfilePage(Page):
    """The page of the own account, however it is reached."""

    template = "accounts/profile.html"

    def form(self, data: Any = None) -> TokenForm:
        """What a token of this person may be."""
        person: Any = self.request.user
        return TokenForm(data, role=person.role)

    def show(self, form: TokenForm, *, token: str = "", status: int = 200) -> HttpResponse:
        """The page; `token` is a new one, which is shown this once."""
        person: Any = self.request.user
        context: dict[str, Any] = {
            "form": form,
            "token": token,
            "tokens": tokens_of(person),
            "competences": competences_of(person),
            "now": clock.now(),
            "today": clock.today(),
        }
        response = self.render(context, status=status)
        add_never_cache_headers(response)
        return response


class Profile(_ProfilePage):
    """Who I am to the system, and my tokens."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.PROFILE_EDIT}

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(self.form())


class CreateToken(_ProfilePage):
    """A new token, shown on the page that answers and never again."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.PROFILE_EDIT}

    def post(self, request: HttpRequest) -> HttpResponse:
        form, person = self.form(request.POST), cast(User, request.user)
        if form.is_valid():
            name, scopes = form.cleaned_data["name"], form.cleaned_data["scopes"]
            try:
                _row, token = own.create_own_token(name=name, expires_at=form.expires_at, scopes=scopes, by=person)
                return self.show(self.form(), token=token)
            except DomainError as error:
                add_form_errors(form, error)
        return self.show(form, status=422)


class RevokeToken(Page):
    """End a token of one's own, or as administrator anybody's."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.PROFILE_EDIT}

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        token = fetch_visible(ApiToken, request.user, pk=pk)
        mine = token.user_id == request.user.pk
        back = redirect("accounts:profile") if mine else redirect("accounts:person", pk=token.user_id)
        try:
            own.end_token(token=token, by=request.user)
        except DomainError as error:
            return self.refuse(error, back.url)
        messages.success(request, _("The token “%(name)s” opens nothing any more.") % {"name": token.name})
        return back

"""The custody log for people: where it stands, who vouches for it, and how to check it oneself."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from lims.core.errors import DomainError
from lims.core.pages import Page, add_form_errors
from lims.core.panels import render_panels
from lims.core.roles import Action, allowed
from samples.custody.proving import list_keys, list_witnesses, recent_checkpoints, waiting_events
from samples.forms.witnesses import EndWitnessForm, WitnessForm
from samples.services.witnessing import end_witness, register_witness

_SHOWN = 10


class CustodyLog(Page):
    """The log."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.LOG_VIEW}
    template = "samples/log.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        checkpoints = recent_checkpoints(_SHOWN)
        return self.render(
            {
                "checkpoint": checkpoints[0] if checkpoints else None,
                "checkpoints": checkpoints,
                "waiting": waiting_events(),
                "keys": list_keys()[::-1],
                "witnesses": list_witnesses(),
                "needed": settings.CERTIFICATE_COSIGNATURES,
                "public_url": settings.PUBLIC_URL,
                "may_edit": allowed(request.user, Action.WITNESS_EDIT),
                "panels": render_panels("log", None, request),
            }
        )


class RegisterWitness(Page):
    """A witness is registered."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.WITNESS_EDIT, "POST": Action.WITNESS_EDIT}
    template = "samples/witness_form.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render({"form": WitnessForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = WitnessForm(request.POST)
        if form.is_valid():
            try:
                witness = register_witness(**form.cleaned_data, by=request.user)
            except DomainError as error:
                add_form_errors(form, error)
            else:
                messages.success(request, _("%(name)s may cosign the log.") % {"name": witness.name})
                return redirect("samples:log")
        return self.render({"form": form}, status=422)


class EndWitness(Page):
    """A witness counts no longer."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.WITNESS_EDIT}

    def post(self, request: HttpRequest, pk: UUID) -> Any:
        form = EndWitnessForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Say why the witness counts no longer; the reason is kept."))
            return redirect("samples:log")
        try:
            witness = end_witness(witness=pk, reason=form.cleaned_data["reason"], by=request.user)
        except DomainError as error:
            return self.refuse(error, "samples:log")
        messages.success(request, _("%(name)s cosigns no longer.") % {"name": witness.name})
        return redirect("samples:log")

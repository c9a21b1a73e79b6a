"""Radiation at the laboratory: the queue at the door, one sample's measurements, what the laboratory asks for."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from lims.core.errors import DomainError, NotFound
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action, allowed
from samples.forms.safety import GammaForm, PolicyForm, ScreenForm
from samples.models import DoorScreen, Sample
from samples.models.radiation import DoorPolicy
from samples.selectors.radiation import panel_of, select_kept_apart, select_unscreened
from samples.selectors.samples import find_sample
from samples.services.screening import POLICY_MEMBERS, DoseRate, record_gamma, record_screen, screen_blockers, set_policy

_LISTED = 200


class Door(Page):
    """Samples that wait for their dose rate, and those that are kept apart; a scan opens the measurement."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RADIATION_SCREEN}
    template = "samples/safety/door.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        if request.GET.get("code"):
            try:
                sample = find_sample(request.GET["code"], request.user)
                return redirect("samples:radiation", sample.code_for(request.user))
            except NotFound as error:
                return self.refuse(_as_refusal(error), reverse("samples:door"))
        waiting = select_unscreened(request.user)
        held = [(hold, hold.sample.code_for(request.user)) for hold in select_kept_apart(request.user)[:_LISTED]]
        context = {
            "waiting": [(sample, sample.code_for(request.user)) for sample in waiting[:_LISTED]],
            "total": waiting.count(),
            "held": held,
            "policy": DoorPolicy.of(request.user.organisation_id),
        }
        return self.render(context)


def _as_refusal(error: NotFound) -> DomainError:
    """Said above the queue, where the next scan is awaited, and not on a page of its own."""
    return DomainError(error.code, error.message)


class RadiationPage(Page):
    """What was measured of one sample, and the next measurement."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RADIATION_VIEW, "POST": Action.RADIATION_SCREEN}
    template = "samples/safety/radiation.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self.show(find_sample(code, request.user))

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        sample = find_sample(code, request.user)
        form = ScreenForm(request.POST)
        if form.is_valid():
            try:
                screen = record_screen(sample=sample, reading=DoseRate(**form.cleaned_data), by=request.user)
                _tell(request, screen)
                return redirect("samples:door")
            except DomainError as error:
                add_form_errors(form, error)
        return self.show(sample, screen_form=form, status=422)

    def show(self, sample: Sample, *, status: int = 200, **forms: Any) -> HttpResponse:
        """The page with its two forms; one that was refused comes back as it was typed."""
        viewer = self.request.user
        context = {
            "shown_code": sample.code_for(viewer),
            "sample": sample,
            "radiation": panel_of(sample, viewer),
            "policy": DoorPolicy.of(sample.laboratory_id),
            "may_screen": allowed(viewer, Action.RADIATION_SCREEN),
            "may_assess": allowed(viewer, Action.RADIATION_ASSESS),
            "blockers": screen_blockers(sample, viewer),
            "screen_form": forms.get("screen_form") or ScreenForm(initial=_as_before(viewer)),
            "gamma_form": forms.get("gamma_form") or GammaForm(sample=sample),
        }
        return self.render(context, status=status, template=RadiationPage.template)


def _as_before(viewer: Any) -> dict[str, Any]:
    """Background, distance and meter of the viewer's last measurement."""
    last = DoorScreen.objects.filter(measured_by=viewer).first()
    return {name: getattr(last, name) for name in ScreenForm.kept} if last else {}


def _tell(request: HttpRequest, screen: DoorScreen) -> None:
    code = screen.sample.code_for(request.user)
    if screen.passed:
        messages.success(request, _("%(code)s may be opened: %(finding)s") % {"code": code, "finding": screen.sentence})
    else:
        messages.error(request, _("%(code)s is quarantined, do not open it: %(finding)s") % {"code": code, "finding": screen.sentence})


class RecordGamma(RadiationPage):
    """A gamma spectrum, entered by nuclide."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RADIATION_ASSESS}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        sample = find_sample(code, request.user)
        form = GammaForm(request.POST, sample=sample)
        if form.is_valid():
            words = {name: form.cleaned_data[name] for name in ("nuclides", "reference", "measured_by_name")}
            try:
                made = record_gamma(sample=sample, **words, by=request.user)
                finding = _("Below the limit.") if made.cleared else " ".join(made.reasons)
                (messages.success if made.cleared else messages.error)(request, finding)
                return redirect("samples:radiation", sample.code_for(request.user))
            except DomainError as error:
                for problem in error.problems:
                    form.add_error(form.field_of(problem.pointer), problem.detail)
                if not error.problems:
                    add_form_errors(form, error)
        return self.show(sample, gamma_form=form, status=422)


class PolicyPage(Page):
    """What the viewer's laboratory asks for at its door, now and before."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.POLICY_VIEW, "POST": Action.POLICY_EDIT}
    template = "samples/safety/policy.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        current = DoorPolicy.of(request.user.organisation_id)
        initial = {name: getattr(current, name) for name in POLICY_MEMBERS}
        return self._show(PolicyForm(initial=initial))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PolicyForm(request.POST)
        if form.is_valid():
            values = dict(form.cleaned_data)
            try:
                set_policy(reason=values.pop("reason"), values=values, by=request.user)
                messages.success(request, _("In force from now on; what was measured keeps its limit."))
                return redirect("samples:door-policy")
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(form, status=422)

    def _show(self, form: PolicyForm, status: int = 200) -> HttpResponse:
        user = self.request.user
        context = {
            "form": form,
            "current": DoorPolicy.of(user.organisation_id),
            "versions": DoorPolicy.objects.filter(laboratory=user.organisation_id).select_related("set_by")[:50],
            "may_edit": allowed(user, Action.POLICY_EDIT),
        }
        return self.render(context, status=status)

"""What of a run must be measured again and why; one button makes the tray."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assays.selectors.badges import run_badge
from assays.selectors.high_grade import methods_for_high_grade, propose_high_grade
from assays.selectors.measured_runs import TO_REVIEW
from assays.selectors.retests import find_retests
from assays.services.planning import planning_blockers
from assays.services.retesting import ask_retests, plan_retests, reject_positions
from assays.services.upgrading import ask_high_grade
from assays.views.runs import fetch_run
from lims.core import clock
from lims.core.errors import DomainError
from lims.core.pages import Page
from lims.core.roles import Action, allowed


class RetestPage(Page):
    """The samples that must be measured again, with the reason and the dilution; and the step that plans them."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RESULT_DRAFT, "POST": Action.RUN_EDIT}
    template = "assays/runs/again.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        run, viewer = fetch_run(request.user, code), request.user
        may_plan = allowed(viewer, Action.RUN_EDIT)
        blockers: list[Any] = planning_blockers(run.instrument, run.method_version, viewer, clock.today()) if may_plan else []
        return self.render(
            {
                "run": run,
                "badge": run_badge(run.state),
                "found": find_retests(run),
                "may_plan": may_plan,
                "may_review": allowed(viewer, Action.RUN_REVIEW) and run.state in TO_REVIEW,
                "blockers": blockers,
                "rich": propose_high_grade(run),
                "classical": methods_for_high_grade(),
            }
        )

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        run = fetch_run(request.user, code)
        try:
            planned = plan_retests(run=run, aliquots=request.POST.getlist("aliquot"), by=request.user)
        except DomainError as error:
            return self.refuse(error, reverse("assays:run-again", args=[run.code]))
        messages.success(request, _("%(code)s is planned. Load the rack as it stands here.") % {"code": planned.code})
        return redirect("assays:rack", planned.code)


class AskRetests(Page):
    """A reviewer asks for some samples to be measured again."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_REVIEW}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        run = fetch_run(request.user, code)
        try:
            ask_retests(run=run, positions=_numbers(request), reason=request.POST.get("reason", ""), by=request.user)
        except DomainError as error:
            return self.refuse(error, reverse("assays:run-review", args=[run.code]))
        messages.success(request, _("The analyst is asked to measure it again. Approve the rest once that is planned."))
        return redirect("assays:run-again", run.code)


class RejectPositions(Page):
    """A reviewer rejects the results of some samples; the others can be approved."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_REVIEW}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        run = fetch_run(request.user, code)
        back = reverse("assays:run-review", args=[run.code])
        try:
            made = reject_positions(run=run, positions=_numbers(request), reason=request.POST.get("reason", ""), by=request.user)
        except DomainError as error:
            return self.refuse(error, back)
        words = ngettext(
            "%(n)d sample is rejected and waits to be planned again. The signature covers it.",
            "%(n)d samples are rejected and wait to be planned again. The signature covers them.",
            len(made),
        )
        messages.success(request, words % {"n": len(made)})
        return redirect(back + "#signature")


def _numbers(request: HttpRequest) -> list[int]:
    """The positions that were ticked."""
    return [int(one) for one in request.POST.getlist("position") if one.isascii() and one.isdigit()]


class HighGradePage(Page):
    """Ask a classical method for the samples that are too rich."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_EDIT}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        run = fetch_run(request.user, code)
        back = reverse("assays:run-again", args=[run.code])
        version = next(
            (one.method_version for one in methods_for_high_grade() if str(one.method_version) == request.POST.get("method")), None
        )
        if version is None:
            messages.error(request, _("Choose a method for high grades."))
            return redirect(back)
        try:
            made = ask_high_grade(run=run, method_version=version, samples=request.POST.getlist("sample"), by=request.user)
        except DomainError as error:
            return self.refuse(error, back)
        words = _("%(method)s is asked for %(count)d sample(s); they wait for their preparation.")
        messages.success(request, words % {"method": version, "count": len(made)})
        return redirect(back)

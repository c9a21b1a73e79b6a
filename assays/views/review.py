"""Review and authorisation: the queue, and the page on which one signs exactly what is shown."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from assays.forms.review_filters import QueueFilter
from assays.models import Run
from assays.review_risk import LEVELS
from assays.selectors.badges import run_badge
from assays.selectors.measured_runs import TO_REVIEW
from assays.selectors.review_queue import order_queue, queue_row, review_queue, rule_rows
from assays.selectors.run_page import last_results
from assays.selectors.same_source import compare_with_source, may_compare_sources
from assays.services.authorising import authorisation_content, authorise_blockers, authorise_results
from assays.services.reviewing import APPROVE, SEND_BACK, review_blockers, review_content, review_run
from assays.views.runs import fetch_run, gather_run, see_run
from lims.accounts.signing import content_hash
from lims.core.api.paging import page_of_listed
from lims.core.api.views import stream_csv
from lims.core.errors import DomainError, Forbidden, Invalid
from lims.core.pages import Page
from lims.core.roles import Action, allowed


class ReviewQueue(Page):
    """What waits for review and for authorisation, by risk and age."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.QC_VIEW}
    template = "assays/runs/queue.html"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        waiting = review_queue(request.user)
        form = QueueFilter(request.GET)
        # A filter that cannot be used shows its error on the form and filters nothing.
        rows = form.pick(waiting) if form.is_valid() else waiting
        try:
            rows = order_queue(rows, request.GET.get("ordering", ""))
        except Invalid as error:
            return self.refuse(error, request.path)
        if request.GET.get("format") == "csv":
            return stream_csv((queue_row(one) for one in rows), "review-queue.csv")
        mine = {"review": Action.RUN_REVIEW, "authorise": Action.RESULT_AUTHORISE}
        steps = {step for step, action in mine.items() if allowed(request.user, action)}
        if not request.GET.get("ordering"):
            # One's own step first; each keeps its order.
            rows = sorted(rows, key=lambda one: one.step not in steps)
        try:
            page = page_of_listed(request, rows)
        except Invalid as error:
            return self.refuse(error, request.path)
        shown = [{"waiting": one, "run": one.run, "badge": run_badge(one.run.state)} for one in page.rows]
        context = {"rows": shown, "page": page, "steps": steps, "filters": form, "total": len(waiting)}
        context |= {"rules": rule_rows(), "levels": LEVELS}
        return self.render(context | {"compares": may_compare_sources(request.user)})


class SigningPage(Page):
    """A page with everything one needs to decide, and a signature box. Subclasses say what is signed and what signing does."""

    template = "assays/runs/sign.html"

    def decision_of(self, request: HttpRequest) -> str:
        """The decision the page is open for."""
        raise NotImplementedError

    def content_of(self, run: Run, decision: str) -> dict[str, Any]:
        """Exactly what would be signed."""
        raise NotImplementedError

    def blockers_of(self, run: Run, decision: str) -> list[Any]:
        """Why this person cannot sign it now."""
        raise NotImplementedError

    def sign(self, run: Run, decision: str, words: dict[str, Any]) -> str:
        """Do it; the sentence to say afterwards."""
        raise NotImplementedError

    def decisions(self) -> list[tuple[str, Any]]:
        """The decisions to choose from, as (name, label)."""
        return []

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self._show(fetch_run(request.user, code), self.decision_of(request))

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        run, decision = fetch_run(request.user, code), self.decision_of(request)
        words: dict[str, Any] = {
            "password": request.POST.get("password", ""),
            "shown_hash": request.POST.get("content_hash") or None,
            "reason": request.POST.get("reason", "").strip(),
        }
        try:
            done = self.sign(run, decision, words)
        except Forbidden:
            raise
        except DomainError as error:
            return self._show(fetch_run(request.user, code), decision, error=error.message, reason=words["reason"], status=422)
        messages.success(request, done)
        return redirect("assays:run", run.code)

    def _show(self, run: Run, decision: str, *, error: str = "", reason: str = "", status: int = 200) -> HttpResponse:
        content = self.content_of(run, decision)
        page = self.request.path
        more = {
            "act": decision,
            "content": content,
            "digest": content_hash(content),
            "sign_blockers": self.blockers_of(run, decision),
            "error": error,
            "reason": reason,
            "tabs": [{"label": label, "url": f"{page}?decision={name}", "active": name == decision} for name, label in self.decisions()],
            "elements": sorted({line["analyte"] for line in content["results"]}),
            "rejected": [line for line in content.get("positions", ()) if line["standing"] == "rejected"],
            "samples": len({line["sample"] for line in content["results"]}),
        }
        viewer, versions = self.request.user, last_results(run)
        shown = versions if allowed(viewer, Action.RESULT_DRAFT) else []
        gathered = gather_run(run, viewer, see_run(run, viewer), shown, self.request.GET.get("analyte", ""))
        more["earlier"] = compare_with_source(run, versions, viewer)
        more["compares"] = may_compare_sources(self.request.user)
        more["asking"] = self.asking(run, content)
        return self.render(gathered | more, status=status)

    def asking(self, run: Run, content: dict[str, Any]) -> list[Any]:
        """The samples a reviewer can reject or ask to be measured again; none where that is not this page's step."""
        return []


class ReviewPage(SigningPage):
    """A reviewer approves a run or sends it back."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RESULT_DRAFT, "POST": Action.RUN_REVIEW}

    def decision_of(self, request: HttpRequest) -> str:
        asked = request.POST.get("decision") or request.GET.get("decision")
        return SEND_BACK if asked == SEND_BACK else APPROVE

    def decisions(self) -> list[tuple[str, Any]]:
        return [(APPROVE, _("Approve")), (SEND_BACK, _("Send back"))]

    def asking(self, run: Run, content: dict[str, Any]) -> list[Any]:
        if run.state not in TO_REVIEW or not allowed(self.request.user, Action.RUN_REVIEW):
            return []
        return [line for line in content["positions"] if line["standing"] == "kept"]

    def content_of(self, run: Run, decision: str) -> dict[str, Any]:
        return review_content(run, decision)

    def blockers_of(self, run: Run, decision: str) -> list[Any]:
        return review_blockers(run, self.request.user, decision)

    def sign(self, run: Run, decision: str, words: dict[str, Any]) -> str:
        reviewer: Any = self.request.user
        review_run(run=run, decision=decision, by=reviewer, **words)
        if decision == APPROVE:
            return _("%(run)s is reviewed and waits for a signatory.") % {"run": run.code}
        return _("%(run)s is sent back; its aliquots can be measured again.") % {"run": run.code}


class AuthorisePage(SigningPage):
    """A signatory releases the results of a reviewed run, or sends it back."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RESULT_DRAFT, "POST": Action.RESULT_AUTHORISE}

    def decision_of(self, request: HttpRequest) -> str:
        asked = request.POST.get("decision") or request.GET.get("decision")
        return SEND_BACK if asked == SEND_BACK else "authorise"

    def decisions(self) -> list[tuple[str, Any]]:
        return [("authorise", _("Authorise")), (SEND_BACK, _("Send back"))]

    def content_of(self, run: Run, decision: str) -> dict[str, Any]:
        return review_content(run, SEND_BACK) if decision == SEND_BACK else authorisation_content(run)

    def blockers_of(self, run: Run, decision: str) -> list[Any]:
        if decision == SEND_BACK:
            return review_blockers(run, self.request.user, SEND_BACK)
        return authorise_blockers(run, self.request.user)

    def sign(self, run: Run, decision: str, words: dict[str, Any]) -> str:
        signatory: Any = self.request.user
        if decision == SEND_BACK:
            review_run(run=run, decision=SEND_BACK, by=signatory, **words)
            return _("%(run)s is sent back; its aliquots can be measured again.") % {"run": run.code}
        authorise_results(run=run, password=words["password"], shown_hash=words["shown_hash"], statement=words["reason"], by=signatory)
        return _("The results of %(run)s are released.") % {"run": run.code}

"""Nonconforming work: the list, a new one, one with every step that can be taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from assays.nonconformities import forms, selectors
from assays.nonconformities.lifecycle import NONCONFORMITY
from assays.nonconformities.models import Nonconformity
from assays.nonconformities.services import handling, reporting
from assays.nonconformities.touching import find_touched
from assays.views.lists import ListPage
from lims.accounts.signing import content_hash
from lims.core.errors import DomainError, Forbidden, NotFound
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action, allowed


class NonconformityList(ListPage):
    """The laboratory's nonconforming work, what is overdue first."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.NONCONFORMITY_VIEW}
    template = "nonconformities/list.html"
    filterset = forms.NonconformityFilter
    orderings = forms.ORDERINGS
    default_ordering = "rank"
    file_name = "nonconformities.csv"

    def queryset(self) -> QuerySet[Nonconformity]:
        return selectors.select_nonconformities(self.request.user)

    def data(self, found: Nonconformity) -> dict[str, Any]:
        return selectors.nonconformity_row(found)

    def shown(self, found: Nonconformity) -> dict[str, Any]:
        return {"record": found, "badge": selectors.badge_of(found)}

    def more(self) -> dict[str, Any]:
        user = self.request.user
        return {
            "may_report": allowed(user, Action.NONCONFORMITY_REPORT),
            "may_recall": allowed(user, Action.RECALL_SEARCH),
        }


class ReportPage(Page):
    """Somebody reports nonconforming work; `?touches=` fills in codes."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.NONCONFORMITY_REPORT, "POST": Action.NONCONFORMITY_REPORT}
    template = "nonconformities/report.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = {name: request.GET[name] for name in ("source", "title", "touches") if request.GET.get(name)}
        return self.render({"form": forms.ReportForm(initial=asked)})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = forms.ReportForm(request.POST)
        if form.is_valid():
            values = form.cleaned_data
            try:
                things = find_touched(form.codes(), request.user, pointer="/touches")
                finding = reporting.Finding(values["source"], values["title"], values["what_happened"], values["found_on"], tuple(things))
                made = reporting.report_nonconformity(finding=finding, by=request.user)
                return redirect("nonconformities:page", made.code)
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"form": form}, status=422)


class NonconformityPage(Page):
    """One: what happened, what it means, what is done, what it touches; and the steps the viewer may take."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.NONCONFORMITY_VIEW}
    template = "nonconformities/page.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self.render(page_context(selectors.fetch_nonconformity(request.user, code), request.user))


def page_context(record: Nonconformity, viewer: Any) -> dict[str, Any]:
    """Everything the page shows; forms begin with what was said before."""
    manages = allowed(viewer, Action.NONCONFORMITY_MANAGE)
    said = {
        "significance": record.significance,
        "evaluation": record.evaluation,
        "may_recur": record.may_recur,
        "stop_work": record.work_stopped,
        "notify_customers": record.notify_customers,
    }
    plan = {"root_cause": record.root_cause, "action": record.action, "owner": record.action_owner_id, "due": record.action_due}
    steps = set(NONCONFORMITY.available(record))
    return {
        "record": record,
        "badge": selectors.badge_of(record),
        "links": selectors.links_of(record, viewer),
        "notes": record.notes.select_related("by"),
        "notices": record.notices.select_related("customer", "sent_by", "acknowledgement"),
        "manages": manages,
        "may_note": allowed(viewer, Action.NONCONFORMITY_REPORT),
        "evaluate_form": forms.EvaluateForm(initial=said) if manages and "evaluate" in steps else None,
        "action_form": forms.ActionForm(initial=plan, viewer=viewer) if manages and "plan_action" in steps else None,
        "effect_form": forms.EffectForm() if manages and "confirm_effect" in steps and not record.effective else None,
        "note_form": forms.NoteForm(),
        "link_form": forms.LinkForm() if allowed(viewer, Action.NONCONFORMITY_REPORT) and record.state != "closed" else None,
        "may_finish": record.state == "acting" and not handling.finish_blockers(record, viewer),
        "may_resume": manages and not handling.resume_blockers(record),
        "close_blockers": NONCONFORMITY.blockers(record, "close"),
        "digest": content_hash(handling.closing_content(record)),
    }


class StepPage(NonconformityPage):
    """A step taken by POST: back to the page, or the page again with what was refused at its field."""

    actions: ClassVar[dict[str, Action]] = {}
    form_name: ClassVar[str] = ""

    def make_form(self, request: HttpRequest) -> Any:
        raise NotImplementedError

    def take(self, record: Nonconformity, values: dict[str, Any]) -> str:
        """Do it; the sentence to say afterwards."""
        raise NotImplementedError

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        record = selectors.fetch_nonconformity(request.user, code)
        form = self.make_form(request)
        if form.is_valid():
            try:
                messages.success(request, self.take(record, form.cleaned_data))
                return redirect("nonconformities:page", record.code)
            except DomainError as error:
                add_form_errors(form, error)
        context = page_context(selectors.fetch_nonconformity(request.user, code), request.user)
        return self.render(context | {self.form_name: form, "refused": self.form_name}, status=422)


class Evaluate(StepPage):
    """What it means."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.NONCONFORMITY_MANAGE}
    form_name = "evaluate_form"

    def make_form(self, request: HttpRequest) -> Any:
        return forms.EvaluateForm(request.POST)

    def take(self, record: Nonconformity, values: dict[str, Any]) -> str:
        handling.evaluate_nonconformity(record=record, found=handling.Evaluation(**values), by=self.request.user)
        return _("%(code)s is evaluated.") % {"code": record.code}


class PlanAction(StepPage):
    """What is done about it."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.NONCONFORMITY_MANAGE}
    form_name = "action_form"

    def make_form(self, request: HttpRequest) -> Any:
        return forms.ActionForm(request.POST, viewer=request.user)

    def take(self, record: Nonconformity, values: dict[str, Any]) -> str:
        handling.plan_action(record=record, plan=handling.CorrectiveAction(**values), by=self.request.user)
        return _("The action is agreed: %(owner)s until %(day)s.") % {"owner": values["owner"], "day": f"{values['due']:%d %b %Y}"}


class CheckEffect(StepPage):
    """Whether it worked."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.NONCONFORMITY_MANAGE}
    form_name = "effect_form"

    def make_form(self, request: HttpRequest) -> Any:
        return forms.EffectForm(request.POST)

    def take(self, record: Nonconformity, values: dict[str, Any]) -> str:
        effective = values["effective"] == "yes"
        handling.check_effect(record=record, effective=effective, effect=values["effect"], by=self.request.user)
        return _("The effect is recorded.")


class AddLinks(StepPage):
    """Further things it touches, by their codes."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.NONCONFORMITY_REPORT}
    form_name = "link_form"

    def make_form(self, request: HttpRequest) -> Any:
        return forms.LinkForm(request.POST)

    def take(self, record: Nonconformity, values: dict[str, Any]) -> str:
        codes = forms.split_codes(values["touches"])
        reporting.add_links(record=record, things=find_touched(codes, self.request.user, pointer="/touches"), by=self.request.user)
        return _("It is linked.")


class TextStep(StepPage):
    """A step that takes one text: a note, what was done, why."""

    form_name = "note_form"
    step: ClassVar[Callable[..., Any]]
    argument: ClassVar[str]
    said: ClassVar[str]

    def make_form(self, request: HttpRequest) -> Any:
        return forms.NoteForm(request.POST)

    def take(self, record: Nonconformity, values: dict[str, Any]) -> str:
        type(self).step(record=record, by=self.request.user, **{self.argument: values["text"]})
        return _(self.said)


class AddNote(TextStep):
    """Something found or done."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.NONCONFORMITY_REPORT}
    step, argument, said = reporting.add_note, "text", "The note is kept."


class FinishAction(TextStep):
    """The action is taken."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.NONCONFORMITY_REPORT}
    step, argument, said = handling.finish_action, "note", "The action is taken; its effect is to be checked."


class Resume(TextStep):
    """Work goes on."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.NONCONFORMITY_MANAGE}
    step, argument, said = handling.resume_work, "reason", "Work may go on."


class Close(NonconformityPage):
    """Signed."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.NONCONFORMITY_MANAGE}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        record = selectors.fetch_nonconformity(request.user, code)
        user: Any = request.user
        try:
            handling.close_nonconformity(
                record=record,
                password=request.POST.get("password", ""),
                reason=request.POST.get("reason", "").strip(),
                shown_hash=request.POST.get("content_hash") or None,
                by=user,
            )
        except (Forbidden, NotFound):
            raise
        except DomainError as error:
            context = page_context(selectors.fetch_nonconformity(request.user, code), request.user)
            return self.render(context | {"error": error.message}, status=422)
        messages.success(request, _("%(code)s is closed.") % {"code": record.code})
        return redirect("nonconformities:page", record.code)

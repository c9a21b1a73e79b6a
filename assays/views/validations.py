"""Validation of the calculations: history, one run with every example, its report, running and signing off."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from assays.forms.validations import VALIDATION_ORDERINGS, ConclusionForm, ExamplesFileForm, OutcomeFilterForm, ValidationFilter
from assays.models import ValidationRun
from assays.selectors.validation_papers import draw_paper
from assays.selectors.validations import (
    MOST_ROWS,
    fetch_validation,
    outcomes_of,
    pick_outcomes,
    sign_off_of,
    source_of,
    validation_badge,
    validation_data,
    validation_list,
)
from assays.services.validating import (
    MOST_BYTES,
    run_examples_file,
    run_product_examples,
    shown_hash_of,
    sign_off_blockers,
    sign_off_validation,
)
from assays.views.lists import ListPage
from lims.core.api.views import stream_csv
from lims.core.errors import DomainError, Forbidden
from lims.core.pages import Page
from lims.core.roles import Action, allowed


class ValidationList(ListPage):
    """The runs, newest first."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.VALIDATION_VIEW}
    template = "assays/validation/list.html"
    filterset = ValidationFilter
    orderings = VALIDATION_ORDERINGS
    file_name = "validations.csv"

    def queryset(self) -> QuerySet[ValidationRun]:
        return validation_list(self.request.user)

    def data(self, found: ValidationRun) -> dict[str, Any]:
        return validation_data(found)

    def shown(self, found: ValidationRun) -> dict[str, Any]:
        return {"run": found, "badge": validation_badge(found), "signed": sign_off_of(found)}


class RunProduct(Page):
    """Running the product's own examples."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.VALIDATION_RUN}

    def post(self, request: HttpRequest) -> HttpResponse:
        return _leave(request, run_product_examples(by=request.user))


class RunFile(Page):
    """Bringing a file of examples and running it."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.VALIDATION_RUN, "POST": Action.VALIDATION_RUN}
    template = "assays/validation/file.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render({"form": ExamplesFileForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ExamplesFileForm(request.POST, request.FILES)
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                # One byte more than is taken, so that too large a file is known as such and never read whole.
                run = run_examples_file(data=file.read(MOST_BYTES + 1), file_name=file.name, by=request.user)
            except Forbidden:
                raise
            except DomainError as error:
                form.add_error("file", error.message)
            else:
                return _leave(request, run)
        return self.render({"form": form}, status=422)


def _leave(request: HttpRequest, run: ValidationRun) -> HttpResponse:
    words = {"passed": run.passed, "failed": run.failed}
    say = messages.error if run.failed else messages.success
    say(request, _("%(passed)d passed, %(failed)d failed.") % words)
    return redirect("assays:validation", run.number)


class ValidationPage(Page):
    """One run: every example with what was expected and what came."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.VALIDATION_VIEW}
    template = "assays/validation/run.html"

    def get(self, request: HttpRequest, number: str) -> HttpResponseBase:
        run = fetch_validation(request.user, number)
        if request.GET.get("format") == "csv":
            return stream_csv(_value_rows(outcomes_of(run)), f"{run.number}.csv")
        return self.show(run)

    def show(self, run: ValidationRun, *, form: ConclusionForm | None = None, error: str = "", status: int = 200) -> HttpResponse:
        """The page, with a signature that was refused where there is one."""
        rows = outcomes_of(run)
        filters = OutcomeFilterForm(self.request.GET, topics=sorted({row["topic"] for row in rows}))
        wanted = filters.cleaned_data if filters.is_valid() else {}
        found = pick_outcomes(rows, **wanted)
        may_sign = allowed(self.request.user, Action.VALIDATION_SIGN) and run.organisation_id == self.request.user.organisation_id
        return self.render(
            {
                "run": run,
                "badge": validation_badge(run),
                "signed": sign_off_of(run),
                "filters": filters,
                "filtered": any(wanted.values()),
                "rows": found[:MOST_ROWS],
                "found": len(found),
                "may_sign": may_sign,
                "sign_blockers": sign_off_blockers(run) if may_sign else [],
                "digest": shown_hash_of(run),
                "form": form or ConclusionForm(initial={"conclusion": "unfit" if run.failed else "fit"}),
                "error": error,
            },
            status=status,
        )


def _value_rows(rows: list[dict[str, Any]]) -> Any:
    for row in rows:
        about = {name: row[name] for name in ("id", "topic", "source", "basis", "tolerance")}
        nothing = {"name": "", "expected": "", "computed": "", "agrees": False}
        for value in row["values"] or [nothing]:
            yield about | value | {"passed": row["passed"], "obstacle": row["obstacle"]}


class SignOff(ValidationPage):
    """The quality manager's conclusion."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.VALIDATION_SIGN}

    def post(self, request: HttpRequest, number: str) -> HttpResponse:
        run = fetch_validation(request.user, number)
        form = ConclusionForm(request.POST)
        if not form.is_valid():
            return self.show(run, form=form, status=422)
        manager: Any = request.user
        try:
            sign_off_validation(
                run=run,
                **form.cleaned_data,
                password=request.POST.get("password", ""),
                shown_hash=request.POST.get("content_hash") or None,
                by=manager,
            )
        except Forbidden:
            raise
        except DomainError as error:
            return self.show(run, form=form, error=error.message, status=422)
        messages.success(request, _("%(number)s is signed off.") % {"number": run.number})
        return redirect("assays:validation", run.number)


class ValidationPaper(Page):
    """The report: every example of the run, as PDF."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.VALIDATION_VIEW}

    def get(self, request: HttpRequest, number: str) -> HttpResponse:
        run = fetch_validation(request.user, number)
        try:
            paper = draw_paper(run)
        except DomainError as error:
            return self.refuse(error, reverse("assays:validation", args=[number]))
        return _file(paper, "application/pdf", f"{run.number}.pdf", attached=request.GET.get("inline") != "1")


class ValidationSource(Page):
    """The examples as they were run. Never opened by a browser, whatever they are."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.VALIDATION_VIEW}

    def get(self, request: HttpRequest, number: str) -> HttpResponse:
        run = fetch_validation(request.user, number)
        response = _file(source_of(run), "application/octet-stream", f"{run.number}-examples.json")
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response


def _file(data: bytes, content_type: str, name: str, *, attached: bool = True) -> HttpResponse:
    response = HttpResponse(data, content_type=content_type)
    response.headers["Content-Disposition"] = content_disposition_header(attached, name) or "inline"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response

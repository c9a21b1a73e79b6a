"""Assessing a red flag, what is known of a mine, and the files of evidence."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from lims.core.errors import DomainError, NotFound
from lims.core.files import read_bytes
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action, allowed
from samples.looks.looking import Shown, glance_at
from samples.provenance.forms import AssessmentForm, ProfileForm
from samples.provenance.models import ProvenanceRecord
from samples.provenance.selectors import find_record, profile_of
from samples.provenance.services import assessing, recording
from samples.selectors.places import find_mine
from samples.views.looks import look_on_page

_SUFFIXES = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


class FlagPage(Page):
    """One flag of a record: its rule, the facts it rests on, former assessments, and for officials the signature."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.PROVENANCE_VIEW, "POST": Action.PROVENANCE_ASSESS}
    template = "samples/provenance/flag.html"

    def get(self, request: HttpRequest, code: str, flag: str) -> HttpResponse:
        return self._show(find_record(code, request.user), flag, AssessmentForm())

    def post(self, request: HttpRequest, code: str, flag: str) -> HttpResponse:
        record = find_record(code, request.user)
        form = AssessmentForm(request.POST)
        error: DomainError | None = None
        if form.is_valid():
            try:
                assessing.assess_flag(
                    record=record,
                    flag=flag,
                    **form.cleaned_data,
                    shown_hash=request.POST.get("shown_hash", ""),
                    password=request.POST.get("password", ""),
                    by=request.user,
                )
                messages.success(request, _("Assessed and signed."))
                return redirect("provenance:record", record.code)
            except DomainError as refusal:
                add_form_errors(form, refusal)
                error = refusal
        return self._show(record, flag, form, error=error, status=422)

    def _show(
        self, record: ProvenanceRecord, flag: str, form: AssessmentForm, error: DomainError | None = None, status: int = 200
    ) -> HttpResponse:
        state = assessing.find_flag(record, flag)
        former = sorted((one for one in record.assessments.all() if one.flag == flag), key=lambda one: one.pk, reverse=True)
        context = {
            "record": record,
            "state": state,
            "form": form,
            "former": former,
            "error": error.message if error is not None and error.code in {"password", "stale_content"} else "",
            "may_assess": allowed(self.request.user, Action.PROVENANCE_ASSESS),
        }
        return self.render(context, status=status)


class EvidenceFile(Page):
    """A file of evidence. Opening it is a look, but for who brought it."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.PLACE_EXACT}

    def get(self, request: HttpRequest, code: str, pk: UUID) -> HttpResponse:
        record = find_record(code, request.user)
        one = record.evidence.filter(pk=pk).first()
        if one is None:
            raise NotFound()
        data = read_bytes("evidence", one.sha256)
        if one.added_by_id != request.user.pk:
            look_on_page(request, [glance_at(record, Shown.EVIDENCE)], _("opened the file"))
        response = HttpResponse(data, content_type=one.content_type)
        # Strangers made it: it is saved, never shown as a page of ours.
        name = f"{record.code}-{one.sha256[:12]}.{_SUFFIXES.get(one.content_type, 'bin')}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response


class MineProfilePage(Page):
    """What due diligence knows of a mine, with its source; every version stays."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.PROVENANCE_ASSESS, "POST": Action.PROVENANCE_ASSESS}
    template = "samples/provenance/profile_form.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        mine = find_mine(code, request.user)
        return self.render({"mine": mine, "form": ProfileForm(instance=profile_of(mine))})

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        mine = find_mine(code, request.user)
        form = ProfileForm(request.POST, instance=profile_of(mine))
        if form.is_valid():
            values: dict[str, Any] = dict(form.cleaned_data)
            try:
                recording.record_profile(mine=mine, values=values, reason=values.pop("reason"), by=request.user)
                return redirect("samples:mine", mine.code)
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"mine": mine, "form": form}, status=422)

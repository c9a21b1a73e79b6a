"""Provenance records: the list, the page of one, and its changes."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from lims.core.errors import DomainError, NotFound
from lims.core.history import read_history
from lims.core.listing import RecordList
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action, allowed
from samples.forms.looks import LookForm
from samples.forms.places import ChangeReasonForm
from samples.looks.looking import Shown, glance_at
from samples.provenance.forms import PART_FORMS, EvidenceForm, NewRecordForm, PartReasonForm, RecordFilter, RecordForm, values_of
from samples.provenance.models import Part, ProvenanceRecord
from samples.provenance.selectors import evidence_of, find_record, lots_without_record, record_data, samples_of, select_records, standing_of
from samples.provenance.services import evidence, recording
from samples.views.looks import look_form_for, look_on_page

_HIDDEN = frozenset({"name", "identifier", "beneficial_owner", "payer", "payee", "place", "remark", "basis", "version"})


class ProvenanceList(RecordList):
    """Records within the viewer's scope, with what is missing and what waits; lots that have none; the same rows as CSV."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.PROVENANCE_VIEW}
    template = "samples/provenance/list.html"
    filterset_class = RecordFilter
    orderings: ClassVar[dict[str, str]] = {"id": "id", "code": "code"}
    default_ordering = "-id"
    file_name = "provenance.csv"

    def select(self, viewer: Any) -> QuerySet[ProvenanceRecord]:
        return select_records(viewer)

    def row(self, found: ProvenanceRecord) -> dict[str, Any]:
        data = record_data(standing_of(found))
        return data | {name: " ".join(data[name]) for name in ("missing", "flags", "open_flags")}

    def render(self, context: dict[str, Any], **more: Any) -> HttpResponse:
        viewer = self.request.user
        rows = [standing_of(record) for record in context["page"].rows]
        added = {"rows": rows, "without": lots_without_record(viewer)[:50], "may_edit": allowed(viewer, Action.PROVENANCE_EDIT)}
        return super().render(context | added, **more)


class RecordPage(Page):
    """One record. Names, route and payments are shown on request: `exact` once the look was recorded."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.PROVENANCE_VIEW}
    template = "samples/provenance/record.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        return self.show(find_record(code, request.user))

    def show(self, record: ProvenanceRecord, *, exact: bool = False, status: int = 200, **forms: Any) -> HttpResponse:
        viewer = self.request.user
        editing = allowed(viewer, Action.PROVENANCE_EDIT) and record.owner_id == viewer.organisation_id
        return self.render(
            {
                "record": record,
                "standing": standing_of(record),
                "exact": exact,
                "look_form": look_form_for(viewer, forms),
                "intermediaries": record.intermediaries.order_by("number"),
                "stages": record.stages.order_by("number"),
                "payments": record.payments.order_by("number").prefetch_related("evidence"),
                "evidence": evidence_of(record),
                "evidence_form": forms.get("evidence_form") or EvidenceForm(record=record),
                "sample_count": samples_of(record, viewer).count(),
                "may_edit": editing,
                "may_assess": allowed(viewer, Action.PROVENANCE_ASSESS),
                "history": _history(record, hide=frozenset({"version"}) if exact else _HIDDEN),
            },
            status=status,
            template=RecordPage.template,
        )


def _history(record: ProvenanceRecord, *, hide: frozenset[str]) -> list[Any]:
    """The versions of the record and of its lines, newest first."""
    things = [record, *record.intermediaries.all(), *record.stages.all(), *record.payments.all()]
    found = [(thing, change) for thing in things for change in read_history(thing, limit=30, hide=hide | {"record"})]
    kept = [(thing, change) for thing, change in found if change.differences or change.kind != "update"]
    return sorted(kept, key=lambda one: one[1].at, reverse=True)[:60]


class Parties(RecordPage):
    """The page with names, route and payments, after its viewer has said what for."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.PLACE_EXACT}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        record = find_record(code, request.user)
        form = LookForm(request.POST, prefix="look")
        if form.is_valid():
            try:
                look_on_page(request, [glance_at(record, Shown.PARTIES)], form.cleaned_data["purpose"])
                return self.show(record, exact=True)
            except DomainError as error:
                add_form_errors(form, error)
        return self.show(record, look_form=form, status=422)


class NewRecord(Page):
    """A new record."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.PROVENANCE_EDIT, "POST": Action.PROVENANCE_EDIT}
    template = "samples/provenance/record_form.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        initial = {name: request.GET[name] for name in ("mine", "consignment", "visit") if name in request.GET}
        return self.render({"form": NewRecordForm(initial=initial, viewer=request.user)})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = NewRecordForm(request.POST, viewer=request.user)
        if form.is_valid():
            try:
                values = values_of(form, (*recording.SUBJECT, *recording.MEMBERS))
                record = recording.record_provenance(values=values, by=request.user)
                messages.success(
                    request, _("Recorded as %(code)s. Now add who handled it, its route and the payments.") % {"code": record.code}
                )
                return redirect("provenance:record", record.code)
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"form": form}, status=422)


class ChangeRecord(Page):
    """The record, to be changed with a reason."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.PROVENANCE_EDIT, "POST": Action.PROVENANCE_EDIT}
    template = "samples/provenance/record_form.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        record = find_record(code, request.user)
        return self.render({"record": record, "form": RecordForm(instance=record), "reason": ChangeReasonForm()})

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        record = find_record(code, request.user)
        form, reason = RecordForm(request.POST, instance=record), ChangeReasonForm(request.POST)
        if form.is_valid() and reason.is_valid():
            try:
                values = values_of(form, recording.MEMBERS)
                recording.change_provenance(record=record, values=values, reason=reason.cleaned_data["reason"], by=request.user)
                return redirect("provenance:record", record.code)
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"record": record, "form": form, "reason": reason}, status=422)


class RecordPart(Page):
    """A line of a record, new or to be changed or struck out with a reason. Opening one that exists is a look."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.PROVENANCE_EDIT, "POST": Action.PROVENANCE_EDIT}
    template = "samples/provenance/part_form.html"

    def get(self, request: HttpRequest, code: str, part: str, number: int | None = None) -> HttpResponse:
        record, row = self._find(code, part, number)
        if row is not None:
            look_on_page(request, [glance_at(record, Shown.PARTIES)], _("to correct the record"))
        reason = PartReasonForm(initial={"struck": row.struck}) if row else None
        return self._show(record, part, row, PART_FORMS[part](instance=row), reason)

    def post(self, request: HttpRequest, code: str, part: str, number: int | None = None) -> HttpResponse:
        record, row = self._find(code, part, number)
        form = PART_FORMS[part](request.POST, instance=row)
        reason = PartReasonForm(request.POST) if row else None
        if form.is_valid() and (reason is None or reason.is_valid()):
            try:
                self._write(record, part, row, form.cleaned_data, reason.cleaned_data if reason else {})
                return redirect("provenance:record", record.code)
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(record, part, row, form, reason, status=422)

    def _find(self, code: str, part: str, number: int | None) -> tuple[ProvenanceRecord, Part | None]:
        record = find_record(code, self.request.user)
        if part not in recording.PARTS:
            raise NotFound()
        if number is None:
            return record, None
        rows: Any = recording.PARTS[part]._default_manager
        row = rows.filter(record=record, number=number).first()
        if row is None:
            raise NotFound()
        return record, row

    def _write(self, record: ProvenanceRecord, part: str, row: Part | None, values: dict[str, Any], why: dict[str, Any]) -> None:
        if row is None:
            recording.add_part(record=record, part=part, values=values, by=self.request.user)
        else:
            recording.change_part(row=row, values=values, by=self.request.user, **why)

    def _show(self, record: ProvenanceRecord, part: str, row: Part | None, form: Any, reason: Any, status: int = 200) -> HttpResponse:
        titles = {"intermediaries": _("Intermediary"), "route": _("Place of the route"), "payments": _("Payment")}
        return self.render({"record": record, "row": row, "form": form, "reason": reason, "title": titles[part]}, status=status)


class AddEvidence(RecordPage):
    """A file that shows something."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.PROVENANCE_EDIT}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        record = find_record(code, request.user)
        form = EvidenceForm(request.POST, request.FILES, record=record)
        if form.is_valid():
            data = form.cleaned_data
            try:
                evidence.add_evidence(
                    record=record,
                    data=data["file"].read(),
                    kind=data["kind"],
                    caption=data["caption"],
                    file_name=data["file"].name,
                    payment=data["payment"],
                    by=request.user,
                )
                messages.success(request, _("Kept by its SHA-256."))
                return redirect("provenance:record", record.code)
            except DomainError as error:
                messages.error(request, error.message)
                add_form_errors(form, error)
        return self.show(record, evidence_form=form, status=422)

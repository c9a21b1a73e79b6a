"""Uploads: bringing a file, the conversation about it before anything is recorded, its raw bytes and readings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assays.chemistry.units import UNITS, find_kinds
from assays.forms.problems import add_problems
from assays.forms.upload_filters import UPLOAD_ORDERINGS, ReadingFilter, UploadFilter
from assays.forms.uploads import RowsForm, RunChoiceForm, UploadForm, UploadReasonForm
from assays.instruments import ingest, recording, rematching
from assays.instruments.deferring import is_deferred
from assays.instruments.edge import send_reading
from assays.instruments.matching import TrayPosition, explain_match
from assays.instruments.models import Reading, RowOutcome, Upload, UploadRow, UploadState
from assays.instruments.parsers.excerpts import show_place
from assays.instruments.parsers.registry import title_of
from assays.instruments.placing import OPEN_RUN, load_tray, name_tubes
from assays.instruments.taught import newest_versions
from assays.models import Run
from assays.selectors.error_queue import attempts_of, count_waiting
from assays.selectors.measured_badges import row_badge, upload_badge
from assays.selectors.uploads import find_recorded_before, reading_data, readings_of, rows_of, upload_data, upload_list
from assays.views.lists import ListPage
from lims.core.codes import normalise
from lims.core.errors import DomainError, Forbidden, NotFound
from lims.core.files import read_bytes
from lims.core.pages import Page
from lims.core.roles import Action, allowed
from lims.core.scope import fetch_visible


def fetch_upload(viewer: Any, pk: UUID) -> Upload:
    """An upload within the viewer's scope."""
    return fetch_visible(Upload, viewer, queryset=upload_list(viewer).select_related("run__method_version__method"), pk=pk)


class UploadList(ListPage):
    """The laboratory's uploads."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.UPLOAD_VIEW}
    template = "instruments/uploads.html"
    filterset = UploadFilter
    orderings = UPLOAD_ORDERINGS
    file_name = "uploads.csv"

    def queryset(self) -> QuerySet[Upload]:
        return upload_list(self.request.user)

    def data(self, found: Upload) -> dict[str, Any]:
        return upload_data(found)

    def shown(self, found: Upload) -> dict[str, Any]:
        return {"upload": found, "badge": upload_badge(found)}

    def more(self) -> dict[str, Any]:
        return {"may_edit": allowed(self.request.user, Action.RUN_EDIT), "tabs": queue_tabs(self.request)}


def queue_tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """The lists of what came in."""
    waiting = count_waiting(request.user)
    lists = [
        ("instruments:uploads", _("All uploads"), None),
        ("instruments:queue", _("Waits for a person"), waiting),
        ("instruments:refused-list", _("Refused messages"), None),
    ]
    return [{"label": label, "url": reverse(name), "active": request.path == reverse(name), "count": count} for name, label, count in lists]


IN_BACKGROUND = gettext_lazy("The file is large, so it is read again in the background; you may leave the page.")


class NewUpload(Page):
    """Bringing a file."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RUN_EDIT, "POST": Action.RUN_EDIT}
    template = "instruments/new_upload.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        run = Run.objects.visible_to(request.user).filter(code=normalise(request.GET.get("run", ""))).select_related("instrument").first()
        initial = {"run": run.code, "instrument": run.instrument.code} if run else {}
        return self._show(UploadForm(viewer=request.user, initial=initial))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = UploadForm(request.POST, request.FILES, viewer=request.user)
        if not form.is_valid():
            return self._show(form, status=422)
        file, chosen = form.cleaned_data["file"], form.cleaned_data
        try:
            ingest.refuse_size(file.size, file.name)
            stored = ingest.store_upload(
                instrument=chosen["instrument"], file_name=file.name, data=file.read(), run=chosen["run"], by=request.user
            )
        except Forbidden:
            raise
        except DomainError as error:
            form.add_error("run" if error.code in {"other_instrument", "run_closed"} else "file", error.message)
            return self._show(form, status=413 if error.kind == "too_large" else 422)
        send_reading(stored.upload)
        self._say(stored)
        return redirect("instruments:upload", stored.upload.pk)

    def _show(self, form: UploadForm, status: int = 200) -> HttpResponse:
        return self.render({"form": form, "largest": settings.MAX_UPLOAD_BYTES}, status=status)

    def _say(self, stored: ingest.Stored) -> None:
        if not stored.created:
            messages.warning(self.request, _("The same bytes came from this instrument before: this is that upload."))
        elif stored.upload.state == UploadState.READING:
            messages.info(self.request, _("The file is kept. It is large, so it is read in the background; you may leave the page."))
        elif stored.upload.state == UploadState.RECORDED:
            messages.success(self.request, _("Every row matched without a warning, so the readings are recorded."))


class UploadPage(Page):
    """One upload: what came, what matched, what did not, and what is to be decided."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.UPLOAD_VIEW}
    template = "instruments/upload.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self.show(fetch_upload(request.user, pk))

    def show(self, upload: Upload, form: RowsForm | None = None, status: int = 200) -> HttpResponse:
        """The page, with a form of rows that was refused where there is one."""
        rows, viewer = rows_of(upload), self.request.user
        may_edit = allowed(viewer, Action.RUN_EDIT)
        is_open = upload.state == UploadState.WAITING or (upload.state == UploadState.RECORDED and upload.run.state in OPEN_RUN)
        decidable = may_edit and is_open and upload.run is not None
        tray = load_tray(upload.run) if upload.run else []
        tubes = {tube.number: tube for tube in name_tubes(tray)}
        filled = {row.position_id for row in rows if row.position_id}
        counted, earlier = Counter(row.outcome for row in rows), find_recorded_before(upload)
        parked = [row for row in rows if row.outcome == RowOutcome.PARKED]
        shown = rows if self.request.GET.get("all") else parked
        context = {
            "upload": upload,
            "badge": upload_badge(upload),
            "format_title": title_of(upload.format),
            "counts": {outcome: counted[outcome] for outcome in RowOutcome.values},
            "readings": Reading.objects.filter(row__upload=upload).count(),
            "lines": [
                {"row": row, "badge": row_badge(row), "why": _explain(row, tubes), "earlier": earlier.get(row.index, ())} for row in rows
            ],
            "decided": [row for row in rows if row.decided_by_id is not None] if may_edit and is_open else [],
            "unfilled": [position for position in tray if position.pk not in filled],
            "tray_size": len(tray),
            "questions": [note for note in upload.notes if not note["information"]],
            "remarks": [note for note in upload.notes if note["information"]],
            "may_edit": may_edit,
            "is_open": is_open,
            "blockers": recording.confirm_blockers(upload) if upload.state == UploadState.WAITING else [],
            "lacks_unit": may_edit and upload.state == UploadState.WAITING and upload.run is not None and recording.takes_unit(upload),
            "units": _units_for(upload),
            "reason_form": UploadReasonForm(auto_id="withdraw_%s"),
            "rest_form": UploadReasonForm(auto_id="rest_%s"),
            "rows_form": form or (RowsForm(rows=shown, tray=tubes.values()) if decidable and shown else None),
            "shows_all": bool(self.request.GET.get("all")),
            "decidable": decidable,
            "parked": len(parked),
            "attempts": attempts_of(upload),
            "place": show_place(read_bytes("uploads", upload.sha256), upload.error_place) if upload.state == UploadState.UNREADABLE else (),
            "mappings": newest_versions(upload.laboratory_id) if upload.state == UploadState.UNREADABLE and may_edit else [],
            "may_replay": may_edit and upload.state in {UploadState.UNREADABLE, UploadState.WAITING},
            "may_teach": may_edit and (upload.state == UploadState.UNREADABLE or upload.mapping_id is not None),
        }
        if may_edit and upload.state == UploadState.WAITING:
            context["run_form"] = RunChoiceForm(viewer=viewer, upload=upload)
        return self.render(context, status=status)


def _units_for(upload: Upload) -> list[str]:
    """The units its method can work with, the method's own first."""
    own = upload.run.method_version.solution_unit if upload.run else "ug/L"
    return sorted({unit for kind in find_kinds(own) for unit in UNITS[kind]}, key=lambda unit: (unit != own, unit))


def _explain(row: UploadRow, tubes: Mapping[int, TrayPosition]) -> str:
    """Why a matched row stands where it does."""
    if row.outcome != RowOutcome.MATCHED or row.position is None or row.decided_by_id is not None:
        return ""
    return explain_match(row.label, tubes[row.position.number])


class ReadingProgress(Page):
    """How far the worker is that reads a large file, polled until its end."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.UPLOAD_VIEW}
    template = "instruments/reading.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        upload = fetch_upload(request.user, pk)
        if upload.job is None:
            raise NotFound()
        return self.render({"upload": upload, "job": upload.job})


class UploadStep(Page):
    """A decision about one upload; subclasses name the service and what to say once it is done."""

    service: ClassVar[Callable[..., Upload]]
    done: ClassVar[Any]
    needs_reason: ClassVar[bool] = True
    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_EDIT}

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        upload = fetch_upload(request.user, pk)
        words = self.read_words(request)
        try:
            changed = type(self).service(upload=upload, by=request.user, **words)
        except Forbidden:
            raise
        except DomainError as error:
            return self.refuse(error, reverse("instruments:upload", args=[pk]))
        return self.leave(changed)

    def read_words(self, request: HttpRequest) -> dict[str, str]:
        """What the person says with the decision."""
        return {"reason": request.POST.get("reason", "")} if self.needs_reason else {}

    def leave(self, upload: Upload) -> HttpResponse:
        """Say it and go where it shows."""
        messages.success(self.request, self.done)
        return redirect("instruments:upload", send_reading(upload).pk)


class Confirm(UploadStep):
    """Recording."""

    service = recording.confirm_upload
    done = gettext_lazy("The readings are recorded, reduced and judged.")
    needs_reason = False

    def read_words(self, request: HttpRequest) -> dict[str, str]:
        return {"unit": request.POST.get("unit", "").strip()}

    def leave(self, upload: Upload) -> HttpResponse:
        messages.success(self.request, self.done)
        return redirect("assays:run", upload.run.code)


class Withdraw(UploadStep):
    """Taking it out."""

    service = recording.withdraw_upload
    done = gettext_lazy("The upload is withdrawn; its bytes and cells stay.")


class Reopen(UploadStep):
    """Taking it up again."""

    service = recording.reopen_upload
    done = gettext_lazy("The upload is taken up again.")


class IgnoreRest(UploadStep):
    """Setting every parked row aside."""

    service = recording.ignore_rows
    done = gettext_lazy("The remaining rows are set aside.")


class ChooseRun(Page):
    """Matching a waiting upload against a run."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_EDIT}

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        upload = fetch_upload(request.user, pk)
        form = RunChoiceForm(request.POST, viewer=request.user, upload=upload)
        back = reverse("instruments:upload", args=[pk])
        if not form.is_valid():
            messages.error(request, _("Choose one of the runs that still take readings."))
            return redirect(back)
        try:
            changed = rematching.choose_run(upload=upload, run=form.cleaned_data["run"], by=request.user)
        except DomainError as error:
            return self.refuse(error, back)
        if send_reading(changed).state == UploadState.READING:
            messages.info(request, IN_BACKGROUND)
        else:
            messages.success(request, _("The file is matched against %(run)s.") % {"run": form.cleaned_data["run"].code})
        return redirect(back)


class DecideRows(UploadPage):
    """Giving rows their tubes, and setting rows aside."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_EDIT}

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        upload = fetch_upload(request.user, pk)
        asked = [row for row in rows_of(upload) if f"position_{row.index}" in request.POST]
        form = RowsForm(request.POST, rows=asked, tray=name_tubes(load_tray(upload.run)) if upload.run else [])
        if form.is_valid():
            try:
                reason = form.cleaned_data["reason"]
                recording.decide_rows(upload=upload, assignments=form.assignments, aside=form.aside, reason=reason, by=request.user)
                messages.success(request, _("The rows are placed."))
                return redirect("instruments:upload", pk)
            except Forbidden:
                raise
            except DomainError as error:
                _add_row_problems(form, error)
        return self.show(fetch_upload(request.user, pk), form, status=422)


class TakeBack(Page):
    """Taking back what was decided about rows."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_EDIT}

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        upload, back = fetch_upload(request.user, pk), reverse("instruments:upload", args=[pk])
        indexes = {int(text) for text in request.POST.getlist("row") if text.isascii() and text.isdigit() and len(text) < 8}
        try:
            changed = rematching.take_back(upload=upload, indexes=indexes, by=request.user)
        except DomainError as error:
            return self.refuse(error, back)
        if is_deferred(send_reading(changed)):
            messages.info(request, IN_BACKGROUND)
        else:
            messages.success(request, _("The decision is taken back; the rows stand where their names put them."))
        return redirect(back)


def _add_row_problems(form: RowsForm, error: DomainError) -> None:
    """Each problem at its row."""
    for problem in error.problems:
        field = f"position_{problem.pointer.rsplit('/', 1)[-1]}"
        form.add_error(field if field in form.fields else None, problem.detail)
    if not error.problems:
        add_problems(form, error)


class RawFile(Page):
    """The bytes as they came. Never opened by a browser, whatever they are."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.UPLOAD_VIEW}

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        upload = fetch_upload(request.user, pk)
        return serve_bytes(upload.sha256, upload.file_name)


def serve_bytes(sha256: str, name: str) -> HttpResponse:
    """Stored bytes to be saved, never shown."""
    response = HttpResponse(read_bytes("uploads", sha256), content_type="application/octet-stream")
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


class Readings(ListPage):
    """The cells of one upload: text and number."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.UPLOAD_VIEW}
    template = "instruments/readings.html"
    filterset = ReadingFilter
    orderings: ClassVar[dict[str, str]] = {"id": "id"}
    default_ordering = "id"
    file_name = "readings.csv"

    def get(self, request: HttpRequest, pk: UUID | None = None) -> Any:
        self.upload = fetch_upload(request.user, self.kwargs["pk"])
        return super().get(request)

    def queryset(self) -> QuerySet[Reading]:
        return readings_of(self.upload)

    def data(self, found: Reading) -> dict[str, Any]:
        return reading_data(found)

    def more(self) -> dict[str, Any]:
        return {"upload": self.upload}

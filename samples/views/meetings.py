"""Handing over face to face, on one phone or from phone to phone, and from a paper form afterwards."""

from __future__ import annotations

import re
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from lims.core.errors import DomainError
from lims.core.files import read_bytes
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action
from lims.documents.qr import draw_qr
from samples.forms.consignments import AnswerForm, HereForm, PaperHandoverForm
from samples.models import Consignment, Handover
from samples.selectors.consignments import is_told, items_of, read_row
from samples.services import handing_over, meeting, paper_handover
from samples.views.consignments import address_of, fetch_consignment


class HandOverHere(Page):
    """Both sides sign on one phone, one after the other."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_HANDOVER, "POST": Action.CONSIGNMENT_HANDOVER}
    template = "samples/consignments/hand_over_here.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self._show(fetch_consignment(request, code), HereForm())

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        consignment, form = fetch_consignment(request, code), HereForm(request.POST)
        if form.is_valid():
            try:
                done = meeting.hand_over_here(consignment=consignment, **form.cleaned_data, by=request.user)
                messages.success(request, _("%(name)s holds it now; both of you signed.") % {"name": done.receiver})
                return redirect(address_of(consignment))
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(consignment, form, status=422)

    def _show(self, consignment: Consignment, form: Form, *, status: int = 200) -> HttpResponse:
        blockers = handing_over.offer_blockers(consignment, self.request.user)
        return self.render(
            {"consignment": consignment, "form": form, "blockers": blockers, "row": read_row(consignment, self.request.user)}, status=status
        )


class ShowHandover(Page):
    """The giver's phone: a QR that the receiver's phone reads within minutes. Each look makes a new one."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_HANDOVER, "POST": Action.CONSIGNMENT_HANDOVER}
    template = "samples/consignments/show_handover.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self._show(fetch_consignment(request, code), {})

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        consignment = fetch_consignment(request, code)
        try:
            row, token = meeting.show_handover(handover=handing_over.pending_handover(consignment), by=request.user)
        except DomainError as error:
            return self.refuse(error, address_of(consignment))
        address = f"{settings.PUBLIC_URL}{reverse('samples:handover-shown', args=[token])}"
        response = self._show(consignment, {"shown": row, "qr": _draw(address), "address": address})
        response["Cache-Control"] = "no-store"
        return response

    def _show(self, consignment: Consignment, more: dict[str, Any]) -> HttpResponse:
        user = self.request.user
        context = {"consignment": consignment, "row": read_row(consignment, user), "blockers": meeting.shown_blockers(consignment, user)}
        return self.render(context | {"minutes": int(meeting.TOKEN_LIFE.total_seconds() // 60)} | more)


def _draw(address: str) -> SafeString:
    """The QR of an address of ours, as a drawing that takes the size it is given."""
    drawing = re.sub(r'<svg ([^>]*?)width="(\d+)" height="(\d+)"', r'<svg role="img" \1viewBox="0 0 \2 \3"', draw_qr(address), count=1)
    return mark_safe(drawing)  # noqa: S308 - made by us


class AnswerShown(Page):
    """The receiver's phone: what is handed over, then the signature."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_ACKNOWLEDGE, "POST": Action.CONSIGNMENT_ACKNOWLEDGE}
    template = "samples/consignments/answer_shown.html"

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self._show(meeting.find_shown(token, request.user), token, AnswerForm(initial={"accept": "yes"}))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        handover = meeting.find_shown(token, request.user)
        form = AnswerForm(request.POST)
        if form.is_valid():
            try:
                password = request.POST.get("password", "")
                meeting.answer_shown(token=token, **form.cleaned_data, password=password, by=request.user)
                messages.success(request, _("You hold it now.") if form.cleaned_data["accept"] else _("Refused; the giver keeps it."))
                return redirect(address_of(handover.consignment))
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(handover, token, form, status=422)

    def _show(self, handover: Handover, token: str, form: Form, *, status: int = 200) -> HttpResponse:
        user, consignment = self.request.user, handover.consignment
        context = {"handover": handover, "token": token, "form": form, "row": read_row(consignment, user)}
        response = self.render(context | {"items": items_of(consignment, user)}, status=status)
        response["Cache-Control"] = "no-store"
        return response


class PaperHandover(Page):
    """What a paper form says, recorded afterwards."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_HANDOVER, "POST": Action.CONSIGNMENT_HANDOVER}
    template = "samples/consignments/paper_handover.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        consignment = fetch_consignment(request, code)
        return self._show(consignment, PaperHandoverForm(holder=consignment.holder_id))

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        consignment = fetch_consignment(request, code)
        form = PaperHandoverForm(request.POST, request.FILES, holder=consignment.holder_id)
        if form.is_valid():
            words = dict(form.cleaned_data)
            scan = words.pop("file").read()
            try:
                paper_handover.record_paper_handover(consignment=consignment, scan=scan, **words, by=request.user)
                messages.success(request, _("Recorded from paper, with its scan."))
                return redirect(address_of(consignment))
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(consignment, form, status=422)

    def _show(self, consignment: Consignment, form: Form, *, status: int = 200) -> HttpResponse:
        blockers = paper_handover.paper_blockers(consignment, None, self.request.user)
        context = {"consignment": consignment, "form": form, "blockers": blockers, "row": read_row(consignment, self.request.user)}
        return self.render(context, status=status)


class HandoverScan(Page):
    """The scan of a paper form, to those who may know who handed over where."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_PAPERS}

    def get(self, request: HttpRequest, code: str, pk: UUID) -> HttpResponse:
        consignment = fetch_consignment(request, code)
        handover = consignment.handovers.filter(pk=pk).exclude(paper_sha256="").first()
        if handover is None or not is_told(handover, request.user):
            raise Http404(_("There is no such form."))
        return document_response(handover.paper_sha256, handover.paper_type, f"{consignment.code}-handover")


_ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


def document_response(sha256: str, content_type: str, name: str) -> HttpResponse:
    """A kept document for download: never shown as part of our own pages, whatever is in it."""
    response = HttpResponse(read_bytes("papers", sha256), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}.{_ENDINGS[content_type]}"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response

"""The error queue: everything that failed or waits, what is wrong with it in words, and the ways to mend it and replay it."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assays.forms.teaching import RefusedFilter
from assays.forms.uploads import UploadReasonForm
from assays.instruments import replaying
from assays.instruments.edge import send_reading
from assays.instruments.models import Attempt, RefusedMessage, Upload, UploadState
from assays.instruments.parsers.excerpts import show_place
from assays.instruments.taught import newest_versions
from assays.selectors.error_queue import attempts_of, message_data, refused_messages
from assays.selectors.uploads import error_queue, upload_list
from assays.views.lists import ListPage
from assays.views.uploads import UploadList, fetch_upload, queue_tabs, serve_bytes
from lims.core.errors import DomainError, NotFound
from lims.core.files import read_bytes
from lims.core.pages import Page
from lims.core.roles import Action, allowed
from lims.core.scope import fetch_visible

_MOST_AT_ONCE = 200


class ErrorQueue(UploadList):
    """What waits for a person: unreadable, unconfirmed, with rows still parked; and messages refused at the instruments' door."""

    template = "instruments/queue.html"
    default_ordering = "id"
    file_name = "error-queue.csv"

    def queryset(self) -> QuerySet[Upload]:
        return upload_list(self.request.user).filter(pk__in=error_queue(self.request.user).values("pk"))

    def more(self) -> dict[str, Any]:
        refused = refused_messages(self.request.user).filter(is_open=True)
        return super().more() | {"refused": list(refused[:50]), "refused_count": refused.count()}


class ReplayMany(Page):
    """Reading and placing again what was ticked."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_EDIT}

    def post(self, request: HttpRequest) -> HttpResponse:
        uploads, refused = _ids(request, "upload"), _ids(request, "message")
        if not uploads and not refused:
            messages.error(request, _("Nothing was ticked. Tick what is to be read again."))
            return redirect("instruments:queue")
        attempts = [self._replay(one) for one in upload_list(request.user).filter(pk__in=uploads)]
        attempts += [self._replay(one) for one in refused_messages(request.user).filter(pk__in=refused)]
        self._say([one for one in attempts if one is not None])
        return redirect("instruments:queue")

    def _replay(self, thing: Upload | RefusedMessage) -> Attempt | None:
        try:
            if isinstance(thing, Upload):
                attempt = replaying.replay_upload(upload=thing, by=self.request.user)
                send_reading(attempt.made or thing)
                return attempt
            return replaying.replay_message(message=thing, by=self.request.user)
        except DomainError as error:
            messages.error(self.request, error.message)
            return None

    def _say(self, attempts: list[Attempt]) -> None:
        read = sum(one.made_id is not None for one in attempts)
        if read:
            text = ngettext(
                "%(n)s was read and placed; it waits for your look.", "%(n)s were read and placed; they wait for your look.", read
            )
            messages.success(self.request, text % {"n": read})
        if failed := len(attempts) - read:
            text = ngettext("%(n)s still cannot be taken; see why at it.", "%(n)s still cannot be taken; see why at each.", failed)
            messages.warning(self.request, text % {"n": failed})


def _ids(request: HttpRequest, name: str) -> list[UUID]:
    found = []
    for text in request.POST.getlist(name)[:_MOST_AT_ONCE]:
        try:
            found.append(UUID(text))
        except ValueError as error:
            raise NotFound() from error
    return found


class Replay(Page):
    """Reading one upload again, with a chosen mapping where one is named."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_EDIT}

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        upload, back = fetch_upload(request.user, pk), reverse("instruments:upload", args=[pk])
        chosen = request.POST.get("mapping", "")
        mapping = next((one for one in newest_versions(upload.laboratory_id) if str(one.pk) == chosen), None)
        try:
            if chosen and mapping is None:
                raise NotFound()
            attempt = replaying.replay_upload(upload=upload, by=request.user, mapping=mapping)
        except DomainError as error:
            return self.refuse(error, back)
        if attempt.made is None:
            messages.error(request, attempt.sentence)
            return redirect(back)
        if send_reading(attempt.made).state == UploadState.READING:
            messages.info(request, _("The file is large, so it is read in the background; you may leave the page."))
            return redirect("instruments:upload", attempt.made_id)
        messages.success(request, _("The file is read and its rows are placed. Look through them, then record the readings."))
        return redirect("instruments:upload", attempt.made_id)


class RefusedList(ListPage):
    """Messages the instruments' door refused."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.UPLOAD_VIEW}
    template = "instruments/refused.html"
    filterset = RefusedFilter
    orderings: ClassVar[dict[str, str]] = {"id": "id", "received_at": "received_at"}
    file_name = "refused-messages.csv"

    def queryset(self) -> QuerySet[RefusedMessage]:
        return refused_messages(self.request.user)

    def data(self, found: RefusedMessage) -> dict[str, Any]:
        return message_data(found)

    def more(self) -> dict[str, Any]:
        return {"tabs": queue_tabs(self.request)}


def fetch_message(viewer: Any, pk: UUID) -> Any:
    """A refused message within the viewer's scope."""
    return fetch_visible(RefusedMessage, viewer, queryset=refused_messages(viewer), pk=pk)


class RefusedPage(Page):
    """One refused message: what the sender was told, and the message itself."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.UPLOAD_VIEW}
    template = "instruments/refused_message.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self.show(fetch_message(request.user, pk), UploadReasonForm())

    def show(self, message: Any, form: UploadReasonForm, status: int = 200) -> HttpResponse:
        """The page, with a reason that was refused where there is one."""
        context = {
            "message": message,
            "lines": show_place(read_bytes("uploads", message.sha256), ""),
            "attempts": attempts_of(message),
            "may_edit": allowed(self.request.user, Action.RUN_EDIT) and message.is_open,
            "form": form,
        }
        return self.render(context, status=status)


class RefusedRaw(Page):
    """The message's bytes."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.UPLOAD_VIEW}

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        message = fetch_message(request.user, pk)
        return serve_bytes(message.sha256, f"refused-{message.sha256[:8]}.json")


class ReplayMessage(Page):
    """Taking a refused message again."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_EDIT}

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        message, back = fetch_message(request.user, pk), reverse("instruments:refused", args=[pk])
        try:
            attempt = replaying.replay_message(message=message, by=request.user)
        except DomainError as error:
            return self.refuse(error, back)
        if attempt.made is None:
            messages.error(request, attempt.sentence)
            return redirect(back)
        messages.success(request, _("The message is taken."))
        return redirect("instruments:upload", attempt.made_id)


class DismissMessage(RefusedPage):
    """Saying that a refused message needs nothing more."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_EDIT}

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        message, form = fetch_message(request.user, pk), UploadReasonForm(request.POST)
        if not form.is_valid():
            return self.show(message, form, status=422)
        try:
            replaying.dismiss_message(message=message, reason=form.cleaned_data["reason"], by=request.user)
        except DomainError as error:
            return self.refuse(error, reverse("instruments:refused", args=[pk]))
        messages.success(request, _("The message no longer waits; it stays on record with your reason."))
        return redirect("instruments:queue")

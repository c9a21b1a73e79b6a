"""Pages of webhooks, for administrators."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from lims.core.errors import DomainError, NotFound
from lims.core.listing import RecordList
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action
from lims.core.scope import fetch_visible
from lims.webhooks import services
from lims.webhooks.forms import DeliveryFilter, PauseForm, RenewForm, WebhookFilter, WebhookForm
from lims.webhooks.models import Webhook, WebhookDelivery
from lims.webhooks.selectors import badge_of, deliveries_of, delivery_data, webhook_data, webhook_list


def fetch_webhook(viewer: Any, pk: UUID) -> Webhook:
    """A webhook within the viewer's scope."""
    return fetch_visible(Webhook, viewer, queryset=webhook_list(viewer), pk=pk)


class WebhookList(RecordList):
    """All webhooks; the same rows as CSV."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.WEBHOOK_EDIT}
    template = "webhooks/webhooks.html"
    filterset_class = WebhookFilter
    orderings: ClassVar[dict[str, str]] = {"created_at": "created_at", "url": "url", "organisation": "organisation__name"}
    default_ordering = "-created_at"
    file_name = "webhooks.csv"

    def select(self, viewer: Any) -> QuerySet[Webhook]:
        return webhook_list(viewer)

    def row(self, found: Webhook) -> dict[str, Any]:
        return webhook_data(found) | {"events": " ".join(found.event_types)}

    def render(self, context: dict[str, Any], *, status: int = 200, template: str | None = None) -> HttpResponse:
        rows = [(one, badge_of(one)) for one in context["page"].rows]
        return super().render(context | {"rows": rows}, status=status, template=template)


class AddWebhook(Page):
    """A new webhook; its secret is shown on the page that answers."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.WEBHOOK_EDIT, "POST": Action.WEBHOOK_EDIT}
    template = "webhooks/add.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render({"form": WebhookForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = WebhookForm(request.POST)
        if form.is_valid():
            try:
                webhook, secret = services.create_webhook(**form.cleaned_data, by=request.user)
                answer = self.render({"secret": secret, "webhook": webhook}, template="webhooks/added.html")
                answer.headers["Cache-Control"] = "no-store"
                return answer
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"form": form}, status=422)


class WebhookPage(RecordList):
    """One webhook with its deliveries and every attempt."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.WEBHOOK_EDIT}
    template = "webhooks/webhook.html"
    filterset_class = DeliveryFilter
    orderings: ClassVar[dict[str, str]] = {"id": "id"}
    default_ordering = "-id"
    file_name = "deliveries.csv"

    def get(self, request: HttpRequest, pk: UUID | None = None) -> HttpResponseBase:
        return super().get(request)

    def select(self, viewer: Any) -> QuerySet[WebhookDelivery]:
        return deliveries_of(fetch_webhook(viewer, self.kwargs["pk"]))

    def row(self, found: WebhookDelivery) -> dict[str, Any]:
        data = delivery_data(found)
        last = data["attempts"][-1] if data["attempts"] else {}
        names = ("id", "event", "type", "occurred_at", "state", "next_try_at")
        return {name: data[name] for name in names} | {"attempts": len(data["attempts"]), "status": last.get("status")}

    def render(self, context: dict[str, Any], *, status: int = 200, template: str | None = None) -> HttpResponse:
        webhook = fetch_webhook(self.request.user, self.kwargs["pk"])
        context |= {"webhook": webhook, "badge": badge_of(webhook), "pause_form": PauseForm(), "renew_form": RenewForm(auto_id="renew_%s")}
        return super().render(context, status=status, template=template)


class SetActive(Page):
    """Pausing and resuming."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.WEBHOOK_EDIT}
    active = False

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        webhook = fetch_webhook(request.user, pk)
        back = reverse("webhooks:webhook", args=[pk])
        try:
            services.set_webhook_active(webhook=webhook, active=self.active, reason=request.POST.get("reason", ""), by=request.user)
        except DomainError as error:
            return self.refuse(error, back)
        messages.success(request, _("It is told again; what waited is sent.") if self.active else _("It is paused; nothing is sent."))
        return redirect(back)


class RenewSecret(Page):
    """Renewing the secret; the new one is shown on the page that answers."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.WEBHOOK_EDIT}

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        webhook, form = fetch_webhook(request.user, pk), RenewForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Say for how long the old secret signs, and why it is renewed."))
            return redirect("webhooks:webhook", pk)
        try:
            webhook, secret = services.renew_secret(webhook=webhook, **form.cleaned_data, by=request.user)
        except DomainError as error:
            return self.refuse(error, reverse("webhooks:webhook", args=[pk]))
        answer = self.render({"secret": secret, "webhook": webhook}, template="webhooks/renewed.html")
        answer.headers["Cache-Control"] = "no-store"
        return answer


class EndOverlap(Page):
    """Ending the time in which both secrets sign."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.WEBHOOK_EDIT}

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        back = reverse("webhooks:webhook", args=[pk])
        try:
            services.end_overlap(webhook=fetch_webhook(request.user, pk), by=request.user)
        except DomainError as error:
            return self.refuse(error, back)
        messages.success(request, _("The old secret no longer signs."))
        return redirect(back)


class Replay(Page):
    """Sending an event once more."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.WEBHOOK_EDIT}

    def post(self, request: HttpRequest, pk: UUID, delivery: UUID) -> HttpResponse:
        webhook = fetch_webhook(request.user, pk)
        back = reverse("webhooks:webhook", args=[pk])
        found = fetch_delivery(webhook, delivery)
        try:
            services.replay_delivery(delivery=found, by=request.user)
        except DomainError as error:
            return self.refuse(error, back)
        messages.success(request, _("It is sent again within the minute."))
        return redirect(back)


def fetch_delivery(webhook: Webhook, pk: UUID) -> WebhookDelivery:
    """A delivery of the webhook; raises `NotFound`."""
    found = deliveries_of(webhook).filter(pk=pk).first()
    if found is None:
        raise NotFound()
    return found

"""Webhooks over the interface: administrators add them, look at deliveries and send them again."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lims.accounts.models import Organisation
from lims.core.api.views import ActionView, ListView, Struct, decode
from lims.core.errors import Invalid, NotFound, Problem
from lims.core.roles import Action
from lims.core.scope import fetch_visible
from lims.webhooks import services
from lims.webhooks.events import EVENT_NAMES
from lims.webhooks.models import DeliveryState, Webhook, WebhookDelivery
from lims.webhooks.selectors import deliveries_of, delivery_data, webhook_data, webhook_list


class _Schema(serializers.Serializer[Any]):
    """A shape, never used to validate."""


class NewWebhookSchema(_Schema):
    organisation = serializers.CharField(help_text="Code of the organisation whose events are told")
    url = serializers.CharField(max_length=500, help_text="https:// only in production; never an address inside the own network")
    events = serializers.ListField(child=serializers.ChoiceField(choices=EVENT_NAMES), min_length=1)
    description = serializers.CharField(required=False, max_length=200)


class WebhookSchema(_Schema):
    id = serializers.UUIDField()
    organisation = serializers.CharField()
    url = serializers.CharField()
    events = serializers.ListField(child=serializers.ChoiceField(choices=EVENT_NAMES))
    description = serializers.CharField()
    active = serializers.BooleanField()
    paused_because = serializers.CharField(allow_null=True)
    waiting = serializers.IntegerField(help_text="Deliveries that are still to be sent")
    failed = serializers.IntegerField(help_text="Deliveries that were given up")
    created_at = serializers.DateTimeField()
    old_secret_until = serializers.DateTimeField(allow_null=True, help_text="Until then the secret before this one signs beside it")


class WebhookMadeSchema(WebhookSchema):
    secret = serializers.CharField(help_text="Shown this once; signs every delivery")


class WebhookPage(_Schema):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = WebhookSchema(many=True)


class DeliveryAttemptSchema(_Schema):
    tried_at = serializers.DateTimeField()
    milliseconds = serializers.IntegerField()
    status = serializers.IntegerField(allow_null=True)
    answer = serializers.CharField(help_text="How the answer began")
    error = serializers.CharField(allow_null=True)


class DeliverySchema(_Schema):
    id = serializers.UUIDField()
    event = serializers.UUIDField(help_text="The `webhook-id` of the message")
    type = serializers.ChoiceField(choices=EVENT_NAMES)
    data = serializers.DictField(child=serializers.CharField())  # type: ignore[assignment]  # a member, not the serializer's own data
    occurred_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=DeliveryState.choices)
    next_try_at = serializers.DateTimeField(allow_null=True)
    replayed_by = serializers.CharField(allow_null=True)
    attempts = DeliveryAttemptSchema(many=True)


class DeliveryPage(_Schema):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    count = serializers.IntegerField(required=False)
    results = DeliverySchema(many=True)


class PauseSchema(_Schema):
    reason = serializers.CharField()


class RenewSchema(_Schema):
    hours = serializers.ChoiceField(
        choices=services.OVERLAPS, help_text="For how long the old secret signs beside the new one; 0 ends it at once"
    )
    reason = serializers.CharField()


class NewWebhook(Struct):
    """A webhook to add."""

    organisation: str
    url: str
    events: list[str]
    description: str = ""


class PauseBody(Struct):
    """Why."""

    reason: str


class RenewBody(Struct):
    """For how many hours both secrets sign, and why the secret is renewed."""

    hours: int
    reason: str


def fetch_webhook(viewer: Any, pk: UUID) -> Any:
    """A webhook within the viewer's scope, with its counts."""
    return fetch_visible(Webhook, viewer, queryset=webhook_list(viewer), pk=pk)


def find_organisation(code: str, viewer: Any) -> Organisation:
    """An organisation by its code; raises `Invalid`."""
    rows = Organisation.objects.visible_to(viewer)
    found = rows.filter(code=code.strip()).first() if code.isprintable() else None
    if found is None:
        sentence = f"There is no organisation “{code[:40]}”. Give its code."
        raise Invalid("unknown_organisation", sentence, problems=[Problem("/organisation", "unknown_organisation", sentence)])
    return found


class Webhooks(ListView):
    """All webhooks."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.WEBHOOK_EDIT, "POST": Action.WEBHOOK_EDIT}

    def queryset(self, request: Request) -> QuerySet[Webhook]:
        return webhook_list(request.user)

    def row(self, found: Webhook, request: Request) -> dict[str, Any]:
        return webhook_data(found)

    @extend_schema(operation_id="webhooks_list", responses=WebhookPage)
    def get(self, request: Request) -> Any:
        """Newest first, with how many deliveries wait and were given up."""
        return super().get(request)

    @extend_schema(operation_id="webhooks_create", request=NewWebhookSchema, responses={201: WebhookMadeSchema})
    def post(self, request: Request) -> Response:
        """Add a webhook. The answer holds the secret that signs its messages (Standard Webhooks: HMAC-SHA-256 over id, time and body),
        shown this once. Messages name the event and where the interface tells more, nothing else."""
        body: NewWebhook = decode(request, NewWebhook)
        organisation = find_organisation(body.organisation, request.user)
        webhook, secret = services.create_webhook(
            organisation=organisation, url=body.url, events=body.events, description=body.description, by=request.user
        )
        answer = Response(webhook_data(fetch_webhook(request.user, webhook.pk)) | {"secret": secret}, status=201)
        answer["Location"] = reverse("api-webhook", args=[webhook.pk])
        answer["Cache-Control"] = "no-store"
        return answer


class WebhookView(ActionView):
    """One webhook."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.WEBHOOK_EDIT}

    @extend_schema(operation_id="webhooks_retrieve", responses=WebhookSchema)
    def get(self, request: Request, pk: UUID) -> Response:
        """Whom it tells what, and how it goes."""
        return Response(webhook_data(fetch_webhook(request.user, pk)))


class PauseWebhook(ActionView):
    """Pausing a webhook."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.WEBHOOK_EDIT}

    @extend_schema(operation_id="webhooks_pause", request=PauseSchema, responses=WebhookSchema)
    def post(self, request: Request, pk: UUID) -> Response:
        """Nothing is sent until it is resumed, and what happens meanwhile is not told."""
        body: PauseBody = decode(request, PauseBody)
        services.set_webhook_active(webhook=fetch_webhook(request.user, pk), active=False, reason=body.reason, by=request.user)
        return Response(webhook_data(fetch_webhook(request.user, pk)))


class ResumeWebhook(ActionView):
    """Resuming a webhook."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.WEBHOOK_EDIT}

    @extend_schema(operation_id="webhooks_resume", request=None, responses=WebhookSchema)
    def post(self, request: Request, pk: UUID) -> Response:
        """What waits is sent."""
        services.set_webhook_active(webhook=fetch_webhook(request.user, pk), active=True, by=request.user)
        return Response(webhook_data(fetch_webhook(request.user, pk)))


class RenewSecret(ActionView):
    """Renewing the secret."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.WEBHOOK_EDIT}

    @extend_schema(operation_id="webhooks_secret_renew", request=RenewSchema, responses={201: WebhookMadeSchema})
    def post(self, request: Request, pk: UUID) -> Response:
        """A new secret, shown this once. While both hold, `webhook-signature` has one signature by each, divided by a space, as Standard
        Webhooks has it: a receiver accepts a message when one of them is right."""
        body: RenewBody = decode(request, RenewBody)
        webhook, secret = services.renew_secret(
            webhook=fetch_webhook(request.user, pk), hours=body.hours, reason=body.reason, by=request.user
        )
        answer = Response(webhook_data(fetch_webhook(request.user, webhook.pk)) | {"secret": secret}, status=201)
        answer["Cache-Control"] = "no-store"
        return answer


class EndOverlap(ActionView):
    """Ending the time in which both secrets sign."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.WEBHOOK_EDIT}

    @extend_schema(operation_id="webhooks_secret_end_overlap", request=None, responses=WebhookSchema)
    def post(self, request: Request, pk: UUID) -> Response:
        """The old secret is forgotten now."""
        services.end_overlap(webhook=fetch_webhook(request.user, pk), by=request.user)
        return Response(webhook_data(fetch_webhook(request.user, pk)))


class Deliveries(ListView):
    """The log of one webhook."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.WEBHOOK_EDIT}

    def queryset(self, request: Request) -> QuerySet[WebhookDelivery]:
        return deliveries_of(fetch_webhook(request.user, self.kwargs["pk"]))

    def row(self, found: WebhookDelivery, request: Request) -> dict[str, Any]:
        return delivery_data(found)

    @extend_schema(operation_id="webhooks_deliveries_list", responses=DeliveryPage)
    def get(self, request: Request, pk: UUID | None = None) -> Any:
        """Newest first, with every attempt and how the receiver's answer began."""
        return super().get(request)


def fetch_delivery(webhook: Webhook, pk: UUID) -> WebhookDelivery:
    """A delivery of the webhook; raises `NotFound`."""
    found = deliveries_of(webhook).filter(pk=pk).first()
    if found is None:
        raise NotFound()
    return found


class ReplayDelivery(ActionView):
    """Sending again."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.WEBHOOK_EDIT}

    @extend_schema(operation_id="webhooks_deliveries_replay", request=None, responses={201: DeliverySchema})
    def post(self, request: Request, pk: UUID, delivery: UUID) -> Response:
        """The event once more, under the same `webhook-id`, as a delivery of its own."""
        webhook = fetch_webhook(request.user, pk)
        made = services.replay_delivery(delivery=fetch_delivery(webhook, delivery), by=request.user)
        return Response(delivery_data(fetch_delivery(webhook, made.pk)), status=201)

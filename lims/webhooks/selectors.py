"""Reading webhooks and their deliveries."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from lims.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery


def webhook_list(viewer: Any) -> QuerySet[Webhook]:
    """The viewer's webhooks with how many deliveries wait and were given up."""
    return (
        Webhook.objects.visible_to(viewer)
        .select_related("organisation", "created_by")
        .annotate(waiting=_count("waiting"), failed=_count("failed"))
    )


def _count(state: str) -> Count:
    return Count("deliveries", filter=Q(deliveries__state=state))


def webhook_data(webhook: Any) -> dict[str, Any]:
    """A webhook of `webhook_list`, without its secret."""
    return {
        "id": str(webhook.pk),
        "organisation": webhook.organisation.code,
        "url": webhook.url,
        "events": webhook.event_types,
        "description": webhook.description,
        "active": webhook.active,
        "paused_because": webhook.paused_because or None,
        "waiting": webhook.waiting,
        "failed": webhook.failed,
        "created_at": webhook.created_at.isoformat(),
        "old_secret_until": webhook.old_secret_until.isoformat() if webhook.overlaps else None,
    }


def deliveries_of(webhook: Webhook) -> QuerySet[WebhookDelivery]:
    """With the event and every attempt."""
    attempts = Prefetch("attempts", WebhookAttempt.objects.order_by("id"))
    return WebhookDelivery.objects.filter(webhook=webhook).select_related("event", "replayed_by").prefetch_related(attempts)


def delivery_data(delivery: WebhookDelivery) -> dict[str, Any]:
    """One delivery with its attempts."""
    return {
        "id": str(delivery.pk),
        "event": str(delivery.event_id),
        "type": delivery.event.type,
        "data": delivery.event.data,
        "occurred_at": delivery.event.occurred_at.isoformat(),
        "state": delivery.state,
        "next_try_at": delivery.next_try_at.isoformat() if delivery.state == "waiting" else None,
        "replayed_by": delivery.replayed_by.full_name if delivery.replayed_by else None,
        "attempts": [
            {
                "tried_at": one.tried_at.isoformat(),
                "milliseconds": one.milliseconds,
                "status": one.status,
                "answer": one.answer,
                "error": one.error or None,
            }
            for one in delivery.attempts.all()
        ],
    }


def badge_of(webhook: Webhook) -> tuple[str, Any]:
    """Whether it is told, in colour and word."""
    if not webhook.active:
        return "fail", _("paused")
    return ("warn", _("failing")) if webhook.failures else ("pass", _("active"))

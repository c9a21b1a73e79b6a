"""What services call when something happened: the event is written in their own transaction, so what was rolled back is never told, and
what was committed is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from lims.core import clock
from lims.webhooks.events import EVENTS
from lims.webhooks.models import Announcement, Webhook, WebhookDelivery


def announce(kind: str, organisations: Iterable[UUID | None], *, url: str, at: datetime | None = None, **identifiers: Any) -> None:
    """Tell the webhooks of these organisations. `url` is where the interface tells more; `identifiers` are codes and ids that every one of
    the organisations may know (a laboratory: blind codes). Nothing is written where nobody listens."""
    if kind not in EVENTS:
        raise KeyError(f"{kind} is no event; see lims.webhooks.events")
    wanted = set(organisations) - {None}
    # What paused itself after failures still collects; what a person paused does not.
    collects = Q(active=True) | Q(failures__gt=0)
    listening = list(Webhook.objects.filter(collects, organisation__in=wanted, event_types__contains=[kind]))
    if not listening:
        return
    now = clock.now()
    data = {name: str(value) for name, value in identifiers.items()} | {"url": url}
    events = {
        one: Announcement.objects.create(type=kind, organisation_id=one, data=data, occurred_at=at or now)
        for one in {webhook.organisation_id for webhook in listening}
    }
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(webhook=webhook, event=events[webhook.organisation_id], next_try_at=now) for webhook in listening
    )

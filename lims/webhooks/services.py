"""Keeping webhooks, and telling them what waits."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from lims.accounts.models import Organisation
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocked, Blocker, DomainError, Invalid, Problem
from lims.core.roles import Action, require
from lims.core.scope import fetch_visible
from lims.webhooks.events import EVENTS
from lims.webhooks.models import DeliveryState, Webhook, WebhookAttempt, WebhookDelivery
from lims.webhooks.secrets import make_secret, open_secret, seal_secret, sign_message
from lims.webhooks.sending import check_address, post, refuse_private_literal

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (0.5, 2, 10, 30, 60, 180, 360, 720, 1440))
"""How long it waits after each attempt that failed; after the last it is given up, about two days later."""
PAUSE_AFTER = 20
"""After so many attempts that failed in a row, of whichever deliveries, the webhook is paused until a person looks."""
_LEASE = timedelta(minutes=2)
_ROUND_SECONDS = 40.0
OVERLAPS = (0, 1, 24, 72, 168)
"""Hours for which an old secret may sign beside the new one; 0 ends it at once, as where it became known."""


def create_webhook(*, organisation: Organisation, url: str, events: Sequence[str], description: str = "", by: Any) -> tuple[Webhook, str]:
    """A new webhook and its secret, which is shown this once. Refuses unknown events and addresses that may not be told."""
    require(by, Action.WEBHOOK_EDIT)
    problems = [
        Problem("/events", "unknown_event", f"{one} is no event. Known are {', '.join(EVENTS)}.") for one in events if one not in EVENTS
    ]
    if not events:
        problems.append(Problem("/events", "missing", "Name at least one event."))
    if len(url) > 500 or not description.isprintable() or len(description) > 200:
        problems.append(Problem("/url", "too_long", "An address has at most 500 characters, a description 200 on one line."))
    if problems:
        raise Invalid(problems[0].code, problems[0].detail, problems=problems)
    refuse_private_literal(check_address(url)[1])
    secret = make_secret()
    with transaction.atomic(), acting(by, "webhook added"):
        webhook = Webhook.objects.create(
            organisation=organisation,
            url=url,
            event_types=sorted(set(events)),
            description=description.strip(),
            sealed_secret=seal_secret(secret),
            created_by=by,
            created_at=clock.now(),
        )
    return webhook, secret


def set_webhook_active(*, webhook: Webhook, active: bool, reason: str = "", by: Any) -> Webhook:
    """Pause a webhook with a reason, or resume it: what waited meanwhile is sent then; what happened meanwhile is not told."""
    require(by, Action.WEBHOOK_EDIT)
    if not active and not reason.strip():
        raise Invalid("reason", "Say why.", problems=[Problem("/reason", "reason", "Say why.")])
    with transaction.atomic(), acting(by, reason.strip() or "webhook resumed"):
        webhook = fetch_visible(Webhook, by, lock=True, pk=webhook.pk)
        webhook.active, webhook.paused_because, webhook.failures = active, "" if active else reason.strip()[:300], 0
        webhook.save(update_fields=["active", "paused_because", "failures"])
    return webhook


def renew_secret(*, webhook: Webhook, hours: int, reason: str, by: Any) -> tuple[Webhook, str]:
    """A new secret, shown this once. For so many hours (`OVERLAPS`) every message carries the signatures of both, so that no receiver
    misses one while it changes over.

    Raises `Invalid` for another overlap or no reason, `Blocked` while an earlier overlap runs: its end would come unseen.
    """
    require(by, Action.WEBHOOK_EDIT)
    problems = [] if reason.strip() else [Problem("/reason", "reason", "Say why.")]
    if hours not in OVERLAPS:
        sentence = f"The old secret signs beside the new one for {', '.join(map(str, OVERLAPS))} hours; {hours} is none of them."
        problems.append(Problem("/hours", "unknown_choice", sentence))
    if problems:
        raise Invalid(problems[0].code, problems[0].detail, problems=problems)
    secret = make_secret()
    with transaction.atomic(), acting(by, reason.strip()[:300]):
        webhook = fetch_visible(Webhook, by, lock=True, pk=webhook.pk)
        if webhook.overlaps:
            sentence = f"The secret before this one signs until {webhook.old_secret_until:%Y-%m-%d %H:%M} UTC. End that first."
            raise Blocked([Blocker("overlaps", sentence)])
        kept = webhook.sealed_secret if hours and _is_readable(webhook.sealed_secret) else ""
        webhook.sealed_old_secret = kept
        webhook.old_secret_until = clock.now() + timedelta(hours=hours) if kept else None
        webhook.sealed_secret = seal_secret(secret)
        webhook.save(update_fields=["sealed_secret", "sealed_old_secret", "old_secret_until"])
    return webhook, secret


def end_overlap(*, webhook: Webhook, by: Any) -> Webhook:
    """Forget the old secret now: messages carry the new one's signature alone. Raises `DomainError('no_overlap')`."""
    require(by, Action.WEBHOOK_EDIT)
    with transaction.atomic(), acting(by, "old secret ended"):
        webhook = fetch_visible(Webhook, by, lock=True, pk=webhook.pk)
        if not webhook.overlaps:
            raise DomainError("no_overlap", "No old secret signs beside the present one; there is nothing to end.")
        webhook.sealed_old_secret, webhook.old_secret_until = "", None
        webhook.save(update_fields=["sealed_old_secret", "old_secret_until"])
    return webhook


def _is_readable(sealed: str) -> bool:
    """Whether it can sign: not where it was sealed under another SECRET_KEY."""
    try:
        open_secret(sealed)
    except DomainError:
        return False
    return True


def forget_old_secrets() -> None:
    """Drop the secrets whose overlap is over; nothing that no longer signs is kept."""
    over = Webhook.objects.filter(old_secret_until__lte=clock.now())
    if over.exists():
        with transaction.atomic(), acting("webhooks", "overlap over"):
            over.update(sealed_old_secret="", old_secret_until=None)


def replay_delivery(*, delivery: WebhookDelivery, by: Any) -> WebhookDelivery:
    """Send the event of a delivery once more, as a delivery of its own under the same identifier, so that the receiver knows it."""
    require(by, Action.WEBHOOK_EDIT)
    webhook = fetch_visible(Webhook, by, pk=delivery.webhook_id)
    if not webhook.active:
        raise DomainError("paused", "This webhook is paused, so nothing is sent. Resume it first.")
    return WebhookDelivery.objects.create(webhook=webhook, event_id=delivery.event_id, next_try_at=clock.now(), replayed_by=by)


def deliver_waiting() -> int:
    """Tell what waits, the oldest first, for a while; how many were told. Safe to end anywhere and to run twice at once: each delivery is
    leased before it is sent, and one whose sender died is sent again when its lease has run out."""
    end = time.monotonic() + _ROUND_SECONDS
    told = 0
    forget_old_secrets()
    while time.monotonic() < end and (delivery := _lease_next()) is not None:
        told += _deliver(delivery)
    return told


def _lease_next() -> WebhookDelivery | None:
    now = clock.now()
    with transaction.atomic():
        due = WebhookDelivery.objects.filter(state=DeliveryState.WAITING, next_try_at__lte=now, webhook__active=True)
        delivery = due.order_by("next_try_at").select_for_update(skip_locked=True, of=("self",)).first()
        if delivery is not None:
            WebhookDelivery.objects.filter(pk=delivery.pk).update(next_try_at=now + _LEASE, attempt_count=F("attempt_count") + 1)
            return WebhookDelivery.objects.select_related("webhook", "event").get(pk=delivery.pk)
    return None


def _deliver(delivery: WebhookDelivery) -> bool:
    """One attempt, and its note."""
    webhook, tried_at, begun = delivery.webhook, clock.now(), time.monotonic()
    status, answer, error = None, "", ""
    try:
        received = post(webhook.url, *_message(delivery))
        status, answer = received.status, received.text
    except DomainError as refusal:
        error = refusal.message
    except (OSError, http.client.HTTPException, ValueError) as failure:
        error = f"{type(failure).__name__}: {failure}"
    delivered = status is not None and 200 <= status < 300
    with transaction.atomic():
        WebhookAttempt.objects.create(
            delivery=delivery,
            tried_at=tried_at,
            milliseconds=int((time.monotonic() - begun) * 1000),
            status=status,
            answer=answer.replace("\0", "")[:500],
            error=error.replace("\0", "")[:300],
        )
        _note(delivery, delivered)
    return delivered


def _message(delivery: WebhookDelivery) -> tuple[bytes, dict[str, str]]:
    """Body and headers, signed with the present time: by the webhook's secret and, after a space, by the old one while both hold. The
    identifier is the event's, the same at every attempt and replay."""
    event, timestamp = delivery.event, int(time.time())
    body = json.dumps(
        {"id": str(event.pk), "type": event.type, "timestamp": event.occurred_at.isoformat(), "data": _linked(event.data)}
    ).encode()
    webhook = delivery.webhook
    sealed = [webhook.sealed_secret, *([webhook.sealed_old_secret] if webhook.overlaps else [])]
    return body, {
        "Content-Type": "application/json",
        "User-Agent": "lims-webhooks/1",
        "webhook-id": str(event.pk),
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign_message(open_secret(one), str(event.pk), timestamp, body) for one in sealed),
    }


def _linked(data: dict[str, Any]) -> dict[str, Any]:
    return data | {"url": f"{settings.PUBLIC_URL}{data['url']}"}


def _note(delivery: WebhookDelivery, delivered: bool) -> None:
    """Move the delivery on, and pause the webhook that has failed too often."""
    mine = WebhookDelivery.objects.filter(pk=delivery.pk)
    hooks = Webhook.objects.filter(pk=delivery.webhook_id)
    if delivered:
        mine.update(state=DeliveryState.DELIVERED)
        hooks.update(failures=0)
        return
    now = clock.now()
    if delivery.attempt_count > len(PAUSES):
        mine.update(state=DeliveryState.FAILED)
    else:
        mine.update(next_try_at=now + PAUSES[delivery.attempt_count - 1])
    # The others of a receiver that fails need not take the time of those that answer.
    others = WebhookDelivery.objects.filter(webhook=delivery.webhook_id, state=DeliveryState.WAITING, next_try_at__lt=now + PAUSES[0])
    others.update(next_try_at=now + PAUSES[0])
    with acting("webhooks", "failed too often"):
        hooks.update(failures=F("failures") + 1)
        sentence = f"{PAUSE_AFTER} attempts failed in a row. Look at the deliveries, then resume it."
        hooks.filter(failures__gte=PAUSE_AFTER, active=True).update(active=False, paused_because=sentence)

"""Webhooks: who is told of what, the events that happened, and every attempt to tell them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lims.core import clock
from lims.core.models import AppendOnly, Record, history
from lims.core.roles import Role


class WebhookQuerySet(models.QuerySet["Webhook"]):
    """Webhooks by viewer."""

    def visible_to(self, user: Any) -> WebhookQuerySet:
        """Administrators see all, nobody else any."""
        return self if user.role == Role.ADMINISTRATOR else self.none()


@history(exclude=["sealed_secret", "sealed_old_secret", "failures"])
class Webhook(Record):
    """An address that is told of an organisation's events. After its secret was renewed the old one signs beside the new one until
    `old_secret_until`, so that the receiver can change over without missing a message."""

    organisation = models.ForeignKey(
        "accounts.Organisation", on_delete=models.PROTECT, related_name="webhooks", help_text=_("Whose events")
    )
    url = models.URLField(max_length=500)
    description = models.CharField(max_length=200, blank=True)
    event_types = ArrayField(models.CharField(max_length=40))
    sealed_secret = models.TextField(editable=False, help_text=_("Encrypted with a key derived from SECRET_KEY"))
    sealed_old_secret = models.TextField(editable=False, blank=True, default="")
    old_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    active = models.BooleanField(default=True)
    paused_because = models.CharField(max_length=300, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text=_("Attempts that failed since the last that did not"))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(sealed_old_secret="", old_secret_until=None) | (~Q(sealed_old_secret="") & Q(old_secret_until__isnull=False)),
                name="old_secret_has_an_end",
            )
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def overlaps(self) -> bool:
        """Whether the old secret still signs beside the new one."""
        return self.old_secret_until is not None and clock.now() < self.old_secret_until


class Announcement(AppendOnly):
    """Something that happened, as subscribers are told: written in the transaction in which it happened."""

    type = models.CharField(max_length=40)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    data = models.JSONField()
    occurred_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.type} {self.occurred_at}"


class DeliveryState(models.TextChoices):
    """Where a delivery stands."""

    WAITING = "waiting", _("waiting")
    DELIVERED = "delivered", _("delivered")
    FAILED = "failed", _("failed")


class WebhookDelivery(Record):
    """One event for one webhook, tried until it is delivered or given up."""

    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    event = models.ForeignKey(Announcement, on_delete=models.PROTECT, related_name="deliveries")
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.WAITING)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    replayed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["webhook", "-id"], name="deliveries_of_webhook"),
            models.Index(fields=["next_try_at"], condition=Q(state="waiting"), name="deliveries_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.webhook}"


class WebhookAttempt(AppendOnly):
    """One attempt: what the receiver answered, or why it could not be asked."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.PROTECT, related_name="attempts")
    tried_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.CharField(max_length=500, blank=True, help_text=_("How the answer began"))
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.tried_at} {self.status or self.error}"

"""Every look at a supplier or an exact place: who, when, at what, what for."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly
from lims.core.roles import Role


class Subject(models.TextChoices):
    """What was looked at."""

    MINE = "mine", _("mine")
    SAMPLE = "sample", _("sample")
    VISIT = "visit", _("visit")
    PROVENANCE = "provenance", _("provenance record")


class Shown(models.TextChoices):
    """What was shown of it."""

    PLACE = "place", _("exact place")
    SUPPLIER = "supplier", _("supplier")
    PARTIES = "parties", _("intermediaries, route and payments")
    PHOTOGRAPH = "photograph", _("photograph as taken")
    EVIDENCE = "evidence", _("evidence file")


class Door(models.TextChoices):
    """Through which door."""

    PAGE = "page", _("page")
    API = "api", _("API")
    DOCUMENT = "document", _("document")


class LookQuerySet(models.QuerySet["Look"]):
    """Looks by viewer."""

    def visible_to(self, user: Any) -> LookQuerySet:
        """Officials and administrators see all, everybody else none."""
        return self if user.role in {Role.OFFICIAL, Role.ADMINISTRATOR} else self.none()


class Look(AppendOnly):
    """One look at one thing. Name, organisation and code stand as text too, so that a renamed user or record rewrites nothing."""

    viewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    viewer_name = models.CharField(max_length=120)
    viewer_organisation = models.CharField(max_length=200)
    viewer_role = models.CharField(max_length=20, choices=Role)
    looked_at = models.DateTimeField()
    subject_kind = models.CharField(max_length=12, choices=Subject)
    subject_id = models.UUIDField()
    subject_code = models.CharField(max_length=24)
    shown = models.CharField(max_length=12, choices=Shown)
    purpose = models.CharField(max_length=300)
    door = models.CharField(max_length=10, choices=Door)
    address = models.CharField(max_length=300, blank=True, help_text=_("the address it was asked for at"))

    objects = LookQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id"], name="looks_at_subject"),
            models.Index(fields=["-looked_at"], name="looks_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.viewer_name}: {self.get_shown_display()} of {self.subject_code}"

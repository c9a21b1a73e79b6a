"""Nonconforming work and what was done about it. The record is editable with its history; what it is linked to, its notes and the notices
sent because of it are append-only."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assays.nonconformities.lifecycle import NonconformityState
from lims.core.models import AppendOnly, Record, history
from lims.core.roles import LABORATORY_ROLES, Role


class Source(models.TextChoices):
    """Where a nonconformity came to light."""

    RUN = "run", _("run")
    RESULT = "result", _("result")
    SAMPLE = "sample", _("sample")
    LOT = "lot", _("lot of reagent or standard")
    EQUIPMENT = "instrument", _("instrument or equipment")
    COMPLAINT = "complaint", _("complaint")
    AUDIT = "audit", _("audit")


class Significance(models.TextChoices):
    """How much it matters for results."""

    MINOR = "minor", _("minor: no result is affected")
    MAJOR = "major", _("major: results may be affected")
    CRITICAL = "critical", _("critical: reported results are wrong")


class NonconformityQuerySet(models.QuerySet["Nonconformity"]):
    """Nonconformities by viewer."""

    def visible_to(self, user: Any) -> NonconformityQuerySet:
        """A laboratory's own; administrators may look."""
        if user.role == Role.ADMINISTRATOR:
            return self
        return self.filter(laboratory=user.organisation_id) if user.role in LABORATORY_ROLES else self.none()


@history()
class Nonconformity(Record):
    """Work that did not conform: what happened, what it means, why, what is done about it until when and by whom, and whether that worked.

    `override` is the decision that opened it, where a failed control was overridden. Null answers are not given yet.
    """

    code = models.CharField(max_length=24, unique=True, editable=False)
    state = models.CharField(max_length=12, choices=NonconformityState, default=NonconformityState.OPEN)
    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False)
    source = models.CharField(max_length=12, choices=Source)
    title = models.CharField(max_length=160)
    what_happened = models.TextField()
    found_on = models.DateField()
    override = models.OneToOneField("assays.RunDecision", null=True, editable=False, on_delete=models.PROTECT, related_name="nonconformity")
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reported_at = models.DateTimeField()
    significance = models.CharField(max_length=12, choices=Significance, blank=True)
    evaluation = models.TextField(blank=True)
    may_recur = models.BooleanField(null=True)
    work_stopped = models.BooleanField(null=True)
    resumed_at = models.DateTimeField(null=True)
    notify_customers = models.BooleanField(null=True)
    root_cause = models.TextField(blank=True)
    action = models.TextField(blank=True, help_text=_("Corrective action"))
    action_owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    action_due = models.DateField(null=True)
    action_done_at = models.DateTimeField(null=True)
    effect = models.TextField(blank=True, help_text=_("What the check of the action's effect found"))
    effective = models.BooleanField(null=True)
    closed_at = models.DateTimeField(null=True)
    closing_signature = models.ForeignKey("accounts.Signature", null=True, on_delete=models.PROTECT, related_name="+")

    objects = NonconformityQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["laboratory", "state", "action_due"], name="nonconformity_worklist")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="closed") | Q(closing_signature__isnull=False), name="closed_nonconformity_is_signed"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["acting", "done"]) | (Q(action_owner__isnull=False) & Q(action_due__isnull=False)),
                name="action_has_owner_and_day",
            ),
        ]

    def __str__(self) -> str:
        return self.code


_LINKED = ("run", "result", "sample", "lot", "equipment", "instrument", "material", "certificate")


def _exactly_one(names: tuple[str, ...]) -> Q:
    """One of the foreign keys is set, and only one."""
    found = Q()
    for name in names:
        found |= Q(**{f"{other}__isnull": other != name for other in names})
    return found


class NonconformityLink(AppendOnly):
    """One thing a nonconformity touches."""

    nonconformity = models.ForeignKey(Nonconformity, on_delete=models.PROTECT, related_name="links")
    run = models.ForeignKey("assays.Run", null=True, on_delete=models.PROTECT, related_name="nonconformity_links")
    result = models.ForeignKey("assays.ResultVersion", null=True, on_delete=models.PROTECT, related_name="nonconformity_links")
    sample = models.ForeignKey("samples.Sample", null=True, on_delete=models.PROTECT, related_name="nonconformity_links")
    lot = models.ForeignKey("assays.Lot", null=True, on_delete=models.PROTECT, related_name="nonconformity_links")
    equipment = models.ForeignKey("assays.Equipment", null=True, on_delete=models.PROTECT, related_name="nonconformity_links")
    instrument = models.ForeignKey("instruments.Instrument", null=True, on_delete=models.PROTECT, related_name="nonconformity_links")
    material = models.ForeignKey("assays.ReferenceMaterial", null=True, on_delete=models.PROTECT, related_name="nonconformity_links")
    certificate = models.ForeignKey("reports.Certificate", null=True, on_delete=models.PROTECT, related_name="nonconformity_links")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=_exactly_one(_LINKED), name="link_to_one_thing"),
            models.UniqueConstraint(fields=["nonconformity", *_LINKED], nulls_distinct=False, name="link_once_per_nonconformity"),
        ]

    def __str__(self) -> str:
        return f"{self.nonconformity_id}: {self.kind}"

    @property
    def kind(self) -> str:
        """Which of the things it names."""
        return next(name for name in _LINKED if getattr(self, f"{name}_id") is not None)


class NonconformityNote(AppendOnly):
    """What somebody found or did, as it was written then."""

    nonconformity = models.ForeignKey(Nonconformity, on_delete=models.PROTECT, related_name="notes")
    text = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text[:60]


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Notices by viewer."""

    def visible_to(self, user: Any) -> NoticeQuerySet:
        """Who was told, and the laboratory that told; officials oversee."""
        if user.role in {Role.OFFICIAL, Role.ADMINISTRATOR}:
            return self
        if user.role in LABORATORY_ROLES:
            return self.filter(laboratory=user.organisation_id)
        return self.filter(customer=user.organisation_id) if user.role == Role.COLLECTOR else self.none()


class Notice(AppendOnly):
    """What a laboratory told a customer about nonconforming work, as it was sent (7.10.1 e). `certificates` are those it names."""

    nonconformity = models.ForeignKey(Nonconformity, on_delete=models.PROTECT, related_name="notices", db_index=False)
    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=200)
    text = models.TextField()
    certificates = models.ManyToManyField("reports.Certificate", through="NoticeCertificate", related_name="+")
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    sent_at = models.DateTimeField()

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["nonconformity", "customer"], name="notices_of_nonconformity")]

    def __str__(self) -> str:
        return self.subject


class NoticeCertificate(AppendOnly):
    """A certificate a notice names."""

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="named", db_index=False)
    certificate = models.ForeignKey("reports.Certificate", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["notice", "certificate"], name="certificate_once_per_notice")]

    def __str__(self) -> str:
        return f"{self.notice_id} {self.certificate_id}"


class NoticeAcknowledgement(AppendOnly):
    """That the customer has read it."""

    notice = models.OneToOneField(Notice, on_delete=models.PROTECT, related_name="acknowledgement")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.notice_id} {self.at:%Y-%m-%d}"

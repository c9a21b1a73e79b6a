"""Certificates: a head that never changes meaning, and append-only snapshots, artefacts and status events."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Case, DateTimeField, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly
from lims.core.roles import LABORATORY_ROLES, Role
from lims.jobs.models import JobState


def make_token() -> str:
    """The unguessable part of a verification address: 192 random bits."""
    return secrets.token_urlsafe(24)


class StatusKind(models.TextChoices):
    """What a certificate was declared to be worth, each by an event."""

    ISSUED = "issued", _("in force")
    SUPERSEDED = "superseded", _("superseded")
    WITHDRAWN = "withdrawn", _("withdrawn")


class Standing(models.TextChoices):
    """What a certificate is worth now: its last status event, or how far its making is."""

    MAKING = "making", _("being made")
    FAILED = "failed", _("could not be made")
    ISSUED = StatusKind.ISSUED.value, StatusKind.ISSUED.label
    SUPERSEDED = StatusKind.SUPERSEDED.value, StatusKind.SUPERSEDED.label
    WITHDRAWN = StatusKind.WITHDRAWN.value, StatusKind.WITHDRAWN.label


class CertificateQuerySet(models.QuerySet["Certificate"]):
    """Certificates by viewer and by standing."""

    def with_standing(self) -> Any:
        """The same rows with `standing` (a `Standing`) and `issued_at`, None before it was in force."""
        events = CertificateStatus.objects.filter(certificate=OuterRef("pk"))
        issued_last = Case(When(status=StatusKind.ISSUED, then=1), default=0)
        unmade = Case(When(job__state=JobState.FAILED, then=Value(Standing.FAILED.value)), default=Value(Standing.MAKING.value))
        return self.annotate(
            standing=Coalesce(Subquery(events.order_by(issued_last, "-at").values("status")[:1]), unmade),
            issued_at=Subquery(events.filter(status=StatusKind.ISSUED).values("at")[:1], output_field=DateTimeField()),
        )

    def visible_to(self, user: Any) -> CertificateQuerySet:
        """Officials see all; the laboratory its own; the customer what was issued to it."""
        if user.role in {Role.OFFICIAL, Role.ADMINISTRATOR}:
            return self
        if user.role in LABORATORY_ROLES:
            return self.filter(laboratory=user.organisation_id)
        if user.role == Role.COLLECTOR:
            return self.filter(submission__customer=user.organisation_id)
        return self.none()


class Certificate(AppendOnly):
    """One certificate of analysis. What it is worth is the last of its `statuses`; before the first it is being made by its job."""

    number = models.CharField(max_length=40, unique=True)
    token = models.CharField(max_length=40, unique=True, default=make_token)
    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    submission = models.ForeignKey("assays.Submission", on_delete=models.PROTECT, related_name="certificates")
    replaces = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    reason = models.TextField(blank=True, help_text=_("Why it replaces the other one"))
    job = models.ForeignKey("jobs.Job", null=True, on_delete=models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()

    objects = CertificateQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number


class CertificateSample(AppendOnly):
    """A sample reported on a certificate."""

    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="samples", db_index=False)
    sample = models.ForeignKey("samples.Sample", on_delete=models.PROTECT, related_name="certificates")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["certificate", "sample"], name="sample_once_per_certificate")]

    def __str__(self) -> str:
        return f"{self.certificate_id} {self.sample_id}"


class CertificateSnapshot(AppendOnly):
    """The frozen content: canonical JSON bytes and their SHA-256. The PDF is its picture."""

    certificate = models.OneToOneField(Certificate, on_delete=models.PROTECT, related_name="snapshot")
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    frozen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.sha256


class CertificateArtefact(AppendOnly):
    """A file made from the snapshot, kept by its SHA-256 (`core.files`, kind `certificates`)."""

    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="artefacts", db_index=False)
    kind = models.CharField(max_length=10, default="pdf")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["certificate", "kind"], name="artefact_once_per_kind")]

    def __str__(self) -> str:
        return f"{self.certificate_id} {self.kind}"


class CertificateStatus(AppendOnly):
    """A change of a certificate's standing, with its reason."""

    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="statuses", db_index=False)
    status = models.CharField(max_length=12, choices=StatusKind)
    reason = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    signature = models.ForeignKey("accounts.Signature", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["at", "id"]
        constraints = [models.UniqueConstraint(fields=["certificate", "status"], name="status_once_per_certificate")]

    def __str__(self) -> str:
        return f"{self.certificate_id} {self.status}"

"""Custody dossiers: what was asked for, and what was made of it. Both are never changed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly
from lims.core.roles import Role


class Verdict(models.TextChoices):
    """What our own run of the verifier said when the dossier was made; the reader runs it again."""

    AUTHENTIC = "authentic", _("all authentic")
    NOT_COVERED = "not covered", _("not all covered yet")
    MISSING = "missing", _("something missing")
    ALTERED = "altered", _("something altered")


class DossierQuerySet(models.QuerySet["Dossier"]):
    """Dossiers by viewer."""

    def visible_to(self, user: Any) -> DossierQuerySet:
        """A dossier tells what its reader may know, so it is for the same role of the same organisation; officials see all. One with exact
        places is a look of its requester and nobody else's."""
        rows = self.filter(models.Q(purpose="") | models.Q(requested_by=user.pk))
        if user.role == Role.OFFICIAL:
            return rows
        return rows.filter(organisation=user.organisation_id, reader_role=user.role)


class Dossier(AppendOnly):
    """One dossier, of a sample with its family or of a consignment, as `requested_by` may see it. It is being made by its job until it has
    an edition."""

    number = models.CharField(max_length=40, unique=True)
    sample = models.ForeignKey("samples.Sample", null=True, on_delete=models.PROTECT, related_name="dossiers")
    consignment = models.ForeignKey("samples.Consignment", null=True, on_delete=models.PROTECT, related_name="dossiers")
    subject_code = models.CharField(max_length=24, help_text=_("The code its reader knows the subject by"))
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False)
    reader_role = models.CharField(max_length=20, choices=Role)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    requested_at = models.DateTimeField()
    purpose = models.CharField(
        max_length=300, blank=True, help_text=_("What its requester needs exact places for; empty: it holds none (`samples.looks`)")
    )
    job = models.ForeignKey("jobs.Job", on_delete=models.PROTECT, related_name="+", db_index=False)

    objects = DossierQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sample__isnull=False, consignment=None) | models.Q(sample=None, consignment__isnull=False),
                name="dossier_of_one_thing",
            )
        ]
        indexes = [models.Index(fields=["organisation", "reader_role", "-id"], name="dossier_by_reader")]

    def __str__(self) -> str:
        return self.number

    @property
    def is_of_sample(self) -> bool:
        """Whether it is of a sample with its family, not of a consignment."""
        return self.sample_id is not None

    @property
    def is_exact(self) -> bool:
        """Whether it discloses exact places."""
        return bool(self.purpose)


class DossierEdition(AppendOnly):
    """What was made: the bundle and the paper by their SHA-256 (`core.files`, kind `dossiers`), and what the verifier said."""

    dossier = models.OneToOneField(Dossier, on_delete=models.PROTECT, related_name="edition")
    made_at = models.DateTimeField()
    bundle_sha256 = models.CharField(max_length=64)
    bundle_size = models.PositiveIntegerField()
    paper_sha256 = models.CharField(max_length=64)
    paper_size = models.PositiveIntegerField()
    verdict = models.CharField(max_length=12, choices=Verdict)
    samples = models.PositiveIntegerField()
    events = models.PositiveIntegerField()
    log_size = models.PositiveBigIntegerField(help_text=_("Records in the log at the checkpoint it appeals to; 0 without one"))

    def __str__(self) -> str:
        return self.bundle_sha256

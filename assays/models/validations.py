"""Validations of the calculations (ISO/IEC 17025:2017, 7.11.2): runs of worked examples, and what the quality manager made of them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly
from lims.core.roles import Role

FILES = "validation"
"""The kind of the stored files (`core.files`): examples and outcomes."""


class ValidationOrigin(models.TextChoices):
    """Whose examples were run."""

    PRODUCT = "product", _("the product's examples")
    FILE = "file", _("a file of the laboratory")


class Conclusion(models.TextChoices):
    """What the quality manager concludes."""

    FIT = "fit", _("fit for use")
    UNFIT = "unfit", _("not fit for use")


class ValidationRunQuerySet(models.QuerySet["ValidationRun"]):
    """Runs by viewer."""

    def visible_to(self, user: Any) -> ValidationRunQuerySet:
        """The administrator answers for the installation and sees all; a laboratory its own."""
        return self if user.role == Role.ADMINISTRATOR else self.filter(organisation=user.organisation_id)


class ValidationRun(AppendOnly):
    """One run: which examples (bytes by SHA-256), by which product, with which outcome (bytes by SHA-256)."""

    number = models.CharField(max_length=40, unique=True)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    ran_by: Any = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ran_at = models.DateTimeField()
    origin = models.CharField(max_length=10, choices=ValidationOrigin)
    file_name = models.CharField(max_length=200)
    file_sha256 = models.CharField(max_length=64)
    file_size = models.PositiveIntegerField()
    outcome_sha256 = models.CharField(max_length=64)
    examples = models.PositiveIntegerField()
    passed = models.PositiveIntegerField()
    version = models.CharField(max_length=40)
    commit = models.CharField(max_length=64, blank=True)
    formulae_sha256 = models.CharField(max_length=64)

    objects = ValidationRunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=models.Q(passed__lte=models.F("examples")), name="validation_counts")]

    def __str__(self) -> str:
        return self.number

    @property
    def failed(self) -> int:
        """How many examples were not reproduced."""
        return self.examples - self.passed


class ValidationSignOff(AppendOnly):
    """What the quality manager concluded from a run, signed; once for each run."""

    run = models.OneToOneField(ValidationRun, on_delete=models.PROTECT, related_name="sign_off")
    conclusion = models.CharField(max_length=10, choices=Conclusion)
    statement = models.CharField(max_length=1000, blank=True)
    signature = models.OneToOneField("accounts.Signature", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.run} {self.conclusion}"

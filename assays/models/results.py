"""Results. A version is never overwritten; the head row points to the current one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly, BulkForeignKey, Record
from lims.core.roles import LABORATORY_ROLES, Role


class Reduction(AppendOnly):
    """One reduction of a run's readings to results: who, when, from which uploads, by which software."""

    run = models.ForeignKey("assays.Run", on_delete=models.PROTECT, related_name="reductions", db_index=False)
    number = models.PositiveSmallIntegerField()
    reduced_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reduced_at = models.DateTimeField()
    software = models.CharField(max_length=60)
    uploads = models.JSONField(default=list, help_text=_("SHA-256 of each raw file, in order"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="reduction_once_per_run")]

    def __str__(self) -> str:
        return f"{self.run} reduction {self.number}"


class ReductionStage(AppendOnly):
    """What one stage of a reduction found for the whole run: calibration lines, factors of interferences, drift, limits, uncertainties, as
    plain data (`assays.calculation.facts`). With the steps in each version's inputs it makes every number re-computable."""

    reduction = models.ForeignKey(Reduction, on_delete=models.PROTECT, related_name="stages", db_index=False)
    stage = models.CharField(max_length=30)
    data = models.JSONField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["reduction", "stage"], name="stage_once_per_reduction")]

    def __str__(self) -> str:
        return f"{self.reduction} {self.stage}"


class Qualifier(models.TextChoices):
    """How the number bounds the truth."""

    EQUAL = "=", "="
    LESS = "<", "<"
    GREATER = ">", ">"


class ResultVersion(AppendOnly):
    """One number with all that it needs to be re-computed. `value` is the unrounded quantity, or the limit when `qualifier` is `<` or `>`;
    `text` is what is reported; `uncertainty` is expanded with `k`; all in `unit` on `basis`, as the element."""

    result = BulkForeignKey("assays.Result", on_delete=models.PROTECT, related_name="versions", db_index=False)
    version = models.PositiveSmallIntegerField()
    reduction = BulkForeignKey(Reduction, on_delete=models.PROTECT, related_name="results")
    position = BulkForeignKey("assays.RunPosition", on_delete=models.PROTECT, related_name="results")
    method_version = BulkForeignKey("assays.MethodVersion", on_delete=models.PROTECT, related_name="+", db_index=False)
    text = models.CharField(max_length=40)
    value = models.DecimalField(max_digits=24, decimal_places=12)
    qualifier = models.CharField(max_length=1, choices=Qualifier, default=Qualifier.EQUAL)
    unit = models.CharField(max_length=12)
    basis = models.CharField(max_length=12)
    uncertainty = models.DecimalField(max_digits=24, decimal_places=12, null=True)
    uncertainty_text = models.CharField(max_length=40, blank=True)
    k = models.DecimalField(max_digits=3, decimal_places=1, default=2)
    lod = models.DecimalField(max_digits=14, decimal_places=6)
    loq = models.DecimalField(max_digits=14, decimal_places=6)
    inputs = models.JSONField(help_text=_("Reading ids, concentration, blank, mass, volume, dilution, moisture as used"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["result", "version"], name="result_version_once")]

    def __str__(self) -> str:
        return f"{self.text} {self.unit} ({self.basis})"


class ResultQuerySet(models.QuerySet["Result"]):
    """Results by viewer."""

    def visible_to(self, user: Any) -> ResultQuerySet:
        """Scope only; whether drafts may be seen is the caller's `RESULT_DRAFT`."""
        if user.role in {Role.OFFICIAL, Role.ADMINISTRATOR}:
            return self
        if user.role in LABORATORY_ROLES:
            return self.filter(test__submission__laboratory=user.organisation_id)
        if user.role == Role.COLLECTOR:
            return self.filter(sample__owner=user.organisation_id)
        return self.none()


class Result(Record):
    """The head of one (test, analyte): which version is current and which was authorised last."""

    test = BulkForeignKey("assays.SubmissionTest", on_delete=models.PROTECT, related_name="results", db_index=False)
    sample = BulkForeignKey("samples.Sample", on_delete=models.PROTECT, related_name="results", db_index=False)
    analyte = BulkForeignKey("assays.Analyte", on_delete=models.PROTECT, related_name="+", db_index=False)
    current = models.OneToOneField(ResultVersion, null=True, on_delete=models.PROTECT, related_name="current_of")
    authorised = models.ForeignKey(ResultVersion, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    authorised_at = models.DateTimeField(null=True)

    objects = ResultQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["test", "analyte"], name="result_once_per_test_analyte")]
        indexes = [models.Index(fields=["sample", "analyte"], name="result_by_sample")]

    def __str__(self) -> str:
        return f"{self.sample_id} {self.analyte_id}"

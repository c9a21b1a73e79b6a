"""Judgements: verdicts of quality control, decisions of reviewers, authorisations. All append-only."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly, BulkForeignKey


class Outcome(models.TextChoices):
    """What a verdict says."""

    PASS = "pass", _("pass")
    WARN = "warn", _("warn")
    FAIL = "fail", _("fail")
    MISSING = "missing", _("missing")


class Evaluation(AppendOnly):
    """One evaluation of a run's controls against a frozen rule set."""

    run = models.ForeignKey("assays.Run", on_delete=models.PROTECT, related_name="evaluations", db_index=False)
    number = models.PositiveSmallIntegerField()
    reduction = models.ForeignKey("assays.Reduction", on_delete=models.PROTECT, related_name="evaluations")
    rule_set = models.CharField(max_length=40)
    rules = models.JSONField(help_text=_("The requirements as they stood"))
    outcome = models.CharField(max_length=12, choices=[("passed", _("passed")), ("failed", _("failed")), ("blocked", _("blocked"))])
    blockers = models.JSONField(default=list)
    evaluated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="evaluation_once_per_run")]

    def __str__(self) -> str:
        return f"{self.run} evaluation {self.number}"


class Verdict(AppendOnly):
    """One control judged by one rule for one analyte, with statistic, limit and a sentence."""

    evaluation = BulkForeignKey(Evaluation, on_delete=models.PROTECT, related_name="verdicts")
    position = BulkForeignKey("assays.RunPosition", null=True, on_delete=models.PROTECT, related_name="verdicts")
    analyte = BulkForeignKey("assays.Analyte", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    control = models.CharField(max_length=80)
    rule = models.CharField(max_length=60)
    statistic = models.CharField(max_length=40)
    value = models.CharField(max_length=40, blank=True)
    limit = models.CharField(max_length=60, blank=True)
    found = models.CharField(max_length=40, blank=True)
    expected = models.CharField(max_length=40, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome)
    sentence = models.TextField()

    class Meta:
        ordering = ["id"]

    @property
    def limit_text(self) -> str:
        """The limit as it is printed for people."""
        return self.limit.replace("<=", "≤").replace(">=", "≥")

    def __str__(self) -> str:
        return self.sentence


class RunDecision(AppendOnly):
    """A reviewer's decision on a run, signed; or the quality manager's override."""

    run = models.ForeignKey("assays.Run", on_delete=models.PROTECT, related_name="decisions")
    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="decisions")
    decision = models.CharField(
        max_length=12,
        choices=[("approve", _("approved")), ("send_back", _("sent back")), ("override", _("overridden")), ("reopen", _("taken back"))],
    )
    reason = models.TextField(blank=True)
    signature = models.ForeignKey("accounts.Signature", on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["-decided_at"]

    def __str__(self) -> str:
        return f"{self.run}: {self.get_decision_display()}"


class RetestRequest(AppendOnly):
    """A reviewer's wish to have one sample of a run measured again, with the reason. It is met once a later run holds the sample.

    One that `rejects` takes the sample's results out of the run at once and for good: they are never authorised, which the database holds
    to, and the rest of the run is decided without them."""

    run = models.ForeignKey("assays.Run", on_delete=models.PROTECT, related_name="retest_requests", db_index=False)
    position = models.ForeignKey("assays.RunPosition", on_delete=models.PROTECT, related_name="retest_requests", db_index=False)
    rejects = models.BooleanField(default=False)
    reason = models.TextField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ["asked_at"]
        constraints = [models.UniqueConstraint(fields=["run", "position", "rejects"], name="retest_asked_once")]

    def __str__(self) -> str:
        return f"{self.run} {self.position_id}"


class Authorisation(AppendOnly):
    """The signed release of a set of result versions; `content` are the exact bytes whose SHA-256 was signed."""

    laboratory = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    run = models.ForeignKey("assays.Run", on_delete=models.PROTECT, related_name="authorisations")
    signature = models.ForeignKey("accounts.Signature", on_delete=models.PROTECT, related_name="authorisations")
    content = models.BinaryField()
    content_hash = models.CharField(max_length=64)
    authorised_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.run} {self.authorised_at:%Y-%m-%d}"


class AuthorisedResult(AppendOnly):
    """One result version within an authorisation."""

    authorisation = models.ForeignKey(Authorisation, on_delete=models.PROTECT, related_name="results", db_index=False)
    result_version = models.ForeignKey("assays.ResultVersion", on_delete=models.PROTECT, related_name="authorisations")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["authorisation", "result_version"], name="result_once_per_authorisation")]

    def __str__(self) -> str:
        return f"{self.authorisation_id} {self.result_version_id}"

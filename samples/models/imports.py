"""Import of samples from a file: kept with its preview until a person commits or discards it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from lims.core.models import Record, history
from lims.core.roles import Role


class SampleImportQuerySet(models.QuerySet["SampleImport"]):
    """Imports by viewer."""

    def visible_to(self, user: Any) -> SampleImportQuerySet:
        """Collectors see those of their firm."""
        return self.filter(organisation=user.organisation_id) if user.role == Role.COLLECTOR else self.none()


@history(exclude=["rows"])
class SampleImport(Record):
    """One uploaded CSV or XLSX file of sampling records; `rows` is what was read, `problems` what is wrong, row by row."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    rows = models.JSONField(default=list)
    problems = models.JSONField(default=list)
    state = models.CharField(
        max_length=10,
        default="preview",
        choices=[("preview", _("waits for you")), ("committed", _("committed")), ("discarded", _("discarded"))],
    )
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    objects = SampleImportQuerySet.as_manager()

    class Meta:
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        return self.file_name

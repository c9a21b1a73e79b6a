"""What was restored, for ever: a restored database says so itself."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lims.core.models import AppendOnly


class Restoration(AppendOnly):
    """This database was restored from a backup. `lost_leaves` is how many entries of the custody log a witnessed or remembered checkpoint
    covers that are not here; null where no checkpoint was given to compare with."""

    backup_made_at = models.DateTimeField()
    restored_at = models.DateTimeField()
    log_size = models.BigIntegerField(help_text=_("Leaves of the custody log in the backup"))
    compared_with = models.TextField(blank=True, help_text=_("The checkpoint it was compared with, as signed"))
    lost_leaves = models.BigIntegerField(null=True)
    reason = models.TextField()
    operator = models.CharField(max_length=120, help_text=_("The account of the machine that ran the command"))

    def __str__(self) -> str:
        return f"{self.restored_at:%Y-%m-%d %H:%M} from {self.backup_made_at:%Y-%m-%d %H:%M}"

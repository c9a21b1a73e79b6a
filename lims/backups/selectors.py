"""What was restored, as people and programs read it."""

from __future__ import annotations

from typing import Any

from lims.backups.models import Restoration

Badge = tuple[str, str]


def list_restorations() -> list[Restoration]:
    """Every restoration of this database, the newest first; they are few."""
    return list(Restoration.objects.order_by("-restored_at", "-id"))


def restoration_row(one: Restoration) -> dict[str, Any]:
    """One restoration, flat. `lost_entries` is null where no checkpoint was given to compare with."""
    return {
        "id": str(one.pk),
        "restored_at": one.restored_at.isoformat(),
        "backup_made_at": one.backup_made_at.isoformat(),
        "log_size": one.log_size,
        "compared_with": one.compared_with or None,
        "lost_entries": one.lost_leaves,
        "reason": one.reason,
        "operator": one.operator,
    }

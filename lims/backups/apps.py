"""Backups and restorations."""

from typing import Any

from django.apps import AppConfig


class BackupsConfig(AppConfig):
    name = "lims.backups"
    label = "backups"

    def ready(self) -> None:
        from lims.core.panels import Panel, register_panel

        register_panel("log", Panel("backups/log_panel.html", _told_on_log, order=10))


def _told_on_log(_log: Any, _viewer: Any) -> dict[str, Any]:
    from lims.backups.selectors import list_restorations
    from lims.backups.views import badge_of

    found = list_restorations()
    return {"count": len(found), "newest": found[0] if found else None, "badge": badge_of(found[0]) if found else None}

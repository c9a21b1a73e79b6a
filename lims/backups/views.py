"""The page of restorations: a database that was put back says so itself."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from lims.backups.models import Restoration
from lims.backups.selectors import Badge, list_restorations, restoration_row
from lims.core.api.views import stream_csv
from lims.core.pages import Page
from lims.core.roles import Action


def badge_of(one: Restoration) -> Badge:
    """What was lost, as tone and words."""
    if one.lost_leaves is None:
        return "warn", _("not compared with any checkpoint")
    return ("fail", _("entries were lost")) if one.lost_leaves else ("pass", _("nothing signed is missing"))


class RestorationList(Page):
    """Every restoration with what it was compared with and what was lost; the same rows as CSV."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.LOG_VIEW}
    template = "backups/restorations.html"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        found = list_restorations()
        if request.GET.get("format") == "csv":
            return stream_csv((restoration_row(one) for one in found), "restorations.csv")
        return self.render({"rows": [(one, badge_of(one)) for one in found]})

"""The page on which a quality manager overrides a failed run, seeing exactly what is signed."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest
from django.utils.translation import gettext as _

from assays.models import Run
from assays.nonconformities.services.overriding import OVERRIDE, override_blockers, override_content, override_run
from assays.views.review import SigningPage
from lims.core.roles import Action


class OverridePage(SigningPage):
    """What failed, what would be released in spite of it, and the signature."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.QC_OVERRIDE, "POST": Action.QC_OVERRIDE}
    template = "nonconformities/override.html"

    def decision_of(self, request: HttpRequest) -> str:
        return OVERRIDE

    def content_of(self, run: Run, decision: str) -> dict[str, Any]:
        return override_content(run)

    def blockers_of(self, run: Run, decision: str) -> list[Any]:
        return override_blockers(run, self.request.user)

    def sign(self, run: Run, decision: str, words: dict[str, Any]) -> str:
        manager: Any = self.request.user
        opened = override_run(run=run, by=manager, **words)
        return _("%(run)s goes on to review. %(code)s is open for it.") % {"run": run.code, "code": opened.code}

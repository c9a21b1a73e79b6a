"""The page on which a quality manager takes an authorised run back for correction."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from assays.nonconformities.selectors import fetch_nonconformity
from assays.nonconformities.services.reopening import reopen_blockers, reopen_run, reopening_content
from assays.views.runs import fetch_run
from lims.accounts.signing import content_hash
from lims.core.errors import DomainError, Forbidden, NotFound
from lims.core.pages import Page
from lims.core.roles import Action


class ReopenPage(Page):
    """What happens, and the signature."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.NONCONFORMITY_MANAGE, "POST": Action.NONCONFORMITY_MANAGE}
    template = "nonconformities/reopen.html"

    def get(self, request: HttpRequest, code: str, run: str) -> HttpResponse:
        return self._show(code, run)

    def post(self, request: HttpRequest, code: str, run: str) -> HttpResponse:
        record, found = fetch_nonconformity(request.user, code), fetch_run(request.user, run)
        manager: Any = request.user
        try:
            reopen_run(
                record=record,
                run=found,
                reason=request.POST.get("reason", ""),
                password=request.POST.get("password", ""),
                shown_hash=request.POST.get("content_hash") or None,
                by=manager,
            )
        except (Forbidden, NotFound):
            raise
        except DomainError as error:
            return self._show(code, run, error=error.message, reason=request.POST.get("reason", ""), status=422)
        messages.success(request, _("%(run)s is taken back; its results can be corrected.") % {"run": found.code})
        return redirect("nonconformities:page", record.code)

    def _show(self, code: str, run: str, *, error: str = "", reason: str = "", status: int = 200) -> HttpResponse:
        record, found = fetch_nonconformity(self.request.user, code), fetch_run(self.request.user, run)
        content = reopening_content(record, found)
        blockers = reopen_blockers(record, found, self.request.user)
        context = {"record": record, "run": found, "content": content, "digest": content_hash(content), "sign_blockers": blockers}
        return self.render(context | {"error": error, "reason": reason}, status=status)

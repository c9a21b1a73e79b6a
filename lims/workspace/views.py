"""Where everybody starts, and the scan box of every page."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from lims.core.codes import check_code, has_code_shape, normalise
from lims.core.errors import Invalid
from lims.core.pages import Page
from lims.core.panels import resolve_scan
from lims.core.roles import Action


class Home(Page):
    """My work."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.WORK_VIEW}
    template = "workspace/home.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render({})


class Scan(Page):
    """Open what was scanned or typed; say what is wrong with a code that opens nothing."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.WORK_VIEW}

    def get(self, request: HttpRequest) -> HttpResponse:
        code = normalise(request.GET.get("q") or request.GET.get("code") or "")
        if not code:
            return redirect("workspace:home")
        try:
            if has_code_shape(code):
                check_code(code)
        except Invalid as error:
            messages.error(request, error.message)
            return redirect("workspace:home")
        address = resolve_scan(code, request.user)
        if address is None:
            messages.error(request, _("“%(code)s” is no sample, consignment, seal, run or certificate that you may see.") % {"code": code})
        return redirect(address or "workspace:home")

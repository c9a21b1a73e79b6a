"""Where everybody starts, and the scan box of every page."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from lims.core.pages import Page
from lims.core.roles import Action
from lims.workspace.scanning import open_scanned
from lims.workspace.start_pages import START_PAGES, items_for


class Home(Page):
    """My work; an official's is the overview."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.WORK_VIEW}
    template = "workspace/home.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        person: Any = request.user
        if person.role not in START_PAGES:
            return redirect("dashboards:overview")
        items = items_for(person)
        waiting, done = [one for one in items if one.waiting.count], [one for one in items if not one.waiting.count]
        return self.render({"waiting": waiting, "done": done, "start": START_PAGES[person.role]})


class Scan(Page):
    """Open what was scanned or typed; say what is wrong with a code that opens nothing."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.WORK_VIEW}

    def get(self, request: HttpRequest) -> HttpResponse:
        found = open_scanned(request.GET.get("code") or request.GET.get("q") or "", request.user)
        if found.refusal:
            messages.error(request, found.refusal)
        return redirect(found.url or "workspace:home")

"""The agent for instruments' computers, for anybody: such a computer has no account, and the file holds no secret."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View

from assays.instruments.agent.agent_file import AGENT_NAME, read_agent


class AgentPage(View):
    """What the agent does, its SHA-256 and how to set it up."""

    def get(self, request: HttpRequest) -> HttpResponse:
        data, sha256 = read_agent()
        server = request.build_absolute_uri("/").rstrip("/")
        return render(request, "instruments/agent.html", {"sha256": sha256, "size": len(data), "name": AGENT_NAME, "server": server})


class AgentFile(View):
    """The agent itself."""

    def get(self, request: HttpRequest) -> HttpResponse:
        response = HttpResponse(read_agent()[0], content_type="text/x-python; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{AGENT_NAME}"'
        response["X-Content-Type-Options"] = "nosniff"
        return response

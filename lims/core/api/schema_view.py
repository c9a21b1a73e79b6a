"""The addresses of the description, for programs and for people."""

from __future__ import annotations

from typing import Any

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response


class RefusingInJson:
    """Answers in a form of its own, refuses in JSON, whatever was asked for."""

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        final: Response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        if final.status_code >= 400:
            final.accepted_renderer, final.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        return final


class SchemaView(RefusingInJson, SpectacularAPIView):
    """The description itself."""


class DocumentationView(RefusingInJson, SpectacularSwaggerSplitView):
    """The same, for people."""

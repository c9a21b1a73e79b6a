"""Variables every page's frame needs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def page_frame(request: HttpRequest) -> dict[str, Any]:
    """Navigation, the synthetic mark, the viewer's zone and where the scan box sends its code. Read once a request: each panel of a page is
    rendered by itself and would count everything in the rail again."""
    found: dict[str, Any] | None = getattr(request, "page_frame", None)
    if found is None:
        found = _read_frame(request)
        request.page_frame = found  # type: ignore[attr-defined]
    return found


def _read_frame(request: HttpRequest) -> dict[str, Any]:
    from lims.core.models import Installation
    from lims.core.navigation import navigation_for

    user = getattr(request, "user", None)
    signed_in = bool(user and user.is_authenticated)
    navigation = navigation_for(request) if signed_in else []
    return {
        "navigation": navigation,
        "navigation_short": [entry for group in navigation for entry in group][:3],
        "synthetic": Installation.current().synthetic,
        "scan_url": "/scan/",
        "viewer_zone": getattr(user, "time_zone", "UTC") if signed_in else "UTC",
    }

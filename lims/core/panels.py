"""What a lower package's page shows of a higher one: panels, registered when the apps are ready."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString


@dataclass(frozen=True)
class Panel:
    """A part of somebody else's page: `context(subject, user)` gives the template's variables, or None to stay away."""

    template: str
    context: Callable[[Any, Any], dict[str, Any] | None]
    order: int = 100


_panels: dict[str, list[Panel]] = {}
_scanners: list[Callable[[str, Any], str | None]] = []


def register_panel(page: str, panel: Panel) -> None:
    """Add a panel to a page (`"sample"`, `"consignment"`)."""
    _panels.setdefault(page, []).append(panel)
    _panels[page].sort(key=lambda one: one.order)


def panels_for(page: str, subject: Any, user: Any) -> list[dict[str, Any]]:
    """The panels of a page as `{template, context}` for this subject and viewer."""
    found = [(panel, panel.context(subject, user)) for panel in _panels.get(page, [])]
    return [{"template": panel.template, "context": context} for panel, context in found if context is not None]


def render_panels(page: str, subject: Any, request: HttpRequest) -> list[SafeString]:
    """The panels of a page, rendered: `{% for panel in panels %}{{ panel }}{% endfor %}`."""
    found = panels_for(page, subject, request.user)
    return [render_to_string(panel["template"], panel["context"], request=request) for panel in found]


def register_scanner(resolve: Callable[[str, Any], str | None]) -> None:
    """Teach the scan box a kind of code: `resolve(code, user)` returns the address of the page it opens, or None."""
    _scanners.append(resolve)


def resolve_scan(code: str, user: Any) -> str | None:
    """The page a scanned code opens for this user, or None."""
    return next((address for resolve in _scanners if (address := resolve(code, user))), None)

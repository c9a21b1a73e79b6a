"""What the component tags share: a partial rendered with its own values alone, and one way to read what a component is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.template import Context
from django.utils.safestring import SafeString


def render_partial(context: Context, partial: str, values: Mapping[str, Any]) -> SafeString:
    """Render `partials/<partial>.html` with `values` alone, as an inclusion tag does, plus the CSRF token its forms need."""
    engine = context.template.engine  # type: ignore[union-attr]  # a tag renders inside a template, so there is one
    inner = context.new({**values, "csrf_token": context.get("csrf_token")})
    return SafeString(engine.get_template(f"partials/{partial}.html").render(inner))


def read(thing: Any, name: str) -> Any:
    """The value called `name` of a mapping or an object; `None` where there is none."""
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)

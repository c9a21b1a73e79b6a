"""Lists whose order, filters and page live in the address. These tags are part of `{% load ui %}`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.forms import BoundField, Form
from django.http import HttpRequest, QueryDict
from django.template import Context
from django.utils.safestring import SafeString

from lims.core.templatetags.rendering import read, render_partial

register = template.Library()

PAGE_SIZES = (25, 50, 100, 250)
# What turns the page of a list; a new filter or order starts at the first page.
_POSITION_PARAMETERS = ("cursor", "page")


def _query_of(context: Context) -> QueryDict:
    request: HttpRequest = context["request"]
    return request.GET.copy()


def _address(query: QueryDict) -> str:
    return f"?{query.urlencode()}" if query else "?"


def _without_position(query: QueryDict) -> QueryDict:
    for name in _POSITION_PARAMETERS:
        query.pop(name, None)
    return query


@register.inclusion_tag("partials/sort_header.html", takes_context=True)
def sort_header(context: Context, field: str, label: Any, numeric: bool = False, default: str = "") -> dict[str, Any]:
    """A column head that orders the list through `?ordering=field`; a second click turns it. `default` is the list's own ordering."""
    query = _without_position(_query_of(context))
    current = query.get("ordering") or default
    direction = {field: "ascending", f"-{field}": "descending"}.get(current, "")
    query["ordering"] = f"-{field}" if direction == "ascending" else field
    return {"label": label, "numeric": numeric, "direction": direction, "url": _address(query)}


@register.inclusion_tag("partials/pagination.html", takes_context=True)
def pagination(context: Context, page: Any) -> dict[str, Any]:
    """Previous and next by cursor, page size, total. `page` has `previous_cursor`, `next_cursor`, `page_size` and, where counted,
    `total`."""

    def turned(**changes: Any) -> str:
        query = _without_position(_query_of(context))
        for name, value in changes.items():
            query[name] = str(value)
        return _address(query)

    before, after, size = read(page, "previous_cursor"), read(page, "next_cursor"), read(page, "page_size")
    return {
        "previous": turned(cursor=before) if before else "",
        "next": turned(cursor=after) if after else "",
        "sizes": [(choice, turned(page_size=choice), choice == size) for choice in PAGE_SIZES],
        "total": read(page, "total"),
    }


@register.simple_block_tag(takes_context=True)
def filter_bar(context: Context, content: SafeString, form: Form, search: str = "q") -> SafeString:
    """Search box, a chip for every filter in the address (a click removes it), the other filters on request. The content are actions on the
    right (export, save). `form` is bound to the address; its field named `search` becomes the search box."""
    query = _without_position(_query_of(context))
    fields = [field for field in form.visible_fields() if field.name != search]
    return render_partial(
        context,
        "filter_bar",
        {
            "search": form[search] if search in form.fields else None,
            "fields": fields,
            "chips": [chip for field in fields for chip in _chips(field, query)],
            "has_errors": any(field.errors for field in fields),
            # Order and page size survive a new filter.
            "kept": [(name, value) for name, values in query.lists() if name not in form.fields for value in values],
            "clear": _address(_cleared(query, form)),
            "actions": SafeString(content.strip()),
        },
    )


def _cleared(query: QueryDict, form: Form) -> QueryDict:
    rest = query.copy()
    for name in form.fields:
        rest.pop(name, None)
    return rest


def _chips(field: BoundField, query: QueryDict) -> list[dict[str, Any]]:
    values = [value for value in query.getlist(field.html_name) if value != ""]
    if not values:
        return []
    rest = query.copy()
    rest.pop(field.html_name, None)
    words = dict(_flat_choices(getattr(field.field, "choices", ())))
    return [{"label": field.label, "value": ", ".join(str(words.get(value, value)) for value in values), "remove": _address(rest)}]


def _flat_choices(choices: Iterable[Any]) -> Iterable[tuple[str, Any]]:
    for value, label in choices:
        if isinstance(label, (list, tuple)):
            yield from _flat_choices(label)
        else:
            yield str(value), label

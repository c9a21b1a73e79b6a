"""The parts of a page: `{% load ui %}`. One way to use a component: its tag. Markup lives in `templates/partials/`, looks in
`static/lims/css/`, and `docs/design-system.md` shows one line for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import template
from django.contrib.messages.storage.base import Message
from django.forms import BoundField
from django.template import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lims.core.templatetags import lists
from lims.core.templatetags.rendering import read, render_partial

register = template.Library()

register.tags.update(lists.register.tags)

TONES = ("pass", "warn", "fail", "wait", "none")
_LONG_STATE = 22
"""Letters from which a state may go over two lines."""


def _checked_tone(tone: object) -> str:
    if str(tone) not in TONES:
        raise ValueError(f"Unknown tone {tone!r}; a state is one of {', '.join(TONES)}.")
    return str(tone)


# --- Signs ---------------------------------------------------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A sign from the sprite. Decorative unless `label` says what it means."""
    address = f"{static('lims/icons.svg')}#{name}"
    if label:
        return format_html('<svg class="icon" role="img" aria-label="{}"><use href="{}"/></svg>', label, address)
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"/></svg>', address)


@register.simple_tag
def shape(tone: str) -> SafeString:
    """The shape of a tone alone: ● pass, ▲ warn, ■ fail, ◆ wait, ○ none. Only beside a word."""
    return format_html('<svg aria-hidden="true"><use href="{}#shape-{}"/></svg>', static("lims/icons.svg"), _checked_tone(tone))


@register.simple_tag
def state_badge(state: Any, label: Any = None) -> SafeString:
    """A state as colour, shape and word. `state` is a `(tone, label)` pair, or a tone with the label beside it."""
    tone, word = (state, label) if label is not None else state
    long = " long" if len(str(word)) > _LONG_STATE else ""
    return format_html('<span class="badge tone-{}{}">{}{}</span>', _checked_tone(tone), long, shape(tone), word)


@register.simple_tag
def code(value: Any, href: str = "", copy: bool = True) -> SafeString:
    """A human code: monospace, never wrapped, never translated; a link where `href` is given, with a copy button unless `copy=False`."""
    if value in (None, ""):
        return SafeString('<span class="quiet">—</span>')
    text = format_html('<code translate="no">{}</code>', value)
    if href:
        text = format_html('<a href="{}">{}</a>', href, text)
    if not copy:
        return format_html('<span class="code">{}</span>', text)
    return format_html(
        '<span class="code">{}<button type="button" class="copy script-only" data-copy="{}" data-copied-text="{}" aria-label="{}" '
        'title="{}">{}</button></span>',
        text,
        value,
        _("Copied"),
        _("Copy %(code)s") % {"code": value},
        _("Copy"),
        icon("copy"),
    )


@register.filter
def message_tone(message: Message) -> str:
    """The tone of a message of the framework, by its level."""
    return {"success": "pass", "warning": "warn", "error": "fail"}.get(message.level_tag, "wait")


# --- Blocks --------------------------------------------------------------------------------------------------------------------------


@register.simple_block_tag(takes_context=True)
def page_header(
    context: Context,
    content: SafeString,
    title: Any,
    subtitle: Any = "",
    code: Any = "",
    state: Any = None,
    back: str = "",
    back_label: Any = "",
) -> SafeString:
    """The head of a page; its content are the actions on the right. `code` stands in the title, `state` is a (tone, label) pair."""
    return render_partial(
        context,
        "page_header",
        {
            "title": title,
            "subtitle": subtitle,
            "code": code,
            "state": state,
            "back": back,
            "back_label": back_label,
            "actions": SafeString(content.strip()),
        },
    )


@register.simple_block_tag(takes_context=True)
def card(
    context: Context,
    content: SafeString,
    title: Any,
    definition: Any = "",
    span: int = 12,
    id: str = "",  # noqa: A002
    href: str = "",
    link: Any = "",
) -> SafeString:
    """A card: title, one line that says what it shows, body. `span` of twelve columns inside `.grid`; `href` and `link` lead to
    the rows."""
    return render_partial(
        context, "card", {"title": title, "definition": definition, "span": span, "id": id, "href": href, "link": link, "body": content}
    )


@register.simple_block_tag(takes_context=True)
def notice(context: Context, content: SafeString, tone: str = "wait", title: Any = "") -> SafeString:
    """A sentence that stays on the page, in the tone of a state."""
    return render_partial(context, "notice", {"tone": _checked_tone(tone), "title": title, "body": content})


@register.simple_block_tag
def disclosure(content: SafeString, summary: Any, open: bool = False) -> SafeString:  # noqa: A002
    """More, on request: a details element."""
    return format_html(
        '<details class="disclosure"{}><summary>{}</summary><div>{}</div></details>', SafeString(" open") if open else "", summary, content
    )


@register.simple_block_tag
def menu(content: SafeString, label: Any) -> SafeString:
    """A button that opens a list of links (export, print); closes by itself where a script runs."""
    return format_html(
        '<details class="menu" data-menu><summary class="chip">{} {}</summary><div class="menu-panel">{}</div></details>',
        label,
        icon("down"),
        content,
    )


@register.simple_block_tag
def data_table(content: SafeString, caption: Any = "", stacks: bool = True, wide: bool = False) -> SafeString:
    """A table. Content: thead and tbody. Cells of numbers have class `num`; every cell has `data-label`, shown when a phone stacks the row.
    `wide` gives a table of many columns its own scrolling box with head and first column held."""
    kind = "table-wrap wide" if wide else "table-wrap stacks" if stacks else "table-wrap"
    heading = format_html("<caption>{}</caption>", caption) if caption else ""
    # A box that scrolls must be reachable with the keyboard.
    reachable = format_html(' tabindex="0" role="region" aria-label="{}"', caption or _("Table")) if wide else ""
    return format_html('<div class="{}"{}><table class="data">{}{}</table></div>', kind, reachable, heading, content)


@register.simple_block_tag(takes_context=True)
def confirmation(context: Context, content: SafeString, label: Any, action: str, submit: Any = "", danger: bool = True) -> SafeString:
    """A step that needs a second look, without a dialog: the button opens, in place, what will happen (the content, with any fields) and a
    second button that does it (POST to `action`)."""
    return render_partial(
        context,
        "confirmation",
        {
            "label": label,
            "action": action,
            "submit": submit or label,
            "danger": danger,
            "tone": "fail" if danger else "wait",
            "body": content,
        },
    )


@register.simple_block_tag(takes_context=True)
def signature_box(
    context: Context, content: SafeString, action: str, meaning: Any, submit: Any = "", digest: str = "", otp: bool = False, error: Any = ""
) -> SafeString:
    """What is being signed, in words (the content, with any fields), and the password again. Posts `password`, `meaning` and, where
    enrolled, `otp` to `action`. `digest` is the hash the signature is bound to; `error` a refusal to show."""
    return render_partial(
        context,
        "signature_box",
        {
            "action": action,
            "meaning": meaning,
            "submit": submit or _("Sign"),
            "digest": digest,
            "otp": otp,
            "error": error,
            "body": content,
            "user": context.get("user"),
        },
    )


# --- Leaves --------------------------------------------------------------------------------------------------------------------------


@register.inclusion_tag("partials/kpi.html")
def kpi(label: Any, value: Any, unit: Any = "", detail: Any = "", href: str = "") -> dict[str, Any]:
    """A key figure: label, big number, its unit or uncertainty beside it, n and what is counted below. `href` leads to the rows."""
    return {"label": label, "value": value, "unit": unit, "detail": detail, "href": href}


@register.inclusion_tag("partials/fact.html")
def fact(label: Any, value: Any) -> dict[str, Any]:
    """One pair of a definition list; stands inside `<dl class="facts">`."""
    return {"label": label, "value": value}


@register.inclusion_tag("partials/empty_state.html")
def empty_state(title: Any, text: Any = "", href: str = "", action: Any = "", icon: str = "search") -> dict[str, Any]:
    """Nothing to show: what that means and what to do next."""
    return {"title": title, "text": text, "href": href, "action": action, "icon": icon}


@register.inclusion_tag("partials/tabs.html")
def tabs(items: Iterable[Mapping[str, Any]], label: Any) -> dict[str, Any]:
    """Tabs are links: `items` of `{label, url, active, count}`; `label` names the set for a screen reader."""
    return {"items": items, "label": label}


@register.inclusion_tag("partials/timeline.html")
def timeline(events: Iterable[Any]) -> dict[str, Any]:
    """What happened, in order: `events` with `tone`, `title`, `at` (aware datetime) and, where known, `detail`, `actor`,
    `facts` (pairs), `hash`, `href`."""
    return {"events": events}


@register.inclusion_tag("partials/job_progress.html")
def job_progress(
    state: str, progress: float | None = None, message: Any = "", poll_url: str = "", result_url: str = "", result_label: Any = ""
) -> dict[str, Any]:
    """A job on its way: asked again every second through `poll_url` (which must answer with this same tag) until its end.
    `state` is queued, running, done or failed; `progress` 0–1; `result_url` is offered when done."""
    return {
        "state": state,
        "ended": state in {"done", "failed"},
        "tone": {"done": "pass", "failed": "fail"}.get(state, "wait"),
        "word": {"queued": _("waiting"), "running": _("running"), "done": _("done"), "failed": _("failed")}[state],
        "percent": 100 if state == "done" else round(100 * (progress or 0)),
        "message": message,
        "poll_url": poll_url,
        "result_url": result_url,
        "result_label": result_label or _("Open the result"),
    }


@register.inclusion_tag("partials/action_button.html", takes_context=True)
def action_button(
    context: Context, label: Any, url: str, blockers: Sequence[Any] = (), kind: str = "secondary", method: str = "post", icon: str = ""
) -> dict[str, Any]:
    """A step one may take: a small form (`method="post"`) or a link (`"get"`). `kind` is primary (once per page), secondary,
    danger or plain. With `blockers` (each with a `sentence`) the button stands there grey with its reason beside it."""
    return {
        "label": label,
        "url": url,
        "reasons": [getattr(blocker, "sentence", blocker) for blocker in blockers],
        "kind": kind,
        "method": method,
        "icon": icon,
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("partials/tray_map.html")
def tray_map(positions: Sequence[Any], columns: int = 12, label: Any = "") -> dict[str, Any]:
    """The rack as it stands on the autosampler, row by row. A position has `number`, `kind` (sample, blank, standard, reference, duplicate,
    spike, empty), `label` and, where known, `verdict` (pass, warn, fail) and `href`."""
    cells = [{"position": position, "words": _position_words(position), "look": _position_look(position)} for position in positions]
    present = {read(position, "kind") for position in positions}
    return {
        "rows": [cells[start : start + columns] for start in range(0, len(cells), columns)],
        "free": range(-len(cells) % columns if len(cells) > columns else 0),  # holds the last row's places as wide as the others
        "legend": [(kind, word) for kind, word in _kind_words().items() if kind in present],
        "condemned": any(read(position, "verdict") == "fail" for position in positions),
        "label": label or _("Tray"),
    }


def _kind_words() -> dict[str, str]:
    return {
        "sample": _("sample"),
        "blank": _("blank"),
        "standard": _("standard"),
        "reference": _("reference material"),
        "duplicate": _("duplicate"),
        "spike": _("spike"),
        "empty": _("empty"),
    }


def _position_look(position: Any) -> str:
    verdict = read(position, "verdict")
    return f"position kind-{read(position, 'kind')}" + (f" verdict-{verdict}" if verdict else "")


def _position_words(position: Any) -> str:
    """What the colour of a position says, for the title and for a screen reader."""
    verdicts = {"pass": _("passed"), "warn": _("warning"), "fail": _("failed or condemned")}
    verdict = read(position, "verdict")
    parts = [_kind_words()[read(position, "kind")], read(position, "label"), verdicts[verdict] if verdict else ""]
    return ", ".join(str(part) for part in parts if part)


# --- Fields --------------------------------------------------------------------------------------------------------------------------


@register.filter
def unit_of(field: BoundField) -> str:
    """The unit that stands beside a field's number: `widget=forms.NumberInput(attrs={"data-unit": "g"})`."""
    return str(field.field.widget.attrs.get("data-unit", ""))


@register.inclusion_tag("partials/cell_field.html")
def cell_field(field: BoundField) -> dict[str, Any]:
    """A field inside a table cell: the column head is its label, its error stands below it."""
    return {"field": field}

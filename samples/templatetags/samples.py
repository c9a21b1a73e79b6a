"""How samples are named and their states shown: `{% load samples %}`."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from django import template
from django.template import Context
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lims.core.templatetags.ui import state_badge
from lims.core.templatetags.values import zone_name
from samples.models import Sample
from samples.selectors.samples import state_badge_of

register = template.Library()


@register.simple_tag(takes_context=True)
def shown_code(context: Context, sample: Sample) -> str:
    """The code the viewer knows the sample by."""
    return sample.code_for(context["user"])


@register.simple_tag
def day(moment: datetime | None) -> SafeString:
    """The day of a moment in the viewer's zone, the time in the title: for columns where a day is enough."""
    if moment is None:
        return format_html('<span class="quiet">{}</span>', "—")
    local = timezone.localtime(moment)
    shown = date_format(local, "j M Y")
    title = f"{shown} {local:%H:%M} {zone_name(timezone.get_current_timezone(), moment)}"
    return format_html('<time datetime="{}" title="{}" class="nowrap">{}</time>', local.isoformat(timespec="seconds"), title, shown)


@register.simple_tag
def sample_badges(sample: Sample) -> SafeString:
    """Its state, and what lies over it."""
    badges = [state_badge_of(sample)]
    if sample.on_hold:
        badges.append(("fail", _("on hold")))
    if sample.has_open_discrepancy:
        badges.append(("fail", _("discrepancy")))
    return format_html_join(" ", "{}", ((_badge(*badge),) for badge in badges))


@cache
def _badge(tone: str, word: str) -> SafeString:
    """A list shows the same few badges many times."""
    return state_badge(tone, word)

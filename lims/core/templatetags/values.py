"""How numbers, times and ages are printed: `{% load values %}`."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lims.core import clock
from lims.core.figures import figures_text, mass_text, places_text

register = template.Library()
register.filter("weighed", mass_text)
register.filter("figures", figures_text)
register.filter("places", places_text)

_NOTHING = SafeString('<span class="quiet">—</span>')
# Names people here use. A zone that is not listed shows its offset alone.
_ZONE_NAMES = {"Asia/Kolkata": "IST", "Asia/Calcutta": "IST", "Asia/Yangon": "MMT +06:30", "Asia/Rangoon": "MMT +06:30", "UTC": "UTC"}
_ZONE_LABELS = {"IST": "IST (UTC+05:30)", "MMT +06:30": "MMT (UTC+06:30)", "UTC": "UTC"}


def _digits(number: Any) -> str:
    """The number exactly as it is stored: trailing zeros kept, no exponent, a point in every language."""
    if isinstance(number, Decimal):
        return format(number, "f")
    if isinstance(number, float):
        raise TypeError(f"A measured number is printed from text or Decimal, not from the float {number!r}: a float has no last digit.")
    return str(number)


def _basis_word(basis: str) -> str:
    words = {"dry": _("dry"), "as_received": _("as received"), "leachable": _("leachable"), "calcined": _("calcined")}
    return words.get(basis, basis)


@register.simple_tag
def measured(value: Any, unit: str = "", qualifier: str = "", uncertainty: Any = None, k: Any = None, basis: str = "") -> SafeString:
    """A measured value in full: `<0.05 mg/kg`, `23.20 ± 0.88 mg/kg dry (k=2)`. `value` and `uncertainty` are text or Decimal,
    printed as they stand; `qualifier` is `<` or `>`. The element or oxide is named by the row or the column, never left out."""
    if value in (None, ""):
        return format_html('<span class="quiet" title="{}">—</span>', _("not measured"))
    number = f"{qualifier}{_digits(value)}"
    rest = [f"± {_digits(uncertainty)}"] if uncertainty not in (None, "") and not qualifier else []
    rest += [part for part in (unit, _basis_word(basis) if basis else "") if part]
    if k and len(rest) and rest[0].startswith("±"):
        rest.append(f"(k={_digits(k) if not isinstance(k, float) else format(k, 'g')})")
    return format_html(
        '<data class="measured" value="{}" translate="no">{}{}</data>',
        number,
        format_html('<span class="censored">{}</span>', number) if qualifier else number,
        format_html(" <small>{}</small>", " ".join(rest)) if rest else "",
    )


def zone_name(zone: tzinfo, moment: datetime) -> str:
    """The name printed behind a time: IST, MMT +06:30, UTC, otherwise the offset."""
    known = _ZONE_NAMES.get(getattr(zone, "key", str(zone)))
    if known:
        return known
    offset = moment.astimezone(zone).strftime("%z")
    return f"{offset[:3]}:{offset[3:5]}"


@register.simple_tag
def zone_label(zone: str = "") -> str:
    """The viewer's zone in full, for the top bar: `IST (UTC+05:30)`. Without an argument, the zone times are shown in."""
    current = ZoneInfo(zone) if zone else timezone.get_current_timezone()
    name = zone_name(current, clock.now())
    return _ZONE_LABELS.get(name, f"UTC{name}")


@register.simple_tag
def offered_zones() -> tuple[str, ...]:
    """The zones a viewer may choose."""
    return ("Asia/Kolkata", "Asia/Yangon", "UTC")


@register.simple_tag
def when(moment: datetime | date | None, seconds: bool = False) -> SafeString:
    """A time in the viewer's zone with the zone named: `22 Nov 2026 14:05 IST`. A plain date has no zone and shows none."""
    if moment is None:
        return _NOTHING
    if not isinstance(moment, datetime):
        return format_html('<time datetime="{}" class="nowrap">{}</time>', moment.isoformat(), date_format(moment, "j M Y"))
    if timezone.is_naive(moment):
        raise ValueError(f"{moment!r} has no zone; a time without a zone is never shown.")
    local = timezone.localtime(moment)
    text = date_format(local, "j M Y H:i:s" if seconds else "j M Y H:i")
    zone = zone_name(timezone.get_current_timezone(), moment)
    return format_html('<time datetime="{}" class="nowrap">{} {}</time>', local.isoformat(timespec="seconds"), text, zone)


def age_words(span: timedelta) -> str:
    """A span in its largest whole unit: `9 d`, `3 h`, `12 min`, `now`."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return _("now")
    if minutes < 60:
        return ngettext("%(count)d min", "%(count)d min", minutes) % {"count": minutes}
    if minutes < 48 * 60:
        return ngettext("%(count)d h", "%(count)d h", minutes // 60) % {"count": minutes // 60}
    return ngettext("%(count)d d", "%(count)d d", minutes // 1440) % {"count": minutes // 1440}


@register.simple_tag
def age(moment: datetime | None) -> SafeString:
    """How long ago, by the product's clock: `9 d`; the exact time is in the title."""
    if moment is None:
        return _NOTHING
    local = timezone.localtime(moment)
    title = f"{date_format(local, 'j M Y H:i')} {zone_name(timezone.get_current_timezone(), moment)}"
    return format_html(
        '<time datetime="{}" title="{}" class="nowrap">{}</time>',
        local.isoformat(timespec="seconds"),
        title,
        age_words(clock.now() - moment),
    )

"""Reading instruments: the list, whether each lives, until when its calibration holds."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from assays.instruments.models import Instrument, Weight
from lims.core import clock

# Without a sign for so long an instrument that sends them is taken for silent.
SILENT_AFTER = timedelta(minutes=15)
# A calibration that is due so soon is worth a word.
DUE_SOON = timedelta(days=14)


def instrument_list(viewer: Any) -> QuerySet[Instrument]:
    """The viewer's instruments with `waiting_count`, the runs planned on each."""
    waiting = Count("runs", filter=Q(runs__state="planned"))
    return Instrument.objects.visible_to(viewer).select_related("laboratory").annotate(waiting_count=waiting).order_by("code")


def default_unit_changes(instrument: Instrument) -> list[Any]:
    """The versions in which its unit of files that state none was changed, the newest first."""
    versions: list[Any] = list(instrument.events.order_by("pgh_id"))  # type: ignore[attr-defined]
    changed = [after for before, after in pairwise(versions) if after.default_unit != before.default_unit]
    first = [one for one in versions[:1] if one.default_unit]
    return [*reversed(changed), *first][:20]


def life_badge(instrument: Instrument) -> tuple[str, Any]:
    """Whether it gives signs of life, in colour and word."""
    if not instrument.active:
        return "none", _("out of use")
    if instrument.last_heartbeat_at is None:
        return "none", _("sends no sign of life")
    silent = clock.now() - instrument.last_heartbeat_at > SILENT_AFTER
    return ("warn", _("silent")) if silent else ("pass", _("alive"))


def is_clock_wrong(instrument: Instrument) -> bool:
    """Whether its clock differs from ours by more than the installation's limit (`INSTRUMENT_CLOCK_LIMIT`, seconds)."""
    return instrument.clock_skew_s is not None and abs(instrument.clock_skew_s) > settings.INSTRUMENT_CLOCK_LIMIT


def clock_badge(instrument: Instrument) -> tuple[str, Any] | None:
    """Whether its clock agrees with ours, in colour and word; None where it never said its time."""
    if instrument.clock_skew_s is None:
        return None
    if not is_clock_wrong(instrument):
        return "pass", _("agrees")
    return "warn", _("fast") if instrument.clock_skew_s > 0 else _("slow")


def calibration_badge(instrument: Instrument) -> tuple[str, Any]:
    """Whether its calibration holds today, in colour and word."""
    today = clock.today()
    if instrument.calibration_due is None:
        return "none", _("not recorded")
    if instrument.calibration_due < today:
        return "fail", _("overdue")
    return ("warn", _("due soon")) if instrument.calibration_due - today <= DUE_SOON else ("pass", _("holds"))


def newest_weights(balance: Instrument) -> QuerySet[Weight]:
    """What a balance sent last."""
    return balance.weights.select_related("sample", "weighed_by", "aliquot").order_by("-pk")[:10]

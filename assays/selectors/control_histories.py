"""What the laboratory's own control charts say of a method: readings of certified materials, for the uncertainty by Nordtest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import F

from assays.calculation.uncertainties import MaterialHistory
from assays.control_charts.models import ControlPoint
from assays.control_charts.selectors import newest_points
from assays.lifecycle import RunState
from assays.models import CertifiedValue, Run
from assays.models.judgements import Outcome

_COVERAGE_95 = 1.96


def read_histories(run: Run, before: datetime, days: int) -> dict[str, list[MaterialHistory]]:
    """The readings of certified materials by this method in this laboratory in the `days` days before the run, by analyte.

    Points that are bounds or failed, and runs that were sent back, are left out: they say nothing of a method under control. The
    instrument does not matter: the reproducibility is the laboratory's.
    """
    points = newest_points(ControlPoint.objects.filter(series__laboratory=run.laboratory_id, series__method=run.method_version.method_id))
    rows = (
        points.filter(qualifier="", measured_at__lt=before, measured_at__gte=before - timedelta(days=days))
        .exclude(run=run.pk)
        .exclude(outcome=Outcome.FAIL)
        .exclude(run__state=RunState.SENT_BACK)
        .order_by("measured_at", "pk")
        .values_list(F("series__analyte__symbol"), "series__material__code", "value", "measured_at")
    )
    groups: dict[tuple[str, str], list[tuple[float, datetime]]] = {}
    for symbol, material, value, measured_at in rows:
        groups.setdefault((symbol, material), []).append((float(value), measured_at))
    certified = _certified(run, {material for _, material in groups})
    found: dict[str, list[MaterialHistory]] = {}
    for (symbol, material), values in groups.items():
        if (symbol, material) in certified:
            history = _history(material, values, certified[symbol, material])
            if history is not None:
                found.setdefault(symbol, []).append(history)
    return found


def _history(material: str, points: Sequence[tuple[float, datetime]], certified: CertifiedValue) -> MaterialHistory | None:
    uncertainty = _standard_uncertainty(certified)
    if uncertainty is None or certified.value <= 0:
        return None
    u, source = uncertainty
    return MaterialHistory(material, tuple(value for value, _ in points), float(certified.value), u, source, points[0][1], points[-1][1])


def _standard_uncertainty(certified: CertifiedValue) -> tuple[float, str] | None:
    """u(Cref) and what it was taken from. An interval of the mean leaves out heterogeneity and stability, and is named as what it is."""
    if certified.expanded_uncertainty is not None:
        return float(certified.expanded_uncertainty) / 2, "expanded uncertainty of the certificate, k = 2"
    if certified.interval_low is not None and certified.interval_high is not None:
        half = float(certified.interval_high - certified.interval_low) / 2
        return half / _COVERAGE_95, "95 % confidence interval of the certified mean, without heterogeneity"
    if certified.n and certified.sd is not None:
        return float(certified.sd) / certified.n**0.5, "standard deviation of the in-house value's runs over the root of their number"
    return None


def _certified(run: Run, materials: set[str]) -> dict[tuple[str, str], CertifiedValue]:
    values = CertifiedValue.objects.filter(material__code__in=materials, method_group=run.method_version.method.method_group)
    return {(value.analyte.symbol, value.material.code): value for value in values.select_related("analyte", "material")}

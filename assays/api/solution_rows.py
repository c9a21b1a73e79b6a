"""Leaches, dilution series and determinations as the API tells them."""

from __future__ import annotations

from typing import Any

from assays.models import DilutionSeries, HighGradeConditions, Leach, Run
from assays.selectors.leaches import LEACH_NUMBERS
from assays.services.high_grade import compute_content, current_determinations


def _of_aliquot(record: Leach | DilutionSeries) -> dict[str, Any]:
    aliquot = record.aliquot
    return {
        "id": str(record.pk),
        "aliquot": aliquot.code,
        "sample": aliquot.test.sample.blind_code,
        "method": str(aliquot.test.method_version),
    }


def leach_data(leach: Leach) -> dict[str, Any]:
    """A leach, its numbers as they stand."""
    return _of_aliquot(leach) | {
        "lot": leach.lot.code if leach.lot else None,
        **{name: str(getattr(leach, name)) for name in LEACH_NUMBERS},
        "pore_water_counts": leach.pore_water_counts,
        "fault": leach.fault,
        "leached_at": leach.leached_at.isoformat(),
        "corrects": str(leach.corrects_id) if leach.corrects_id else None,
        "reason": leach.reason,
    }


def dilution_data(series: DilutionSeries) -> dict[str, Any]:
    """A dilution series with its factor."""
    return _of_aliquot(series) | {
        "steps": series.steps,
        "factor": str(series.factor),
        "relative_u_percent": str(series.relative_u_percent),
        "made_at": series.made_at.isoformat(),
        "reason": series.reason,
    }


def determinations_data(run: Run, stated: HighGradeConditions) -> dict[str, Any]:
    """The determinations of a run that count, in the order of the tray, with what each gives before rounding."""
    rows = run.positions.filter(aliquot__isnull=False).select_related("aliquot__test__sample", "aliquot__preparation").order_by("number")
    positions = {one.pk: one for one in rows}
    found = current_determinations(positions)
    told = []
    for pk, position in positions.items():
        one, aliquot = found.get(pk), position.aliquot
        if one is None or aliquot is None:
            continue
        content = compute_content(one.values, float(aliquot.mass_g), aliquot.preparation.portion_moisture_percent, stated)
        told.append(
            {
                "id": str(one.pk),
                "position": position.number,
                "sample": aliquot.test.sample.blind_code,
                "aliquot": aliquot.code,
                "values": one.values,
                "treo_percent": repr(content.treo.value),
                "loi_percent": repr(content.loi.value),
                "total_percent": repr(content.total.value),
                "total_near_100": content.total.near,
                "made_at": one.made_at.isoformat(),
                "corrects": str(one.corrects_id) if one.corrects_id else None,
                "reason": one.reason,
            }
        )
    return {
        "run": run.code,
        "state": run.state,
        "verdict": run.verdict_text,
        "technique": stated.technique,
        "total_least_percent": str(stated.total_least_percent),
        "total_most_percent": str(stated.total_most_percent),
        "limits_source": stated.source,
        "determinations": told,
    }

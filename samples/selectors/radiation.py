"""Radiation of samples as people read it: measurements, what waits for one, what is kept apart."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from lims.core.roles import Action, allowed
from samples.models import ActivityAssessment, DoorScreen, Hold, Sample
from samples.models.radiation import DoorPolicy
from samples.models.samples import HoldKind
from samples.radiation_rules import NUCLIDES_OF_NATURAL, NUCLIDES_OF_PROCESSED, PROCESSED_MATERIALS, nuclide_text


def screens_of(sample: Sample, viewer: Any) -> list[DoorScreen]:
    """The dose rates of a sample, the newest first; a laboratory's own."""
    return list(DoorScreen.objects.visible_to(viewer).filter(sample=sample).select_related("measured_by", "laboratory"))


def assessments_of(sample: Sample, viewer: Any) -> list[ActivityAssessment]:
    """The activities of a sample, the newest first; a laboratory's own."""
    return list(ActivityAssessment.objects.visible_to(viewer).filter(sample=sample).select_related("recorded_by", "laboratory"))


def select_unscreened(viewer: Any) -> QuerySet[Sample]:
    """What was received and waits for its dose rate, the longest first."""
    rows: QuerySet[Sample] = Sample.objects.visible_to(viewer).filter(needs_screen=True, laboratory=viewer.organisation_id)
    return rows.exclude(state__in=["returned", "disposed", "lost"]).order_by("received_at", "blind_code")


def select_kept_apart(viewer: Any) -> QuerySet[Hold]:
    """Open holds for safety on the viewer's samples, the oldest first."""
    samples = Sample.objects.visible_to(viewer)
    kinds = [HoldKind.SAFETY, HoldKind.QUARANTINE]
    return (
        Hold.objects.filter(sample__in=samples.values("pk"), kind__in=kinds, released_at=None)
        .select_related("sample")
        .order_by("opened_at")
    )


def needed_nuclides(sample: Sample) -> tuple[str, ...]:
    """What a gamma spectrum has to speak of for this material."""
    return NUCLIDES_OF_PROCESSED if sample.material in PROCESSED_MATERIALS else NUCLIDES_OF_NATURAL


def screen_data(screen: DoorScreen) -> dict[str, Any]:
    """One dose rate, flat; measured numbers as texts."""
    return {
        "id": str(screen.pk),
        "dose_rate": f"{screen.dose_rate:f}",
        "background": f"{screen.background:f}",
        "uncertainty": f"{screen.uncertainty:f}",
        "k": f"{screen.k:f}",
        "unit": "µSv/h",
        "distance_cm": f"{screen.distance_cm:f}",
        "instrument": screen.instrument,
        "limit": f"{screen.limit:f}",
        "passed": screen.passed,
        "finding": screen.sentence,
        "remark": screen.remark,
        "measured_by": screen.measured_by.full_name,
        "measured_at": screen.measured_at.isoformat(),
    }


def assessment_data(assessment: ActivityAssessment) -> dict[str, Any]:
    """One assessment, flat."""
    return {
        "id": str(assessment.pk),
        "source": assessment.source,
        "measured_by": assessment.measured_by_name,
        "reference": assessment.reference,
        "processed": assessment.processed,
        "limit": f"{assessment.limit:f}",
        "unit": "Bq/g",
        "cleared": assessment.cleared,
        "reasons": list(assessment.reasons),
        "nuclides": [{name: one[name] for name in ("nuclide", "activity", "qualifier", "uncertainty", "k")} for one in assessment.nuclides],
        "recorded_by": assessment.recorded_by.full_name if assessment.recorded_by else None,
        "recorded_at": assessment.recorded_at.isoformat(),
    }


def radiation_data(sample: Sample, viewer: Any) -> dict[str, Any]:
    """Everything that was measured of a sample's radiation."""
    return {
        "sample": sample.code_for(viewer),
        "needs_screen": sample.needs_screen,
        "screens": [screen_data(one) for one in screens_of(sample, viewer)],
        "activities": [assessment_data(one) for one in assessments_of(sample, viewer)],
    }


def policy_data(policy: DoorPolicy) -> dict[str, Any]:
    """What a laboratory asks for at its door."""
    return {
        "requires_screen": policy.requires_screen,
        "dose_rate_limit": f"{policy.dose_rate_limit.normalize():f}",
        "activity_limit": f"{policy.activity_limit.normalize():f}",
        "gamma_for_processed": policy.gamma_for_processed,
        "quarantine_place": policy.quarantine_place,
        "mass_tolerance_percent": f"{policy.mass_tolerance_percent.normalize():f}",
        "mass_tolerance_g": f"{policy.mass_tolerance_g.normalize():f}",
        "clock_skew_minutes": policy.clock_skew_minutes,
        "reason": policy.reason,
        "set_by": policy.set_by.full_name if policy.set_by else None,
        "set_at": policy.set_at.isoformat() if policy.set_at else None,
    }


def panel_of(sample: Sample, viewer: Any) -> dict[str, Any] | None:
    """The part of a sample's page on radiation; nothing where nothing was measured or asked."""
    if not allowed(viewer, Action.RADIATION_VIEW):
        return None
    screens, assessments = screens_of(sample, viewer), assessments_of(sample, viewer)
    measures = sample.laboratory_id == viewer.organisation_id and (
        allowed(viewer, Action.RADIATION_SCREEN) or allowed(viewer, Action.RADIATION_ASSESS)
    )
    if not (screens or assessments or measures or sample.needs_screen):
        return None
    return {
        "sample": sample,
        "shown_code": sample.code_for(viewer),
        "screens": screens,
        "assessments": [(one, [nuclide_text(nuclide) for nuclide in one.nuclides]) for one in assessments],
        "may_measure": measures,
        "processed": sample.material in PROCESSED_MATERIALS,
        "title": _("Radiation"),
    }

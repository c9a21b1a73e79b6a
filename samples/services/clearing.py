"""What ends a hold for safety: a measurement made since, with value + expanded uncertainty below the limit, and a signature over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lims.core.errors import Blocker
from samples.blocking import HOLDS
from samples.models import ActivityAssessment, DoorScreen, Hold, Sample
from samples.models.radiation import ActivitySource
from samples.models.samples import HoldKind
from samples.radiation_rules import PROCESSED_MATERIALS


@dataclass(frozen=True)
class Evidence:
    """The newest measurement that can speak for the sample since it was held; `cleared` when it does."""

    measurement: ActivityAssessment | DoorScreen
    cleared: bool
    sentence: str


def needs_clearance(hold: Hold) -> bool:
    """Whether the kind of hold waits for a measurement."""
    return HOLDS[hold.kind].needs_clearance


def find_evidence(hold: Hold, sample: Sample) -> Evidence | None:
    """The newest assessment since the hold; of a chemical product only a gamma spectrum. For a quarantine a repeated dose rate as well."""
    assessments = ActivityAssessment.objects.filter(sample=sample, recorded_at__gte=hold.opened_at)
    if sample.material in PROCESSED_MATERIALS:
        assessments = assessments.filter(source=ActivitySource.GAMMA)
    newest: ActivityAssessment | None = assessments.order_by("-id").first()
    if newest is not None:
        return Evidence(newest, newest.cleared, _assessment_sentence(newest))
    if hold.kind != HoldKind.QUARANTINE:
        return None
    screen: DoorScreen | None = DoorScreen.objects.filter(sample=sample, measured_at__gt=hold.opened_at).order_by("-id").first()
    return Evidence(screen, screen.passed, screen.sentence) if screen else None


def _assessment_sentence(assessment: ActivityAssessment) -> str:
    if assessment.cleared:
        return f"Every nuclide with its uncertainty is below {assessment.limit.normalize():f} Bq/g ({assessment.get_source_display()})."
    return " ".join(assessment.reasons)


def clearance_blockers(hold: Hold, sample: Sample, by: Any) -> list[Blocker]:
    """Why the hold must stay: nothing was measured since, the measurement does not clear it, or the caller made it."""
    if not needs_clearance(hold):
        return []
    evidence = find_evidence(hold, sample)
    if evidence is None:
        wanted = "a gamma spectrum" if sample.material in PROCESSED_MATERIALS else "the activity, or a gamma spectrum,"
        detail = f"Nothing was measured since this hold began. Record {wanted} with value + uncertainty below the limit first."
        return [Blocker("not_cleared", detail)]
    if not evidence.cleared:
        return [Blocker("not_cleared", f"The hold stays until value + uncertainty is below the limit. {evidence.sentence}")]
    measured_by = getattr(evidence.measurement, "recorded_by_id", None) or getattr(evidence.measurement, "measured_by_id", None)
    if measured_by == by.pk:
        return [Blocker("own_work", "You recorded this measurement yourself. Another person releases the hold.")]
    return []


def release_content(hold: Hold, sample: Sample) -> dict[str, Any]:
    """What a release for safety shows and signs: the hold, and the measurement that clears it."""
    evidence = find_evidence(hold, sample)
    return {
        "hold": str(hold.pk),
        "sample": str(sample.pk),
        "kind": hold.kind,
        "evidence": str(evidence.measurement.pk) if evidence else "",
        "finding": evidence.sentence if evidence else "",
    }

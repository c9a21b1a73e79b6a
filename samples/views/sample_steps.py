"""Which steps a sample's page offers, and what blocks them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lims.accounts.signing import content_hash
from lims.core.errors import Blocker
from lims.core.roles import Action, allowed
from samples.models import Hold, Sample
from samples.selectors.receipts import DiscrepancyRow, discrepancy_row, select_discrepancies
from samples.services.clearing import Evidence, find_evidence, needs_clearance, release_content
from samples.services.disposing import dispose_blockers, return_blockers
from samples.services.holding import hold_blockers, release_blockers
from samples.services.raising import raising_blockers
from samples.services.splitting import split_blockers


def steps_of(sample: Sample, viewer: Any) -> dict[str, Any]:
    """Which steps the viewer's role may take, and what blocks them now."""
    owns = sample.owner_id == viewer.organisation_id
    holds = sample.holder_id == viewer.organisation_id
    return {
        "may_correct": allowed(viewer, Action.SAMPLE_EDIT) and owns,
        "may_register": allowed(viewer, Action.SAMPLE_REGISTER),
        "may_print": allowed(viewer, Action.LABEL_PRINT),
        "may_photograph": allowed(viewer, Action.PHOTO_ADD),
        "may_split": allowed(viewer, Action.SAMPLE_SPLIT) and holds,
        "split_blockers": split_blockers(sample, viewer),
        "may_hold": allowed(viewer, Action.SAMPLE_HOLD),
        "hold_blockers": hold_blockers(sample),
        "may_release": allowed(viewer, Action.SAMPLE_RELEASE),
        "may_report": allowed(viewer, Action.DISCREPANCY_RAISE) and not raising_blockers(sample, viewer),
        "may_dispose": allowed(viewer, Action.SAMPLE_DISPOSE) and holds,
        "dispose_blockers": dispose_blockers(sample, viewer, early=True),
        "return_blockers": return_blockers(sample, viewer),
    }


@dataclass(frozen=True)
class Release:
    """What the page shows of ending a hold: why it cannot end now, and where a measurement has to clear it, that and what is signed."""

    blockers: list[Blocker]
    needs_clearance: bool
    evidence: Evidence | None
    digest: str


def release_of(hold: Hold, viewer: Any) -> Release:
    """Ending one open hold."""
    clearing_needed = needs_clearance(hold)
    evidence = find_evidence(hold, hold.sample) if clearing_needed else None
    digest = content_hash(release_content(hold, hold.sample)) if clearing_needed else ""
    return Release(release_blockers(hold, viewer), clearing_needed, evidence, digest)


def open_on(sample: Sample, viewer: Any) -> list[DiscrepancyRow]:
    """The open discrepancies of a sample that the viewer may see, with who decides on them."""
    if not sample.has_open_discrepancy:
        return []
    rows = select_discrepancies(viewer).filter(sample=sample, decided_at=None).order_by("found_at")
    return [discrepancy_row(one, viewer) for one in rows]

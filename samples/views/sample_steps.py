"""Which steps a sample's page offers, and what blocks them."""

from __future__ import annotations

from typing import Any

from lims.core.roles import Action, allowed
from samples.models import Sample
from samples.services.disposing import dispose_blockers, return_blockers
from samples.services.holding import hold_blockers
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
        "may_dispose": allowed(viewer, Action.SAMPLE_DISPOSE) and holds,
        "dispose_blockers": dispose_blockers(sample, viewer, early=True),
        "return_blockers": return_blockers(sample, viewer),
    }

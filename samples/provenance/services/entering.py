"""Samples that enter a lot after it was stopped stand still like those that were in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from samples.models import ConsignmentItem, Sample
from samples.models.samples import HoldKind
from samples.provenance.models import Assessment, AssessmentDecision, LotHold
from samples.selectors.kinship import find_kin
from samples.services.holding import open_holds
from samples.services.locking import lock_samples


def hold_entrants(sample_ids: Sequence[UUID], by: Any, at: datetime) -> set[UUID]:
    """Put those on hold whose lot the last word on one of its flags stops, and what shares mass with them; their keys. The holds end with
    those of the lot."""
    entered = Sample.objects.filter(pk__in=sample_ids)
    held: set[UUID] = set()
    for assessment in _stopping(entered.values("mine")):
        record = assessment.record
        if record.consignment_id:
            carried = ConsignmentItem.objects.filter(consignment=record.consignment_id, removed_at=None)
            lot = entered.filter(mine=record.mine_id, pk__in=carried.values("sample"))
        else:
            lot = entered.filter(mine=record.mine_id, visit=record.visit_id)
        keys = list(lot.values_list("pk", flat=True))
        if keys:
            held |= _hold(keys, assessment, by, at)
    return held


def _hold(keys: list[UUID], assessment: Assessment, by: Any, at: datetime) -> set[UUID]:
    kin = Sample.objects.filter(pk__in=find_kin(keys)).exclude(state__in=["disposed", "returned"])
    locked = [one.pk for one in lock_samples(kin.order_by("pk").values_list("pk", flat=True))]
    reason = f"Due diligence of its lot: {assessment.get_decision_display()}."
    holds = open_holds(locked, kind=HoldKind.PROVENANCE, reason=reason, by=by, at=at)
    LotHold.objects.bulk_create(LotHold(assessment=assessment, hold=hold) for hold in holds)
    return {hold.sample_id for hold in holds}


def _stopping(mines: Any) -> list[Assessment]:
    """Of each record about one of the mines the newest assessment that stops its lot still."""
    last: dict[tuple[UUID, str], Assessment] = {}
    for one in Assessment.objects.filter(record__mine__in=mines).select_related("record").order_by("pk"):
        last[one.record_id, one.flag] = one
    stopping = sorted((one for one in last.values() if one.decision != AssessmentDecision.CONTINUE), key=lambda one: one.pk)
    return list({one.record_id: one for one in stopping}.values())

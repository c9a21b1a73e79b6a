"""Assessing a red flag: suspend, disengage, or continue with mitigation, with a reason and a signature over exactly what was shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from lims.accounts.models import SignatureMeaning
from lims.accounts.signing import sign
from lims.core import clock
from lims.core.acting import acting
from lims.core.checking import given_reason, refuse_member
from lims.core.errors import DomainError, NotFound
from lims.core.roles import Action, require
from samples.lifecycle import SampleState
from samples.models import Hold, Sample
from samples.models.samples import HoldKind
from samples.provenance.models import Assessment, AssessmentDecision, LotHold, ProvenanceRecord
from samples.provenance.selectors import FlagState, flag_states, samples_of, select_records
from samples.selectors.kinship import find_kin
from samples.services.holding import open_holds, release_hold
from samples.services.locking import lock_samples
from samples.services.movement import lock_consignment


def find_flag(record: ProvenanceRecord, code: str) -> FlagState:
    """The flag of a record as it stands, or `NotFound`."""
    found = next((one for one in flag_states(record) if one.flag.code == code), None)
    if found is None:
        raise NotFound("unknown_flag", "This record has no such flag.")
    return found


def assess_flag(
    *,
    record: ProvenanceRecord,
    flag: str,
    decision: str,
    reason: str,
    mitigation: str = "",
    shown_hash: str | None,
    password: str,
    by: Any,
    at: datetime | None = None,
) -> Assessment:
    """Sign what is done about a flag. `shown_hash` is that of the flag and facts the signer was shown: `DomainError('stale_content')` when
    they are other ones now. Continuing needs a mitigation in words. The assessment counts until the facts, the rule or its version change;
    the flag stays either way. To suspend or to disengage puts the samples of the lot on hold; the holds end when no flag of the record is
    assessed so any more.
    """
    require(by, Action.PROVENANCE_ASSESS)
    reason, mitigation = given_reason(reason), mitigation.strip()
    if decision not in AssessmentDecision.values:
        raise refuse_member("decision", "decision", f"“{decision}” is none of: {', '.join(AssessmentDecision.values)}.")
    if decision == AssessmentDecision.CONTINUE and not mitigation:
        raise refuse_member("mitigation", "mitigation", "Who continues says what is done about the risk. Write the mitigation down.")
    with transaction.atomic(), acting(by, reason):
        if record.consignment is not None:
            lock_consignment(record.consignment)  # who packs meanwhile is either seen here or sees this assessment
        ProvenanceRecord.objects.select_for_update().get(pk=record.pk)
        state = find_flag(select_records(by).get(pk=record.pk), flag)
        if shown_hash != state.digest:
            raise DomainError("stale_content", "The facts of this flag are other ones than you were shown. Read them again, then sign.")
        content = {**state.content, "decision": decision, "reason": reason, "mitigation": mitigation}
        signature = sign(by=by, password=password, meaning=SignatureMeaning.ASSESSMENT, content=content, reason=reason)
        assessment = Assessment.objects.create(
            record=record,
            flag=flag,
            decision=decision,
            reason=reason,
            mitigation=mitigation,
            content_hash=state.digest,
            content=content,
            signature=signature,
            assessed_by=by,
            assessed_at=at or clock.now(),
        )
        if decision == AssessmentDecision.CONTINUE:
            _release_lot(record, assessment, by)
        else:
            _hold_lot(record, assessment, by)
    return assessment


_GONE = [SampleState.DISPOSED, SampleState.RETURNED]


def _hold_lot(record: ProvenanceRecord, assessment: Assessment, by: Any) -> None:
    """Nothing of the lot goes on, nor of what was split from it or mixed with it. The reason names neither mine nor flag: laboratories
    read it."""
    lot = list(samples_of(record, by).values_list("pk", flat=True))
    wanted = Sample.objects.filter(pk__in=find_kin(lot)).exclude(state__in=_GONE)
    keys = [one.pk for one in lock_samples(wanted.order_by("pk").values_list("pk", flat=True))]
    reason = f"Due diligence of its lot: {assessment.get_decision_display()}."
    holds = open_holds(keys, kind=HoldKind.PROVENANCE, reason=reason, by=by, at=assessment.assessed_at)
    LotHold.objects.bulk_create(LotHold(assessment=assessment, hold=hold) for hold in holds)


def _release_lot(record: ProvenanceRecord, assessment: Assessment, by: Any) -> None:
    """End what earlier assessments of the record put on hold, unless the last word on another flag still stops the lot."""
    last: dict[str, str] = dict(record.assessments.order_by("pk").values_list("flag", "decision"))
    if set(last.values()) - {AssessmentDecision.CONTINUE}:
        return
    held = Hold.objects.filter(pk__in=LotHold.objects.filter(assessment__record=record).values("hold"), released_at=None)
    for hold in held.exclude(sample__state__in=_GONE).order_by("sample_id"):
        release_hold(hold=hold, reason=f"Due diligence of its lot: {assessment.get_decision_display()}.", by=by, at=assessment.assessed_at)

"""Settling a discrepancy: the laboratory's quality manager decides with a reason and a signature, never over a reception of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from lims.accounts.models import SignatureMeaning
from lims.accounts.signing import content_hash, sign
from lims.core.acting import acting
from lims.core.errors import Blocker, DomainError, Forbidden, refuse_if
from lims.core.roles import Action, require
from samples.blocking import DISCREPANCIES
from samples.custody.kinds import EventKind
from samples.custody.ledger import Entry, append_events
from samples.lifecycle import SAMPLE, SampleState
from samples.models import Discrepancy, Sample, Settlement
from samples.models.receipts import Decision
from samples.services.holding import given_reason
from samples.services.locking import lock_samples
from samples.services.movement import checked_moment, checked_texts, invalid_at

# Decisions about the sample itself, with the step of its life and the kind of event each takes.
_ENDING = {Decision.REFUSE: ("refuse", EventKind.REFUSED), Decision.LOST: ("lose", EventKind.LOST)}


def possible_decisions(sample: Sample) -> list[Decision]:
    """What can be decided: a sample at hand is accepted or refused, one that never arrived can only be declared lost."""
    if sample.state == SampleState.IN_TRANSIT:
        return [Decision.LOST]
    return [Decision.ACCEPT] if SAMPLE.blockers(sample, "refuse") else [Decision.ACCEPT, Decision.REFUSE]


def settlement_blockers(discrepancy: Discrepancy, by: Any) -> list[Blocker]:
    """Why the caller cannot settle it now."""
    found = []
    if discrepancy.decided_at is not None:
        found.append(Blocker("settled_already", f"This discrepancy was settled already: {discrepancy.get_decision_display()}."))
    if discrepancy.receipt_item is not None and discrepancy.receipt_item.receipt.received_by_id == by.pk:
        found.append(Blocker("own_work", "You received this sample yourself. Another quality manager decides on it."))
    elif discrepancy.found_by_id == by.pk:
        found.append(Blocker("own_work", "You found this yourself. Another quality manager decides on it."))
    return found


def settle_discrepancy(
    *,
    discrepancy: Discrepancy,
    decision: str,
    reason: str,
    password: str,
    shown_hash: str | None = None,
    by: Any,
    at: datetime | None = None,
) -> Discrepancy:
    """Decide on a discrepancy: `accept` (this deviation goes on the report), `refuse` the sample or declare it `lost`.

    Refusing and losing are about the sample, so they settle everything that is open on it with the one signature. Accepting what was found
    of an outer seal accepts it for every sample that came under it. A sample is free again when nothing is open on it. `shown_hash` is
    that of `shown_content` as the signer saw it: what was found or decided since refuses the signature (`stale_content`). Raises
    `Blocked('settled_already' | 'own_work')`, `Forbidden`, `Invalid('decision' | 'reason_missing' | 'password')`.
    """
    require(by, Action.DISCREPANCY_SETTLE)
    reason = given_reason(checked_texts(Discrepancy, reason=reason)["reason"])
    with transaction.atomic(), acting(by, reason):
        # The sample's row is the lock of all its discrepancies.
        alike = _alike(discrepancy) if decision == Decision.ACCEPT else Discrepancy.objects.none()
        locked = {one.pk: one for one in lock_samples([discrepancy.sample_id, *alike.values_list("sample", flat=True)])}
        sample = locked[discrepancy.sample_id]
        discrepancy = Discrepancy.objects.select_related("laboratory", "receipt_item__receipt").get(pk=discrepancy.pk)
        if discrepancy.laboratory_id != by.organisation_id:
            raise Forbidden("not_your_laboratory", f"Its laboratory, {discrepancy.laboratory}, settles this discrepancy.")
        if by.role not in DISCREPANCIES[discrepancy.kind].settled_by:
            raise Forbidden("role", f"Your role does not settle this discrepancy: {discrepancy.get_kind_display()}.")
        refuse_if(settlement_blockers(discrepancy, by))
        shown = hash_shown(discrepancy)
        if shown_hash is not None and shown_hash != shown:
            raise DomainError(
                "stale_content", "What you were about to settle has changed since the page was made. Read it again, then sign."
            )
        _check_decision(decision, sample)
        moment = checked_moment(at, after=discrepancy.found_at)
        others = _others_open(discrepancy) if decision in _ENDING else list(alike.all())
        settled = [discrepancy, *others]
        refuse_if([blocker for one in settled[1:] for blocker in settlement_blockers(one, by)])
        content = settlement_content(settled, decision, reason, shown)
        signature = sign(by=by, password=password, meaning=SignatureMeaning.SETTLEMENT, content=content, reason=reason)
        Settlement.objects.bulk_create(
            Settlement(
                discrepancy=one,
                decision=decision,
                reason=reason,
                decided_by=by,
                decided_at=moment,
                signature=signature,
                shown_hash=shown_hash or "",
            )
            for one in settled
        )
        Discrepancy.objects.filter(pk__in=[one.pk for one in settled]).update(
            decision=decision, reason=reason, decided_by=by, decided_at=moment, signature=signature
        )
        for one in locked.values():
            _free_sample(one, decision)
        append_events(_entries(sample, settled, decision, reason, moment, signature.content_hash), by=by)
        discrepancy.refresh_from_db()
    return discrepancy


def shown_content(discrepancy: Discrepancy) -> dict[str, Any]:
    """What the page of a discrepancy shows of it and of whatever else is open on its sample; its hash binds the signature to that."""
    open_ones = Discrepancy.objects.undecided().filter(sample=discrepancy.sample_id, laboratory=discrepancy.laboratory_id)
    content: dict[str, Any] = {
        "discrepancy": str(discrepancy.pk),
        "found": [[str(key), kind, detail] for key, kind, detail in open_ones.order_by("pk").values_list("pk", "kind", "detail")],
    }
    alike = [str(key) for key in _alike(discrepancy).values_list("pk", flat=True)]
    return content | ({"alike": alike} if alike else {})


def hash_shown(discrepancy: Discrepancy) -> str:
    """Hexadecimal SHA-256 of `shown_content`, for the page to carry and the signer to send back."""
    return content_hash(shown_content(discrepancy))


def settlement_content(settled: Sequence[Discrepancy], decision: str, reason: str, shown: str) -> dict[str, Any]:
    """What a settlement signs: what was found, on which samples, the hash of all that was open and shown, the decision and its reason."""
    ordered = sorted(settled, key=lambda one: one.pk)
    samples = list({one.sample_id for one in ordered})
    return {
        "sample": str(ordered[0].sample_id),
        "discrepancies": [
            {"id": str(one.pk), "kind": one.kind, "detail": one.detail} | ({"sample": str(one.sample_id)} if samples[1:] else {})
            for one in ordered
        ],
        "shown": shown,
        "decision": decision,
        "reason": reason,
    }


def _alike(discrepancy: Discrepancy) -> QuerySet[Discrepancy]:
    """The same finding of the same outer seal, still open on other samples."""
    if discrepancy.receipt_pack_id is None:
        return Discrepancy.objects.none()
    same = Discrepancy.objects.undecided().filter(
        receipt_pack=discrepancy.receipt_pack_id, kind=discrepancy.kind, detail=discrepancy.detail, laboratory=discrepancy.laboratory_id
    )
    return same.exclude(pk=discrepancy.pk).select_related("receipt_item__receipt").order_by("pk")


def list_alike(discrepancy: Discrepancy) -> list[Discrepancy]:
    """What accepting it would accept as well, with its sample."""
    return list(_alike(discrepancy).select_related("sample")) if discrepancy.decided_at is None else []


def _others_open(discrepancy: Discrepancy) -> list[Discrepancy]:
    rows = Discrepancy.objects.undecided().filter(sample=discrepancy.sample_id, laboratory=discrepancy.laboratory_id)
    return list(rows.exclude(pk=discrepancy.pk).select_related("receipt_item__receipt").order_by("pk"))


def _check_decision(decision: str, sample: Sample) -> None:
    possible = possible_decisions(sample)
    if decision in possible:
        return
    if decision not in Decision.values:
        detail = f"“{decision}” is none of: {', '.join(possible)}."
    elif sample.state == SampleState.IN_TRANSIT:
        detail = "The sample has not arrived, so it can only be declared lost. Should it still come, receive it first; then decide."
    else:
        detail = f"The sample is {SampleState(sample.state).label}; it can be: {', '.join(possible)}."
    raise invalid_at("/decision", "decision", detail)


def _free_sample(sample: Sample, decision: str) -> None:
    if decision in _ENDING:
        sample.state = SAMPLE.target(sample, _ENDING[Decision(decision)][0])
    sample.has_open_discrepancy = Discrepancy.objects.undecided().filter(sample=sample).exists()
    sample.save(update_fields=["state", "has_open_discrepancy"])


def _entries(sample: Sample, settled: Sequence[Discrepancy], decision: str, reason: str, moment: datetime, signature: str) -> list[Entry]:
    entries = [
        Entry(
            sample_id=one.sample_id,
            kind=EventKind.SETTLED,
            occurred_at=moment,
            remark=reason,
            signature=signature,
            detail={"kind": one.kind, "decision": str(decision)},
        )
        for one in settled
    ]
    if decision in _ENDING:
        entries.append(Entry(sample_id=sample.pk, kind=_ENDING[Decision(decision)][1], occurred_at=moment, remark=reason))
    return entries

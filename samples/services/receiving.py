"""Receipt of a consignment at a laboratory, item by item. What differs from what was sent blocks its sample until somebody decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from lims.core.acting import acting
from lims.core.days import local_day
from lims.core.errors import Blocker, Forbidden, Invalid, Problem, refuse_if
from lims.core.ids import uuid7_series
from lims.core.roles import Action, require
from lims.webhooks.outbox import announce
from samples.custody.kinds import EventKind
from samples.custody.ledger import Entry, append_events
from samples.lifecycle import CONSIGNMENT, ConsignmentState, SampleState
from samples.models import Consignment, ConsignmentItem, Discrepancy, Receipt, ReceiptItem, ReceiptPack, Sample
from samples.models.radiation import DoorPolicy
from samples.models.receipts import DiscrepancyKind
from samples.radiation_rules import PROCESSED_MATERIALS
from samples.receipt_rules import Arrived, Deviation, MassTolerance, Sent, compare_receipt
from samples.services.deviating import Presented, find_deviations, find_outer_deviations
from samples.services.holding import open_holds
from samples.services.leaving import leave_positions
from samples.services.locking import lock_samples
from samples.services.movement import (
    active_items,
    checked_moment,
    checked_texts,
    last_moment,
    lock_consignment,
    step_blockers,
    travelling_items,
)
from samples.services.receipt_sheet import ItemFound, PackFound, check_findings, check_packs, find_strangers, match_codes

__all__ = ["ItemFound", "PackFound", "receipt_blockers", "receive_consignment"]


def receipt_blockers(consignment: Consignment, by: Any) -> list[Blocker]:
    """Why the caller's laboratory cannot receive the consignment now."""
    if consignment.addressee_id != by.organisation_id:
        return [Blocker("not_addressee", f"{consignment.code} is addressed to {consignment.addressee}, which alone receives it.")]
    return CONSIGNMENT.blockers(consignment, _step_of(consignment))


def _step_of(consignment: Consignment) -> str:
    """Once received, only what was missing can still come."""
    return "receive_rest" if consignment.state == ConsignmentState.RECEIVED else "receive"


def awaited_items(consignment: Consignment) -> list[ConsignmentItem]:
    """The items a reception has to answer for: those still on their way."""
    return [item for item in active_items(consignment) if item.sample.state == SampleState.IN_TRANSIT]


def receive_consignment(
    *,
    consignment: Consignment,
    items: Sequence[ItemFound],
    packs: Sequence[PackFound] = (),
    remark: str = "",
    rest_follows: bool = False,
    by: Any,
    at: datetime | None = None,
) -> Receipt:
    """Receive what arrived of a consignment at the addressee. Every sample that is not among `items`, or not present, is missing; with
    `rest_follows` the samples that are not named are still on their way, held by whoever carries them.

    `packs` tells how the outer seals were found, as far as somebody looked: what is wrong with one is a discrepancy of each listed sample
    that came under it. Present samples are the laboratory's from now on; each difference, each missing and each unlisted sample becomes a
    discrepancy that blocks its sample. A consignment is received once; afterwards only its missing samples can still arrive. Raises
    `Blocked` (received already, a handover still pending), `Invalid` with a pointer for every finding that cannot be
    (`/items/3/seal_number`).
    """
    require(by, Action.CONSIGNMENT_RECEIVE)
    if rest_follows and any(not found.present for found in items):
        raise Invalid(
            "missing_or_follows", "A sample whose rest is still to come is not missing. Name only what arrived, or receive it all."
        )
    remark = checked_texts(Receipt, remark=remark)["remark"]
    with transaction.atomic(), acting(by, "received"):
        consignment = lock_consignment(consignment)
        if consignment.addressee_id != by.organisation_id:
            raise Forbidden("not_addressee", f"{consignment.code} is addressed to {consignment.addressee}, which alone receives it.")
        refuse_if(receipt_blockers(consignment, by))
        moment = checked_moment(at, after=last_moment(consignment))
        policy = DoorPolicy.of(consignment.addressee_id)
        _refuse_problems(check_packs(packs, consignment))
        plan = _plan_receipt(consignment, items, by, policy, rest_follows=rest_follows)
        _add_deviations(consignment, plan, policy, by, moment)
        _add_outer_deviations(consignment, plan, packs, by, moment)
        receipt = Receipt.objects.create(
            consignment=consignment, laboratory=consignment.addressee, received_by=by, received_at=moment, remark=remark
        )
        strangers = [line.sample for line in plan if line.item is None]
        left = leave_positions(strangers, why="arrived elsewhere", by=by, moment=moment)
        _write_findings(receipt, plan, _write_packs(receipt, packs))
        _move_samples(consignment, plan, policy, moment)
        append_events([*left, *_entries(consignment, plan, moment)], by=by)
        _hold_processed(plan, policy, by, moment)
        if not (rest_follows and travelling_items(consignment).exists()):
            _close(consignment, moment)
        known_to = [consignment.addressee_id, consignment.sender_id]
        announce("consignment.received", known_to, url=f"/api/v1/consignments/{consignment.code}/", consignment=consignment.code)
    return receipt


# --- What arrived against what was sent --------------------------------------------------------------------------------------------------


@dataclass
class _Line:
    """One sample of this receipt: what it left with (None when it is not on the list), what was found, what differs."""

    sample: Sample
    item: ConsignmentItem | None
    found: ItemFound
    deviations: list[Deviation] = field(default_factory=list)


def _plan_receipt(
    consignment: Consignment, findings: Sequence[ItemFound], by: Any, policy: DoorPolicy, *, rest_follows: bool
) -> list[_Line]:
    """The lines of the receipt, their samples locked. Refuses findings that cannot be, samples received before, and unknown codes."""
    _refuse_problems(check_findings(findings))
    items = {item.sample_id: item for item in active_items(consignment)}
    matched, unmatched = match_codes(findings, [item.sample for item in items.values()])
    strangers = find_strangers(findings, unmatched, consignment)
    samples = {sample.pk: sample for sample in lock_samples([*items, *strangers])}
    refuse_if([_received_already(samples[key]) for key, index in matched.items() if findings[index].present and not _awaited(samples[key])])
    refuse_if(step_blockers([samples[key] for key in strangers], "arrive", by))
    found = {samples[key].pk: findings[index] for key, index in matched.items()}
    tolerance = MassTolerance(share=policy.mass_tolerance_percent / 100, floor_g=policy.mass_tolerance_g)
    lines = _listed_lines(consignment, items, samples, found, tolerance, only_named=rest_follows)
    lines += [_stranger(samples[key], findings[index], tolerance) for key, index in strangers.items()]
    if consignment.state == ConsignmentState.RECEIVED and not lines:
        raise Invalid("nothing_arrived", "None of the missing samples is said to have arrived. Scan at least one.")
    return lines


def _refuse_problems(problems: Sequence[Problem]) -> None:
    if problems:
        raise Invalid(problems[0].code, f"{problems[0].pointer[1:]}: {problems[0].detail}", problems=problems)


def _listed_lines(
    consignment: Consignment,
    items: Mapping[UUID, ConsignmentItem],
    samples: Mapping[UUID, Sample],
    found: Mapping[UUID, ItemFound],
    tolerance: MassTolerance,
    *,
    only_named: bool,
) -> list[_Line]:
    """A line for each awaited sample, or for those that are named. After the first reception the missing are known to be missing: only
    what arrives is news."""
    first = consignment.state != ConsignmentState.RECEIVED
    lines = []
    for key, item in items.items():
        if only_named and key not in found:
            continue
        finding = found.get(key) or ItemFound(sample=samples[key].code, present=False)
        if finding.present or (first and samples[key].state == SampleState.IN_TRANSIT):
            lines.append(_line(samples[key], item, finding, tolerance))
    return lines


def _awaited(sample: Sample) -> bool:
    """On its way; or declared lost, and turned up after all."""
    return sample.state in {SampleState.IN_TRANSIT, SampleState.LOST}


def _received_already(sample: Sample) -> Blocker:
    return Blocker("already_received", f"Sample {sample.code} is {SampleState(sample.state).label} already; it cannot arrive again.")


def _line(sample: Sample, item: ConsignmentItem, found: ItemFound, tolerance: MassTolerance) -> _Line:
    if not found.present:
        return _Line(sample, item, found, [Deviation(DiscrepancyKind.MISSING, "The sample was listed and is not in the consignment.")])
    sent = Sent(seal_number=item.seal_number, container_count=item.container_count, mass_g=item.mass_g)
    return _Line(sample, item, found, compare_receipt(sent, _arrived(found), tolerance))


def _stranger(sample: Sample, found: ItemFound, tolerance: MassTolerance) -> _Line:
    sent = Sent(seal_number=sample.seal_number or "", container_count=sample.container_count, mass_g=sample.mass_g)
    unexpected = Deviation(DiscrepancyKind.UNEXPECTED, "The sample is not on the list of this consignment.")
    return _Line(sample, None, found, [unexpected, *compare_receipt(sent, _arrived(found), tolerance)])


def _arrived(found: ItemFound) -> Arrived:
    return Arrived(
        seal_number=found.seal_number,
        seal_condition=found.seal_condition,
        container_intact=bool(found.container_intact),
        container_count=found.container_count,
        mass_g=found.mass_g,
    )


def _add_deviations(consignment: Consignment, plan: Sequence[_Line], policy: DoorPolicy, by: Any, moment: datetime) -> None:
    """What seals, times and addresses tell besides the bags."""
    presented = [Presented(line.sample, line.item is not None, line.found) for line in plan if line.found.present]
    further = find_deviations(consignment, presented, policy, by=by, moment=moment)
    for line in plan:
        line.deviations += further.get(line.sample.pk, [])


def _add_outer_deviations(consignment: Consignment, plan: Sequence[_Line], packs: Sequence[PackFound], by: Any, moment: datetime) -> None:
    """What is wrong with an outer seal is wrong with every listed sample that came under it."""
    if not packs:
        return
    for pack, deviation in find_outer_deviations(consignment, packs, by=by, moment=moment):
        for line in plan:
            if line.found.present and line.item is not None and (pack is None or line.item.pack_id == pack.pk):
                line.deviations.append(deviation)


# --- Writing --------------------------------------------------------------------------------------------------------------------------


def _write_packs(receipt: Receipt, packs: Sequence[PackFound]) -> list[ReceiptPack]:
    known = {pack.number: pack for pack in receipt.consignment.packs.all()}
    rows = [
        ReceiptPack(
            receipt=receipt,
            pack=known[one.number] if one.number is not None else None,
            seal_number=one.seal_number,
            seal_condition=one.seal_condition,
        )
        for one in packs
    ]
    return ReceiptPack.objects.bulk_create(rows)


def _write_findings(receipt: Receipt, plan: Sequence[_Line], packs: Sequence[ReceiptPack]) -> None:
    rows = [
        ReceiptItem(
            receipt=receipt,
            sample=line.sample,
            present=line.found.present,
            seal_number=line.found.seal_number,
            seal_condition=line.found.seal_condition,
            container_intact=line.found.container_intact,
            container_count=line.found.container_count,
            mass_g=line.found.mass_g,
            remark=line.found.remark,
        )
        for line in plan
    ]
    ReceiptItem.objects.bulk_create(rows)
    found = [(line, row, deviation) for line, row in zip(plan, rows, strict=True) for deviation in line.deviations]
    Discrepancy.objects.bulk_create(
        Discrepancy(
            id=key,
            sample=line.sample,
            receipt_item=row,
            receipt_pack=packs[deviation.outer] if deviation.outer is not None else None,
            laboratory=receipt.laboratory,
            kind=deviation.kind,
            detail=deviation.detail,
            found_by=receipt.received_by,
            found_at=receipt.received_at,
        )
        for key, (line, row, deviation) in zip(uuid7_series(len(found)), found, strict=True)
    )


_RECEIVE = """
UPDATE samples_sample s
SET state = %s, laboratory_id = %s, holder_id = %s, place = %s, received_at = %s,
    mass_g = coalesce(v.mass_g, s.mass_g), container_count = coalesce(v.container_count, s.container_count),
    needs_screen = %s, has_open_discrepancy = s.has_open_discrepancy OR v.deviates,
    retain_until = greatest(
        s.retain_until,
        (
            SELECT %s::date + h.retention_days FROM samples_materialhandling h
            WHERE h.material = s.material AND (h.laboratory_id = %s OR h.laboratory_id IS NULL) ORDER BY h.laboratory_id LIMIT 1
        )
    )
FROM unnest(%s::uuid[], %s::numeric[], %s::int[], %s::boolean[]) AS v(id, mass_g, container_count, deviates)
WHERE s.id = v.id
"""


def _move_samples(consignment: Consignment, plan: Sequence[_Line], policy: DoorPolicy, moment: datetime) -> None:
    """One statement for all that arrived, so that each has one entry in its history. The mass in hand and the containers are
    what the laboratory weighed and counted. What is never reported is kept for the days of its material too, from its arrival."""
    arrived = [line for line in plan if line.found.present]
    laboratory = consignment.addressee
    lists = (
        [str(line.sample.pk) for line in arrived],
        [line.found.mass_g for line in arrived],
        [line.found.container_count for line in arrived],
        [bool(line.deviations) for line in arrived],
    )
    with connection.cursor() as cursor:
        place, day = laboratory.name[:160], local_day(moment)
        cursor.execute(
            _RECEIVE,
            [SampleState.RECEIVED, laboratory.pk, laboratory.pk, place, moment, policy.requires_screen, day, laboratory.pk, *lists],
        )
    missing = [line.sample.pk for line in plan if not line.found.present]
    Sample.objects.filter(pk__in=missing).update(has_open_discrepancy=True)
    # Packed for another box on record, but it came in this one.
    others = ConsignmentItem.objects.filter(sample__in=[line.sample.pk for line in plan if line.item is None], removed_at=None)
    others.filter(consignment__state=ConsignmentState.PACKING).update(removed_at=moment)


def _hold_processed(plan: Sequence[_Line], policy: DoorPolicy, by: Any, moment: datetime) -> None:
    """Chemical products wait for gamma spectrometry where the laboratory asks for it."""
    if not policy.gamma_for_processed:
        return
    wanted = [line.sample.pk for line in plan if line.found.present and line.sample.material in PROCESSED_MATERIALS]
    open_holds(wanted, kind="safety", reason="Chemically processed product: waits for gamma spectrometry.", by=by, at=moment)


def _entries(consignment: Consignment, plan: Sequence[_Line], moment: datetime) -> list[Entry]:
    """Found again (once declared lost), received, and each discrepancy, in this order for every sample."""
    entries = []
    for line in plan:
        if line.found.present:
            entries += _arrival_entries(consignment, line, moment)
        entries += [
            Entry(
                sample_id=line.sample.pk,
                kind=EventKind.DISCREPANCY,
                occurred_at=moment,
                consignment=consignment.code,
                remark=deviation.detail,
                detail={"kind": str(deviation.kind)},
            )
            for deviation in line.deviations
        ]
    return entries


def _arrival_entries(consignment: Consignment, line: _Line, moment: datetime) -> list[Entry]:
    laboratory, found = consignment.addressee, line.found
    detail = {} if found.container_intact else {"container": "damaged"}
    if consignment.holder_id != laboratory.pk:
        # The two signatures of a handover are not there: shown in the timeline for what it is.
        detail["handover"] = "not recorded"
    received = Entry(
        sample_id=line.sample.pk,
        kind=EventKind.RECEIVED,
        occurred_at=moment,
        consignment=consignment.code,
        place=laboratory.name,
        giver=consignment.holder.name,
        receiver=laboratory.name,
        holder=laboratory.pk,
        waybill=consignment.waybill,
        remark=found.remark,
        seal_number=found.seal_number,
        seal_condition=found.seal_condition,
        mass_g=found.mass_g,
        container_count=found.container_count,
        detail=detail,
    )
    if line.sample.state != SampleState.LOST:
        return [received]
    return [Entry(sample_id=line.sample.pk, kind=EventKind.FOUND, occurred_at=moment, consignment=consignment.code), received]


def _close(consignment: Consignment, moment: datetime) -> None:
    consignment.state = ConsignmentState.RECEIVED
    consignment.holder = consignment.addressee
    consignment.received_at = consignment.received_at or moment
    consignment.last_seen, consignment.last_seen_at = consignment.addressee.name[:160], moment
    consignment.save(update_fields=["state", "holder", "received_at", "last_seen", "last_seen_at"])

"""What a reception finds beyond the bag itself: seals the register knows something against, times that run backwards, a wrong receiver.
Each is asked for all samples at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from lims.accounts.models import OrganisationKind
from samples.custody.reading import find_gaps, find_reversals
from samples.models import Consignment, ConsignmentItem, Pack, Sample
from samples.models.radiation import DoorPolicy
from samples.models.receipts import DiscrepancyKind, SealCondition
from samples.models.seals import SealUse, SealUseKind
from samples.receipt_rules import Deviation, compare_outer_seal
from samples.seal_numbers import plain_seal
from samples.services.receipt_sheet import ItemFound, PackFound
from samples.services.sealing import SealSeen, note_seals, seal_deviation

_USES = {
    SealCondition.INTACT: SealUseKind.SEEN,
    SealCondition.BROKEN: SealUseKind.BROKEN,
    SealCondition.MISSING: SealUseKind.MISSING,
    SealCondition.NONE: SealUseKind.MISSING,
}


@dataclass(frozen=True)
class Presented:
    """One sample in front of the receptionist; `is_listed` when it is on the list of the consignment."""

    sample: Sample
    is_listed: bool
    found: ItemFound


def find_deviations(
    consignment: Consignment, presented: Sequence[Presented], policy: DoorPolicy, *, by: Any, moment: datetime
) -> Mapping[UUID, list[Deviation]]:
    """The further differences by sample, the seals noted in the register. Five queries, however many samples."""
    found: dict[UUID, list[Deviation]] = defaultdict(list)
    for look in (
        _look_at_seals(presented, by, moment),
        _look_at_times(presented, policy, moment),
        _look_at_gaps(presented, moment),
        _look_at_receiver(consignment, presented),
    ):
        for key, deviation in look:
            found[key].append(deviation)
    return found


def _look_at_seals(presented: Sequence[Presented], by: Any, moment: datetime) -> list[tuple[UUID, Deviation]]:
    """The seal that was found; where none was read, the one that should have been there."""
    applied = _who_applied([one.sample for one in presented])
    seals = []
    for one in presented:
        number = one.found.seal_number or one.sample.seal_number
        if number and one.found.seal_condition:
            kind = _USES[SealCondition(one.found.seal_condition)]
            whose = applied.get((one.sample.pk, plain_seal(number)), one.sample.owner_id)
            seals.append(SealSeen(number=number, organisation_id=whose, kind=kind, sample_id=one.sample.pk))
    findings = note_seals(seals, by=by, at=moment)
    return [
        (seal.sample_id, seal_deviation(seal.number, finding))
        for seal, finding in zip(seals, findings, strict=True)
        if finding and seal.sample_id
    ]


def _who_applied(samples: Sequence[Sample]) -> dict[tuple[UUID | None, str], UUID]:
    """Which organisation put each seal on: a carrier or a laboratory that reseals uses its own."""
    uses = SealUse.objects.filter(sample__in=samples, kind=SealUseKind.APPLIED).order_by("id")
    return {(sample, number): organisation for sample, number, organisation in uses.values_list("sample", "number", "organisation")}


def _look_at_times(presented: Sequence[Presented], policy: DoorPolicy, moment: datetime) -> list[tuple[UUID, Deviation]]:
    tolerance = timedelta(minutes=policy.clock_skew_minutes)
    reversals = find_reversals([one.sample.pk for one in presented], tolerance=tolerance, until=moment)
    return [(key, Deviation(DiscrepancyKind.TIME_REVERSED, sentence)) for key, sentence in reversals.items()]


def _look_at_gaps(presented: Sequence[Presented], moment: datetime) -> list[tuple[UUID, Deviation]]:
    """What was lost on its way and turned up: whose hands it was in meanwhile is not known."""
    gaps = find_gaps([one.sample.pk for one in presented], until=moment)
    return [(key, Deviation(DiscrepancyKind.CUSTODY_GAP, sentence)) for key, sentence in gaps.items()]


def find_outer_deviations(
    consignment: Consignment, found: Sequence[PackFound], *, by: Any, moment: datetime
) -> list[tuple[Pack | None, Deviation]]:
    """What is wrong with the seals around packs, and around the whole consignment (pack None), the seals noted in the register."""
    packs = {pack.number: pack for pack in consignment.packs.all()}
    deviations: list[tuple[Pack | None, Deviation]] = []
    seen: list[tuple[int, Pack | None, str, SealSeen]] = []
    applied = _who_closed(consignment)
    for index, one in enumerate(found):
        pack = packs[one.number] if one.number is not None else None
        sent = pack.seal_number if pack else consignment.outer_seal
        where = f"Pack {pack.number}" if pack else "Whole consignment"
        for deviation in compare_outer_seal(sent, one.seal_number, one.seal_condition):
            deviations.append((pack, Deviation(deviation.kind, f"{where}: {deviation.detail}", index)))
        if number := one.seal_number or sent:
            kind, whose = _USES[SealCondition(one.seal_condition)], applied.get(plain_seal(number), consignment.sender_id)
            seen.append((index, pack, where, SealSeen(number=number, organisation_id=whose, kind=kind, consignment_id=consignment.pk)))
    findings = note_seals([seal for *_, seal in seen], by=by, at=moment)
    for (index, pack, where, seal), finding in zip(seen, findings, strict=True):
        if finding:
            deviations.append((pack, Deviation(finding, f"{where}: {seal_deviation(seal.number, finding).detail}", index)))
    return deviations


def _who_closed(consignment: Consignment) -> dict[str, UUID]:
    uses = SealUse.objects.filter(consignment=consignment, kind=SealUseKind.APPLIED).order_by("id")
    return dict(uses.values_list("number", "organisation"))


def _look_at_receiver(consignment: Consignment, presented: Sequence[Presented]) -> list[tuple[UUID, Deviation]]:
    """What was addressed to another laboratory; and what another laboratory had taken over on the way."""
    strangers = [one.sample.pk for one in presented if not one.is_listed]
    elsewhere = ConsignmentItem.objects.filter(sample__in=strangers, removed_at=None, consignment__state="dispatched").exclude(
        consignment__addressee=consignment.addressee_id
    )
    astray = set(elsewhere.values_list("sample", flat=True)) if strangers else set()
    found = [(key, Deviation(DiscrepancyKind.NOT_ADDRESSEE, "The sample was addressed to another laboratory.")) for key in sorted(astray)]
    took_over = consignment.handovers.filter(state="acknowledged", receiver__kind=OrganisationKind.LABORATORY)
    if took_over.exclude(receiver__in=[consignment.addressee_id, consignment.sender_id]).exists():
        sentence = "Another laboratory, which was not the addressee, took the consignment over on its way."
        found += [(one.sample.pk, Deviation(DiscrepancyKind.NOT_ADDRESSEE, sentence)) for one in presented if one.is_listed]
    return found

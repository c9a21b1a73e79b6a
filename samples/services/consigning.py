"""Consignments: made, packed sample by sample, and sent on their way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from lims.accounts.models import Organisation, OrganisationKind
from lims.core import clock
from lims.core.acting import acting
from lims.core.codes import CONSIGNMENT as CONSIGNMENT_PREFIX
from lims.core.days import local_day
from lims.core.errors import Blocked, Blocker, Forbidden, Invalid, Problem, refuse_if
from lims.core.roles import Action, require
from lims.core.sequences import take_codes
from samples.custody.kinds import EventKind
from samples.custody.ledger import Entry, append_events
from samples.lifecycle import CONSIGNMENT, SampleState
from samples.models import BorderPost, Consignment, ConsignmentItem, Pack, ReceiptItem, RouteVersion, Sample
from samples.route_rules import arrive
from samples.services.customs import dispatch_paper_blockers
from samples.services.holding import given_reason
from samples.services.leaving import leave_positions
from samples.services.locking import lock_samples
from samples.services.lots import enter_lots
from samples.services.movement import (
    active_items,
    checked_arrival,
    checked_moment,
    checked_texts,
    entries_of,
    invalid_at,
    last_moment,
    lock_consignment,
    step_blockers,
)
from samples.services.sealing import SealSeen, note_seals
from samples.services.travelling import check_route, check_season

DEFAULT_PURPOSE = "geological sample for testing purposes only"
LARGEST_CONSIGNMENT = 1000


def create_consignment(
    *,
    addressee: Organisation,
    carrier: Organisation | None = None,
    samples: Sequence[Sample] = (),
    seals: Mapping[UUID, str] | None = None,
    purpose: str = DEFAULT_PURPOSE,
    waybill: str = "",
    outer_seal: str = "",
    border_post: str = "",
    route: RouteVersion | None = None,
    by: Any,
    at: datetime | None = None,
) -> Consignment:
    """A consignment from the caller's organisation to a laboratory, still open for packing; `samples` are packed at once.

    `seals` names, by sample id, the seals applied now. Raises `Invalid` for parties or texts that cannot be, else as `pack_samples`.
    """
    require(by, Action.CONSIGNMENT_EDIT)
    texts = checked_texts(Consignment, purpose=purpose, waybill=waybill, outer_seal=outer_seal, border_post=border_post)
    texts["border_post"] = _post_name(texts["border_post"])
    with transaction.atomic(), acting(by, "consignment created"):
        moment = checked_moment(at)
        _check_parties(by.organisation, addressee, carrier)
        consignment = Consignment(
            code=take_codes(CONSIGNMENT_PREFIX)[0],
            sender=by.organisation,
            holder=by.organisation,
            addressee=addressee,
            carrier=carrier,
            route=route,
            created_by=by,
            created_at=moment,
            **texts,
        )
        save_with_seal(consignment)
        note_outer_seal(consignment, "", by, moment)
        if samples:
            _pack(consignment, samples, seals or {}, by, moment)
    return consignment


def change_consignment(
    *,
    consignment: Consignment,
    addressee: Organisation,
    carrier: Organisation | None,
    purpose: str,
    waybill: str,
    outer_seal: str,
    border_post: str,
    route: RouteVersion | None = None,
    by: Any,
) -> Consignment:
    """Correct what stands on the papers of a consignment that is still being packed."""
    require(by, Action.CONSIGNMENT_EDIT)
    texts = checked_texts(Consignment, purpose=purpose, waybill=waybill, outer_seal=outer_seal, border_post=border_post)
    with transaction.atomic(), acting(by, "consignment changed"):
        consignment = lock_for_packing(consignment, by)
        _check_parties(consignment.sender, addressee, carrier)
        before = consignment.outer_seal
        if texts["border_post"] != consignment.border_post:
            texts["border_post"] = _post_name(texts["border_post"])
        consignment.addressee, consignment.carrier, consignment.route = addressee, carrier, route
        for name, text in texts.items():
            setattr(consignment, name, text)
        save_with_seal(consignment)
        note_outer_seal(consignment, before, by, checked_moment(None))
    return consignment


def _post_name(text: str) -> str:
    """A border post as its record names it, given by name or code. Where no post is on record yet, the text as it was written."""
    posts = {key.casefold(): post.name for post in BorderPost.objects.all() for key in (post.name, post.code)}
    if text and posts and text.casefold() not in posts:
        names = ", ".join(sorted(set(posts.values())))
        raise invalid_at("/border_post", "unknown_post", f"“{text}” is none of the border posts on record: {names}.")
    return posts.get(text.casefold(), text)


def pack_samples(
    *,
    consignment: Consignment,
    samples: Sequence[Sample],
    seals: Mapping[UUID, str] | None = None,
    pack: Pack | None = None,
    by: Any,
    at: datetime | None = None,
) -> list[ConsignmentItem]:
    """Put samples into a consignment, into one of its packs if named; all or none.

    Raises `Blocked` naming every sample that is packed already, held by somebody else, on hold or under a discrepancy, and
    `Invalid('duplicate_seal')` for a seal that was used before.
    """
    require(by, Action.CONSIGNMENT_EDIT)
    with transaction.atomic(), acting(by, "packed"):
        consignment = lock_for_packing(consignment, by)
        return _pack(consignment, samples, seals or {}, by, checked_moment(at, after=consignment.created_at), pack)


def unpack_sample(*, consignment: Consignment, sample: Sample, by: Any, at: datetime | None = None) -> ConsignmentItem:
    """Take a sample out again; it is what it was before. Raises `Blocked('not_packed')` when it is not in this consignment."""
    require(by, Action.CONSIGNMENT_EDIT)
    with transaction.atomic(), acting(by, "taken out"):
        consignment = lock_for_packing(consignment, by)
        item = active_items(consignment).filter(sample=sample).first()
        if item is None:
            raise Blocked([Blocker("not_packed", f"Sample {sample.code_for(by)} is not in consignment {consignment.code}.")])
        _unpack([item], consignment, checked_moment(at, after=consignment.created_at), "", by)
    return item


def cancel_consignment(*, consignment: Consignment, reason: str, by: Any, at: datetime | None = None) -> Consignment:
    """Give a consignment up before it leaves; its samples are taken out."""
    require(by, Action.CONSIGNMENT_EDIT)
    reason = given_reason(reason)
    with transaction.atomic(), acting(by, reason):
        consignment = lock_consignment(consignment)
        _check_sender(consignment, by)
        consignment.state = CONSIGNMENT.target(consignment, "cancel")
        consignment.save(update_fields=["state"])
        _unpack(list(active_items(consignment)), consignment, checked_moment(at, after=consignment.created_at), reason, by)
    return consignment


def packing_blockers(consignment: Consignment, by: Any) -> list[Blocker]:
    """Why the caller cannot pack anything into it now."""
    if consignment.sender_id != by.organisation_id:
        return [Blocker("not_sender", f"Only {consignment.sender} packs and dispatches consignment {consignment.code}.")]
    return CONSIGNMENT.blockers(consignment, "pack")


def dispatch_blockers(consignment: Consignment, by: Any) -> list[Blocker]:
    """Why the consignment cannot leave now, sample by sample."""
    found = CONSIGNMENT.blockers(consignment, "dispatch")
    found = found or step_blockers([item.sample for item in active_items(consignment)], "dispatch", by)
    return found + dispatch_paper_blockers(consignment, consignment.route, clock.today())


def dispatch_consignment(
    *,
    consignment: Consignment,
    route: RouteVersion | None = None,
    expected_by: datetime | None = None,
    season_reason: str = "",
    place: str = "",
    by: Any,
    at: datetime | None = None,
) -> Consignment:
    """Send a packed consignment on its way from `place`; its samples are in transit, held by the sender until a handover is acknowledged.

    `route` is the expected one, by default that of its papers. `expected_by` is when the addressee should have it, by default computed from
    the route. Raises `Blocked` with every reason, also papers that the route asks for; `Invalid('expected_too_early')`, and
    `Invalid('season_reason_missing')` where a leg will be closed and `season_reason` does not say why it goes all the same.
    """
    require(by, Action.CONSIGNMENT_EDIT)
    place = checked_texts(Consignment, last_seen=place)["last_seen"]
    season_reason = checked_texts(Consignment, season_reason=season_reason)["season_reason"]
    with transaction.atomic(), acting(by, "dispatched"):
        consignment = lock_consignment(consignment)
        _check_sender(consignment, by)
        moment = checked_moment(at, after=last_moment(consignment))
        if expected_by is not None:
            checked_arrival(expected_by, after=moment, early="It cannot be expected before it leaves. Check the date of arrival.")
        consignment.route = route or consignment.route
        if consignment.route is not None:
            check_route(consignment.route)
            consignment.season_reason = season_reason if check_season(consignment.route, moment, season_reason) else ""
            expected_by = expected_by or arrive(moment, consignment.route.plan())
        consignment.state = CONSIGNMENT.target(consignment, "dispatch")
        items = list(active_items(consignment))
        samples = lock_samples(item.sample_id for item in items)
        refuse_if(step_blockers(samples, "dispatch", by) + dispatch_paper_blockers(consignment, consignment.route, local_day(moment)))
        consignment.dispatched_at, consignment.expected_by = moment, expected_by
        consignment.last_seen, consignment.last_seen_at = place or consignment.sender.name[:160], moment
        consignment.save()
        Sample.objects.filter(pk__in=[sample.pk for sample in samples]).update(state=SampleState.IN_TRANSIT, place=consignment.last_seen)
        words = _words_of(consignment) | {"place": consignment.last_seen, "purpose": consignment.purpose}
        words["remark"] = consignment.season_reason
        append_events(entries_of(items, EventKind.DISPATCHED, consignment, moment, **words), by=by)
    return consignment


def _words_of(consignment: Consignment) -> dict[str, str]:
    return {"giver": consignment.sender.name, "receiver": consignment.addressee.name, "waybill": consignment.waybill}


# --- Parties and papers ---------------------------------------------------------------------------------------------------------------


def _check_parties(sender: Organisation, addressee: Organisation, carrier: Organisation | None) -> None:
    if not (addressee.is_laboratory and addressee.active):
        raise invalid_at("/addressee", "not_a_laboratory", f"{addressee} is not a laboratory that receives samples. Choose one.")
    if addressee.pk == sender.pk:
        raise invalid_at("/addressee", "own_address", "A consignment goes to another organisation. Choose the laboratory it is for.")
    check_carrier(carrier)


def check_carrier(carrier: Organisation | None) -> None:
    """Raise `Invalid('not_a_carrier')` for who is none."""
    if carrier is not None and not (carrier.kind == OrganisationKind.CARRIER and carrier.active):
        raise invalid_at("/carrier", "not_a_carrier", f"{carrier} is not a carrier. Choose one, or none if you bring it yourself.")


def note_outer_seal(consignment: Consignment, before: str, by: Any, moment: datetime) -> None:
    """A seal around the box goes into the register like any other."""
    if consignment.outer_seal and consignment.outer_seal != before:
        seal = SealSeen(number=consignment.outer_seal, organisation_id=by.organisation_id, consignment_id=consignment.pk)
        note_seals([seal], by=by, at=moment)


def save_with_seal(consignment: Consignment) -> None:
    """Save; a seal that closed another box before is refused by the database, whoever was first."""
    try:
        with transaction.atomic():
            consignment.save()
    except IntegrityError as error:
        if "outer_seal_used_once" not in str(error):
            raise
        detail = f"Seal {consignment.outer_seal} closes another consignment already. A seal is used once: read the number again."
        raise invalid_at("/outer_seal", "duplicate_seal", detail) from error


def _check_sender(consignment: Consignment, by: Any) -> None:
    if consignment.sender_id != by.organisation_id:
        raise Forbidden("not_sender", f"Only {consignment.sender} packs and dispatches consignment {consignment.code}.")


def lock_for_packing(consignment: Consignment, by: Any) -> Consignment:
    """The consignment, locked, if the caller packs it and it is open."""
    consignment = lock_consignment(consignment)
    _check_sender(consignment, by)
    refuse_if(CONSIGNMENT.blockers(consignment, "pack"))
    return consignment


# --- Samples in and out ---------------------------------------------------------------------------------------------------------------


def _pack(
    consignment: Consignment,
    samples: Sequence[Sample],
    seals: Mapping[UUID, str],
    by: Any,
    moment: datetime,
    pack: Pack | None = None,
) -> list[ConsignmentItem]:
    _check_selection(samples)
    items = {item.sample_id: item for item in consignment.items.filter(sample__in=[sample.pk for sample in samples])}
    locked = lock_samples(sample.pk for sample in samples)
    refuse_if(_sample_blockers(consignment, locked, items, by))
    left = leave_positions(locked, why="packed", by=by, moment=moment)
    sealed = _apply_seals(consignment, locked, seals, moment)
    on_samples = [SealSeen(number=one.seal_number, organisation_id=by.organisation_id, sample_id=one.sample_id) for one in sealed]
    note_seals(on_samples, by=by, at=moment)
    for sample in locked:
        item = items.setdefault(sample.pk, ConsignmentItem(consignment=consignment, sample=sample))
        item.seal_number, item.container_count, item.mass_g = sample.seal_number or "", sample.container_count, sample.mass_g
        item.state_before, item.removed_at, item.pack = sample.state, None, pack
        sample.state = SampleState.PACKED
    packed = [items[sample.pk] for sample in locked]
    _write_items(packed)
    Sample.objects.filter(pk__in=[sample.pk for sample in locked]).update(state=SampleState.PACKED)
    entries = [
        Entry(
            sample_id=item.sample_id,
            kind=EventKind.PACKED,
            occurred_at=moment,
            consignment=consignment.code,
            seal_number=item.seal_number,
            container_count=item.container_count,
            mass_g=item.mass_g,
            detail={"pack": str(pack.number)} if pack else {},
        )
        for item in packed
    ]
    append_events([*left, *sealed, *entries], by=by)
    enter_lots([sample.pk for sample in locked], by=by, at=moment)
    return packed


def _write_items(items: Sequence[ConsignmentItem]) -> None:
    """A sample that was taken out and comes back keeps its one row."""
    back = [item for item in items if not item._state.adding]
    ConsignmentItem.objects.bulk_update(back, ["seal_number", "container_count", "mass_g", "state_before", "removed_at", "pack"])
    ConsignmentItem.objects.bulk_create([item for item in items if item._state.adding])


def _check_selection(samples: Sequence[Sample]) -> None:
    if not samples:
        raise Invalid("empty", "No sample is named. Scan or list at least one.")
    if len(samples) > LARGEST_CONSIGNMENT:
        raise Invalid("too_many", f"At most {LARGEST_CONSIGNMENT} samples are packed at once. Make a second consignment.")
    twice = [sample for sample, count in Counter(samples).items() if count > 1]
    if twice:
        raise Invalid("duplicate_sample", f"{twice[0].code} is listed more than once. A sample is packed once.")


def _sample_blockers(consignment: Consignment, samples: Sequence[Sample], items: Mapping[UUID, ConsignmentItem], by: Any) -> list[Blocker]:
    found, known_here = [], _received_before(consignment, samples)
    for sample in samples:
        item = items.get(sample.pk)
        if item is not None and item.removed_at is None:
            found.append(Blocker("packed_already", f"Sample {sample.code_for(by)} is in consignment {consignment.code} already."))
        elif sample.holder_id != consignment.sender_id:
            found.append(Blocker("not_holder", f"Sample {sample.code_for(by)} is not held by {consignment.sender}, so it cannot pack it."))
        elif sample.pk in known_here:
            sentence = f"Sample {sample.code_for(by)} is known here by its blind code. Send a portion on: it gets a code of its own."
            found.append(Blocker("needs_own_code", sentence))
        else:
            found += step_blockers([sample], "pack", by)
    return found


def _received_before(consignment: Consignment, samples: Sequence[Sample]) -> set[UUID]:
    """Samples that would go from the laboratory that received them to another one, which must not learn their code there."""
    if not (consignment.addressee.is_laboratory and consignment.sender.is_laboratory):
        return set()
    received = ReceiptItem.objects.filter(sample__in=samples, receipt__laboratory=consignment.sender_id, present=True)
    return set(received.values_list("sample", flat=True))


def _apply_seals(consignment: Consignment, samples: Sequence[Sample], seals: Mapping[UUID, str], moment: datetime) -> list[Entry]:
    """Note the seals put on now; the entries say sealed, or resealed where another seal was there before."""
    wanted = {sample: checked_texts(Sample, seal_number=seals[sample.pk])["seal_number"] for sample in samples if seals.get(sample.pk)}
    changes = {sample: seal for sample, seal in wanted.items() if seal and seal != sample.seal_number}
    if not changes:
        return []
    used = set(Sample.objects.filter(seal_number__in=changes.values()).values_list("seal_number", flat=True))
    used |= {seal for seal, count in Counter(wanted.values()).items() if count > 1}
    index = {sample.pk: number for number, sample in enumerate(samples)}
    problems = [
        Problem(f"/items/{index[sample.pk]}/seal_number", "duplicate_seal", f"Seal {seal} is on another sample. A seal is used once.")
        for sample, seal in changes.items()
        if seal in used
    ]
    if problems:
        raise Invalid("duplicate_seal", problems[0].detail, problems=problems)
    kinds = {sample: EventKind.RESEALED if sample.seal_number else EventKind.SEALED for sample in changes}
    for sample, seal in changes.items():
        sample.seal_number = seal
    try:
        with transaction.atomic():
            Sample.objects.bulk_update(changes, ["seal_number"])
    except IntegrityError as error:
        raise Invalid("duplicate_seal", "One of these seals was put on another sample just now. Read the numbers again.") from error
    words: dict[str, Any] = {"occurred_at": moment, "seal_condition": "intact", "consignment": consignment.code}
    return [Entry(sample_id=sample.pk, kind=kinds[sample], seal_number=seal, **words) for sample, seal in changes.items()]


def _unpack(items: Sequence[ConsignmentItem], consignment: Consignment, moment: datetime, remark: str, by: Any) -> None:
    lock_samples(item.sample_id for item in items)
    for state in {item.state_before for item in items}:
        returning = [item.sample_id for item in items if item.state_before == state]
        Sample.objects.filter(pk__in=returning).update(state=state)
    ConsignmentItem.objects.filter(pk__in=[item.pk for item in items]).update(removed_at=moment)
    append_events(entries_of(items, EventKind.UNPACKED, consignment, moment, remark=remark), by=by)

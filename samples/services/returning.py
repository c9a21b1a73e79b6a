"""Back to the sender, and on to a second laboratory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from lims.accounts.models import Organisation
from lims.core.acting import acting
from lims.core.codes import CONSIGNMENT as CONSIGNMENT_PREFIX
from lims.core.errors import Blocked, Blocker, Forbidden, Invalid, Problem, refuse_if
from lims.core.roles import Action, require
from lims.core.sequences import take_codes
from samples.custody.kinds import EventKind
from samples.custody.ledger import append_events
from samples.lifecycle import CONSIGNMENT, ConsignmentState, SampleState
from samples.models import Consignment, Sample
from samples.services.consigning import check_carrier, create_consignment, note_outer_seal, pack_samples, save_with_seal
from samples.services.holding import given_reason
from samples.services.locking import lock_samples
from samples.services.movement import (
    active_items,
    checked_moment,
    checked_texts,
    entries_of,
    invalid_at,
    last_moment,
    lock_consignment,
    step_blockers,
    travelling_items,
)
from samples.services.splitting import Part, divide_sample


def send_back(
    *,
    consignment: Consignment,
    samples: Sequence[Sample] | None = None,
    carrier: Organisation | None = None,
    reason: str,
    waybill: str = "",
    outer_seal: str = "",
    by: Any,
    at: datetime | None = None,
) -> Consignment:
    """A consignment back to the sender of `consignment`, packed with what the caller's organisation holds of it: `samples`, or (None) what
    was refused. It is dispatched and handed over like any other. Raises `Blocked` (nothing to return, not held), `Invalid`."""
    require(by, Action.CONSIGNMENT_EDIT)
    reason = given_reason(checked_texts(Sample, remark=reason)["remark"])
    texts = checked_texts(Consignment, waybill=waybill, outer_seal=outer_seal)
    with transaction.atomic(), acting(by, reason):
        consignment = lock_consignment(consignment)
        refuse_if(return_blockers(consignment, by))
        if samples is None:
            refused = active_items(consignment).filter(sample__state=SampleState.REFUSED, sample__holder=by.organisation_id)
            samples = [item.sample for item in refused]
        strange = set(samples) - {item.sample for item in active_items(consignment)}
        refuse_if([Blocker("not_packed", f"Sample {one.code_for(by)} did not come with {consignment.code}.") for one in strange])
        check_carrier(carrier)
        back = Consignment(
            code=take_codes(CONSIGNMENT_PREFIX)[0],
            sender=by.organisation,
            holder=by.organisation,
            addressee=consignment.sender,
            carrier=carrier,
            purpose="returned to the sender",
            returns=consignment,
            created_by=by,
            created_at=checked_moment(at),
            **texts,
        )
        save_with_seal(back)
        note_outer_seal(back, "", by, back.created_at)
        pack_samples(consignment=back, samples=samples, by=by, at=at)
    return back


def return_blockers(consignment: Consignment, by: Any) -> list[Blocker]:
    """Why the caller has nothing of it to send back."""
    if consignment.sender_id == by.organisation_id:
        return [Blocker("own_consignment", f"{consignment.code} was sent by your own organisation.")]
    if not active_items(consignment).filter(sample__holder=by.organisation_id).exists():
        return [Blocker("not_holder", f"Your organisation holds nothing of {consignment.code}.")]
    return []


def take_back(
    *, consignment: Consignment, missing: Sequence[Sample] = (), remark: str = "", by: Any, at: datetime | None = None
) -> Consignment:
    """The sender has its samples again: the end of a return. What is `missing` is lost, which the remark explains.

    Raises `Forbidden('not_addressee')`, `Blocked` (no return, not dispatched, a handover pending), `Invalid('remark_missing')`.
    """
    require(by, Action.CONSIGNMENT_ACKNOWLEDGE)
    remark = checked_texts(Sample, remark=remark)["remark"]
    if missing and not remark:
        raise invalid_at("/remark", "remark_missing", "Say what is known of the missing samples.")
    with transaction.atomic(), acting(by, remark or "taken back"):
        consignment = lock_consignment(consignment)
        if consignment.addressee_id != by.organisation_id:
            raise Forbidden("not_addressee", f"{consignment.code} goes back to {consignment.addressee}, whose people take it.")
        refuse_if(taking_blockers(consignment))
        moment = checked_moment(at, after=last_moment(consignment))
        items = list(travelling_items(consignment))
        gone = {sample.pk for sample in missing}
        strange = gone - {item.sample_id for item in items}
        refuse_if([Blocker("not_packed", f"{len(strange)} of the missing samples are not on their way with it.")] if strange else [])
        locked = lock_samples(item.sample_id for item in items)
        refuse_if(step_blockers(locked, "take_back", by))
        here = [item for item in items if item.sample_id not in gone]
        home = consignment.addressee.name[:160]
        Sample.objects.filter(pk__in=[item.sample_id for item in here]).update(
            state=SampleState.RETURNED, holder=consignment.addressee, place=home
        )
        Sample.objects.filter(pk__in=gone).update(state=SampleState.LOST)
        words = {
            "giver": consignment.holder.name,
            "receiver": consignment.addressee.name,
            "holder": consignment.addressee_id,
            "place": home,
        }
        entries = entries_of(here, EventKind.RETURNED, consignment, moment, remark=remark, **words)
        lost = [item for item in items if item.sample_id in gone]
        append_events([*entries, *entries_of(lost, EventKind.LOST, consignment, moment, remark=remark)], by=by)
        consignment.state = ConsignmentState.RECEIVED
        consignment.holder, consignment.received_at = consignment.addressee, moment
        consignment.last_seen, consignment.last_seen_at = home, moment
        consignment.save(update_fields=["state", "holder", "received_at", "last_seen", "last_seen_at"])
    return consignment


def taking_blockers(consignment: Consignment) -> list[Blocker]:
    """Why a return cannot be taken back now."""
    if consignment.returns_id is None:
        return [Blocker("no_return", f"{consignment.code} is no return; a laboratory receives it item by item.")]
    return CONSIGNMENT.blockers(consignment, "receive")


# --- To a second laboratory -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Portion:
    """What of a sample goes on: `mass_g` grams, or (None) all that is left. A part gets a seal where one is put on it."""

    sample: Sample
    mass_g: Decimal | None = None
    seal_number: str = ""


def reconsign_samples(
    *,
    portions: Sequence[Portion],
    addressee: Organisation,
    carrier: Organisation | None = None,
    waybill: str = "",
    outer_seal: str = "",
    by: Any,
    at: datetime | None = None,
) -> Consignment:
    """A consignment to another laboratory, packed with portions of samples the caller's laboratory holds.

    Each portion becomes a sample of its own, with a human and a blind code that the second laboratory alone works with: it never learns the
    codes of the first. Raises as a split (mass), `Invalid('empty')`, and as `create_consignment`.
    """
    require(by, Action.CONSIGNMENT_EDIT)
    if not portions:
        raise Invalid("empty", "No sample is named. Name at least one.")
    if len({portion.sample.pk for portion in portions}) < len(portions):
        raise Invalid("duplicate_sample", "A sample is named more than once. One portion of each goes into a consignment.")
    with transaction.atomic(), acting(by, "sent on to another laboratory"):
        parts = [_portion_of(portion, index, by, at) for index, portion in enumerate(portions)]
        return create_consignment(addressee=addressee, carrier=carrier, samples=parts, waybill=waybill, outer_seal=outer_seal, by=by, at=at)


def _portion_of(portion: Portion, index: int, by: Any, at: datetime | None) -> Sample:
    """The new sample; all that is left when no mass is given."""
    sample = portion.sample
    if sample.laboratory_id != by.organisation_id:
        raise Blocked([Blocker("not_here", f"Sample {sample.code_for(by)} was not received by your laboratory.")])
    mass = sample.mass_g if portion.mass_g is None else portion.mass_g
    part = Part(mass_g=mass, seal_number=portion.seal_number)
    try:
        (child,) = divide_sample(
            sample=sample, parts=[part], remaining_g=sample.mass_g - mass, reason="for another laboratory", by=by, at=at
        )
    except Invalid as error:
        problems = [Problem(f"/portions/{index}/mass_g", one.code, one.detail) for one in error.problems]
        raise Invalid(error.code, error.message, problems=problems) from error
    return child

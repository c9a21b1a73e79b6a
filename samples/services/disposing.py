"""Samples that leave for good: disposed of or given back, when their retention has ended, before a witness."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from lims.accounts.models import Signature, SignatureMeaning, User
from lims.accounts.signing import sign
from lims.core import clock
from lims.core.acting import acting
from lims.core.days import local_day
from lims.core.errors import Blocker, Invalid, Problem, refuse_if
from lims.core.roles import LABORATORY_ROLES, Action, require
from samples.custody.hashing import mass_text
from samples.custody.kinds import EventKind
from samples.custody.ledger import Entry, append_events
from samples.lifecycle import SAMPLE
from samples.models import Departure, Sample
from samples.models.handling import DepartureKind
from samples.selectors.kinship import find_kin
from samples.services.holding import given_reason
from samples.services.leaving import leave_positions
from samples.services.locking import lock_samples
from samples.services.movement import checked_texts, invalid_at

# As many as stand in a store's box or two; more is a list nobody checks while signing.
MOST_AT_ONCE = 200
_STEPS = {DepartureKind.DISPOSED: "dispose", DepartureKind.RETURNED: "return"}
_EVENTS = {DepartureKind.DISPOSED: EventKind.DISPOSED, DepartureKind.RETURNED: EventKind.RETURNED}


def dispose_blockers(sample: Sample, by: Any, *, early: bool = False) -> list[Blocker]:
    """Why the caller cannot dispose of the sample now; `early` lets it go before its retention has ended."""
    return _leaving_blockers(sample, "dispose", by, early=early)


def return_blockers(sample: Sample, by: Any) -> list[Blocker]:
    """Why the caller cannot give the sample back now. Its owner may have it back at any time."""
    return _leaving_blockers(sample, "return", by, early=True)


def _leaving_blockers(sample: Sample, step: str, by: Any, *, early: bool) -> list[Blocker]:
    found = SAMPLE.blockers(sample, step)
    if sample.has_open_discrepancy and not any(one.code == "open_discrepancy" for one in found):
        sentence = f"Sample {sample.code_for_refusal} is under dispute. The quality manager settles its discrepancy first."
        found.append(Blocker("open_discrepancy", sentence))
    if sample.holder_id != by.organisation_id:
        found.append(Blocker("not_holder", "Your organisation does not hold this sample. Whoever holds it lets it go."))
    if not early and sample.retain_until is not None and clock.today() < sample.retain_until:
        sentence = f"Sample {sample.code_for_refusal} is kept until {sample.retain_until}. Wait, or say that it goes early, and why."
        found.append(Blocker("retained", sentence))
    return found


def dispose_sample(
    *,
    sample: Sample,
    reason: str,
    witness: User,
    witness_password: str,
    password: str,
    early: bool = False,
    by: Any,
    at: datetime | None = None,
) -> Sample:
    """Dispose of all that is left, for good; `reason` says how and why. Who does it and a witness sign; the ledger keeps the mass.

    Raises `Blocked` (on hold, under dispute, kept until a later day unless `early`), `Invalid` (`reason_missing`, `witness`, `password` at
    `/password` or `/witness_password`).
    """
    require(by, Action.SAMPLE_DISPOSE)
    (gone,) = _let_go([sample], DepartureKind.DISPOSED, reason, (witness, witness_password), password, early, by, at)
    return gone


def return_sample(
    *, sample: Sample, reason: str, witness: User, witness_password: str, password: str, by: Any, at: datetime | None = None
) -> Sample:
    """Give all that is left back to its owner, in person; both sign. A way over the road is a consignment. Raises as `dispose_sample`."""
    require(by, Action.SAMPLE_DISPOSE)
    (gone,) = _let_go([sample], DepartureKind.RETURNED, reason, (witness, witness_password), password, True, by, at)
    return gone


def let_go_samples(
    *,
    samples: Sequence[Sample],
    kind: str,
    reason: str,
    witness: User,
    witness_password: str,
    password: str,
    early: bool = False,
    by: Any,
    at: datetime | None = None,
) -> list[Sample]:
    """Dispose of (`disposed`) or give back (`returned`) several samples at once, all or none: the two signatures are over all of them.

    Raises as `dispose_sample`, naming every sample that cannot go, and `Invalid` for none, for one named twice, for more than
    `MOST_AT_ONCE`.
    """
    require(by, Action.SAMPLE_DISPOSE)
    if kind not in DepartureKind.values:
        raise invalid_at("/kind", "unknown_choice", f"“{kind}” is none of: {', '.join(DepartureKind.values)}.")
    if not 1 <= len(samples) <= MOST_AT_ONCE:
        raise invalid_at("/samples", "out_of_range", f"Name 1 to {MOST_AT_ONCE} samples.")
    if len({sample.pk for sample in samples}) < len(samples):
        raise invalid_at("/samples", "twice", "A sample is named twice. Leave the second out.")
    way = DepartureKind(kind)
    return _let_go(samples, way, reason, (witness, witness_password), password, early or way == DepartureKind.RETURNED, by, at)


def _let_go(
    samples: Sequence[Sample],
    kind: DepartureKind,
    reason: str,
    witnessed: tuple[User, str],
    password: str,
    early: bool,
    by: Any,
    at: datetime | None,
) -> list[Sample]:
    reason = given_reason(checked_texts(Departure, reason=reason)["reason"])
    now = at or clock.now()
    witness, witness_password = witnessed
    with transaction.atomic(), acting(by, reason):
        locked = lock_samples([sample.pk for sample in samples])
        refuse_if([one for sample in locked for one in _named(sample, _leaving_blockers(sample, _STEPS[kind], by, early=early), locked)])
        _check_witness(witness, by)
        content = departure_content(locked, kind, reason, witness)
        signature = _signed("/password", by, password, SignatureMeaning.DEPARTURE, content, reason)
        witness_signature = _signed("/witness_password", witness, witness_password, SignatureMeaning.WITNESS, content, reason)
        Departure.objects.bulk_create(
            Departure(
                sample=sample,
                kind=kind,
                reason=reason,
                mass_g=sample.mass_g,
                receiver=sample.owner if kind == DepartureKind.RETURNED else None,
                early=early and sample.retain_until is not None and local_day(now) < sample.retain_until,
                performed_by=by,
                witness=witness,
                signature=signature,
                witness_signature=witness_signature,
                at=now,
            )
            for sample in locked
        )
        taken_out = leave_positions(locked, why=reason, by=by, moment=now)
        append_events([*taken_out, *(_end(sample, kind, reason, witness, now, signature) for sample in locked)], by=by)
    return locked


def _named(sample: Sample, blockers: list[Blocker], among: Sequence[Sample]) -> list[Blocker]:
    """Among several, each reason names its sample."""
    code = sample.code_for_refusal
    if len(among) == 1:
        return blockers
    return [one if code in one.sentence else Blocker(one.code, f"{code}: {one.sentence}") for one in blockers]


def departure_content(samples: Sequence[Sample], kind: str, reason: str, witness: User) -> dict[str, Any]:
    """What both sign."""
    masses = [{"sample": str(sample.pk), "mass_g": mass_text(sample.mass_g)} for sample in samples]
    signed = {"act": str(kind), "reason": reason, "witness": str(witness.pk)}
    return signed | (masses[0] if len(masses) == 1 else {"samples": masses})


def _check_witness(witness: User, by: Any) -> None:
    detail = ""
    if witness.pk == by.pk:
        detail = "You cannot witness what you do yourself. Ask a colleague who stands beside you."
    elif witness.organisation_id != by.organisation_id or not witness.is_active or witness.role not in LABORATORY_ROLES:
        detail = "A witness is somebody of your laboratory. Choose a colleague who stands beside you."
    if detail:
        raise Invalid("witness", detail, problems=[Problem("/witness", "witness", detail)])


def _signed(pointer: str, person: User, password: str, meaning: str, content: dict[str, Any], reason: str) -> Signature:
    try:
        return sign(by=person, password=password, meaning=meaning, content=content, reason=reason)
    except Invalid as error:
        raise Invalid(error.code, error.message, problems=[Problem(pointer, error.code, error.message)]) from error


def _end(sample: Sample, kind: DepartureKind, reason: str, witness: User, now: datetime, signature: Signature) -> Entry:
    """Write the sample's end; the entry that tells it."""
    left, detail = sample.mass_g, {"witnessed": "yes"}
    words: dict[str, Any] = {"remark": f"{reason}\nWitness: {witness.full_name}", "mass_g": left, "detail": detail}
    words["signature"] = signature.content_hash  # the witness signed the same
    sample.state = SAMPLE.find(_STEPS[kind]).target
    if kind == DepartureKind.DISPOSED:
        sample.mass_g = Decimal(0)
    else:
        giver, owner = sample.holder, sample.owner
        sample.holder, sample.place = owner, owner.name[:160]
        words |= {"giver": giver.name, "receiver": owner.name, "holder": owner.pk, "place": owner.name}
    sample.save(update_fields=["state", "mass_g", "holder", "place"])
    return Entry(sample_id=sample.pk, kind=_EVENTS[kind], occurred_at=now, **words)


_KEEP = """
UPDATE samples_sample s
SET retain_until = greatest(s.retain_until, %s::date + h.retention_days)
FROM (
    SELECT DISTINCT ON (material) material, retention_days FROM samples_materialhandling
    WHERE laboratory_id = %s OR laboratory_id IS NULL ORDER BY material, laboratory_id
) h
WHERE h.material = s.material AND s.id = ANY(%s::uuid[]) AND s.laboratory_id = %s AND s.state NOT IN ('returned', 'disposed')
"""


def keep_family(samples: list[Sample], *, laboratory_id: Any, reported_at: datetime) -> None:
    """From the day samples are reported, all that shares mass with them at the laboratory is kept for the days of its material: a result
    can be questioned as long as there is something to measure again. Part of the caller's transaction."""
    if not samples:
        return
    kin = find_kin([sample.pk for sample in samples])
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [local_day(reported_at), laboratory_id, [str(one) for one in kin], laboratory_id])

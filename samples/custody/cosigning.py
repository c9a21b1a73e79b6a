"""Witnesses: registered by an administrator, heard when they cosign."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max

from lims.core import clock
from lims.core.errors import DomainError, Forbidden, Invalid, Problem
from lims.core.models import Installation
from samples.custody import notes
from samples.custody.models import Cosignature, CustodyEvent, LogCheckpoint, LogLeaf, Witness
from samples.custody.proving import parse_vkey

# A witness's clock may run ahead a little.
_TOLERATED_FUTURE = timedelta(minutes=5)


def add_witness(*, verifier: str, operator: Any, by: Any, at: datetime) -> Witness:
    """Register a witness by the key it printed. Raises `Invalid('verifier')` for what is no witness's key or is registered already."""
    key = parse_vkey(verifier)
    if Witness.objects.filter(name=key.name).exists():
        _refuse_key(f"A witness named {key.name} is registered already. Give the new one another name.")
    # One key under two names would count as two witnesses.
    if any(parse_vkey(known).public_key == key.public_key for known in Witness.objects.values_list("verifier", flat=True)):
        _refuse_key("This key is registered already, under another name.")
    return Witness.objects.create(name=key.name, verifier=str(key), operator=operator, registered_at=at, registered_by=by)


def _refuse_key(sentence: str) -> None:
    raise Invalid("verifier", sentence, problems=[Problem("/verifier", "verifier", sentence)])


def lock_witness(pk: Any) -> Witness | None:
    """The witness, locked until the transaction ends."""
    return Witness.objects.select_for_update().filter(pk=pk).first()


def accept_cosignature(text: str) -> Cosignature:
    """Keep a witness's cosignature of one of the log's checkpoints. Who sends it is known by the signature alone.

    Raises `Invalid('cosignature')` for what cannot be read or bears a signature that is not the witness's, `Forbidden('unknown_witness')`
    when no registered witness signed, `DomainError('wrong_checkpoint')` for a text the log never signed, `DomainError('older')` for a
    checkpoint smaller than one the same witness cosigned before. The same cosignature again is kept once.
    """
    try:
        note = notes.parse_note(text)
        checkpoint = notes.parse_checkpoint(note.text)
        witness, signed_at = _recognise(note)
    except (notes.MalformedNote, notes.WrongSignature) as error:
        raise Invalid("cosignature", str(error)) from error
    with transaction.atomic():
        locked = lock_witness(witness.pk)
        if locked is None or not locked.active:
            raise Forbidden("unknown_witness", f"The witness {witness.name} is no longer registered. Ask the administrator.")
        ours = LogCheckpoint.objects.filter(size=checkpoint.size).first()
        if ours is None or notes.parse_note(ours.note).text != note.text:
            raise DomainError(
                "wrong_checkpoint",
                f"The log of {Installation.current().origin} has no such checkpoint of {checkpoint.size} leaves. Fetch the present one.",
            )
        key = parse_vkey(witness.verifier)
        line = next(signature.line for signature in note.signatures if signature.is_by(key))
        newest = Cosignature.objects.filter(witness=witness).order_by("-checkpoint").first()
        if newest is not None and newest.checkpoint_id > ours.size:
            raise DomainError(
                "older", f"{witness.name} cosigned {newest.checkpoint_id} leaves already; a checkpoint of {ours.size} is older."
            )
        if newest is not None and newest.checkpoint_id == ours.size:
            return newest
        return Cosignature.objects.create(checkpoint=ours, witness=witness, line=line, signed_at=signed_at, received_at=clock.now())


def _recognise(note: notes.Note) -> tuple[Witness, datetime]:
    """The registered witness that cosigned, and when by its clock."""
    names = {signature.name for signature in note.signatures}
    for witness in Witness.objects.filter(name__in=names):
        at = notes.verify_cosignature(note, parse_vkey(witness.verifier))
        if at is None:
            continue
        latest = clock.now() + _TOLERATED_FUTURE
        if at > latest.timestamp():
            raise Invalid("cosignature", f"{witness.name} signed in the future. Set its clock.")
        return witness, datetime.fromtimestamp(at, UTC)
    raise Forbidden("unknown_witness", "No registered witness signed this. Ask the administrator to register the witness's verifier key.")


def cosigned_size(needed: int) -> int:
    """The largest checkpoint for which `needed` active witnesses vouch: a cosignature of a larger checkpoint vouches for all before it,
    because a witness cosigns only what extends what it saw. 0 when there are fewer such witnesses."""
    rows = Cosignature.objects.filter(witness__active=True).values("witness").annotate(size=Max("checkpoint"))
    newest = sorted(rows.values_list("size", flat=True), reverse=True)
    return newest[needed - 1] if 0 < needed <= len(newest) else 0


def is_covered(samples: Any, size: int) -> bool:
    """Whether every event of these samples (a list or subquery of ids) stands among the first `size` leaves; nothing is covered by none."""
    if size == 0:
        return False
    events = CustodyEvent.objects.filter(sample__in=samples)
    return not events.exclude(pk__in=LogLeaf.objects.filter(index__lt=size, event__sample__in=samples).values("event")).exists()


def active_witnesses() -> int:
    """How many witnesses may cosign."""
    return Witness.objects.filter(active=True).count()

"""Another key for the log: the old one hands over to the new one in the log itself."""

from __future__ import annotations

from django.db import transaction

from lims.core import clock
from lims.core.errors import DomainError, Invalid
from samples.custody.key_records import announce_key
from samples.custody.models import LogCheckpoint
from samples.custody.notes import Signer, VerifierKey
from samples.custody.sequencing import add_key, advance_log, current_key, sign_checkpoint, take_lock
from samples.custody.signing_key import current_signer, make_key, put_in_place, read_key, successor_file


def rotate_key(*, reason: str) -> tuple[VerifierKey, LogCheckpoint]:
    """Make a new key, announce it in the log signed by the old one, sign a checkpoint with both, and put the new one in its place.

    The private halves never leave their files. Cut short anywhere it leaves the old key in force or, once committed, the new one, which
    the next signature puts in place. Raises `Invalid('reason')`, `DomainError('log_key' | 'log_busy')`.
    """
    if not reason.strip():
        raise Invalid("reason", "Say why the log gets another key; the reason stands in the log for ever.")
    advance_log()
    with transaction.atomic():
        if not take_lock():
            raise DomainError("log_busy", "The custody log is being added to just now. Try again in a moment.")
        old = current_signer(current_key())
        waiting = successor_file()
        new = Signer(old.name, read_key(waiting) if waiting.exists() else make_key(waiting))
        now = clock.now()
        add_key(new, announce_key(signer=new, previous=old, at=now, reason=reason.strip()), now)
        checkpoint = sign_checkpoint(signers=[old, new])
    assert checkpoint is not None  # noqa: S101  # the lock is ours and a leaf was added
    put_in_place(waiting)
    return new.verifier_key, checkpoint

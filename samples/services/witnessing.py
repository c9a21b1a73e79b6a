"""Registering witnesses of the custody log, and ending them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import DomainError, NotFound
from lims.core.roles import Action, require
from samples.custody.cosigning import add_witness, lock_witness


def register_witness(*, verifier: str, operator: Any, by: Any, at: datetime | None = None) -> Any:
    """Let the witness with this verifier key (as `manage.py witness` prints it) cosign checkpoints; `operator` is who runs it.

    Raises `Invalid('verifier')` for what is no witness's key, or a name or key that is registered already.
    """
    require(by, Action.WITNESS_EDIT)
    with acting(by, "witness registered"), transaction.atomic():
        return add_witness(verifier=verifier, operator=operator, by=by, at=at or clock.now())


def end_witness(*, witness: Any, reason: str, by: Any) -> Any:
    """Take no further cosignatures of a witness, and count those it gave for nothing that still waits. Its name and key stay known.

    Raises `DomainError('ended_already')`.
    """
    require(by, Action.WITNESS_EDIT)
    with acting(by, reason), transaction.atomic():
        found = lock_witness(witness)
        if found is None:
            raise NotFound()
        if not found.active:
            raise DomainError("ended_already", f"The witness {found.name} is ended already.")
        found.active = False
        found.save(update_fields=["active"])
        return found

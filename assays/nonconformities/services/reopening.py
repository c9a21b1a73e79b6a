"""Authorised results that turn out wrong go back to be corrected: the run is taken back, and new versions pass review and authorisation.

Until then what was authorised stays as it was, and its certificates in force; then each is amended and the old one superseded.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from assays.lifecycle import RUN
from assays.models import Run, RunDecision
from assays.nonconformities.models import Nonconformity, NonconformityNote
from assays.services.four_eyes import independence_blockers
from assays.services.reviewing import last_evaluation, lock_run, move_tests, result_lines
from lims.accounts.models import SignatureMeaning, User
from lims.accounts.signing import sign
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocker, Invalid, Problem, refuse_if
from lims.core.roles import Action, require
from lims.core.scope import fetch_visible

REOPEN = "reopen"


def reopening_content(record: Nonconformity, run: Run) -> dict[str, Any]:
    """Exactly what is signed: because of what, and the results as they stand."""
    return {"act": REOPEN, "nonconformity": record.code, "run": run.code, "results": result_lines(run)}


def reopen_blockers(record: Nonconformity, run: Run, by: Any) -> list[Blocker]:
    """Why this person cannot take the run back because of this nonconformity."""
    found = RUN.blockers(run, REOPEN) + independence_blockers(run, by, "take back")
    if record.state == "closed":
        found.append(Blocker("closed", f"{record.code} is closed. Report what is wrong now as a new one."))
    if not record.links.filter(run=run).exists():
        found.append(Blocker("not_linked", f"{record.code} is not about {run.code}. Link the run to it first."))
    return found


def reopen_run(
    *,
    record: Nonconformity,
    run: Run,
    reason: str,
    password: str,
    by: User,
    shown_hash: str | None = None,
    at: datetime | None = None,
) -> RunDecision:
    """Take an authorised run back for correction, signed, because of an open nonconformity that is about it.

    Its readings can be brought anew and its aliquots measured again; each result then gets a new version. Raises `Forbidden`, `Blocked`
    (own work, state, closed, not linked), `Invalid` (reason, password), `DomainError('stale_content')`.
    """
    require(by, Action.NONCONFORMITY_MANAGE)
    if not reason.strip():
        message = "Say what is wrong with the results; the analyst reads it."
        raise Invalid("reason", message, problems=[Problem("/reason", "reason", message)])
    moment = at or clock.now()
    with acting(by, reason), transaction.atomic():
        record = fetch_visible(Nonconformity, by, lock=True, pk=record.pk)
        run = lock_run(run)
        refuse_if(reopen_blockers(record, run, by))
        meaning, content = SignatureMeaning.REOPENING, reopening_content(record, run)
        signature = sign(by=by, password=password, meaning=meaning, content=content, shown_hash=shown_hash, reason=reason)
        evaluation = last_evaluation(run)
        assert evaluation is not None  # noqa: S101  # what was authorised was judged
        made = RunDecision.objects.create(
            run=run,
            evaluation=evaluation,
            decision=REOPEN,
            reason=reason.strip(),
            signature=signature,
            decided_by=by,
            decided_at=moment,
        )
        run.state, run.reviewed_at, run.authorised_at = RUN.target(run, REOPEN), None, None
        run.save(update_fields=["state", "reviewed_at", "authorised_at"])
        move_tests(run, REOPEN, moment)
        text = f"{run.code} taken back for correction: {reason.strip()}"
        NonconformityNote.objects.create(nonconformity=record, text=text, by=by, at=moment)
    return made

"""The quality manager's override of a failed run: signed, with a reason, and the beginning of nonconforming work (7.10)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from assays.lifecycle import RUN, RunState
from assays.models import Run, RunDecision
from assays.nonconformities.models import Nonconformity, Source
from assays.nonconformities.services.reporting import Finding, open_nonconformity
from assays.services.four_eyes import independence_blockers
from assays.services.reviewing import last_evaluation, lock_run, result_lines
from lims.accounts.models import SignatureMeaning, User
from lims.accounts.signing import sign
from lims.core import clock
from lims.core.acting import acting
from lims.core.days import local_day
from lims.core.errors import Blocker, Invalid, Problem, refuse_if
from lims.core.roles import Action, require

OVERRIDE = "override"


def override_content(run: Run) -> dict[str, Any]:
    """Exactly what the quality manager signs: every verdict that failed, and every result that may go on all the same."""
    evaluation = last_evaluation(run)
    failed = evaluation.verdicts.filter(outcome="fail").values_list("sentence", flat=True) if evaluation else []
    return {
        "act": OVERRIDE,
        "run": run.code,
        "method": str(run.method_version),
        "evaluation": str(evaluation.pk) if evaluation else "",
        "outcome": evaluation.outcome if evaluation else "",
        "failed": list(failed),
        "results": result_lines(run),
    }


def override_blockers(run: Run, by: Any) -> list[Blocker]:
    """Why this person cannot override this run now; the button shows it."""
    found = RUN.blockers(run, OVERRIDE)
    if run.state == RunState.BLOCKED:
        found = [Blocker("control_missing", f"A control of {run.code} is missing, so there is nothing to override. Measure it again.")]
    return found + independence_blockers(run, by, OVERRIDE)


def override_run(
    *, run: Run, reason: str, password: str, by: User, shown_hash: str | None = None, at: datetime | None = None
) -> Nonconformity:
    """Let a run whose controls failed go on to review, with a signature over `override_content`, and open nonconforming work for it.

    Certificates over its results say so and claim no accreditation. A run that is judged anew has to be overridden anew. Raises `Forbidden`
    (not the quality manager), `Blocked` (own work, state), `Invalid` (reason, password), `DomainError('stale_content')`.
    """
    require(by, Action.QC_OVERRIDE)
    if not reason.strip():
        message = "Say why the results may be used although a control failed; the reason is printed on the certificate."
        raise Invalid("reason", message, problems=[Problem("/reason", "reason", message)])
    with acting(by, reason), transaction.atomic():
        run = lock_run(run)
        refuse_if(override_blockers(run, by))
        content, moment = override_content(run), at or clock.now()
        meaning = SignatureMeaning.OVERRIDE
        signature = sign(by=by, password=password, meaning=meaning, content=content, shown_hash=shown_hash, reason=reason)
        decision = RunDecision.objects.create(
            run=run,
            evaluation_id=content["evaluation"],
            decision=OVERRIDE,
            reason=reason.strip(),
            signature=signature,
            decided_by=by,
            decided_at=moment,
        )
        run.state = RUN.target(run, OVERRIDE)
        run.save(update_fields=["state"])
        return open_nonconformity(_finding(run, reason.strip(), moment), by=by, at=moment, override=decision)


def _finding(run: Run, reason: str, moment: datetime) -> Finding:
    happened = f"Quality control of {run.code} ({run.method_version}) failed: {run.verdict_text}\n\nOverridden because: {reason}"
    return Finding(Source.RUN, f"Failed control of {run.code} overridden", happened, local_day(moment), (run,))

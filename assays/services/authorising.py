"""Release: a signatory authorises the results of a reviewed run. The signature is bound to every number."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from assays.lifecycle import RUN, RunState
from assays.models import Authorisation, AuthorisedResult, Result, Run, RunDecision
from assays.services.announcing import announce_run
from assays.services.competence import competence_blockers
from assays.services.fitness import fitness_blockers
from assays.services.four_eyes import independence_blockers
from assays.services.reviewing import APPROVE, lock_run, move_tests, position_lines, result_lines, test_blockers
from lims.accounts.models import SignatureMeaning, User
from lims.accounts.signing import canonical_bytes, content_hash, sign
from lims.core import clock
from lims.core.acting import acting
from lims.core.errors import Blocker, refuse_if
from lims.core.roles import Action, require


def authorisation_content(run: Run) -> dict[str, Any]:
    """Exactly what a signatory signs: the run, the review it rests on, and every number."""
    decision = last_approval(run)
    return {
        "act": "authorise",
        "run": run.code,
        "method": str(run.method_version),
        "review": str(decision.signature_id) if decision else "",
        "positions": position_lines(run),
        "results": result_lines(run),
    }


def last_approval(run: Run) -> RunDecision | None:
    """The review that let the run pass."""
    return run.decisions.filter(decision=APPROVE).select_related("decided_by", "signature").order_by("-decided_at", "-pk").first()


def authorise_blockers(run: Run, by: Any) -> list[Blocker]:
    """Why this person cannot authorise this run's results now; the button shows it."""
    found = RUN.blockers(run, "authorise")
    if run.state == RunState.AUTHORISED:
        found = [Blocker("authorised_already", f"The results of run {run.code} are authorised already.")]
    found += independence_blockers(run, by, "authorise")
    decision = last_approval(run)
    if decision and decision.decided_by_id == by.pk and not run.method_version.reviewer_may_authorise:
        found.append(Blocker("own_review", "You reviewed this run, so you cannot authorise it. Another signatory does."))
    found += competence_blockers(by, run.method_version.method.code, "authorise", clock.today())
    return found + fitness_blockers(run) + test_blockers(run, "authorise")


def authorise_results(
    *, run: Run, password: str, by: User, shown_hash: str | None = None, statement: str = "", at: datetime | None = None
) -> Authorisation:
    """Authorise all current results of a reviewed run, with an electronic signature over `authorisation_content`.

    `statement` is what the signatory says with it, kept beside the signature. Raises `Blocked` (own work, own review, competence, something
    expired, state), `Invalid('password')`, `DomainError('stale_content')`.
    """
    require(by, Action.RESULT_AUTHORISE)
    with acting(by, "results authorised"), transaction.atomic():
        run = lock_run(run)
        refuse_if(authorise_blockers(run, by))
        content = authorisation_content(run)
        meaning = SignatureMeaning.AUTHORISATION
        signature = sign(by=by, password=password, meaning=meaning, content=content, shown_hash=shown_hash, reason=statement)
        moment = at or clock.now()
        made = Authorisation.objects.create(
            laboratory_id=run.laboratory_id,
            run=run,
            signature=signature,
            content=canonical_bytes(content),
            content_hash=content_hash(content),
            authorised_at=moment,
        )
        versions = [line["id"] for line in content["results"]]
        AuthorisedResult.objects.bulk_create(AuthorisedResult(authorisation=made, result_version_id=version) for version in versions)
        Result.objects.filter(current__in=versions).update(authorised=F("current"), authorised_at=moment)
        move_tests(run, "authorise", moment)
        run.state, run.authorised_at = RUN.target(run, "authorise"), moment
        run.save(update_fields=["state", "authorised_at"])
        announce_run("results.authorised", run)
    return made


def shown_hash_of(run: Run) -> str:
    """The hash a page shows beside the signature, so that a stale page is refused."""
    return content_hash(authorisation_content(run))

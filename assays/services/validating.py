"""Validations of the calculations: running examples and keeping what they gave, and the quality manager's conclusion."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from assays.models import ValidationRun, ValidationSignOff
from assays.models.validations import FILES, Conclusion, ValidationOrigin
from assays.validation.identity import compute_formulae_sha256
from assays.validation.library import parse_examples, read_library
from assays.validation.outcomes import check_examples, find_excess, write_outcomes
from lims.accounts.models import SignatureMeaning, User
from lims.accounts.signing import content_hash, sign
from lims.core import clock
from lims.core.acting import acting
from lims.core.codes import VALIDATION
from lims.core.errors import Blocked, Blocker, DomainError, Invalid, refuse_if
from lims.core.files import store_bytes
from lims.core.release import VERSION, find_commit
from lims.core.roles import Action, require
from lims.core.sequences import take_codes

MOST_BYTES = 1_000_000
PRODUCT_FILE = "examples of the product"


def run_product_examples(*, by: Any, at: datetime | None = None) -> ValidationRun:
    """Run the examples that come with the product and keep the outcome."""
    return _run(data=read_library(), file_name=PRODUCT_FILE, origin=ValidationOrigin.PRODUCT, by=by, at=at)


def run_examples_file(*, data: bytes, file_name: str, by: Any, at: datetime | None = None) -> ValidationRun:
    """Run a laboratory's own file of worked examples and keep both, file and outcome, by their SHA-256.

    An example that cannot be computed fails with its reason. Raises `Invalid`: `too_large`, `no_examples` (no JSON, or none in it).
    """
    if len(data) > MOST_BYTES:
        raise Invalid("too_large", f"The file has {len(data)} bytes; at most {MOST_BYTES} are taken. Divide it.")
    printable = "".join(character for character in file_name if character.isprintable()).strip()
    return _run(data=data, file_name=printable[-200:] or "examples.json", origin=ValidationOrigin.FILE, by=by, at=at)


def _run(*, data: bytes, file_name: str, origin: ValidationOrigin, by: Any, at: datetime | None) -> ValidationRun:
    require(by, Action.VALIDATION_RUN)
    try:
        examples = parse_examples(data)
    except ValueError as error:
        raise Invalid("no_examples", f"{file_name} {error}.") from error
    if excess := find_excess(examples):
        raise Invalid("too_large", excess)
    rows = check_examples(examples)
    kept, outcome = store_bytes(FILES, data), store_bytes(FILES, write_outcomes(rows))
    with acting(by, "calculations validated"), transaction.atomic():
        (number,) = take_codes(VALIDATION)
        return ValidationRun.objects.create(
            number=number,
            organisation_id=by.organisation_id,
            ran_by=by,
            ran_at=at or clock.now(),
            origin=origin,
            file_name=file_name,
            file_sha256=kept.sha256,
            file_size=kept.size,
            outcome_sha256=outcome.sha256,
            examples=len(rows),
            passed=sum(row["passed"] for row in rows),
            version=VERSION,
            commit=find_commit(),
            formulae_sha256=compute_formulae_sha256(),
        )


def sign_off_content(run: ValidationRun) -> dict[str, Any]:
    """Exactly what a quality manager signs: which examples, which product, which outcome."""
    return {
        "act": "sign off validation",
        "run": run.number,
        "file": run.file_sha256,
        "outcome": run.outcome_sha256,
        "examples": run.examples,
        "passed": run.passed,
        "version": run.version,
        "commit": run.commit,
        "formulae": run.formulae_sha256,
    }


def shown_hash_of(run: ValidationRun) -> str:
    """The hash a page shows beside the signature."""
    return content_hash(sign_off_content(run))


def sign_off_validation(
    *, run: ValidationRun, conclusion: str, statement: str = "", password: str, shown_hash: str | None = None, by: User
) -> ValidationSignOff:
    """Sign what a run of one's own laboratory means: fit for use, or not, with the reason.

    The signature is bound to `sign_off_content` with conclusion and statement. Raises `Invalid` (`conclusion`, `statement`, `password`),
    `Blocked` (`signed_already`, `examples_failed`), `DomainError('stale_content')`.
    """
    require(by, Action.VALIDATION_SIGN)
    statement = statement.strip()
    if conclusion not in Conclusion.values:
        raise Invalid("conclusion", "Choose whether the calculations are fit for use.")
    if len(statement) > 1000 or (conclusion == Conclusion.UNFIT and not statement):
        raise Invalid("statement", "Say in at most 1000 characters what is wrong and what follows.")
    refuse_if(sign_off_blockers(run, conclusion))
    content = sign_off_content(run)
    if shown_hash is not None and shown_hash != content_hash(content):
        raise DomainError("stale_content", "What you were about to sign is not what stands here. Read the page again, then sign.")
    signed = content | {"conclusion": conclusion, "statement": statement}
    try:
        with acting(by, "validation signed off"), transaction.atomic():
            signature = sign(by=by, password=password, meaning=SignatureMeaning.VALIDATION, content=signed, reason=statement)
            return ValidationSignOff.objects.create(run=run, conclusion=conclusion, statement=statement, signature=signature)
    except IntegrityError:
        # Two signed at once; a run is never changed, so nothing could be locked, and the table keeps the first.
        raise Blocked(sign_off_blockers(run)) from None


def sign_off_blockers(run: ValidationRun, conclusion: str = "") -> list[Blocker]:
    """Why a run cannot be signed off, or not as fit for use."""
    if ValidationSignOff.objects.filter(run=run).exists():
        return [Blocker("signed_already", f"{run.number} is signed off already. Run the examples again for a new conclusion.")]
    if conclusion == Conclusion.FIT and run.failed:
        sentence = f"{run.failed} of {run.examples} examples are not reproduced, so the calculations cannot be called fit for use."
        return [Blocker("examples_failed", f"{sentence} Find out why, then run them again.")]
    return []

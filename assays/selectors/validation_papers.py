"""A validation run as its report."""

from __future__ import annotations

from django.utils import timezone, translation

from assays.models import ValidationRun
from assays.selectors.validations import outcomes_of, sign_off_of
from lims.core.models import Installation
from lims.core.roles import Role
from lims.documents.validation_paper import Conclusion, ValidationReport, render_validation


def draw_paper(run: ValidationRun) -> bytes:
    """The PDF of a run with all its examples; the same bytes for the same run and conclusion. Raises as `render_pdf`."""
    with translation.override("en"):  # the paper's language, whoever asks for it
        return render_validation(_gather_report(run), synthetic=Installation.current().synthetic)


def _gather_report(run: ValidationRun) -> ValidationReport:
    signed, zone = sign_off_of(run), timezone.get_default_timezone()
    return ValidationReport(
        number=run.number,
        organisation=run.organisation.name,
        ran_by=run.ran_by.full_name,
        ran_at=run.ran_at.astimezone(zone),
        origin=str(run.get_origin_display()),
        file_name=run.file_name,
        file_sha256=run.file_sha256,
        outcome_sha256=run.outcome_sha256,
        version=run.version,
        commit=run.commit,
        formulae_sha256=run.formulae_sha256,
        examples=tuple(outcomes_of(run)),
        conclusion=Conclusion(
            words=str(signed.get_conclusion_display()),
            statement=signed.statement,
            name=signed.signature.printed_name,
            role=str(Role(signed.signature.role).label),
            organisation=signed.signature.organisation_name,
            signed_at=signed.signature.signed_at.astimezone(zone),
            sha256=signed.signature.content_hash,
        )
        if signed
        else None,
    )

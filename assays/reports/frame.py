"""What certificates add to the frame: the rail, the scan box, and panels on the pages of submissions and samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from assays.reports.models import Certificate, CertificateArtefact, CertificateSample
from assays.reports.selectors import badge_of, select_certificates
from assays.reports.services import issue_blockers
from assays.selectors.grade_table import tabulate
from assays.selectors.grades import grades_of, weighed_contents
from lims.core.codes import CERTIFICATE
from lims.core.navigation import Item, register_item
from lims.core.panels import Panel, register_panel, register_scanner
from lims.core.roles import Action, allowed
from samples.dossiers.content import register_files
from samples.models import Sample


def register_frame() -> None:
    """Called once when the app is ready."""
    register_item(Item(3, 40, _("Certificates"), "reports:certificates", Action.CERTIFICATE_VIEW))
    register_scanner(find_certificate)
    register_panel("submission", Panel("reports/submission_panel.html", submission_panel, order=50))
    register_panel("sample", Panel("reports/grade_panel.html", grade_panel, order=20))
    register_files(certificate_files)


def certificate_files(samples: Sequence[Sample], user: Any) -> list[dict[str, str]]:
    """The PDFs of the certificates over these samples, as a custody dossier names them: those the user may see."""
    if not allowed(user, Action.CERTIFICATE_VIEW):
        return []
    codes = {sample.pk: sample.code_for(user) for sample in samples}
    papers = CertificateArtefact.objects.filter(kind="pdf", certificate__in=Certificate.objects.visible_to(user))
    papers = papers.filter(certificate__samples__sample__in=codes).distinct().select_related("certificate").order_by("certificate__number")
    about = CertificateSample.objects.filter(certificate__in=[paper.certificate_id for paper in papers], sample__in=codes)
    named: dict[Any, list[str]] = {}
    for certificate, sample in about.values_list("certificate", "sample"):
        named.setdefault(certificate, []).append(codes[sample])
    return [
        {
            "kind": "certificate",
            "name": paper.certificate.number,
            "about": ", ".join(sorted(named[paper.certificate_id])),
            "sha256": paper.sha256,
        }
        for paper in papers
    ]


def find_certificate(code: str, user: Any) -> str | None:
    """The page of a scanned certificate number."""
    if not code.startswith(f"{CERTIFICATE}-") or not allowed(user, Action.CERTIFICATE_VIEW):
        return None
    found = Certificate.objects.visible_to(user).filter(number=code).exists()
    return reverse("reports:certificate", args=[code]) if found else None


def submission_panel(submission: Any, user: Any) -> dict[str, Any] | None:
    """The submission's certificates, and the step that issues one with what stands against it."""
    if not allowed(user, Action.CERTIFICATE_VIEW):
        return None
    rows = select_certificates(user).filter(submission=submission).order_by("-id")
    may_issue = allowed(user, Action.CERTIFICATE_ISSUE)
    return {
        "submission": submission,
        "rows": [(one, badge_of(one)) for one in rows],
        "may_issue": may_issue,
        "blockers": issue_blockers(submission) if may_issue else [],
    }


def grade_panel(sample: Any, user: Any) -> dict[str, Any] | None:
    """The sample's grades, total beside leachable; drafts apart, for those who may see them."""
    if not allowed(user, Action.GRADE_VIEW):
        return None
    drafts = [grade for grade in grades_of([sample.pk], user, drafts=True) if grade.is_draft] if allowed(user, Action.RESULT_DRAFT) else []
    authorised = tabulate(grades_of([sample.pk], user))
    return {"authorised": authorised, "drafts": tabulate(drafts), "weighed": weighed_contents(sample.pk, user)}

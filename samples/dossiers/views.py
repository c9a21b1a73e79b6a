"""Pages of dossiers: list, page, files, asking for one; and the verifier, for anybody."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View

from lims.core.codes import normalise
from lims.core.errors import DomainError
from lims.core.listing import RecordList
from lims.core.pages import Page
from lims.core.roles import Action
from lims.core.scope import fetch_visible
from samples.dossiers import services
from samples.dossiers.edge import bundle_response, folder_response, paper_response, send_job, verifier_response
from samples.dossiers.filters import DossierFilter
from samples.dossiers.models import Dossier
from samples.dossiers.selectors import badge_of, dossier_row, edition_of, fetch_dossier, select_dossiers
from samples.dossiers.verifier_file import VERIFIER_NAME, read_verifier
from samples.models import Consignment
from samples.selectors.samples import find_sample


def _address(dossier: Dossier) -> str:
    return reverse("dossiers:dossier", args=[dossier.number])


class DossierList(RecordList):
    """Dossiers within the viewer's scope; the same rows as CSV."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CUSTODY_DOSSIER}
    template = "dossiers/dossiers.html"
    filterset_class = DossierFilter
    orderings: ClassVar[dict[str, str]] = {"number": "number", "requested_at": "requested_at", "subject": "subject_code"}
    default_ordering = "-requested_at"
    file_name = "dossiers.csv"

    def select(self, viewer: Any) -> QuerySet[Dossier]:
        return select_dossiers(viewer)

    def row(self, found: Dossier) -> dict[str, Any]:
        return dossier_row(found)

    def render(self, context: dict[str, Any], *, status: int = 200, template: str | None = None) -> HttpResponse:
        rows = [(one, badge_of(one)) for one in context["page"].rows]
        return super().render(context | {"rows": rows}, status=status, template=template)


class DossierPage(Page):
    """One dossier: its making, what the verifier said, its files with their hashes."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CUSTODY_DOSSIER}
    template = "dossiers/dossier.html"

    def get(self, request: HttpRequest, number: str) -> HttpResponse:
        dossier = fetch_dossier(request.user, normalise(number))
        edition = edition_of(dossier)
        return self.render(
            {
                "dossier": dossier,
                "badge": badge_of(dossier),
                "edition": edition,
                "job": None if edition else dossier.job,
                "verifier_sha256": read_verifier()[1],
                "verifier_name": VERIFIER_NAME,
                "subject_url": _subject_address(dossier),
                "again_url": _again_address(dossier),
            }
        )


def _subject_address(dossier: Dossier) -> str:
    return reverse("samples:sample" if dossier.is_of_sample else "samples:consignment", args=[dossier.subject_code])


def _again_address(dossier: Dossier) -> str:
    return reverse("dossiers:of-sample" if dossier.is_of_sample else "dossiers:of-consignment", args=[dossier.subject_code])


class DossierFile(Page):
    """One of its files: `pdf`, `json`, or `zip` with both and the verifier."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CUSTODY_DOSSIER}

    def get(self, request: HttpRequest, number: str, kind: str) -> HttpResponse:
        dossier = fetch_dossier(request.user, normalise(number))
        try:
            if kind == "pdf":
                return paper_response(dossier, request)
            return bundle_response(dossier) if kind == "json" else folder_response(dossier)
        except DomainError as error:
            return self.refuse(error, _address(dossier))


class RequestSampleDossier(Page):
    """Ask for the dossier of a sample, from its page."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CUSTODY_DOSSIER}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        sample, purpose = find_sample(code, request.user), request.POST.get("purpose", "")
        try:
            dossier = services.request_sample_dossier(sample=sample, purpose=purpose, by=request.user)
        except DomainError as error:
            return self.refuse(error, reverse("samples:sample", args=[sample.code_for(request.user)]))
        send_job(dossier)
        return redirect(_address(dossier))


class RequestConsignmentDossier(Page):
    """Ask for the dossier of a consignment, from its page."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CUSTODY_DOSSIER}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        consignment = fetch_visible(Consignment, request.user, code=normalise(code))
        purpose = request.POST.get("purpose", "")
        try:
            dossier = services.request_consignment_dossier(consignment=consignment, purpose=purpose, by=request.user)
        except DomainError as error:
            return self.refuse(error, reverse("samples:consignment", args=[consignment.code]))
        send_job(dossier)
        return redirect(_address(dossier))


class RetryDossier(Page):
    """Try again to make a dossier that could not be made."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CUSTODY_DOSSIER}

    def post(self, request: HttpRequest, number: str) -> HttpResponse:
        dossier = fetch_dossier(request.user, normalise(number))
        try:
            dossier.job = services.retry_dossier(dossier=dossier, by=request.user)
        except DomainError as error:
            return self.refuse(error, _address(dossier))
        send_job(dossier)
        messages.success(request, _("It waits for a worker again."))
        return redirect(_address(dossier))


class VerifierPage(View):
    """Anybody, without signing in: the verifier, its SHA-256 and how to use it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        data, sha256 = read_verifier()
        return render(request, "dossiers/verifier.html", {"sha256": sha256, "size": len(data), "name": VERIFIER_NAME})


class VerifierFile(View):
    """The verifier itself."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return verifier_response()

"""Pages of certificates: list, page, amending, withdrawing; and their verification by anybody."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from assays.models import Submission
from assays.reports import services
from assays.reports.changes import find_changes
from assays.reports.content import gather_content, read_content, verify_url
from assays.reports.edge import pdf_response, send_job
from assays.reports.filters import CertificateFilter
from assays.reports.models import Certificate, Standing
from assays.reports.selectors import badge_of, certificate_row, fetch_certificate, history_of, paper_of, select_certificates
from assays.reports.verification import UNKNOWN, verify_token
from lims.core import clock
from lims.core.api.paging import KeysetPaginator
from lims.core.api.views import stream_csv
from lims.core.codes import normalise
from lims.core.errors import DomainError, Invalid
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action, allowed
from lims.core.scope import fetch_visible

ORDERINGS = {"number": "number", "issued_at": "issued_at", "requested_at": "requested_at"}


def _address(certificate: Certificate) -> str:
    return reverse("reports:certificate", args=[certificate.number])


class CertificateList(Page):
    """Certificates within the viewer's scope."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CERTIFICATE_VIEW}
    template = "reports/certificates.html"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        filters = CertificateFilter(request.GET, queryset=select_certificates(request.user), request=request)
        rows = filters.qs if filters.is_valid() else filters.queryset
        try:
            paginator = KeysetPaginator(request, orderings=ORDERINGS, default="-requested_at")
            if request.GET.get("format") == "csv":
                ordered = paginator.ordered(rows).iterator(2000)
                return stream_csv((certificate_row(one) for one in ordered), "certificates.csv")
            page = dataclasses.replace(paginator.page(rows), total=rows.count())
        except Invalid as error:
            return self.refuse(error, reverse("reports:certificates"))
        return self.render({"filters": filters.form, "page": page, "rows": [(one, badge_of(one)) for one in page.rows]})


class CertificatePage(Page):
    """One certificate: what it is worth, its paper, what it replaces and what changed."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CERTIFICATE_VIEW}
    template = "reports/certificate.html"

    def get(self, request: HttpRequest, number: str) -> HttpResponse:
        certificate = fetch_certificate(request.user, number)
        paper = paper_of(certificate)
        context = {
            "certificate": certificate,
            "badge": badge_of(certificate),
            "job": certificate.job if certificate.standing in {Standing.MAKING, Standing.FAILED} else None,  # type: ignore[attr-defined]
            "paper": paper,
            "content": read_content(certificate) if paper else None,
            "samples": [one.sample.code_for(request.user) for one in certificate.samples.select_related("sample")],
            "verify_url": verify_url(certificate),
            "history": history_of(certificate),
        }
        return self.render(context | self._steps(certificate))

    def _steps(self, certificate: Certificate) -> dict[str, Any]:
        """What the viewer may do, with what stands against it."""
        if not allowed(self.request.user, Action.CERTIFICATE_WITHDRAW):
            return {}
        return {
            "may_decide": True,
            "amend_blockers": services.amend_blockers(certificate),
            "withdraw_blockers": services.withdraw_blockers(certificate),
        }


class CertificatePaper(Page):
    """The PDF."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CERTIFICATE_VIEW}

    def get(self, request: HttpRequest, number: str) -> HttpResponse:
        certificate = fetch_certificate(request.user, number)
        try:
            return pdf_response(certificate, request)
        except DomainError as error:
            return self.refuse(error, _address(certificate))


class IssueCertificate(Page):
    """Ask for the certificate of a submission, from its page."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CERTIFICATE_ISSUE}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        submission = fetch_visible(Submission, request.user, code=normalise(code))
        try:
            certificate = services.request_certificate(submission=submission, by=request.user)
        except DomainError as error:
            return self.refuse(error, reverse("assays:submission", args=[submission.code]))
        send_job(certificate)
        return redirect(_address(certificate))


class RetryCertificate(Page):
    """Try again to make a certificate that could not be made."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CERTIFICATE_WITHDRAW}

    def post(self, request: HttpRequest, number: str) -> HttpResponse:
        certificate = fetch_certificate(request.user, number)
        try:
            send_job(services.retry_certificate(certificate=certificate, by=request.user))
        except DomainError as error:
            return self.refuse(error, _address(certificate))
        return redirect(_address(certificate))


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))


class AmendCertificate(Page):
    """Replace a certificate by a new one: what would differ, and why."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CERTIFICATE_WITHDRAW, "POST": Action.CERTIFICATE_WITHDRAW}
    template = "reports/amend.html"

    def get(self, request: HttpRequest, number: str) -> HttpResponse:
        return self._page(fetch_certificate(request.user, number), ReasonForm())

    def post(self, request: HttpRequest, number: str) -> HttpResponse:
        certificate, form = fetch_certificate(request.user, number), ReasonForm(request.POST)
        if not form.is_valid():
            return self._page(certificate, form, status=422)
        try:
            amendment = services.amend_certificate(certificate=certificate, reason=form.cleaned_data["reason"], by=request.user)
        except DomainError as error:
            add_form_errors(form, error)
            return self._page(certificate, form, status=409)
        send_job(amendment)
        messages.success(request, _("Certificate %(number)s is being made.") % {"number": amendment.number})
        return redirect(_address(amendment))

    def _page(self, certificate: Certificate, form: ReasonForm, *, status: int = 200) -> HttpResponse:
        blockers = services.amend_blockers(certificate)
        changes = None if blockers else find_changes(read_content(certificate), gather_content(certificate, issued_at=clock.now()))
        return self.render({"certificate": certificate, "form": form, "blockers": blockers, "changes": changes}, status=status)


class WithdrawCertificate(Page):
    """Take a certificate out of force, signed."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CERTIFICATE_WITHDRAW, "POST": Action.CERTIFICATE_WITHDRAW}
    template = "reports/withdraw.html"

    def get(self, request: HttpRequest, number: str) -> HttpResponse:
        return self._page(fetch_certificate(request.user, number), ReasonForm())

    def post(self, request: HttpRequest, number: str) -> HttpResponse:
        certificate, form = fetch_certificate(request.user, number), ReasonForm(request.POST)
        if not form.is_valid():
            return self._page(certificate, form, status=422)
        reason, password = form.cleaned_data["reason"], request.POST.get("password", "")
        try:
            services.withdraw_certificate(certificate=certificate, reason=reason, password=password, by=request.user)
        except DomainError as error:
            return self._page(certificate, form, error=error.message, status=422 if error.kind == "invalid" else 409)
        messages.success(request, _("Certificate %(number)s is withdrawn.") % {"number": certificate.number})
        return redirect(_address(certificate))

    def _page(self, certificate: Certificate, form: ReasonForm, *, error: str = "", status: int = 200) -> HttpResponse:
        blockers = services.withdraw_blockers(certificate)
        return self.render({"certificate": certificate, "form": form, "blockers": blockers, "error": error}, status=status)


class Verify(View):
    """Anybody, without signing in: is this certificate authentic, and is it the one in force. JSON by `Accept`; never a result."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        found = verify_token(token)
        status = 200 if found else 404
        response: HttpResponse
        if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
            response = JsonResponse(found.to_data() if found else UNKNOWN, status=status)
        else:
            response = render(request, "reports/verify.html", {"found": found}, status=status)
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "no-referrer"
        response["Cache-Control"] = "no-store"
        response["Vary"] = "Accept, Accept-Language, Cookie"
        return response

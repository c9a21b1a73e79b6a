"""The packing table, and the steps before a consignment leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from lims.core.errors import DomainError, Forbidden, Invalid
from lims.core.pages import Page
from lims.core.roles import Action
from samples.consignment_manifest import print_manifest
from samples.forms.consignments import DispatchForm, PackSealForm, ScanForm, ScanManyForm
from samples.models import Consignment
from samples.models.consignments import PackKind
from samples.selectors.consignments import items_of
from samples.selectors.scanned import find_scanned
from samples.services import boxing, consigning
from samples.views.consignments import address_of, fetch_consignment


class PackPage(Page):
    """The packing table: scan, Enter, next; every scan can be taken back."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_EDIT, "POST": Action.CONSIGNMENT_EDIT}
    template = "samples/consignments/pack.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self._show(fetch_consignment(request, code))

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        consignment = fetch_consignment(request, code)
        form: Form = ScanManyForm(request.POST) if "codes" in request.POST else ScanForm(request.POST)
        try:
            if form.is_valid():
                return self._pack(request, consignment, form)
            refusals = [f"{form[name].label}: {error}" for name, errors in form.errors.items() for error in errors]
        except Forbidden:
            raise
        except DomainError as error:
            refusals = [problem.detail for problem in error.problems] or [error.message]
        # The scan box is empty again, ready for the next bag; a long list stays to be corrected.
        return self._show(consignment, refusals, form if "codes" in request.POST else None, status=422)

    def _pack(self, request: HttpRequest, consignment: Consignment, form: Form) -> HttpResponse:
        codes = form.cleaned_data.get("codes") or [form.cleaned_data["code"]]
        samples = find_scanned(codes, request.user)
        seal = form.cleaned_data.get("seal_number")
        seals = {samples[0].pk: seal} if seal else {}
        number = request.POST.get("pack", "")
        pack = boxing.find_pack(consignment, int(number)) if number.isdigit() else None
        consigning.pack_samples(consignment=consignment, samples=samples, seals=seals, pack=pack, by=request.user)
        packed = {"count": len(samples), "code": samples[0].code_for(request.user)}
        messages.success(request, _("%(code)s is packed.") % packed if len(samples) == 1 else _("%(count)d samples are packed.") % packed)
        again = reverse("samples:consignment-pack", args=[consignment.code])
        return redirect(f"{again}?pack={pack.number}" if pack else again)

    def _show(self, consignment: Consignment, refusals: Sequence[str] = (), many: Form | None = None, *, status: int = 200) -> HttpResponse:
        user = self.request.user
        context = {
            "consignment": consignment,
            "items": sorted(items_of(consignment, user), key=lambda item: item.item_id, reverse=True),
            "packs": [(pack, PackSealForm(initial=pack.__dict__, auto_id=f"pack{pack.number}_%s")) for pack in consignment.packs.all()],
            "pack_kinds": PackKind.choices,
            "chosen_pack": self.request.POST.get("pack") or self.request.GET.get("pack", ""),
            "scan": ScanForm(),
            "many": many or ScanManyForm(),
            "refusals": refusals,
            "blockers": consigning.packing_blockers(consignment, user),
            "dispatch_blockers": consigning.dispatch_blockers(consignment, user),
            "dispatch_form": DispatchForm(),
        }
        return self.render(context, status=status)


class ConsignmentStep(Page):
    """A step taken with a button of the consignment's page: POST, then back to it."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        consignment = fetch_consignment(request, code)
        try:
            done = self.take(request, consignment)
        except DomainError as error:
            return self.refuse(error, self.back(consignment))
        messages.success(request, done)
        return redirect(self.back(consignment))

    def take(self, request: HttpRequest, consignment: Consignment) -> str:
        """Take the step; returns what to say about it."""
        raise NotImplementedError

    def back(self, consignment: Consignment) -> str:
        """Where to go afterwards."""
        return address_of(consignment)


class AddPack(ConsignmentStep):
    """One more pack."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_EDIT}

    def take(self, request: HttpRequest, consignment: Consignment) -> str:
        pack = boxing.add_pack(consignment=consignment, kind=request.POST.get("kind", ""), by=request.user)
        return _("Pack %(number)d is added.") % {"number": pack.number}

    def back(self, consignment: Consignment) -> str:
        return reverse("samples:consignment-pack", args=[consignment.code])


class SealPack(Page):
    """Close a pack with its seal."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_EDIT}

    def post(self, request: HttpRequest, code: str, number: int) -> HttpResponse:
        consignment, form = fetch_consignment(request, code), PackSealForm(request.POST)
        back = reverse("samples:consignment-pack", args=[consignment.code])
        try:
            if not form.is_valid():
                raise Invalid("form", " ".join(f"{form[name].label}: {errors[0]}" for name, errors in form.errors.items()))
            boxing.close_pack(pack=boxing.find_pack(consignment, number, ""), **form.cleaned_data, by=request.user)
        except DomainError as error:
            return self.refuse(error, back)
        messages.success(request, _("Pack %(number)d is sealed.") % {"number": number})
        return redirect(back)


class Manifest(Page):
    """The manifest that travels with the box, as PDF."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CONSIGNMENT_PAPERS}

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        consignment = fetch_consignment(request, code)
        name = f"{consignment.code}-manifest.pdf"
        paper = print_manifest(consignment, request.user)
        return HttpResponse(paper, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})


class Unpack(ConsignmentStep):
    """Take a sample out of the box again."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_EDIT}

    def take(self, request: HttpRequest, consignment: Consignment) -> str:
        (sample,) = find_scanned([request.POST.get("sample", "")], request.user)
        consigning.unpack_sample(consignment=consignment, sample=sample, by=request.user)
        return _("%(code)s is taken out.") % {"code": sample.code_for(request.user)}

    def back(self, consignment: Consignment) -> str:
        return reverse("samples:consignment-pack", args=[consignment.code])


class Cancel(ConsignmentStep):
    """Give the consignment up."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_EDIT}

    def take(self, request: HttpRequest, consignment: Consignment) -> str:
        consigning.cancel_consignment(consignment=consignment, reason=request.POST.get("reason", ""), by=request.user)
        return _("The consignment is cancelled; its samples are taken out.")


class Dispatch(ConsignmentStep):
    """Send it on its way."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_EDIT}

    def take(self, request: HttpRequest, consignment: Consignment) -> str:
        form = DispatchForm(request.POST)
        if not form.is_valid():
            raise Invalid("form", " ".join(f"{form[name].label}: {errors[0]}" for name, errors in form.errors.items()))
        consigning.dispatch_consignment(consignment=consignment, **form.cleaned_data, by=request.user)
        return _("Dispatched. Hand it over to its carrier next.")

"""What may leave now and how it leaves; composites; how materials are handled."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from lims.core import clock
from lims.core.api.paging import KeysetPaginator
from lims.core.errors import DomainError, Invalid, NotFound
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action
from samples.forms.departures import CompositeForm, DisposalForm, HandlingForm, KeptFilter, ReturnForm, SeveralForm, ShareFormSet
from samples.models import MaterialHandling, Sample
from samples.selectors.departures import only_due, select_kept
from samples.selectors.scanned import find_scanned
from samples.services import compositing, disposing, handling
from samples.views.samples import Step, address_of

_ORDERINGS = {"id": "id", "retain_until": "retain_until", "mass_g": "mass_g"}


class DisposeSample(Step):
    """Dispose of all that is left, before a witness."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SAMPLE_VIEW, "POST": Action.SAMPLE_DISPOSE}
    form_name = "dispose_form"

    def form(self) -> Any:
        return DisposalForm(self.request.POST, prefix="dispose", viewer=self.request.user)

    def take(self, sample: Sample, data: dict[str, Any], **more: Any) -> None:
        disposing.dispose_sample(sample=sample, by=self.request.user, **data)


class ReturnSample(Step):
    """Give all that is left back, before a witness."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SAMPLE_VIEW, "POST": Action.SAMPLE_DISPOSE}
    form_name = "return_form"

    def form(self) -> Any:
        return ReturnForm(self.request.POST, prefix="return", viewer=self.request.user)

    def take(self, sample: Sample, data: dict[str, Any], **more: Any) -> None:
        disposing.return_sample(sample=sample, by=self.request.user, **data)


class LetSeveralGo(Page):
    """Dispose of several, or give them back, at once: scanned, signed once by two."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SAMPLE_DISPOSE, "POST": Action.SAMPLE_DISPOSE}
    template = "samples/departures.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        codes = "\n".join(request.GET.getlist("code")[: disposing.MOST_AT_ONCE])
        return self.render({"form": SeveralForm(viewer=request.user, initial={"codes": codes, "kind": "disposed"})})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SeveralForm(request.POST, viewer=request.user)
        if form.is_valid():
            words = dict(form.cleaned_data)
            try:
                samples = find_scanned(words.pop("codes"), request.user, pointer="/codes")
                gone = disposing.let_go_samples(samples=samples, by=request.user, **words)
                messages.success(request, _("%(count)d samples have left for good.") % {"count": len(gone)})
                return redirect("samples:retention")
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"form": form}, status=422)


class Retention(Page):
    """What may be disposed of or given back now (`?due=0`: all that is kept), the longest kept first."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SAMPLE_DISPOSE}
    template = "samples/retention.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        viewer, due = request.user, request.GET.get("due") != "0"
        kept = select_kept(viewer)
        wanted = only_due(kept, clock.today()) if due else kept
        filters = KeptFilter(request.GET, queryset=wanted, request=request)
        rows = filters.qs if filters.is_valid() else wanted.none()
        try:
            page = dataclasses.replace(
                KeysetPaginator(request, orderings=_ORDERINGS, default="retain_until").page(rows), total=rows.count()
            )
        except Invalid as error:
            return self.refuse(error, reverse("samples:retention"))
        address = reverse("samples:retention")
        tabs = [
            {"label": _("May go now"), "url": address, "active": due, "count": only_due(kept, clock.today()).count()},
            {"label": _("All that is kept"), "url": f"{address}?due=0", "active": not due, "count": kept.count()},
        ]
        shown = [(sample, sample.code_for(viewer)) for sample in page.rows]
        handlings = MaterialHandling.in_force(viewer.organisation_id)
        return self.render({"filters": filters.form, "page": page, "rows": shown, "tabs": tabs, "due": due, "handlings": handlings})


class ChangeHandling(Page):
    """What holds for one material at the viewer's laboratory."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.REFERENCE_EDIT, "POST": Action.REFERENCE_EDIT}
    template = "samples/handling.html"

    def get(self, request: HttpRequest, material: str) -> HttpResponse:
        found = self._find(material)
        return self.render({"handling": found, "form": HandlingForm(instance=found)})

    def _find(self, material: str) -> MaterialHandling:
        found = MaterialHandling.of(self.request.user.organisation_id, material)
        if found is None:
            raise NotFound
        return found

    def post(self, request: HttpRequest, material: str) -> HttpResponse:
        found = self._find(material)
        form = HandlingForm(request.POST, instance=self._find(material))
        if form.is_valid():
            try:
                handling.change_handling(material=found.material, by=request.user, **form.cleaned_data)
                messages.success(
                    request, _("Changed for %(material)s at your laboratory, from now on.") % {"material": found.get_material_display()}
                )
                return redirect("samples:retention")
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"handling": found, "form": form}, status=422)


class Composite(Page):
    """Mixing, line by line: scan a sample, weigh its share."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SAMPLE_SPLIT, "POST": Action.SAMPLE_SPLIT}
    template = "samples/composite.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        lines = [{"sample": code} for code in request.GET.getlist("code")[: compositing.MOST_SOURCES]]
        return self.render({"form": CompositeForm(), "shares": ShareFormSet(prefix="shares", initial=lines)})

    def post(self, request: HttpRequest) -> HttpResponse:
        form, shares = CompositeForm(request.POST), ShareFormSet(request.POST, prefix="shares")
        if form.is_valid() and shares.is_valid():
            try:
                made = self._mix(form.cleaned_data, [row for row in shares.cleaned_data if row.get("sample")])
                messages.success(request, _("Mixed into %(code)s. Print its label.") % {"code": made.code_for(request.user)})
                return redirect(address_of(made, request.user))
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"form": form, "shares": shares}, status=422)

    def _mix(self, data: dict[str, Any], rows: list[dict[str, Any]]) -> Sample:
        viewer = self.request.user
        missing = next((row["sample"] for row in rows if row.get("mass_g") is None), None)
        if missing is not None:
            raise Invalid("mass_missing", _("Weigh the share of %(code)s, or leave its line empty.") % {"code": missing})
        found = find_scanned([row["sample"] for row in rows], viewer, pointer="/shares/{index}/sample")
        shares = [compositing.Share(sample=sample, mass_g=row["mass_g"]) for sample, row in zip(found, rows, strict=True)]
        return compositing.composite_samples(shares=shares, by=viewer, **data)

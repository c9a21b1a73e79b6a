"""Samples: the list, the page of one, and the steps its viewer may take."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from lims.core.api.paging import KeysetPaginator
from lims.core.api.views import refuse_hidden_filters, stream_csv
from lims.core.errors import DomainError, Invalid
from lims.core.pages import Page, add_form_errors
from lims.core.panels import render_panels
from lims.core.roles import Action, allowed
from samples.forms.departures import DisposalForm, ReturnForm
from samples.forms.looks import LookForm
from samples.forms.sample_filters import SampleFilter
from samples.forms.sampling import (
    CorrectionForm,
    HoldForm,
    PartFormSet,
    PhotoForm,
    ReasonForm,
    RegistrationForm,
    SplitForm,
    initial_of,
    parts_of,
)
from samples.looks.looking import Shown, glance_at
from samples.models import Hold, Sample
from samples.selectors import samples as selectors
from samples.selectors.kinship import family_of
from samples.selectors.mixing import belt_of, mines_of
from samples.selectors.sample_page import corrections_of, timeline_of
from samples.services import correcting, holding, photographing, registering, splitting
from samples.services.sealing import seal_warnings
from samples.spreadsheets import spreadsheet_response
from samples.views.looks import look_form_for, look_on_page
from samples.views.sample_steps import open_on, release_of, steps_of

_MOST_SPREADSHEET_ROWS = 20_000


def address_of(sample: Sample, viewer: Any) -> str:
    """The sample's page, under the code the viewer knows it by."""
    return reverse("samples:sample", args=[sample.code_for(viewer)])


class SampleList(Page):
    """Samples within the viewer's scope; the same rows as CSV and XLSX."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SAMPLE_VIEW}
    template = "samples/list.html"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        viewer = request.user
        exported = request.GET.get("format") in {"csv", "xlsx"}
        wanted = selectors.select_samples(viewer) if exported else selectors.select_rows(viewer)
        filters = SampleFilter(request.GET, queryset=wanted, request=request)
        filters.keep_usual()
        rows = filters.qs if filters.is_valid() else wanted.none()
        try:
            refuse_hidden_filters(filters)
            paginator = KeysetPaginator(request, orderings=selectors.orderings_for(viewer), default="-id")
            if exported:
                return self._export(paginator.ordered(rows), str(request.GET["format"]))
            page = dataclasses.replace(paginator.page(rows), total=rows.count())
        except Invalid as error:
            return self.refuse(error, reverse("samples:list"))
        return self.render(
            {
                "filters": filters.form,
                "page": page,
                "rows": page.rows,
                "column": _column_words(),
                "unfiltered": not any(request.GET.get(name) for name in filters.form.fields),
                "sees_origin": selectors.sees_origin(viewer),
                "is_blind": selectors.is_blind(viewer),
                "may_register": allowed(viewer, Action.SAMPLE_REGISTER),
                "may_print": allowed(viewer, Action.LABEL_PRINT),
            }
        )

    def _export(self, rows: Any, kind: str) -> HttpResponseBase:
        viewer = self.request.user
        if kind == "csv":
            return stream_csv((selectors.sample_data(one, viewer) for one in rows.iterator(2000)), "samples.csv")
        if rows.count() > _MOST_SPREADSHEET_ROWS:
            raise Invalid("too_many", _("A spreadsheet of more than 20,000 rows serves nobody. Set a filter, or take the CSV."))
        return spreadsheet_response([selectors.sample_data(one, viewer) for one in rows], "samples")


def _column_words() -> dict[str, str]:
    """The columns of the list; looked up once, not in every row."""
    return {
        "choose": _("Choose"),
        "sample": _("Sample"),
        "state": _("State"),
        "material": _("Material"),
        "mine": _("Mine"),
        "belt": _("Belt"),
        "mass": _("Mass"),
        "held_by": _("Held by"),
        "collected": _("Collected"),
        "received": _("Received"),
    }


class SamplePage(Page):
    """One sample: its facts, who held it when, photographs, parts, corrections, and what may be done with it."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SAMPLE_VIEW}
    template = "samples/sample.html"

    def get(self, request: HttpRequest, code: str, **more: Any) -> HttpResponse:
        return self.show(selectors.find_sample(code, request.user))

    def show(self, sample: Sample, *, status: int = 200, exact: bool = False, **forms: Any) -> HttpResponse:
        """The page, with the forms of its steps; one that was refused comes back as it was typed. `exact`: the look at the place was
        recorded."""
        viewer = self.request.user
        return self.render(
            {
                "sample": sample,
                "shown_code": sample.code_for(viewer),
                "badge": selectors.state_badge_of(sample),
                "kind_label": _kind_label(sample, viewer),
                "sees_origin": selectors.sees_origin(viewer),
                "origin": sample if exact else None,
                "look_form": look_form_for(viewer, forms),
                "is_blind": selectors.is_blind(viewer),
                "parent": _parent_link(sample, viewer),
                "family": family_of(sample, viewer),
                "mines": mines_of(sample) if selectors.sees_origin(viewer) else [],
                "belt": belt_of(sample) if selectors.sees_origin(viewer) or selectors.is_blind(viewer) else "",
                "holds": [(hold, selectors.hold_data(hold, viewer), release_of(hold, viewer)) for hold in selectors.open_holds(sample)],
                "open_discrepancies": open_on(sample, viewer),
                "events": timeline_of(sample, viewer, exact=exact),
                "corrections": corrections_of(sample, viewer, exact=exact),
                "photos": selectors.photos_of(sample, viewer),
                "panels": render_panels("sample", sample, self.request),
                "hold_form": forms.get("hold_form") or HoldForm(prefix="hold"),
                "release_form": forms.get("release_form") or ReasonForm(prefix="release"),
                "dispose_form": forms.get("dispose_form") or DisposalForm(prefix="dispose", viewer=viewer),
                "return_form": forms.get("return_form") or ReturnForm(prefix="return", viewer=viewer),
                "photo_form": forms.get("photo_form") or PhotoForm(prefix="photo"),
                "opened": next(iter(forms), ""),
                **steps_of(sample, viewer),
            },
            status=status,
            template=SamplePage.template,
        )


def _kind_label(sample: Sample, viewer: Any) -> str:
    return str(dict(Sample._meta.get_field("kind").flatchoices)[selectors.visible_kind(sample, viewer)])


def _parent_link(sample: Sample, viewer: Any) -> tuple[str, str] | None:
    code = selectors.sample_data(sample, viewer)["parent"]
    return (code, reverse("samples:sample", args=[code])) if code else None


class RegisterSample(Page):
    """A new sample by form; `?like=` takes over what the next bag of the same pit shares."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SAMPLE_REGISTER, "POST": Action.SAMPLE_REGISTER}
    template = "samples/register.html"
    _SHARED = (
        "mine",
        "pit",
        "visit",
        "collected_at",
        "collected_zone",
        "collected_by",
        "material",
        "method",
        "container",
        "container_count",
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        initial: dict[str, Any] = {"collected_zone": "Asia/Yangon"}
        if request.GET.get("like"):
            like = initial_of(selectors.find_sample(request.GET["like"], request.user))
            initial = {name: like[name] for name in self._SHARED}
        return self.render({"form": RegistrationForm(initial=initial, viewer=request.user)})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = RegistrationForm(request.POST, request.FILES, viewer=request.user)
        if form.is_valid():
            try:
                return self._register(form)
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"form": form}, status=422)

    def _register(self, form: RegistrationForm) -> HttpResponse:
        viewer, photo = self.request.user, form.cleaned_data.get("photo")
        if photo is not None:
            photographing.read_picture(photo.read())  # before anything is registered
            photo.seek(0)
        record = registering.SamplingRecord(**form.members())
        (sample,) = registering.register_samples(records=[record], by=viewer)
        if photo is not None:
            photographing.photograph_sample(sample=sample, data=photo.read(), by=viewer)
        messages.success(self.request, _("Registered as %(code)s. Print its label and put it on the bag.") % {"code": sample.code})
        for warning in seal_warnings(sample):
            messages.warning(self.request, warning)
        if "next" in self.request.POST:
            return redirect(f"{reverse('samples:new')}?like={sample.code}")
        return redirect(address_of(sample, viewer))


class CorrectSample(Page):
    """The sampling record, to be corrected with a reason."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SAMPLE_EDIT, "POST": Action.SAMPLE_EDIT}
    template = "samples/correct.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        sample = selectors.find_sample(code, request.user)
        look_on_page(request, [glance_at(sample, Shown.PLACE)], _("to correct the record"))
        return self.render({"sample": sample, "form": self._form(sample)})

    def _form(self, sample: Sample, data: Any = None) -> CorrectionForm:
        initial = initial_of(sample) | {"version": sample.version}
        return CorrectionForm(data, initial=initial, viewer=self.request.user, mine=sample.mine)

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        sample = selectors.find_sample(code, request.user)
        form = self._form(sample, request.POST)
        if form.is_valid():
            data = form.cleaned_data
            try:
                correcting.correct_sample(
                    sample=sample, changes=form.changes(), reason=data["reason"], by=request.user, version=data["version"]
                )
                return redirect(address_of(sample, request.user))
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"sample": sample, "form": form}, status=422)


class SplitSample(Page):
    """Splitting, line by line."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SAMPLE_SPLIT, "POST": Action.SAMPLE_SPLIT}
    template = "samples/split.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self._show(selectors.find_sample(code, request.user), SplitForm(), PartFormSet(prefix="parts"))

    def _show(self, sample: Sample, form: SplitForm, parts: Any, status: int = 200) -> HttpResponse:
        context = {"sample": sample, "shown_code": sample.code_for(self.request.user), "form": form, "parts": parts}
        return self.render(context | {"blockers": splitting.split_blockers(sample, self.request.user)}, status=status)

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        sample = selectors.find_sample(code, request.user)
        form, parts = SplitForm(request.POST), PartFormSet(request.POST, prefix="parts")
        if form.is_valid() and parts.is_valid():
            try:
                made = splitting.split_sample(
                    sample=sample,
                    parts=parts_of(parts),
                    remaining_g=form.cleaned_data["remaining_g"],
                    reason=form.cleaned_data["reason"],
                    by=request.user,
                )
                codes = ", ".join(part.code_for(request.user) for part in made)
                messages.success(request, _("Split into %(codes)s. Print their labels.") % {"codes": codes})
                return redirect(address_of(sample, request.user))
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(sample, form, parts, status=422)


class SampleOrigin(SamplePage):
    """The page with the exact place, after its viewer has said what for; the look is recorded."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.PLACE_EXACT}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        sample = selectors.find_sample(code, request.user)
        form = LookForm(request.POST, prefix="look")
        if form.is_valid() and selectors.sees_origin(request.user):
            try:
                look_on_page(request, [glance_at(sample, Shown.PLACE)], form.cleaned_data["purpose"])
                return self.show(sample, exact=True)
            except DomainError as error:
                add_form_errors(form, error)
        return self.show(sample, status=422, look_form=form)


class Step(SamplePage):
    """A step posted from a sample's page; refused, the page comes back with what was typed."""

    form_name: ClassVar[str]

    def post(self, request: HttpRequest, code: str, **more: Any) -> HttpResponse:
        sample = selectors.find_sample(code, request.user)
        form = self.form()
        if form.is_valid():
            try:
                self.take(sample, form.cleaned_data, **more)
                return redirect(address_of(sample, request.user))
            except DomainError as error:
                messages.error(request, error.message)
                add_form_errors(form, error)
        return self.show(sample, status=422, **{self.form_name: form})

    def form(self) -> Any:
        raise NotImplementedError

    def take(self, sample: Sample, data: dict[str, Any], **more: Any) -> None:
        raise NotImplementedError


class HoldSample(Step):
    """Put on hold."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SAMPLE_VIEW, "POST": Action.SAMPLE_HOLD}
    form_name = "hold_form"

    def form(self) -> Any:
        return HoldForm(self.request.POST, prefix="hold")

    def take(self, sample: Sample, data: dict[str, Any], **more: Any) -> None:
        holding.hold_sample(sample=sample, kind=data["kind"], reason=data["reason"], by=self.request.user)


class ReleaseHold(Step):
    """Release one hold."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SAMPLE_VIEW, "POST": Action.SAMPLE_RELEASE}
    form_name = "release_form"

    def form(self) -> Any:
        return ReasonForm(self.request.POST, prefix="release")

    def take(self, sample: Sample, data: dict[str, Any], **more: Any) -> None:
        hold = Hold.objects.filter(sample=sample, pk=more["hold"]).first()
        if hold is None:
            raise Invalid("unknown_hold", _("This sample has no such hold. Reload the page."))
        posted = self.request.POST
        holding.release_hold(
            hold=hold,
            reason=data["reason"],
            password=posted.get("password", ""),
            shown_hash=posted.get("content_hash") or None,
            place=posted.get("place", ""),
            by=self.request.user,
        )


class PhotographSample(Step):
    """Add a photograph."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.SAMPLE_VIEW, "POST": Action.PHOTO_ADD}
    form_name = "photo_form"

    def form(self) -> Any:
        return PhotoForm(self.request.POST, self.request.FILES, prefix="photo")

    def take(self, sample: Sample, data: dict[str, Any], **more: Any) -> None:
        photographing.photograph_sample(sample=sample, data=data["photo"].read(), caption=data["caption"], by=self.request.user)

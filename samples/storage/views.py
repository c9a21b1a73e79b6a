"""Storage: the tree, a place as it looks, samples scanned in and out, where each lies."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from lims.core import clock
from lims.core.api.paging import KeysetPaginator
from lims.core.api.views import stream_csv
from lims.core.errors import DomainError, Forbidden, Invalid
from lims.core.models import Installation
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action, allowed
from lims.documents.labels import A4_SHEET, SINGLE, Label, render_labels
from samples.models import Sample
from samples.selectors.scanned import find_scanned
from samples.spreadsheets import file_response, spreadsheet_response
from samples.storage import selectors
from samples.storage.forms import ChangePlaceForm, ContentsFilter, NewPlaceForm, ReadingForm, ScanForm, ScanOutForm
from samples.storage.models import Location
from samples.storage.services import arranging, observing, storing

_CONTENTS_ORDERINGS = {"id": "id", "position": "location__path", "placed_at": "placed_at"}
_MOST_ROWS = 20_000
_MOST_LABELS = 1000


class Tree(Page):
    """All places of the viewer, with what is free in each, and where conditions are out of range."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.STORAGE_VIEW}
    template = "storage/tree.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        viewer = request.user
        branches = selectors.read_tree(viewer)
        outermost = [branch for branch in branches if branch.level == 0]
        return self.render(
            {
                "branches": branches,
                "positions": sum(branch.positions for branch in outermost),
                "taken": sum(branch.taken for branch in outermost),
                "excursions": selectors.open_excursions(viewer),
                "several": len({branch.location.organisation_id for branch in branches}) > 1,
                "may_edit": allowed(viewer, Action.STORAGE_EDIT),
                "may_move": allowed(viewer, Action.STORAGE_MOVE),
            }
        )


class Contents(Page):
    """Where each sample lies; the same rows as CSV and XLSX."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.STORAGE_VIEW}
    template = "storage/contents.html"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        viewer = request.user
        wanted = selectors.select_placements(viewer)
        filters = ContentsFilter(request.GET, queryset=wanted, request=request)
        rows = filters.qs if filters.is_valid() else wanted.none()
        try:
            paginator = KeysetPaginator(request, orderings=_CONTENTS_ORDERINGS, default="position")
            if request.GET.get("format") in {"csv", "xlsx"}:
                return self._export(paginator.ordered(rows), str(request.GET["format"]))
            page = dataclasses.replace(paginator.page(rows), total=rows.count())
        except Invalid as error:
            return self.refuse(error, reverse("storage:contents"))
        shown = [(one, one.sample.code_for(viewer)) for one in page.rows]
        return self.render({"filters": filters.form, "page": page, "rows": shown, "may_move": allowed(viewer, Action.STORAGE_MOVE)})

    def _export(self, rows: Any, kind: str) -> HttpResponseBase:
        viewer = self.request.user
        if kind == "csv":
            return stream_csv((selectors.placement_data(one, viewer) for one in rows.iterator(2000)), "storage.csv")
        if rows.count() > _MOST_ROWS:
            raise Invalid("too_many", _("A spreadsheet of more than 20,000 rows serves nobody. Set a filter, or take the CSV."))
        return spreadsheet_response([selectors.placement_data(one, viewer) for one in rows], "storage")


class LocationPage(Page):
    """One place: what is inside, a box as it looks, its conditions and readings, what was moved there."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.STORAGE_VIEW}
    template = "storage/location.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self.show(selectors.find_location(code, request.user), ReadingForm())

    def show(self, location: Location, form: ReadingForm, status: int = 200) -> HttpResponse:
        """The page, with the form of a reading; one that was refused comes back as it was typed."""
        viewer = self.request.user
        own = location.organisation_id == viewer.organisation_id
        placement = getattr(location, "placement", None)
        seen = placement is not None and Sample.objects.visible_to(viewer).filter(pk=placement.sample_id).exists()
        return self.render(
            {
                "location": location,
                "way": selectors.ancestors_of(location),
                "conditions": selectors.conditions_of(location),
                "branches": selectors.read_tree(viewer, below=location),
                "box": selectors.read_box(location, viewer),
                "column_numbers": range(1, (location.columns or 0) + 1),
                "placement": placement,
                "shown_code": placement.sample.code_for(viewer) if placement and seen else "",
                "readings": selectors.readings_of(location),
                "moved": selectors.movements_at(location, viewer),
                "form": form,
                "may_edit": allowed(viewer, Action.STORAGE_EDIT) and own,
                "may_move": allowed(viewer, Action.STORAGE_MOVE) and own,
            },
            status=status,
        )


class Readings(LocationPage):
    """A reading of temperature and humidity, posted from the place's page."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.STORAGE_VIEW, "POST": Action.STORAGE_MOVE}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        location = selectors.find_location(code, request.user)
        form = ReadingForm(request.POST)
        if form.is_valid():
            try:
                reading = observing.record_reading(location=location, by=request.user, **form.cleaned_data)
                if reading.excursion:
                    messages.warning(
                        request, _("Out of range: %(excursion)s. Tell the quality manager.") % {"excursion": reading.excursion}
                    )
                else:
                    messages.success(request, _("Recorded, within the range."))
                return redirect("storage:location", location.code)
            except DomainError as error:
                add_form_errors(form, error)
        return self.show(location, form, status=422)


class NewLocation(Page):
    """A new place, alone or with the positions in it."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.STORAGE_EDIT, "POST": Action.STORAGE_EDIT}
    template = "storage/form.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        form = NewPlaceForm(initial={"parent": request.GET.get("parent", "")}, viewer=request.user)
        return self.render({"form": form})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = NewPlaceForm(request.POST, viewer=request.user)
        if form.is_valid():
            data = form.cleaned_data
            try:
                made = arranging.create_location(
                    kind=data["kind"],
                    parent=data["parent"],
                    values=form.values(),
                    rows=data["rows"],
                    columns=data["columns"],
                    by=request.user,
                )
                messages.success(request, _("Made %(path)s. Print its labels and put them on.") % {"path": made.path})
                return redirect("storage:location", made.code)
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"form": form}, status=422)


class ChangeLocation(Page):
    """A place's name, conditions or use, changed with a reason."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.STORAGE_EDIT, "POST": Action.STORAGE_EDIT}
    template = "storage/form.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        location = self._own(code)
        initial = {name: getattr(location, name) for name in arranging.MEMBERS}
        return self.render({"form": ChangePlaceForm(initial=initial), "location": location})

    def _own(self, code: str) -> Location:
        location = selectors.find_location(code, self.request.user)
        if location.organisation_id != self.request.user.organisation_id:
            raise Forbidden("not_your_place", _("Only the people of %(name)s arrange this place.") % {"name": location.organisation})
        return location

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        location = self._own(code)
        form = ChangePlaceForm(request.POST)
        if form.is_valid():
            try:
                arranging.change_location(location=location, values=form.values(), reason=form.cleaned_data["reason"], by=request.user)
                return redirect("storage:location", location.code)
            except DomainError as error:
                add_form_errors(form, error)
        return self.render({"form": form, "location": location}, status=422)


class Scan(Page):
    """Putting in and moving with the scanner alone: the sample, Enter, the position, Enter, and the next."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.STORAGE_MOVE, "POST": Action.STORAGE_MOVE}
    template = "storage/scan.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        names = ("sample", "position", "reason")
        return self._show(ScanForm(initial={name: request.GET.get(name, "") for name in names}), start=_first_empty(request.GET, names))

    def _show(self, form: ScanForm, start: str, status: int = 200, sample: Sample | None = None) -> HttpResponse:
        form.fields[start].widget.attrs["data-autofocus"] = ""
        lies_in = selectors.position_of(sample) if sample else None
        context = {"form": form, "tab": "in", "sample": sample, "lies_in": lies_in, "tabs": _scan_tabs("in")}
        return self.render(context | {"moved": selectors.recent_movements(self.request.user)}, status=status)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ScanForm(request.POST)
        sample = None
        if form.is_valid():
            data = form.cleaned_data
            try:
                (sample,) = find_scanned([data["sample"]], request.user, pointer="/sample")
                if data["position"]:
                    return self._put(sample, data)
            except DomainError as error:
                _say(form, error, "position" if sample else "sample")
        # The sample alone: what comes next is the position. A refusal starts again where it was wrong.
        start = "position" if sample is not None and not form.has_error("sample") else "sample"
        if sample is not None and form.has_error("reason"):
            start = "reason"
        return self._show(form, start, 422 if form.errors else 200, sample)

    def _put(self, sample: Sample, data: dict[str, Any]) -> HttpResponse:
        viewer = self.request.user
        position = selectors.scanned_position(data["position"], viewer)
        if selectors.position_of(sample) is not None:
            storing.move_sample(sample=sample, position=position, reason=data["reason"], by=viewer)
        else:
            storing.store_sample(sample=sample, position=position, by=viewer)
        messages.success(self.request, _("%(sample)s lies in %(path)s.") % {"sample": sample.code_for(viewer), "path": position.path})
        return redirect("storage:scan")


class ScanOut(Page):
    """Taking out with the scanner alone; the reason stays for the next one."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.STORAGE_MOVE, "POST": Action.STORAGE_MOVE}
    template = "storage/scan.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        names = ("reason", "sample")
        return self._show(ScanOutForm(initial={name: request.GET.get(name, "") for name in names}), _first_empty(request.GET, names))

    def _show(self, form: ScanOutForm, start: str, status: int = 200) -> HttpResponse:
        form.fields[start].widget.attrs["data-autofocus"] = ""
        context = {"form": form, "tab": "out", "tabs": _scan_tabs("out")}
        return self.render(context | {"moved": selectors.recent_movements(self.request.user)}, status=status)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ScanOutForm(request.POST)
        if form.is_valid():
            data = form.cleaned_data
            try:
                (sample,) = find_scanned([data["sample"]], request.user, pointer="/sample")
                storing.take_out_sample(sample=sample, reason=data["reason"], by=request.user)
                messages.success(request, _("%(sample)s is taken out.") % {"sample": sample.code_for(request.user)})
                return self._show(ScanOutForm(initial={"reason": data["reason"]}), "sample")
            except DomainError as error:
                _say(form, error, "sample")
        return self._show(form, "sample" if form.has_error("sample") else "reason", 422)


def _first_empty(given: Any, names: tuple[str, ...]) -> str:
    return next((name for name in names if not given.get(name)), names[-1])


def _say(form: Any, error: DomainError, field: str) -> None:
    """The refusal beside the field that was scanned last, where it names none; outside the scope reads as unknown."""
    if error.problems and any(one.pointer for one in error.problems):
        add_form_errors(form, error)
    elif isinstance(error, Forbidden):
        raise error
    else:
        form.add_error(field, error.message)


def _scan_tabs(active: str) -> list[dict[str, Any]]:
    return [
        {"label": _("Put in or move"), "url": reverse("storage:scan"), "active": active == "in"},
        {"label": _("Take out"), "url": reverse("storage:scan-out"), "active": active == "out"},
    ]


class Labels(Page):
    """Labels as PDF: of the place named by `?code=`, or with `inside=1` of the positions in it; `layout=sheet|single`."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.STORAGE_VIEW}

    def get(self, request: HttpRequest) -> HttpResponse:
        location = selectors.find_location(request.GET.get("code", ""), request.user)
        wanted = list(location.children.order_by("row", "column", "name")) if request.GET.get("inside") == "1" else [location]
        if not wanted or len(wanted) > _MOST_LABELS:
            return self.refuse(Invalid("nothing_inside", _("There are no places inside to print labels for.")), reverse("storage:tree"))
        layout = SINGLE if request.GET.get("layout") == "single" else A4_SHEET
        labels = [Label(code=one.code, kind="location", lines=_label_lines(one, location)) for one in wanted]
        data = render_labels(labels, layout, printed_at=clock.now(), synthetic=Installation.current().synthetic)
        return file_response(data, "application/pdf", "places.pdf", inline=True)


def _label_lines(one: Location, location: Location) -> tuple[str, ...]:
    around = location.name if one.parent_id == location.pk else (location.parent.name if location.parent else "")
    return tuple(line for line in (one.name, around) if line)

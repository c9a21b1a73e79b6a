"""Teaching the product: names by which controls are known, and mappings of layouts, shown on an example before they are kept."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from assays.forms import teaching as forms
from assays.forms.uploads import UploadReasonForm
from assays.instruments import replaying, teaching
from assays.instruments.edge import send_reading
from assays.instruments.matching import DEFAULT_NAMES, ControlPattern, compile_names, find_pattern
from assays.instruments.models import Mapping, MappingVersion, NamePattern, Upload, UploadState
from assays.instruments.parsers import mapped
from assays.instruments.parsers.excerpts import show_grid
from assays.instruments.parsers.layouts import Layout, find_faults, number_headings
from assays.instruments.parsers.model import ParsedExport, ParseError
from assays.instruments.parsers.nomenclature import find_decimal_sign
from assays.instruments.parsers.source import Source, open_source
from assays.instruments.taught import layout_of, load_patterns, newest_versions
from assays.views.lists import ListPage
from assays.views.uploads import fetch_upload
from lims.core.errors import DomainError, Invalid, NotFound
from lims.core.files import read_bytes
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action, allowed
from lims.core.scope import fetch_visible

_SHOWN_ROWS, _SHOWN_READINGS = 15, 200
_LOOKED_AT = 40
_EXAMPLES = "Oreas 24b\nOREAS24B\nCal Blank 1\n10 ppb\nCCV 2"


class PatternList(ListPage):
    """The laboratory's patterns of names, with a place to try names on them."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.UPLOAD_VIEW}
    template = "instruments/patterns.html"
    filterset = forms.PatternFilter
    orderings: ClassVar[dict[str, str]] = {"order": "order"}
    default_ordering = "order"
    file_name = "name-patterns.csv"

    def queryset(self) -> QuerySet[NamePattern]:
        return NamePattern.objects.visible_to(self.request.user).select_related("material")

    def data(self, found: NamePattern) -> dict[str, Any]:
        material = found.material.code if found.material else ""
        return {"order": found.order, "names": found.names, "kind": found.kind, "material": material, "in_use": found.in_use}

    def more(self) -> dict[str, Any]:
        viewer = self.request.user
        own = NamePattern.objects.visible_to(viewer).exists()
        form = forms.TryForm(self.request.GET if "names" in self.request.GET else None, initial={"names": _EXAMPLES})
        names = form.cleaned_data["names"] if form.is_bound and form.is_valid() else _EXAMPLES
        return {
            "starts": [] if own else [{"names": names_, "kind": kind} for names_, kind in DEFAULT_NAMES],
            "may_edit": allowed(viewer, Action.RUN_EDIT),
            "try_form": form,
            "tried": try_names(names, load_patterns(viewer.organisation_id)),
        }


def try_names(text: str, patterns: Any) -> list[dict[str, Any]]:
    """Each name of a text, one a line, with the pattern it fits."""
    found = []
    for name in [line.strip() for line in text.splitlines() if line.strip()][:100]:
        rule: ControlPattern | None = find_pattern(name, patterns)
        found.append({"name": name, "kind": rule.kind if rule else "", "material": rule.material if rule else ""})
    return found


class BeginPatterns(Page):
    """Making the product's own patterns the laboratory's, to be edited."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_EDIT}

    def post(self, request: HttpRequest) -> HttpResponse:
        teaching.begin_patterns(by=request.user)
        messages.success(request, _("These patterns are the laboratory's own now. Every change of them is kept."))
        return redirect("instruments:patterns")


class NewPattern(Page):
    """A new pattern, tried before it is kept."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RUN_EDIT, "POST": Action.RUN_EDIT}
    template = "instruments/pattern.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        initial = {"names": request.GET.get("names", "")[:200], "kind": "control"}
        return self.render({"form": forms.NewPatternForm(viewer=request.user, initial=initial), "may_edit": True})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = forms.NewPatternForm(request.POST, viewer=request.user)
        if form.is_valid() and "try" not in request.POST:
            try:
                teaching.add_pattern(**form.pattern(), by=request.user)
                messages.success(request, _("The pattern is in use. Replay what waits to have it looked at again."))
                return redirect("instruments:patterns")
            except DomainError as error:
                add_form_errors(form, error)
        context = {"form": form, "may_edit": True, "tried": _tried(form)}
        return self.render(context, status=200 if "try" in request.POST and not form.errors else 422)


def _tried(form: forms.PatternForm) -> list[dict[str, Any]]:
    """What the pattern as it is typed makes of the names typed beside it."""
    if not form.is_bound or not form.is_valid():
        return []
    said = form.cleaned_data
    try:
        rule = ControlPattern(compile_names(said["names"]), said["kind"], said["material"].code if said["material"] else "")
    except ValueError as error:
        form.add_error("names", str(error))
        return []
    return try_names(said["try_names"], [rule])


class PatternPage(Page):
    """One pattern and its history."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.UPLOAD_VIEW, "POST": Action.RUN_EDIT}
    template = "instruments/pattern.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        pattern = fetch_visible(NamePattern, request.user, pk=pk)
        initial = {
            "names": pattern.names,
            "kind": pattern.kind,
            "material": pattern.material.code if pattern.material else "",
            "in_use": pattern.in_use,
        }
        return self._show(pattern, forms.ChangePatternForm(viewer=request.user, initial=initial))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        pattern = fetch_visible(NamePattern, request.user, pk=pk)
        form = forms.ChangePatternForm(request.POST, viewer=request.user)
        if form.is_valid() and "try" not in request.POST:
            try:
                teaching.change_pattern(pattern=pattern, **form.pattern(), by=request.user)
                messages.success(request, _("Changed. Replay what waits to have it looked at again."))
                return redirect("instruments:patterns")
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(pattern, form, status=200 if "try" in request.POST and not form.errors else 422)

    def _show(self, pattern: NamePattern, form: forms.ChangePatternForm, status: int = 200) -> HttpResponse:
        versions: Any = pattern.events.order_by("-pgh_id")[:50]  # type: ignore[attr-defined]
        context = {
            "pattern": pattern,
            "form": form,
            "may_edit": allowed(self.request.user, Action.RUN_EDIT),
            "versions": versions,
            "tried": _tried(form),
        }
        return self.render(context, status=422 if form.errors else status)


class MappingList(ListPage):
    """The laboratory's mappings."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.UPLOAD_VIEW}
    template = "instruments/mappings.html"
    filterset = forms.MappingFilter
    orderings: ClassVar[dict[str, str]] = {"name": "name"}
    default_ordering = "name"
    file_name = "mappings.csv"

    def queryset(self) -> QuerySet[Mapping]:
        return Mapping.objects.visible_to(self.request.user).prefetch_related("versions__made_by")

    def data(self, found: Mapping) -> dict[str, Any]:
        newest = found.versions.all()[0]
        return {
            "name": found.name,
            "in_use": found.in_use,
            "version": newest.number,
            "form": newest.layout["form"],
            "changed_at": newest.made_at.isoformat(),
            "changed_by": newest.made_by.full_name,
        }

    def shown(self, found: Mapping) -> dict[str, Any]:
        badge = ("pass", _("in use")) if found.in_use else ("none", _("out of use"))
        return {"mapping": found, "newest": found.versions.all()[0], "badge": badge}

    def more(self) -> dict[str, Any]:
        return {"may_edit": allowed(self.request.user, Action.RUN_EDIT)}


def fetch_mapping(viewer: Any, pk: Any) -> Mapping:
    """A mapping within the viewer's scope."""
    return fetch_visible(Mapping, viewer, pk=pk)


class MappingPage(Page):
    """One mapping: what it says, and its versions."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.UPLOAD_VIEW}
    template = "instruments/mapping.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self.show(fetch_mapping(request.user, pk))

    def show(self, mapping: Mapping, form: UploadReasonForm | None = None, status: int = 200) -> HttpResponse:
        """The page, with a reason that was refused where there is one."""
        versions = list(mapping.versions.select_related("made_by", "example"))
        newest = versions[0]
        layout = layout_of(newest)
        words = dict(forms.ROLES)
        context = {
            "mapping": mapping,
            "badge": ("pass", _("in use")) if mapping.in_use else ("none", _("out of use")),
            "versions": versions,
            "newest": newest,
            "layout": layout,
            "columns": [{"column": column, "word": words[column.role]} for column in layout.columns],
            "uploads": Upload.objects.visible_to(self.request.user).filter(mapping__mapping=mapping).order_by("-id")[:10],
            "may_edit": allowed(self.request.user, Action.RUN_EDIT),
            "form": form or UploadReasonForm(),
        }
        return self.render(context, status=status)


class SetMappingInUse(MappingPage):
    """Taking a mapping out of use, or back."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.RUN_EDIT}

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        mapping, form = fetch_mapping(request.user, pk), UploadReasonForm(request.POST)
        if not form.is_valid():
            return self.show(mapping, form, status=422)
        try:
            teaching.set_mapping_in_use(mapping=mapping, in_use=not mapping.in_use, reason=form.cleaned_data["reason"], by=request.user)
        except DomainError as error:
            return self.refuse(error, reverse("instruments:mapping", args=[pk]))
        messages.success(request, _("Changed."))
        return redirect("instruments:mapping", pk)


class Teach(Page):
    """Saying what the columns of a file are, with the readings this gives, before it is kept as a mapping. The file is an upload."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.RUN_EDIT, "POST": Action.RUN_EDIT}
    template = "instruments/teach.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self._answer(pk)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self._answer(pk)

    def _answer(self, pk: UUID) -> HttpResponse:
        self.upload = fetch_upload(self.request.user, pk)
        self.mapping = self._mapping()
        try:
            source = open_source(self.upload.file_name, read_bytes("uploads", self.upload.sha256))
        except ParseError as error:
            return self.refuse(error, reverse("instruments:upload", args=[pk]))
        if not source.tables:
            messages.error(self.request, _("Only tables can be taught: this file holds none."))
            return redirect("instruments:upload", pk)
        return self._show(source)

    def _mapping(self) -> MappingVersion | None:
        """The version that is to be changed, where one is."""
        asked = self.request.GET.get("mapping", "")
        if not asked:
            return None
        try:
            mapping = fetch_mapping(self.request.user, UUID(asked))
        except ValueError as error:
            raise NotFound() from error
        return mapping.versions.select_related("mapping")[0]

    def _show(self, source: Source) -> HttpResponse:
        taught = layout_of(self.mapping) if self.mapping else None
        tables = [(index, _name_table(table)) for index, table in enumerate(source.tables)]
        start = guess_table(source) | ({"form": taught.form, "units_row": taught.units_row} if taught else {})
        said = self.request.POST if self.request.method == "POST" else self.request.GET if "header" in self.request.GET else start
        table_form = forms.TableForm(said, tables=tables)
        context: dict[str, Any] = {"upload": self.upload, "mapping": self.mapping, "table_form": table_form}
        if not table_form.is_valid():
            return self.render(context, status=422)
        chosen = table_form.cleaned_data
        headings = list_headings(source, chosen["table"], chosen["header"], units_row=chosen["units_row"])
        context |= {"chosen": chosen, "grid": show_grid(source, chosen["table"], max(_SHOWN_ROWS, chosen["header"] + 8))}
        if not headings:
            table_form.add_error("header", _("This row has no headings. Choose another."))
            return self.render(context, status=422)
        if self.request.method != "POST":
            initial = forms.initial_of(taught, self.mapping.mapping.name) if taught and self.mapping else guess_sign(headings)
            return self.render(context | {"form": forms.LayoutForm(headings=headings, taught=taught, initial=initial)})
        return self._take(source, chosen, forms.LayoutForm(self.request.POST, headings=headings, taught=taught), context)

    def _take(self, source: Source, chosen: dict[str, Any], form: forms.LayoutForm, context: dict[str, Any]) -> HttpResponse:
        """Show what was said gives, and keep it when it was asked to."""
        status = 422
        if form.is_valid():
            table = source.tables[chosen["table"]]
            layout = form.layout(chosen, table.separator, table.sheet)
            export = self._read(source, layout, form)
            if export is not None and self.request.POST.get("step") == "save":
                try:
                    return self._keep(layout, form, source)
                except DomainError as error:
                    add_form_errors(form, error)
            elif export is not None:
                status = 200
                context |= {"export": export, "readings": export.readings[:_SHOWN_READINGS]}
        return self.render(context | {"form": form}, status=status)

    @staticmethod
    def _read(source: Source, layout: Layout, form: forms.LayoutForm) -> ParsedExport | None:
        for heading, sentence in find_faults(layout):
            form.add_error(None, f"{heading}: {sentence}" if heading else sentence)
        if form.errors:
            return None
        try:
            return mapped.parse(layout, source)
        except ParseError as error:
            form.add_error(None, f"{error.message} ({error.place})")
            return None

    def _keep(self, layout: Layout, form: forms.LayoutForm, source: Source) -> HttpResponse:
        said, by = form.cleaned_data, self.request.user
        mapping = self.mapping.mapping if self.mapping else None
        version = teaching.save_mapping(
            name=said["name"], layout=layout, by=by, mapping=mapping, example=self.upload, reason=said["reason"]
        )  # fmt: skip
        others = [
            one.mapping.name
            for one in newest_versions(by.organisation_id)
            if one.mapping_id != version.mapping_id and mapped.fits(layout_of(one), source)
        ]
        if others:
            text = _("This file also fits %(names)s. Files like it will ask which is meant, until one is out of use.")
            messages.warning(self.request, text % {"names": ", ".join(others)})
        if self.upload.state not in {UploadState.UNREADABLE, UploadState.WAITING}:
            messages.success(self.request, _("The mapping is kept; the next file of this layout is read with it."))
            return redirect("instruments:mapping", version.mapping_id)
        attempt = replaying.replay_upload(upload=self.upload, by=by, mapping=version)
        if attempt.made is not None and send_reading(attempt.made).state == UploadState.READING:
            messages.success(self.request, _("The mapping is kept. The file is large, so it is read with it in the background."))
        else:
            messages.success(self.request, _("The mapping is kept and the file is read with it. Look through its rows, then record them."))
        return redirect("instruments:upload", attempt.made_id or self.upload.pk)


def _name_table(table: Any) -> str:
    words = {",": _("separated by commas"), ";": _("separated by semicolons"), "\t": _("separated by tabs")}
    return table.sheet if table.sheet is not None else str(words.get(table.separator, table.separator))


def guess_table(source: Source) -> dict[str, Any]:
    """Where the headings most likely stand: the row with most texts that are followed by other rows, in the widest table."""
    best, place = 0, (0, 1)
    for index, table in enumerate(source.tables):
        for number, cells in table.read_rows():
            if number > _LOOKED_AT:
                break
            texts = sum(cell.kind == "text" and not cell.text.strip()[:1].isdigit() for cell in cells.values() if cell.text.strip())
            if texts > best:
                best, place = texts, (index, number)
    words = {cell.text.strip().casefold() for cell in _row_of(source, *place).values()}
    form = "long" if words & {"element", "analyte"} else "wide"
    return {"table": place[0], "header": place[1], "form": form, "units_row": False}


def guess_sign(headings: list[tuple[str, int, str]]) -> dict[str, str]:
    """The decimal sign the first values have."""
    return {"decimal_sign": find_decimal_sign(example for _heading, _nth, example in headings)}


def _row_of(source: Source, index: int, row: int) -> dict[int, Any]:
    return next((cells for number, cells in source.tables[index].read_rows() if number >= row and number == row), {})


def list_headings(source: Source, index: int, row: int, *, units_row: bool) -> list[tuple[str, int, str]]:
    """The headings of a row, each with how manieth of its text it is and the first value below."""
    if index >= len(source.tables):
        raise Invalid("table", "The file has no such table.")
    numbered = number_headings((row, _row_of(source, index, row)))
    examples: dict[int, str] = {}
    for number, cells in source.tables[index].read_rows():
        if number > row + _LOOKED_AT:
            break
        if number > row + units_row:
            for at, cell in cells.items():
                examples.setdefault(at, cell.text.strip()[:40])
    return [(heading, nth, examples.get(at, "")) for at, (heading, nth) in numbered.items()]

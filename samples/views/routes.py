"""Routes and border posts, and the customs side of a consignment."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from lims.core.errors import DomainError, Invalid
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action, allowed
from lims.core.scope import fetch_visible
from samples.forms.consignments import ExpectationForm, PassageForm
from samples.forms.routes import (
    DeclarationForm,
    LegFormSet,
    PaperFileForm,
    PaperForm,
    PaperStatusForm,
    PostForm,
    RevisionForm,
    RouteForm,
)
from samples.models import BorderPost, Consignment, CustomsPaper, PaperFile, Route, RouteVersion
from samples.models.routes import PaperKind
from samples.selectors.consignments import read_row
from samples.selectors.routes import costs_of, month_names, papers_of, select_routes, wanted_papers
from samples.services import customs, routing, travelling
from samples.views.consignments import address_of, fetch_consignment
from samples.views.meetings import document_response
from samples.views.packing import ConsignmentStep


class RouteList(Page):
    """Routes in use, and what is known of border posts."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.ROUTE_VIEW, "POST": Action.ROUTE_EDIT}
    template = "samples/routes/list.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(PostForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PostForm(request.POST)
        if form.is_valid():
            try:
                post = routing.keep_post(**form.cleaned_data, by=request.user)
                messages.success(request, _("%(name)s is kept.") % {"name": post.name})
                return redirect("samples:routes")
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(form, status=422)

    def _show(self, form: PostForm, *, status: int = 200) -> HttpResponse:
        routes = [(route, _version_view(route.versions.all()[0])) for route in select_routes(self.request.user)]
        may_edit = allowed(self.request.user, Action.ROUTE_EDIT)
        return self.render({"routes": routes, "posts": BorderPost.objects.all(), "form": form, "may_edit": may_edit}, status=status)


def _version_view(version: RouteVersion) -> dict[str, Any]:
    """A version with what its legs add up to."""
    legs = list(version.legs.all())
    return {
        "version": version,
        "legs": [(leg, month_names(leg.closed_months), _papers(leg.papers)) for leg in legs],
        "days": sum(leg.transit_days for leg in legs),
        "costs": ", ".join(f"{cost} {currency}" for currency, cost in costs_of(legs).items()),
    }


def _papers(kinds: list[str]) -> str:
    return ", ".join(str(PaperKind(kind).label) for kind in kinds)


class _LegsPage(Page):
    """A page with the legs of a route to be."""

    template = "samples/routes/edit.html"

    def read_legs(self, formset: Any) -> list[routing.Leg] | None:
        """The legs that were filled in; None where a field cannot be read."""
        return [form.as_leg() for form in formset if form.has_changed()] if formset.is_valid() else None

    def add_leg_errors(self, form: Any, formset: Any, error: DomainError) -> None:
        """Each problem at its field: of a leg, or of the form."""
        filled = [one for one in formset if one.has_changed()]
        rest = []
        for problem in error.problems:
            parts = problem.pointer.strip("/").split("/")
            if parts[0] == "legs" and len(parts) == 3 and int(parts[1]) < len(filled):
                filled[int(parts[1])].add_error(parts[2], problem.detail)
            else:
                rest.append(problem)
        if rest or not error.problems:
            add_form_errors(form, type(error)(error.code, error.message, problems=rest) if isinstance(error, Invalid) else error)


class NewRoute(_LegsPage):
    """A route with its first version."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.ROUTE_EDIT, "POST": Action.ROUTE_EDIT}

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render({"form": RouteForm(), "legs": LegFormSet(prefix="legs")})

    def post(self, request: HttpRequest) -> HttpResponse:
        form, formset = RouteForm(request.POST), LegFormSet(request.POST, prefix="legs")
        legs = self.read_legs(formset)
        if form.is_valid() and legs is not None:
            try:
                version = routing.create_route(**form.cleaned_data, legs=legs, by=request.user)
                return redirect("samples:route", version.route.code)
            except DomainError as error:
                self.add_leg_errors(form, formset, error)
        return self.render({"form": form, "legs": formset}, status=422)


class RoutePage(_LegsPage):
    """A route with its versions; a change is a new version."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.ROUTE_VIEW, "POST": Action.ROUTE_EDIT}

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        route = self._fetch(code)
        initial = [
            {
                "mode": leg.mode,
                "origin": leg.origin,
                "destination": leg.destination,
                "border_post": leg.border_post.code if leg.border_post else "",
                "transit_days": leg.transit_days,
                "cost": leg.cost,
                "currency": leg.currency,
                "hazard": leg.hazard,
                "closed_months": leg.closed_months,
                "papers": leg.papers,
            }
            for leg in route.versions.all()[0].legs.all()
        ]
        return self._show(route, RevisionForm(), LegFormSet(prefix="legs", initial=initial))

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        route = self._fetch(code)
        form, formset = RevisionForm(request.POST), LegFormSet(request.POST, prefix="legs")
        legs = self.read_legs(formset)
        if form.is_valid() and legs is not None:
            try:
                version = routing.revise_route(route=route, legs=legs, reason=form.cleaned_data["reason"], by=request.user)
                messages.success(request, _("Version %(number)d is in force.") % {"number": version.number})
                return redirect("samples:route", route.code)
            except DomainError as error:
                self.add_leg_errors(form, formset, error)
        return self._show(route, form, formset, status=422)

    def _fetch(self, code: str) -> Route:
        return fetch_visible(Route, self.request.user, queryset=select_routes(self.request.user), code=code.upper())

    def _show(self, route: Route, form: Any, formset: Any, *, status: int = 200) -> HttpResponse:
        versions = [_version_view(version) for version in route.versions.all()]
        badge = ("pass", _("in use")) if route.active else ("none", _("out of use"))
        context = {"route": route, "use_badge": badge, "versions": versions, "form": form, "legs": formset}
        return self.render(context | {"may_edit": allowed(self.request.user, Action.ROUTE_EDIT)}, status=status)


class RouteUse(Page):
    """Take a route out of use, or into use again."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.ROUTE_EDIT}

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        route = fetch_visible(Route, request.user, code=code.upper())
        active = request.POST.get("active") == "yes"
        try:
            routing.retire_route(route=route, active=active, reason=request.POST.get("reason", ""), by=request.user)
        except DomainError as error:
            return self.refuse(error, reverse("samples:route", args=[route.code]))
        said = _("%(code)s is in use again.") if active else _("%(code)s is out of use; consignments under way keep it.")
        messages.success(request, said % {"code": route.code})
        return redirect("samples:route", route.code)


# --- Customs --------------------------------------------------------------------------------------------------------------------------


class CustomsPage(Page):
    """What is declared, which papers are asked for, and which are there."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CUSTOMS_VIEW, "POST": Action.CUSTOMS_EDIT}
    template = "samples/consignments/customs.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self._show(fetch_consignment(request, code))

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        consignment = fetch_consignment(request, code)
        declares = "purpose" in request.POST
        form: Any = DeclarationForm(request.POST) if declares else PaperForm(request.POST)
        if form.is_valid():
            try:
                if declares:
                    customs.declare_contents(consignment=consignment, **form.cleaned_data, by=request.user)
                else:
                    customs.add_paper(consignment=consignment, **form.cleaned_data, by=request.user)
                return redirect("samples:consignment-customs", consignment.code)
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(consignment, **{"declaration" if declares else "paper_form": form}, status=422)

    def _show(self, consignment: Consignment, *, declaration: Any = None, paper_form: Any = None, status: int = 200) -> HttpResponse:
        user = self.request.user
        rows = papers_of(consignment, user)
        declared = {name: getattr(consignment, name) for name in DeclarationForm.base_fields}
        context = {
            "consignment": consignment,
            "row": read_row(consignment, user),
            "rows": rows,
            "wanted": wanted_papers(consignment),
            "declaration": declaration or DeclarationForm(initial=declared),
            "paper_form": paper_form or PaperForm(),
            "file_form": PaperFileForm(auto_id=False),
            "statuses": [
                (row.id, PaperStatusForm(initial=row.paper.__dict__, auto_id=f"{row.id.hex}_%s")) for row in papers_of(consignment, user)
            ],
            "may_edit": allowed(user, Action.CUSTOMS_EDIT) and user.organisation_id in {consignment.sender_id, consignment.holder_id},
        }
        return self.render(context, status=status)


def _fetch_paper(request: HttpRequest, code: str, pk: UUID) -> CustomsPaper:
    consignment = fetch_consignment(request, code)
    return fetch_visible(
        CustomsPaper, request.user, queryset=CustomsPaper.objects.visible_to(request.user).filter(consignment=consignment), pk=pk
    )


class PaperStep(Page):
    """Change how a paper stands, or add a scan of it."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CUSTOMS_EDIT}

    def post(self, request: HttpRequest, code: str, pk: UUID) -> HttpResponse:
        paper = _fetch_paper(request, code, pk)
        back = reverse("samples:consignment-customs", args=[paper.consignment.code])
        file = request.FILES.get("file")
        form = PaperStatusForm(request.POST)
        try:
            if file is not None:
                customs.add_file(paper=paper, name=file.name or "", data=file.read(), by=request.user)
            elif form.is_valid():
                customs.change_paper(paper=paper, **form.cleaned_data, by=request.user)
            else:
                raise Invalid("form", " ".join(f"{form[name].label}: {errors[0]}" for name, errors in form.errors.items()))
        except DomainError as error:
            return self.refuse(error, back)
        messages.success(request, _("Kept."))
        return redirect(back)


class PaperDownload(Page):
    """A file of a customs paper."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.CUSTOMS_VIEW}

    def get(self, request: HttpRequest, code: str, pk: UUID, file: UUID) -> HttpResponse:
        found = PaperFile.objects.filter(paper=_fetch_paper(request, code, pk), pk=file).first()
        if found is None:
            raise Http404(_("There is no such file."))
        return document_response(found.sha256, found.content_type, f"{code}-{found.paper.kind}")


# --- On the way -----------------------------------------------------------------------------------------------------------------------


class PassLeg(ConsignmentStep):
    """A leg was passed."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_HANDOVER}

    def take(self, request: HttpRequest, consignment: Consignment) -> str:
        words = _cleaned(PassageForm(request.POST))
        travelling.pass_leg(consignment=consignment, leg_number=words.pop("leg"), **words, by=request.user)
        return _("Noted where it passed.")

    def back(self, consignment: Consignment) -> str:
        return f"{address_of(consignment)}#way"


class Expect(ConsignmentStep):
    """It will come later."""

    actions: ClassVar[dict[str, Action]] = {"POST": Action.CONSIGNMENT_HANDOVER}

    def take(self, request: HttpRequest, consignment: Consignment) -> str:
        travelling.expect_later(consignment=consignment, **_cleaned(ExpectationForm(request.POST)), by=request.user)
        return _("The promise is changed.")


def _cleaned(form: Any) -> dict[str, Any]:
    if not form.is_valid():
        raise Invalid("form", " ".join(f"{form[name].label}: {errors[0]}" for name, errors in form.errors.items()))
    cleaned: dict[str, Any] = dict(form.cleaned_data)
    return cleaned

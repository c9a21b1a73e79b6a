"""Exploration visits."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from lims.core.api.paging import KeysetPaginator
from lims.core.errors import DomainError, Invalid
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action, allowed
from samples.forms.places import ChangeReasonForm, MemberFormSet, VisitForm, initial_members, initial_of, record_of
from samples.forms.sampling import PhotoForm
from samples.forms.visit_filters import VisitFilter
from samples.models import Sample, Visit
from samples.selectors.places import find_visit, select_visits, visit_photos
from samples.services import photographing, visiting

_ORDERINGS = {"id": "id", "starts_on": "starts_on", "code": "code"}


class VisitList(Page):
    """Visits within the viewer's scope."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.VISIT_VIEW}
    template = "samples/visits.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        filters = VisitFilter(request.GET, queryset=select_visits(request.user), request=request)
        rows = filters.qs if filters.is_valid() else select_visits(request.user).none()
        try:
            paginator = KeysetPaginator(request, orderings=_ORDERINGS, default="-starts_on")
            page = dataclasses.replace(paginator.page(rows), total=rows.count())
        except Invalid as error:
            return self.refuse(error, reverse("samples:visits"))
        return self.render({"filters": filters.form, "page": page, "rows": page.rows, "may_edit": allowed(request.user, Action.VISIT_EDIT)})


class VisitPage(Page):
    """One visit: team, days, permits, observations, photographs, samples. A photograph is posted here."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.VISIT_VIEW, "POST": Action.VISIT_EDIT}
    template = "samples/visit.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        return self._show(find_visit(code, request.user), PhotoForm())

    def _show(self, visit: Visit, photo_form: PhotoForm, status: int = 200) -> HttpResponse:
        viewer = self.request.user
        samples = Sample.objects.visible_to(viewer).filter(visit=visit)
        return self.render(
            {
                "visit": visit,
                "mines": visit.mines.all(),
                "members": visit.members.select_related("organisation"),
                "permits": [line for line in visit.permits.splitlines() if line.strip()],
                "photos": visit_photos(visit, viewer),
                "photo_form": photo_form,
                "sample_count": samples.count(),
                "may_edit": allowed(viewer, Action.VISIT_EDIT) and visit.organisation_id == viewer.organisation_id,
                "may_photograph": allowed(viewer, Action.VISIT_EDIT),
                "may_print": allowed(viewer, Action.LABEL_PRINT),
            },
            status=status,
        )

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        visit = find_visit(code, request.user)
        form = PhotoForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                data = form.cleaned_data
                photographing.photograph_visit(visit=visit, data=data["photo"].read(), caption=data["caption"], by=request.user)
                return redirect("samples:visit", visit.code)
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(visit, form, status=422)


class RecordVisit(Page):
    """A visit, new or to be corrected with a reason."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.VISIT_EDIT, "POST": Action.VISIT_EDIT}
    template = "samples/visit_form.html"

    def get(self, request: HttpRequest, code: str = "") -> HttpResponse:
        visit = find_visit(code, request.user) if code else None
        team = initial_members(visit) if visit else [{"organisation": request.user.organisation_id, "name": request.user.full_name}]
        form = VisitForm(initial=initial_of(visit) if visit else None, viewer=request.user)
        return self._show(visit, form, MemberFormSet(initial=team, prefix="team"), ChangeReasonForm() if visit else None)

    def _show(self, visit: Visit | None, form: VisitForm, team: Any, reason: Any, status: int = 200) -> HttpResponse:
        return self.render({"visit": visit, "form": form, "team": team, "reason": reason}, status=status)

    def post(self, request: HttpRequest, code: str = "") -> HttpResponse:
        visit = find_visit(code, request.user) if code else None
        form, team = VisitForm(request.POST, viewer=request.user), MemberFormSet(request.POST, prefix="team")
        reason = ChangeReasonForm(request.POST) if visit else None
        sound = [form.is_valid(), team.is_valid(), reason is None or reason.is_valid()]
        if all(sound):
            try:
                record = record_of(form, team)
                if visit is None:
                    visit = visiting.record_visit(record=record, by=request.user)
                elif reason is not None:
                    visiting.change_visit(visit=visit, record=record, reason=reason.cleaned_data["reason"], by=request.user)
                return redirect("samples:visit", visit.code)
            except DomainError as error:
                add_form_errors(form, error)
        return self._show(visit, form, team, reason, status=422)

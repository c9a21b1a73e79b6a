"""The ministry's overview: one page that answers in ten seconds, and its export."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from assays.models.methods import Extraction
from lims.accounts.models import Organisation
from lims.core.errors import DomainError
from lims.core.pages import Page, add_form_errors
from lims.core.roles import Action
from lims.dashboards import charts, exports
from lims.dashboards.selectors import Filters, Overview, beside_of, build_overview
from samples.forms.looks import LookForm
from samples.looks.looking import Shown, glance_at
from samples.models import Mine
from samples.views.looks import look_form_for, look_on_page


class OverviewFilter(forms.Form):
    """What part of the whole is shown; an empty choice means all."""

    days = forms.TypedChoiceField(
        label=_("Period"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("all")), ("30", _("last 30 days")), ("90", _("last 90 days")), ("365", _("last year"))],
    )
    belt = forms.ChoiceField(label=_("Belt"), required=False)
    firm = forms.ModelChoiceField(
        label=_("Firm"), required=False, queryset=Organisation.objects.none(), to_field_name="code", empty_label=_("all")
    )
    extraction = forms.ChoiceField(label=_("Content"), required=False, choices=Extraction.choices, initial=Extraction.TOTAL)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        belts = Mine.objects.order_by("belt").values_list("belt", flat=True).distinct()
        self.fields["belt"].choices = [("", _("all")), *((belt, belt) for belt in belts)]  # type: ignore[attr-defined]
        self.fields["firm"].queryset = Organisation.objects.filter(kind__in=["state_firm", "private_firm"])  # type: ignore[attr-defined]

    def filters(self) -> Filters:
        """The filters as chosen; what cannot be used is left out and shown as an error on the form."""
        self.full_clean()
        chosen = self.cleaned_data
        firm = chosen.get("firm")
        return Filters(
            days=chosen.get("days"),
            belt=chosen.get("belt") or "",
            firm=firm.pk if firm else None,
            extraction=chosen.get("extraction") or Extraction.TOTAL,
        )


class OverviewPage(Page):
    """Where we stand."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.OVERVIEW_VIEW, "POST": Action.OVERVIEW_VIEW}
    template = "dashboards/overview.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        form = OverviewFilter(request.GET)
        filters = form.filters()
        overview = build_overview(request.user, filters)
        if request.GET.get("format") in exports.WRITERS:
            return exports.respond(overview, filters, str(request.GET["format"]))
        return self.render(self._context(form, filters, overview))

    def post(self, request: HttpRequest) -> HttpResponse:
        """The page with the mines where they are, after its viewer has said what for; one look for each mine."""
        form, look_form = OverviewFilter(request.GET), LookForm(request.POST, prefix="look")
        filters = form.filters()
        overview = build_overview(request.user, filters)
        if look_form.is_valid():
            try:
                shown = [glance_at(row.mine, Shown.PLACE) for row in overview.mine_rows if row.mine.latitude is not None]
                look_on_page(request, shown, look_form.cleaned_data["purpose"])
                return self.render(self._context(form, filters, overview, exact=True))
            except DomainError as error:
                add_form_errors(look_form, error)
        return self.render(self._context(form, filters, overview, look_form=look_form), status=422)

    def _context(
        self, form: OverviewFilter, filters: Filters, overview: Overview, *, exact: bool = False, look_form: LookForm | None = None
    ) -> dict[str, Any]:
        return {
            "form": form,
            "overview": overview,
            "extraction": Extraction(filters.extraction).label,
            "beside": Extraction(beside_of(filters.extraction)).label if any(row.beside for row in overview.mine_rows) else "",
            "grade_spec": charts.grade_spec(overview),
            "funnel_spec": charts.funnel_spec(overview),
            "shows_exact": exact,
            "look_form": look_form_for(self.request.user, {"look_form": look_form}),
            "map_spec": charts.map_spec(overview, exact=exact),
            "provenance": overview.provenance,
            "turnaround_spec": charts.turnaround_spec(overview),
            "samples_url": reverse("samples:list"),
        }

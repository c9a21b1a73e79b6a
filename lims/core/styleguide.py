"""The style guide: every component on one page, with invented examples. It asks nothing of the database."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from lims.core import clock
from lims.core.errors import Blocker
from lims.core.pages import Page
from lims.core.roles import Action


class ExampleForm(forms.Form):
    """One field of each kind."""

    sample = forms.CharField(
        label=_("Sample code"), widget=forms.TextInput(attrs={"class": "code-input"}), help_text=_("As printed on the label.")
    )
    mass = forms.DecimalField(label=_("Mass as received"), min_value=0, widget=forms.NumberInput(attrs={"data-unit": "g"}))
    condition = forms.ChoiceField(label=_("Seal"), choices=[("intact", _("intact")), ("broken", _("broken"))], widget=forms.RadioSelect)
    matrix = forms.ChoiceField(label=_("Matrix"), choices=[("clay", _("ion-adsorption clay")), ("oxide", _("calcined oxide"))])
    remark = forms.CharField(label=_("Remark"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    photo = forms.FileField(label=_("Photo"), required=False)
    field_moist = forms.BooleanField(label=_("Kept field-moist for the leach"), required=False)


class MassForm(forms.Form):
    """One cell of bench entry."""

    mass = forms.DecimalField(widget=forms.NumberInput(attrs={"aria-label": _("Wet mass, g")}))


class ExampleFilter(forms.Form):
    """The filters of an example list."""

    q = forms.CharField(label=_("Code, holder or place"), required=False)
    state = forms.MultipleChoiceField(
        label=_("State"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("on_route", _("on route")), ("overdue", _("overdue")), ("received", _("received"))],
    )
    received_after = forms.DateField(label=_("Received after"), required=False, widget=forms.DateInput(attrs={"type": "date"}))


class StyleGuide(Page):
    """Every component; a bound form with errors beside an empty one."""

    actions: ClassVar[dict[str, Action]] = {"GET": Action.WORK_VIEW}
    template = "styleguide.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        wrong = ExampleForm({"sample": "KCN-0187-5", "mass": "12,4 kg", "condition": "intact", "matrix": "clay"})
        wrong.add_error("sample", _("The check character does not fit: KCN-0187 ends with 4."))
        forms_shown = {"form": wrong, "empty_form": ExampleForm(prefix="new"), "filter_form": ExampleFilter(request.GET)}
        return self.render(_example_values() | forms_shown)


def _example_values() -> dict[str, Any]:
    now = clock.now()
    return {
        "states": [
            ("pass", _("on route")),
            ("warn", _("overdue 2 d")),
            ("fail", _("seal differs")),
            ("wait", _("awaiting receipt")),
            ("none", _("draft")),
        ],
        "consignments": [
            _consignment("CN-26-0031-K", "Carrier B", "Pangsau Pass", 18, now - timedelta(days=9), ("warn", _("overdue 2 d"))),
            _consignment("CN-26-0033-T", "Midwest Advanced Materials", "Dibrugarh", 15, now - timedelta(days=4), ("pass", _("on route"))),
            _consignment("CN-26-0034-A", "IREL", "Bhopal", 8, now - timedelta(hours=26), ("wait", _("awaiting receipt"))),
        ],
        "page": SimpleNamespace(previous_cursor=None, next_cursor="next", page_size=50, total=312),
        "tabs": [
            {"label": _("Overview"), "url": "#tabs", "active": True},
            {"label": _("Custody"), "url": "#tabs", "count": 12},
            {"label": _("Results"), "url": "#tabs", "count": 4},
        ],
        "events": _events(now),
        "positions": [_position(number) for number in range(1, 61)],
        "blockers": [
            Blocker(
                "qc_failed", "Review is blocked: 1 control failed, 12 positions condemned. Plan a re-run, or override with a signed reason."
            )
        ],
        "analytes": _ANALYTES,
        "results": [
            _result("KCN-0187-4", 1.0, ("pass", _("pass"))),
            _result("KCN-0188-2", 0.02, ("warn", _("below LOQ"))),
            _result("KCN-0203-9", 3.1, ("fail", _("fail"))),
        ],
        "moment": now - timedelta(days=2, hours=3),
    }


_ANALYTES = {
    "La": 96,
    "Ce": 31,
    "Pr": 24,
    "Nd": 88,
    "Sm": 20,
    "Eu": 0.9,
    "Gd": 26,
    "Tb": 4.8,
    "Dy": 31,
    "Y": 210,
    "Ho": 6.6,
    "Er": 19,
    "Tm": 2.7,
    "Yb": 17,
    "Lu": 2.4,
}


def _result(code: str, factor: float, verdict: tuple[str, Any]) -> SimpleNamespace:
    """A row of the example grid: what is below 0.5 mg/kg is given as a bound."""
    amounts = [factor * amount for amount in _ANALYTES.values()]
    values = [{"number": f"{amount:.2f}", "qualifier": ""} if amount >= 0.5 else {"number": "0.5", "qualifier": "<"} for amount in amounts]
    field = MassForm({f"{code}-mass": "12.40"}, prefix=code)["mass"]
    return SimpleNamespace(code=code, mass=field, values=values, verdict=verdict)


def _consignment(code: str, holder: str, place: str, items: int, since: Any, state: tuple[str, Any]) -> SimpleNamespace:
    return SimpleNamespace(code=code, holder=holder, place=place, items=items, since=since, state=state)


def _events(now: Any) -> list[SimpleNamespace]:
    return [
        SimpleNamespace(
            tone="pass",
            title=_("Collected"),
            at=now - timedelta(days=14),
            detail=_("Pit wall, 1.2 to 1.8 m"),
            actor="A. Collector, IREL",
            facts=[(_("Seal"), "S-004211"), (_("Mass"), "2.140 kg")],
            hash="9f31c07e5a2b44d8a0f7",
            href="",
        ),
        SimpleNamespace(
            tone="warn",
            title=_("Handed over, not yet acknowledged"),
            at=now - timedelta(days=9),
            detail="",
            actor="Carrier B",
            facts=[],
            hash="",
            href="",
        ),
        SimpleNamespace(
            tone="fail",
            title=_("Discrepancy: another seal"),
            at=now - timedelta(hours=5),
            detail=_("Seal S-004219 observed, S-004211 expected."),
            actor="R. Receptionist",
            facts=[],
            hash="",
            href="#timeline",
        ),
    ]


def _position(number: int) -> SimpleNamespace:
    kinds = {
        1: "blank",
        2: "standard",
        12: "reference",
        24: "duplicate",
        30: "blank",
        36: "reference",
        42: "duplicate",
        47: "spike",
        48: "reference",
        60: "empty",
    }
    verdict = "fail" if 49 <= number <= 59 else "warn" if number == 36 else "pass" if number in kinds and number != 60 else None
    kind = kinds.get(number, "sample")
    return SimpleNamespace(number=number, kind=kind, verdict=verdict, label="" if kind == "empty" else f"KCN-{number:04d}", href="#tray")

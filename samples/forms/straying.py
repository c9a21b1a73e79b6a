"""Forms of what goes wrong on the way. An empty list of codes means all."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

_CODES = {"class": "code-input", "autocapitalize": "characters", "autocomplete": "off", "spellcheck": "false", "rows": 3}


class SomeSamples(forms.Form):
    """Which samples of a consignment."""

    codes = forms.CharField(
        label=_("Only these samples"), required=False, widget=forms.Textarea(attrs=_CODES), help_text=_("Codes, one on a line; empty: all")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Several of these stand on one page.
        super().__init__(*args, **({"auto_id": f"{type(self).__name__.lower()}_%s"} | kwargs))


class LossForm(SomeSamples):
    """What is lost."""

    reason = forms.CharField(label=_("What happened"), widget=forms.Textarea(attrs={"rows": 2}))
    place = forms.CharField(label=_("Where it was missed"), required=False, max_length=160)


class FindingForm(SomeSamples):
    """What turned up."""

    place = forms.CharField(label=_("Where it was found"), max_length=160)
    seals_intact = forms.TypedChoiceField(
        label=_("Seals"),
        choices=[("", _("not looked at")), ("yes", _("intact")), ("no", _("not intact"))],
        coerce=lambda answer: answer == "yes",
        empty_value=None,
        required=False,
    )
    remark = forms.CharField(
        label=_("Remark"), required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("Needed for a broken seal")
    )


class RefusalForm(SomeSamples):
    """What is refused."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}))

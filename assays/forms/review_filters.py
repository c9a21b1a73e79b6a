"""The filter of the queue of review: the same for the page, its file and the API."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from assays.selectors.review_queue import LEVEL_WORDS, Waiting
from lims.core.codes import normalise

_STEPS = [("", _("all")), ("review", _("review")), ("authorise", _("authorise"))]


class QueueFilter(forms.Form):
    """What of the queue is shown."""

    q = forms.CharField(label=_("Code of a run"), required=False)
    step = forms.ChoiceField(label=_("Next step"), required=False, choices=_STEPS)
    risk = forms.ChoiceField(label=_("Risk"), required=False, choices=[("", _("all")), *LEVEL_WORDS.items()])
    method = forms.CharField(label=_("Method (code)"), required=False)
    overdue = forms.ChoiceField(label=_("Overdue"), required=False, choices=[("", _("all")), ("true", _("yes")), ("false", _("no"))])

    def pick(self, rows: Sequence[Waiting]) -> list[Waiting]:
        """The rows that fit what was chosen; only of a valid form."""
        asked = self.cleaned_data
        code, method = normalise(asked["q"]), asked["method"].strip().upper()
        return [
            one
            for one in rows
            if code in one.run.code
            and asked["step"] in {"", one.step}
            and asked["risk"] in {"", one.risk.level}
            and method in {"", one.run.method_version.method.code}
            and asked["overdue"] in {"", "true" if one.overdue else "false"}
        ]

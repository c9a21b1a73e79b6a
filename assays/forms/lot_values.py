"""Typing or pasting what the certificate of a lot says."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assays.models import Lot, Method
from assays.models.lots import LotKind, ValueUnit
from assays.selectors.reference import group_words
from assays.services.lot_values import CertifiedAmount

_SOLUTION_HELP = gettext_lazy("One element a line: symbol, amount, expanded uncertainty. For example: Dy 10.02 0.05")
_CONTENT_HELP = gettext_lazy(
    "One element a line: symbol, content, expanded uncertainty, SD between laboratories; a dash where the certificate gives none. "
    "For example: Dy 23.2 0.37 0.88"
)


class LotValuesForm(forms.Form):
    """Lines of a certificate that share a unit and a coverage factor."""

    unit = forms.ChoiceField(label=gettext_lazy("Unit"))
    k = forms.DecimalField(label=gettext_lazy("Coverage factor k"), initial=2, min_value=1, max_value=10, decimal_places=2, required=False)
    nominal = forms.DecimalField(
        label=gettext_lazy("Amount on the label"),
        required=False,
        min_value=0,
        help_text=gettext_lazy("In the same unit, of every element; dilutions are reckoned by it. Empty for a solution used as it comes"),
    )
    method_group = forms.ChoiceField(label=gettext_lazy("Certified for"))
    basis = forms.ChoiceField(
        label=gettext_lazy("Basis"), choices=[("dry", gettext_lazy("dry")), ("as_received", gettext_lazy("as received"))]
    )
    lines = forms.CharField(
        label=gettext_lazy("From the certificate"),
        widget=forms.Textarea(attrs={"rows": 6, "class": "code-input", "spellcheck": "false", "autocapitalize": "off"}),
        max_length=8000,
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300, required=False, help_text=gettext_lazy("Where an amount on record is changed")
    )

    password = forms.CharField(
        label=gettext_lazy("Your password, again"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=gettext_lazy("Runs were planned with this lot: a changed amount is signed"),
    )

    def __init__(self, *args: Any, lot: Lot, signed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not signed:
            del self.fields["password"]
        units: tuple[ValueUnit, ...]
        if lot.kind == LotKind.REFERENCE:
            units, self.most = (ValueUnit.MG_KG, ValueUnit.PERCENT), 4
            del self.fields["nominal"]
            groups = sorted(set(Method.objects.values_list("method_group", flat=True)))
            self.fields["method_group"].choices = [(one, group_words(one)) for one in groups]  # type: ignore[attr-defined]
            self.fields["lines"].help_text = _CONTENT_HELP
        else:
            units, self.most = (ValueUnit.MG_L, ValueUnit.UG_L, ValueUnit.MG_KG), 3
            del self.fields["method_group"], self.fields["basis"]
            self.fields["lines"].help_text = _SOLUTION_HELP
        self.fields["unit"].choices = [(one.value, one.label) for one in units]  # type: ignore[attr-defined]

    def clean_lines(self) -> list[tuple[str, list[Decimal | None]]]:
        """Symbol and numbers of each line; a dash is none."""
        found = []
        for number, line in enumerate(self.cleaned_data["lines"].splitlines(), start=1):
            symbol, *rest = line.replace(";", " ").split() or [""]
            if not symbol:
                continue
            if not 1 <= len(rest) < self.most:
                message = _("Line %(line)s: “%(text)s” is not a symbol with one to %(most)s numbers.")
                raise forms.ValidationError(message, params={"line": number, "text": line.strip(), "most": self.most - 1})
            found.append((symbol, [self._number(one, number) for one in rest]))
            if found[-1][1][0] is None:
                raise forms.ValidationError(_("Line %(line)s: the amount is missing."), params={"line": number})
        return found

    def _number(self, word: str, line: int) -> Decimal | None:
        if word in {"-", "–", "—"}:
            return None
        try:
            return Decimal(word)
        except InvalidOperation:
            message = _("Line %(line)s: “%(word)s” is no number. Write it with a point, as in 10.02.")
            raise forms.ValidationError(message, params={"line": line, "word": word}) from None

    @property
    def amounts(self) -> list[CertifiedAmount]:
        """The lines as the service takes them."""
        shared = {name: self.cleaned_data[name] for name in ("unit", "nominal", "method_group", "basis") if name in self.fields}
        found = []
        for symbol, (value, *rest) in self.cleaned_data["lines"]:
            uncertainty, sd = (*rest, None, None)[:2]
            k = None if uncertainty is None else self.cleaned_data["k"]
            found.append(CertifiedAmount(element=symbol, value=value or Decimal(0), uncertainty=uncertainty, k=k, sd=sd, **shared))
        return found

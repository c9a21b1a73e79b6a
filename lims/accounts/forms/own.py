"""Forms of one's own account."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lims.accounts.services.own import choose_password, scopes_of
from lims.core import clock

_USUAL_LIFE = timedelta(days=90)


class OwnPasswordForm(PasswordChangeForm):
    """The old password and twice the new one. A new password that is the old one again is refused."""

    def clean_new_password1(self) -> Any:
        """Otherwise a temporary password could be kept for good."""
        new = self.cleaned_data.get("new_password1")
        if new and self.user.check_password(new):
            raise forms.ValidationError(_("This is the password you have. Choose another one."), code="unchanged")
        return new

    def save(self, commit: bool = True) -> Any:
        """Ends a temporary password."""
        return choose_password(person=self.user, password=self.cleaned_data["new_password1"])


class TokenForm(forms.Form):
    """A token for a program: its name, its last day in the person's zone, and what it may do."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("The program or machine that will use it."))
    expires_on = forms.DateField(
        label=_("Last day"), help_text=_("A year at most."), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    scopes = forms.MultipleChoiceField(
        label=_("Only for"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nothing ticked: everything your role may do."),
    )

    def __init__(self, *args: Any, role: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["scopes"].choices = [(action.value, action.label) for action in scopes_of(role)]  # type: ignore[attr-defined]
        self.fields["expires_on"].initial = timezone.localdate(clock.now() + _USUAL_LIFE)

    @property
    def expires_at(self) -> datetime:
        """The end of the last day."""
        day: date = self.cleaned_data["expires_on"]
        return timezone.make_aware(datetime.combine(day, time.max))

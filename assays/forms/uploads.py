"""Forms of uploads: bringing a file, choosing its run, deciding about its rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from assays.instruments.matching import TrayPosition, normalise_label
from assays.instruments.models import Instrument, Upload, UploadRow
from assays.instruments.placing import OPEN_RUN
from assays.models import Run


class UploadForm(forms.Form):
    """A file of one of the laboratory's instruments, with its run where one knows it."""

    instrument = forms.ModelChoiceField(label=_("Instrument"), queryset=Instrument.objects.none(), to_field_name="code")
    file = forms.FileField(
        label=_("File"),
        help_text=_("As the instrument's software exports it. A layout that is not known yet can be taught."),
        widget=forms.FileInput,
    )
    run = forms.ModelChoiceField(
        label=_("Run"),
        queryset=Run.objects.none(),
        to_field_name="code",
        required=False,
        empty_label=_("find it by the labels"),
        help_text=_("Of the same instrument"),
    )

    def __init__(self, *args: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["instrument"].queryset = Instrument.objects.visible_to(viewer).filter(active=True)  # type: ignore[attr-defined]
        self.fields["run"].queryset = _open_runs(viewer)  # type: ignore[attr-defined]
        self.fields["run"].label_from_instance = _name_run  # type: ignore[attr-defined]


class RunChoiceForm(forms.Form):
    """The run a waiting upload belongs to: one of its instrument that still takes readings."""

    run = forms.ModelChoiceField(label=_("Run"), queryset=Run.objects.none(), to_field_name="code")

    def __init__(self, *args: Any, viewer: Any, upload: Upload, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["run"].initial = upload.run.code if upload.run else None
        self.fields["run"].queryset = _open_runs(viewer).filter(instrument=upload.instrument_id)  # type: ignore[attr-defined]
        self.fields["run"].label_from_instance = _name_run  # type: ignore[attr-defined]


def _open_runs(viewer: Any) -> Any:
    runs = Run.objects.visible_to(viewer).filter(state__in=OPEN_RUN)
    return runs.select_related("method_version__method", "instrument").order_by("-id")


def _name_run(run: Run) -> str:
    return f"{run.code} · {run.method_version} · {run.instrument.code} · {run.get_state_display()}"


class PositionField(forms.CharField):
    """A position of a tray: its number, or what is scanned there: the tube's name, its aliquot's or its sample's code."""

    def __init__(self, *, tray: Iterable[TrayPosition], **options: Any) -> None:
        super().__init__(max_length=200, **options)
        self.numbers: dict[str, set[int]] = {}
        for tube in tray:
            for name in {normalise_label(name) for name in (tube.label, *tube.names)}:
                self.numbers.setdefault(name, set()).add(tube.number)

    def clean(self, value: Any) -> int | None:
        text = str(super().clean(value)).strip()
        if not text or (text.isascii() and text.isdigit() and len(text) < 7):
            return int(text) if text else None
        found = self.numbers.get(normalise_label(text), set())
        if len(found) != 1:
            several = _("Several tubes are called %(text)s. Give the position's number.")
            none = _("No tube of this run is called %(text)s. Give a position's number, or scan the tube.")
            raise forms.ValidationError((several if found else none) % {"text": text})
        return min(found)


class RowsForm(forms.Form):
    """What becomes of rows: each a position's number or set aside, with one reason for those. Fields are named by the row's index."""

    reason = forms.CharField(label=_("Why rows are set aside"), required=False, max_length=500)

    def __init__(self, *args: Any, rows: Iterable[UploadRow], tray: Iterable[TrayPosition] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = list(rows)
        tray = list(tray)
        for row in self.rows:
            words = {"index": row.index, "label": row.label}
            number = forms.TextInput(
                attrs={
                    "list": "positions",
                    "autocomplete": "off",
                    "size": 12,
                    "aria-label": _("Position of row %(index)s, %(label)s") % words,
                }
            )
            aside = forms.CheckboxInput(attrs={"aria-label": _("Set row %(index)s, %(label)s, aside") % words})
            self.fields[f"position_{row.index}"] = PositionField(label=row.label, required=False, widget=number, tray=tray)
            self.initial.setdefault(f"position_{row.index}", row.position.number if row.position else None)
            self.fields[f"aside_{row.index}"] = forms.BooleanField(label=row.label, required=False, widget=aside)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.aside and not cleaned.get("reason", "").strip():
            self.add_error("reason", _("Say why they are set aside."))
        for index in self.aside:
            if index in self.assignments:
                self.add_error(f"position_{index}", _("Either a position, or set aside."))
        if not self.aside and not self.assignments and not self.errors:
            self.add_error(None, _("Nothing was chosen. Give rows a position, or set them aside."))
        return cleaned

    @property
    def assignments(self) -> dict[int, int]:
        """Row index → position number, for rows whose position was given anew."""
        found = {row.index: self.cleaned_data.get(f"position_{row.index}") for row in self.rows}
        stood = {row.index: row.position.number for row in self.rows if row.position}
        return {index: number for index, number in found.items() if number is not None and stood.get(index) != number}

    @property
    def aside(self) -> list[int]:
        """The indexes of rows to set aside."""
        return [row.index for row in self.rows if self.cleaned_data.get(f"aside_{row.index}")]

    def lines(self) -> list[dict[str, Any]]:
        """The rows with their fields."""
        return [{"row": row, "position": self[f"position_{row.index}"], "aside": self[f"aside_{row.index}"]} for row in self.rows]


class UploadReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

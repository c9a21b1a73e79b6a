"""Forms take plain numbers only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms

from lims.core.plain_numbers import is_plain_number


def keep_fields_plain() -> None:
    """Let every number field of every form (also those of models, filters and the admin) refuse what a person would not write as one.

    Django reads a field's text with Python's `int`, `float` and `Decimal`, which take `1_000` and the digits of every script. The classes
    themselves are narrowed, because forms of models make their fields from them; nothing that was refused before is taken now.
    """
    for kind in (forms.IntegerField, forms.DecimalField, forms.FloatField):
        read = vars(kind)["to_python"]
        if not getattr(read, "is_plain", False):
            setattr(kind, "to_python", _plainly(read))  # noqa: B010  # not for the type checker: a class of the framework is narrowed


def _plainly(read: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def to_python(self: Any, value: Any) -> Any:
        if isinstance(value, str) and value.strip() and not is_plain_number(value.strip()):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return read(self, value)

    to_python.is_plain = True  # type: ignore[attr-defined]
    return to_python

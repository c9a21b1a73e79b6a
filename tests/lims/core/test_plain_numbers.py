"""Numbers are what a person would read as numbers, at every door."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest
from django import forms

from assays.instruments.parsers.json_readings import parse_readings
from assays.instruments.parsers.model import ParseError
from lims.core.plain_numbers import find_odd_numbers, is_plain_number
from tests.factories.callers import Caller
from tests.factories.people import Cast
from tests.factories.samples import make_mine, make_samples

ODD = ["1e999999999", "1e20", "1_000", "٣٥", "１２", "NaN", "Infinity", "𝟙𝟚", "0x10", "1 000", "1,5", "१२"]
PLAIN = ["1000", "-5", "+12.5", ".5", "5.", "1e3", " 12 "]


class Inner(msgspec.Struct):
    mass_g: Decimal
    count: int | None = None
    note: str = ""


class Outer(msgspec.Struct):
    items: list[Inner]
    by_name: dict[str, float] = {}
    either: str | int = ""


@pytest.mark.parametrize("text", ODD)
def test_odd_numbers_are_found_wherever_a_type_wants_a_number_and_nowhere_else(text: str) -> None:
    body = {"items": [{"mass_g": "1", "note": text}, {"mass_g": text, "count": text}], "by_name": {"a": text}, "either": text}

    assert list(find_odd_numbers(body, Outer)) == ["/items/1/mass_g", "/items/1/count", "/by_name/a"]


@pytest.mark.parametrize("text", ODD)
def test_odd_numbers_are_found_in_one_record_and_in_a_list_of_them(text: str) -> None:
    assert list(find_odd_numbers({"mass_g": text}, Inner | list[Inner])) == ["/mass_g"]
    assert list(find_odd_numbers([{"mass_g": "1"}, {"mass_g": text}], Inner | list[Inner])) == ["/1/mass_g"]


@pytest.mark.parametrize("text", PLAIN)
def test_plain_numbers_are_taken(text: str) -> None:
    assert is_plain_number(text)
    assert list(find_odd_numbers({"items": [{"mass_g": text}]}, Outer)) == []


@pytest.mark.parametrize("text", ["1_000", "٣٥", "１２"])
@pytest.mark.parametrize("field", [forms.IntegerField, forms.DecimalField, forms.FloatField])
def test_no_field_of_a_form_takes_an_odd_number(field: Callable[[], forms.Field], text: str) -> None:
    with pytest.raises(forms.ValidationError):
        field().clean(text)
    assert field().clean("12") == 12


@pytest.mark.parametrize("text", ["1_000", "٣٥"])
@pytest.mark.django_db
def test_the_interface_and_its_lists_refuse_odd_numbers(cast: Cast, text: str) -> None:
    [sample] = make_samples(cast)
    caller = Caller(cast.collector)

    row = {"mine": make_mine().code, "material": "clay", "method": "grab", "collected_at": "2026-01-05T08:00:00+06:30",
           "collected_zone": "Asia/Yangon", "mass_g": text, "container": "bag"}  # fmt: skip
    registered = caller.post("/samples/", [row])
    split = caller.post(
        f"/samples/{sample.code}/split/", {"parts": [{"mass_g": text, "kind": "pulp", "container": "bag"}], "remaining_g": "1"}
    )

    assert (registered.status_code, registered.json()["errors"][0]["pointer"]) == (422, "/0/mass_g")
    assert (split.status_code, split.json()["errors"][0]["pointer"]) == (422, "/parts/0/mass_g")
    assert caller.get(f"/samples/?page_size={text}").status_code == 422


def test_an_instrument_does_not_send_odd_numbers_either() -> None:
    body = '{"run": "R", "readings": [{"position": 1, "analyte": "Dy", "value": "1", "unit": "ug/L", "dilution": "1_000"}]}'

    with pytest.raises(ParseError) as refused:
        parse_readings(body.encode())

    assert refused.value.place.pointer == "/readings/0/dilution"

"""What counts as a number when somebody writes one: ASCII digits, one point, perhaps a sign and an exponent. Pure.

Python reads more as a number (`1_000`, `٣٥`, `１２`, `NaN`): a slip or a trick that a person reading the same text would take for something
else. Every door asks here: bodies of the API by `find_odd_numbers`, fields of forms by `is_plain_number`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

_PLAIN = re.compile(r"[+-]?(\d{1,60}(\.\d{0,60})?|\.\d{1,60})([eE][+-]?\d{1,3})?", re.ASCII)
# Above, arithmetic at 28 digits would no longer hold the third decimal; nothing that is weighed, counted or paid comes near.
_LARGEST_EXPONENT = 20
_SMALLEST_EXPONENT = -60
_NUMBERS = (msgspec.inspect.DecimalType, msgspec.inspect.IntType, msgspec.inspect.FloatType)
_LISTS = (msgspec.inspect.ListType, msgspec.inspect.VarTupleType, msgspec.inspect.SetType, msgspec.inspect.FrozenSetType)

# Where numbers stand in a type: "number", ["list", plan], ["any", plan], ["members", {name: plan}], ["either", plans]; None where nowhere.
_Plan = Any


def is_plain_number(text: str) -> bool:
    """Whether a person would read the text as the number that a program reads."""
    return _PLAIN.fullmatch(text.strip(" ")) is not None and is_within_reach(Decimal(text.strip(" ")))


def is_within_reach(number: Decimal) -> bool:
    """Whether the number is neither so large nor so small that arithmetic or the database would fail with it."""
    return number.is_finite() and (not number or _SMALLEST_EXPONENT < number.adjusted() < _LARGEST_EXPONENT)


def find_odd_numbers(values: Any, kind: Any) -> Iterator[str]:
    """Pointers (`/items/0/mass_g`) to what stands where `kind` wants a number and is none that a person would write."""
    yield from _odd(values, _plan_of(kind), "")


def _odd(value: Any, plan: _Plan, pointer: str) -> Iterator[str]:
    if plan is None or value is None:
        return
    if plan == "number":
        odd = isinstance(value, str) and not is_plain_number(value)
        if odd or (isinstance(value, (int, float)) and not -(10.0**_LARGEST_EXPONENT) < value < 10.0**_LARGEST_EXPONENT):
            yield pointer
        return
    form, inner = plan
    if form == "either":
        for one in inner:
            yield from _odd(value, one, pointer)
    elif form == "members":
        for name, one in inner.items():
            if isinstance(value, Mapping) and name in value:
                yield from _odd(value[name], one, f"{pointer}/{name}")
    elif form == "list" and isinstance(value, (list, tuple)):
        for index, one in enumerate(value):
            yield from _odd(one, inner, f"{pointer}/{index}")
    elif form == "any" and isinstance(value, Mapping):
        for name, one in value.items():
            yield from _odd(one, inner, f"{pointer}/{name}")


@lru_cache(maxsize=512)
def _plan_of(kind: Any) -> _Plan:
    return _plan(msgspec.inspect.type_info(kind), frozenset())


def _plan(node: Any, within: frozenset[int]) -> _Plan:
    if id(node) in within:  # a type that holds itself
        return None
    inner = within | {id(node)}
    if isinstance(node, msgspec.inspect.Metadata):
        return _plan(node.type, inner)
    if isinstance(node, _NUMBERS):
        return "number"
    if isinstance(node, msgspec.inspect.UnionType):
        return _plan_of_union(node, inner)
    if isinstance(node, _LISTS):
        found = _plan(node.item_type, inner)
        return found and ["list", found]
    if isinstance(node, msgspec.inspect.DictType):
        found = _plan(node.value_type, inner)
        return found and ["any", found]
    if isinstance(node, (msgspec.inspect.StructType, msgspec.inspect.DataclassType, msgspec.inspect.TypedDictType)):
        members = {field.encode_name: _plan(field.type, inner) for field in node.fields}
        found = {name: one for name, one in members.items() if one is not None}
        return ["members", found] if found else None
    return None


def _plan_of_union(node: Any, within: frozenset[int]) -> _Plan:
    """Where a text may stand as well, it is that text; of the other alternatives, a value meets the one of its own form."""
    plans = [_plan(one, within) for one in node.types if not isinstance(one, msgspec.inspect.NoneType)]
    if any(isinstance(one, msgspec.inspect.StrType) for one in node.types):
        plans = [one for one in plans if one != "number"]
    found = [one for one in plans if one is not None]
    return ["either", found] if len(found) > 1 else next(iter(found), None)

"""What a certificate says beside its numbers: how clay was leached, and what share of the total that took out (ISO/IEC 17025:2017,
7.8.3.1 a)."""

from __future__ import annotations

from collections.abc import Sequence

from assays.chemistry.leach import compute_desorption_percent
from assays.chemistry.rounding import round_significant
from assays.models import Leach, LeachConditions, MethodVersion, Result, ResultVersion
from assays.models.methods import Extraction
from assays.selectors.leaches import leach_words
from samples.models import Sample

Group = tuple[Sample, Sequence[Result]]
"""The authorised results of one sample by one method version."""

_SHOWN = ("Nd", "Pr", "Dy", "Tb")


def find_remarks(groups: Sequence[Group]) -> tuple[str, ...]:
    """A statement of each leach, and of the leachable share where the sample's total is reported beside it."""
    leached = [group for group in groups if _extraction(group) == Extraction.LEACHABLE]
    return tuple(sentence for group in leached for sentence in (*_conditions(group), *_shares(group, groups)))


def _versions(group: Group) -> dict[str, ResultVersion]:
    return {result.analyte.symbol: result.authorised for result in group[1] if result.authorised is not None}


def _method_of(group: Group) -> MethodVersion | None:
    return next((version.method_version for version in _versions(group).values()), None)


def _extraction(group: Group) -> str:
    version = _method_of(group)
    return version.method.extraction if version is not None else ""


def _conditions(group: Group) -> tuple[str, ...]:
    ids = {version.inputs["leach"] for version in _versions(group).values() if "leach" in version.inputs}
    if not ids:
        return ()
    stated = LeachConditions.objects.filter(method_version=_method_of(group)).first()
    reagent = f"{stated.reagent}, " if stated is not None else ""
    leaches = Leach.objects.filter(pk__in=ids).order_by("id")
    return tuple(f"{group[0].blind_code} was leached with {reagent}{leach_words(one)}." for one in leaches)


def _shares(group: Group, groups: Sequence[Group]) -> tuple[str, ...]:
    """Both contents are on the dry basis, quantified, and of the same sample."""
    sample = group[0]
    totals = [one for one in groups if one[0].pk == sample.pk and _extraction(one) == Extraction.TOTAL]
    # Of two techniques the one that saw more of what is told.
    other = max(totals, key=lambda one: len(_quantified(one).keys() & set(_SHOWN)), default=None)
    method = _method_of(other) if other is not None else None
    if other is None or method is None:
        return ()
    leached, total = (_quantified(one) for one in (group, other))
    shares = [
        (symbol, compute_desorption_percent(leached[symbol], total[symbol])) for symbol in _SHOWN if symbol in leached and total.get(symbol)
    ]
    parts = ", ".join(f"{symbol} {round_significant(share, 2)} %" for symbol, share in shares)
    return (f"Leachable share of the total by {method.method.code} in {sample.blind_code}, both dry: {parts}.",) if parts else ()


def _quantified(group: Group) -> dict[str, float]:
    found = _versions(group)
    return {symbol: float(one.value) for symbol, one in found.items() if one.qualifier == "=" and one.basis == "dry"}

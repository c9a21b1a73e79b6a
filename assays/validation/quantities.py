"""Quantities of worked examples: an input says its unit at the end of its name, as `final_volume_mL` or `C_as_received_mg_per_kg`.

This is the one place that knows the endings. They are those of the product's table of units; what is converted is converted exactly,
and an ending that is not in the table is refused by its name, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from assays.chemistry import units
from assays.validation.calculations import Inputs, match_names

_SHORT_UNIT_NAMES = {
    "ppm": "ppm", "ppb": "ppb", "pct": "%", "wt_pct": "%", "percent": "%", "g_per_t": "g/t", "kg_per_t": "kg/t", "g_per_kg": "g/kg",
    "g_t": "g/t", "mg_per_kg": "mg/kg", "mg_kg": "mg/kg", "ug_per_g": "ug/g", "ug_g": "ug/g", "ng_per_g": "ng/g", "ng_g": "ng/g",
    "ug_kg": "ug/kg", "mg_per_g": "mg/g", "mg_g": "mg/g", "g_kg": "g/kg", "mg_L": "mg/L", "ug_L": "ug/L", "ng_mL": "ng/mL",
    "ug_mL": "ug/mL", "mg_mL": "mg/mL", "ng_L": "ng/L", "pg_mL": "pg/mL", "g_L": "g/L",
}  # fmt: skip
# Spelled out as well: mg_per_L, ug_per_mL and the like of every unit of the table; a mass or volume is spelled as it stands there.
UNIT_NAMES: Mapping[str, str] = (
    _SHORT_UNIT_NAMES
    | {
        name.replace("/", "_per_"): name
        for kind in (units.Kind.MASS_FRACTION, units.Kind.MASS_CONCENTRATION)
        for name in units.UNITS[kind]
        if "/" in name
    }
    | {name: name for kind in (units.Kind.MASS, units.Kind.VOLUME) for name in units.UNITS[kind]}
)


def list_spellings(base: str) -> dict[str, str]:
    """The endings that can become the unit `base`, each with its unit; `ppm` stands among those of solids and of solutions."""
    kinds = units.find_kinds(base)
    return {spelling: unit for spelling, unit in UNIT_NAMES.items() if kinds & units.find_kinds(unit)}


def convert(value: float, source: str, target: str) -> float:
    """A number in another unit of the same kind."""
    return float(units.convert(Decimal(str(value)), source, target))


def find_quantity(inputs: Inputs, names: str, base: str) -> tuple[str, str] | None:
    """The input whose name is one of `names` (a pattern) and a unit that can become `base`, with that unit; none where nothing begins so.

    ``ValueError`` names an ending that is no such unit, and inputs that say the same twice.
    """
    spellings = list_spellings(base)
    known = match_names(inputs, rf"(?:{names})_({'|'.join(sorted(spellings, key=len, reverse=True))})")
    if len(known) == 1:
        return known[0].group(), spellings[known[0][1]]
    if known:
        raise ValueError(f"{' and '.join(one.group() for one in known)} say the same twice; give one of them.")
    for other in match_names(inputs, rf"(?:{names})_(\w+)"):
        raise ValueError(f"{other.group()} ends in no unit that is known for it; known are {', '.join(sorted(spellings))}.")
    return None


def take_quantity(inputs: Inputs, names: str, base: str, default: float | None = None) -> float:
    """An input in the unit `base`; `default` where there is none, or ``ValueError`` that names what is missing."""
    found = find_quantity(inputs, names, base)
    if found is not None:
        return convert(inputs[found[0]], found[1], base)
    if default is None:
        wanted = " or ".join(names.split("|"))
        raise ValueError(f"One input {wanted} with its unit at the end is needed ({', '.join(sorted(list_spellings(base)))}).")
    return default


def list_conversions(value: float, unit: str) -> Iterator[tuple[str, float]]:
    """A number in every unit it can become, with the ending each is asked by."""
    for spelling, other in list_spellings(unit).items():
        yield spelling, convert(value, unit, other)


def spell_content(name: str, value_mg_kg: float) -> dict[str, Any]:
    """A content of a solid as an output in every unit, as `C_dry_mg_kg`, `C_dry_pct`."""
    return {f"{name}_{spelling}": number for spelling, number in list_conversions(value_mg_kg, "mg/kg")}


def split_unit(name: str) -> tuple[str, str]:
    """``CeO2_wt_pct`` is CeO2 in %; ``ppm`` alone is of nothing in particular."""
    for spelling in sorted(UNIT_NAMES, key=len, reverse=True):
        if name == spelling or name.endswith(f"_{spelling}"):
            return re.sub(rf"_?{spelling}$", "", name), UNIT_NAMES[spelling]
    raise ValueError(f"{name} ends in no known unit")

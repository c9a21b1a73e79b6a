"""Units of a laboratory as exact decimals.

``ppm`` and ``ppb`` mean a mass fraction in a solid (mg/kg) and a mass concentration in a solution (mg/L): both are in the
table, and a conversion is made only where source and target share a kind. From a solution to a solid the way is
``reduction``, which knows mass, volume and dilution.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What a unit measures."""

    MASS_FRACTION = "mass fraction"
    MASS_CONCENTRATION = "mass concentration"
    MASS = "mass"
    VOLUME = "volume"


@dataclass(frozen=True)
class Quantity:
    """A number with its unit, exact as read."""

    value: Decimal
    unit: str


# One unit of the row in units of the kind's base: mg/kg, µg/L, g, mL.
_FACTORS: Mapping[Kind, Mapping[str, str]] = {
    Kind.MASS_FRACTION: {
        "%": "10000", "wt%": "10000", "kg/t": "1000", "g/kg": "1000", "mg/g": "1000", "kg/kg": "1000000",
        "mg/kg": "1", "ug/g": "1", "g/t": "1", "ppm": "1", "ug/kg": "0.001", "ng/g": "0.001", "ppb": "0.001",
    },
    Kind.MASS_CONCENTRATION: {
        "g/L": "1000000", "mg/mL": "1000000", "mg/L": "1000", "ug/mL": "1000", "ppm": "1000",
        "ug/L": "1", "ng/mL": "1", "ppb": "1", "ng/L": "0.001", "pg/mL": "0.001", "ppt": "0.001",
    },
    Kind.MASS: {"t": "1000000", "kg": "1000", "g": "1", "mg": "0.001", "ug": "0.000001"},
    Kind.VOLUME: {"L": "1000", "mL": "1", "uL": "0.001"},
}  # fmt: skip

UNITS: Mapping[Kind, Mapping[str, Decimal]] = MappingProxyType(
    {kind: MappingProxyType({name: Decimal(factor) for name, factor in table.items()}) for kind, table in _FACTORS.items()}
)

_SPELLINGS = {"pct": "%", "wt.%": "%", "mass%": "%", "m%": "%", "%m/m": "%", "%(m/m)": "%"}
_CANONICAL = {name.lower(): name for table in UNITS.values() for name in table}


def normalise_unit(text: str) -> str:
    """The table's spelling of a unit: ``µg/l``, ``Âµg/L`` (mojibake) and ``UG/L`` are ``ug/L``; raises ``ValueError``."""
    plain = "".join(text.split()).replace("Â", "").replace("µ", "u").replace("μ", "u")
    plain = _SPELLINGS.get(plain, plain)
    if plain.lower() not in _CANONICAL:
        raise ValueError(f"The unit {text!r} is not known; known are {', '.join(sorted(set(_CANONICAL.values())))}.")
    return _CANONICAL[plain.lower()]


def find_kinds(unit: str) -> frozenset[Kind]:
    """What a unit may measure; two kinds for ``ppm`` and ``ppb``."""
    name = normalise_unit(unit)
    return frozenset(kind for kind, table in UNITS.items() if name in table)


def convert(value: Decimal, source: str, target: str) -> Decimal:
    """``value`` of ``source`` in ``target``, exactly.

    Raises ``ValueError`` where the units measure different things, as µg/L and mg/kg.
    """
    shared = find_kinds(source) & find_kinds(target)
    if not shared:
        kinds = f"{_describe(source)} is not {_describe(target)}"
        raise ValueError(f"{source} cannot become {target}: {kinds}. Reduce it with mass, volume and dilution.")
    table = UNITS[min(shared)]
    return value * table[normalise_unit(source)] / table[normalise_unit(target)]


def convert_quantity(quantity: Quantity, target: str) -> Quantity:
    """The same quantity in another unit."""
    return Quantity(convert(quantity.value, quantity.unit, target), normalise_unit(target))


def _describe(unit: str) -> str:
    return "a " + " or ".join(sorted(find_kinds(unit)))

"""What solutions made from a certified standard hold, and contents in another unit. Pure."""

from __future__ import annotations

from decimal import Context, Decimal

_SIX_FIGURES = Context(prec=6)
_TO_UG_L = {"ug/L": Decimal(1), "mg/L": Decimal(1000)}
_TO_MG_KG = {"mg/kg": Decimal(1), "%": Decimal(10_000)}

_ROWS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo Tc",
    "Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi",
    "Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm",
)
SYMBOLS = frozenset(symbol for row in _ROWS for symbol in row.split())
"""The elements a certificate may name."""


def compute_level(aimed: Decimal, certified: Decimal, nominal: Decimal) -> Decimal:
    """What a dilution holds that aims at `aimed` and was reckoned by the amount on the label: aimed · certified / nominal, in the unit of
    `aimed`, six figures; `certified` and `nominal` share a unit."""
    return _SIX_FIGURES.divide(aimed * certified, nominal)


def to_ug_l(amount: Decimal, unit: str) -> Decimal | None:
    """An amount in µg/L, six figures; None for a unit that is no concentration of a solution."""
    factor = _TO_UG_L.get(unit)
    return None if factor is None else _SIX_FIGURES.multiply(amount, factor)


def convert_content(amount: Decimal, unit: str, wanted: str) -> Decimal | None:
    """A content of a solid in another unit (mg/kg, %); None where one of the two is no such unit."""
    if unit not in _TO_MG_KG or wanted not in _TO_MG_KG:
        return None
    return amount * _TO_MG_KG[unit] / _TO_MG_KG[wanted]

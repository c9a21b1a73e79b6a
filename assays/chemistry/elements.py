"""The analytes of a rare-earth laboratory: names, standard atomic weights, reporting oxides and order.

Weights are the IUPAC/CIAAW standard atomic weights 2021 (Prohaska et al. 2022, doi:10.1515/pac-2019-0603). Oxide factors
are computed from them and never typed in, so that a factor cannot disagree with its weights.
"""

import re
from dataclasses import dataclass
from types import MappingProxyType

OXYGEN_WEIGHT = 15.999

_FORMULA = re.compile(r"(?P<symbol>[A-Z][a-z]?)(?P<cations>\d*)O(?P<oxygens>\d*)")


@dataclass(frozen=True)
class OxideFormula:
    """An oxide M_n O_m, such as Tb4O7: symbol ``Tb``, ``cations`` 4, ``oxygens`` 7."""

    symbol: str
    cations: int
    oxygens: int

    @property
    def text(self) -> str:
        """The formula as written on a report."""
        return f"{self.symbol}{_subscript(self.cations)}O{_subscript(self.oxygens)}"


@dataclass(frozen=True)
class Analyte:
    """An element that is measured.

    ``factor`` turns a mass of the element into the mass of its reporting ``oxide``; ``isotope`` is the mass number usually
    measured by ICP-MS; ``order`` is the place on a report: La to Lu by atomic number, then Y, Sc, Th, U.
    """

    symbol: str
    name: str
    atomic_weight: float
    oxide: str
    factor: float
    isotope: int
    order: int


def parse_oxide(formula: str) -> OxideFormula:
    """Read an oxide formula such as ``Dy2O3``, ``CeO2`` or ``U3O8``; raises ``ValueError`` on anything else."""
    found = _FORMULA.fullmatch(formula.strip())
    if found is None:
        raise ValueError(f"{formula!r} is not the formula of an oxide; write it like Dy2O3 or CeO2.")
    return OxideFormula(found["symbol"], int(found["cations"] or 1), int(found["oxygens"] or 1))


def compute_oxide_factor(cations: int, oxygens: int, atomic_weight: float, oxygen_weight: float = OXYGEN_WEIGHT) -> float:
    """Mass of oxide per mass of element: (n A_M + m A_O) / (n A_M)."""
    if cations < 1 or oxygens < 1 or atomic_weight <= 0 or oxygen_weight <= 0:
        raise ValueError("An oxide factor needs at least one atom of each element and positive atomic weights.")
    metal = cations * atomic_weight
    return (metal + oxygens * oxygen_weight) / metal


def find_analyte(symbol: str) -> Analyte:
    """The analyte of a symbol; raises ``ValueError`` naming what is known."""
    try:
        return ANALYTES[symbol]
    except KeyError:
        raise ValueError(f"{symbol!r} is not an analyte of this laboratory; known are {', '.join(ANALYTES)}.") from None


def _subscript(count: int) -> str:
    return "" if count == 1 else str(count)


def _make_analyte(order: int, symbol: str, name: str, atomic_weight: float, oxide: str, isotope: int) -> Analyte:
    formula = parse_oxide(oxide)
    factor = compute_oxide_factor(formula.cations, formula.oxygens, atomic_weight)
    return Analyte(symbol, name, atomic_weight, oxide, factor, isotope, order)


_TABLE = (
    ("La", "lanthanum", 138.90547, "La2O3", 139),
    ("Ce", "cerium", 140.116, "CeO2", 140),
    ("Pr", "praseodymium", 140.90766, "Pr6O11", 141),
    ("Nd", "neodymium", 144.242, "Nd2O3", 146),
    ("Sm", "samarium", 150.36, "Sm2O3", 147),
    ("Eu", "europium", 151.964, "Eu2O3", 153),
    ("Gd", "gadolinium", 157.25, "Gd2O3", 157),
    ("Tb", "terbium", 158.925354, "Tb4O7", 159),
    ("Dy", "dysprosium", 162.5, "Dy2O3", 163),
    ("Ho", "holmium", 164.930329, "Ho2O3", 165),
    ("Er", "erbium", 167.259, "Er2O3", 166),
    ("Tm", "thulium", 168.934219, "Tm2O3", 169),
    ("Yb", "ytterbium", 173.045, "Yb2O3", 172),
    ("Lu", "lutetium", 174.9668, "Lu2O3", 175),
    ("Y", "yttrium", 88.905838, "Y2O3", 89),
    ("Sc", "scandium", 44.955907, "Sc2O3", 45),
    ("Th", "thorium", 232.0377, "ThO2", 232),
    ("U", "uranium", 238.02891, "U3O8", 238),
)

ANALYTES = MappingProxyType({row[0]: _make_analyte(order, *row) for order, row in enumerate(_TABLE, start=1)})

LANTHANIDES = tuple(row[0] for row in _TABLE[:14])
"""La to Lu without Pm, which has no stable isotope and is not found in ores."""

RARE_EARTHS = (*LANTHANIDES, "Y")
"""What TREE and TREO add up: scandium is reported apart."""

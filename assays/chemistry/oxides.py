"""Element to oxide and back, with the factors of ``elements``."""

from assays.chemistry.elements import compute_oxide_factor, find_analyte, parse_oxide


def find_factor(symbol: str, oxide: str | None = None) -> float:
    """Mass of oxide per mass of element.

    ``oxide`` defaults to the reporting oxide (CeO2, Pr6O11, Tb4O7, else M2O3; ThO2, U3O8); any other oxide of the same
    element may be named, as Tb2O3. Raises ``ValueError`` for an unknown element or the oxide of another one.
    """
    analyte = find_analyte(symbol)
    if oxide is None or oxide == analyte.oxide:
        return analyte.factor
    formula = parse_oxide(oxide)
    if formula.symbol != symbol:
        raise ValueError(f"{oxide} is not an oxide of {symbol}; its reporting oxide is {analyte.oxide}.")
    return compute_oxide_factor(formula.cations, formula.oxygens, analyte.atomic_weight)


def to_oxide(symbol: str, value: float, oxide: str | None = None) -> float:
    """A content of the element as content of its oxide, in the same unit."""
    return value * find_factor(symbol, oxide)


def to_element(symbol: str, value: float, oxide: str | None = None) -> float:
    """A content of the oxide as content of the element, in the same unit."""
    return value / find_factor(symbol, oxide)

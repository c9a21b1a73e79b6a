"""Moisture and basis. Moisture is on the wet basis (loss per mass as received) unless a name says otherwise."""


def compute_moisture_percent(wet_g: float, dry_g: float) -> float:
    """100 (m_wet - m_dry)/m_wet, wet basis."""
    _require_masses(wet_g, dry_g)
    return 100 * (wet_g - dry_g) / wet_g


def compute_moisture_percent_dry_basis(wet_g: float, dry_g: float) -> float:
    """100 (m_wet - m_dry)/m_dry, the convention of soil methods; never put into ``to_dry``."""
    _require_masses(wet_g, dry_g)
    return 100 * (wet_g - dry_g) / dry_g


def to_dry(as_received: float, moisture_percent: float) -> float:
    """A content on the dry basis from one as received: C·100/(100 - M)."""
    return as_received / _find_dry_fraction(moisture_percent)


def to_as_received(dry: float, moisture_percent: float) -> float:
    """A content as received from one on the dry basis: C·(100 - M)/100."""
    return dry * _find_dry_fraction(moisture_percent)


def _find_dry_fraction(moisture_percent: float) -> float:
    if not 0 <= moisture_percent < 100:
        raise ValueError(f"A moisture of {moisture_percent} % is impossible on the wet basis; it lies from 0 to below 100 %.")
    return (100 - moisture_percent) / 100


def _require_masses(wet_g: float, dry_g: float) -> None:
    if not 0 < dry_g <= wet_g:
        raise ValueError(f"A dry mass of {dry_g} g does not fit a wet mass of {wet_g} g; it is positive and not above the wet one.")

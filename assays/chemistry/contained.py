"""How much of an oxide or element a lot of ore holds."""

from assays.chemistry.moisture import to_as_received


def compute_dry_tonnes(wet_tonnes: float, moisture_percent: float) -> float:
    """Dry mass of a lot: t_wet (100 - M)/100, moisture on the wet basis."""
    return to_as_received(wet_tonnes, moisture_percent)


def compute_contained_kg(dry_tonnes: float, grade_mg_kg: float) -> float:
    """Kilograms contained: 1 mg/kg is 1 g per tonne."""
    return dry_tonnes * grade_mg_kg / 1000

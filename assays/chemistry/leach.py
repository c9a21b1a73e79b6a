"""Ammonium-sulphate leach of ion-adsorption clay: what is recoverable, beside the total.

The leach wants pH, time, liquid-to-solid ratio, temperature, particle state, moisture and pore water recorded with it. No
certified leachable material exists: an in-house one is the control.
"""

from assays.chemistry.dilution import solution_to_solid_mg_kg


def compute_leached_mg_kg(concentration_ug_l: float, volume_l: float, mass_kg: float) -> float:
    """mg leached per kg of solid: c[µg/L]·V[L]/(1000 m[kg]). The basis is that of the mass."""
    return solution_to_solid_mg_kg(concentration_ug_l, volume_l * 1000, 1.0, mass_kg * 1000)


def compute_liquid_to_solid(volume_l: float, mass_kg: float) -> float:
    """Litres of leachant per kilogram of solid."""
    if volume_l <= 0 or mass_kg <= 0:
        raise ValueError("A liquid-to-solid ratio needs a positive volume and mass.")
    return volume_l / mass_kg


def compute_desorption_percent(leached_mg_kg: float, total_mg_kg: float) -> float:
    """Leachable part of the total for one element, both on the dry basis and the total by fusion."""
    if total_mg_kg <= 0:
        raise ValueError("A desorption needs a positive total content.")
    return 100 * leached_mg_kg / total_mg_kg


def compute_pore_water_ml(portion_g: float, moisture_percent: float) -> float:
    """Water a moist portion brings along, mL at 1.00 g/mL: m·M/100 with the moisture M on the wet basis."""
    if portion_g <= 0 or not 0 <= moisture_percent < 100:
        raise ValueError("Pore water needs a positive portion and a moisture from 0 to below 100 % on the wet basis.")
    return portion_g * moisture_percent / 100


def compute_leachate_ml(leachant_ml: float, portion_g: float, moisture_percent: float) -> float:
    """Volume the leached elements are dissolved in, mL: the leachant added and the pore water it mixes with.

    Mass balance of a batch leach: what was dissolved is c·V of all the liquid, whatever brought it. Leaving the pore water out would
    understate a clay of 30 % moisture at 25 mL/g by 1.2 %.
    """
    if leachant_ml <= 0:
        raise ValueError("A leach needs a positive volume of leachant.")
    return leachant_ml + compute_pore_water_ml(portion_g, moisture_percent)

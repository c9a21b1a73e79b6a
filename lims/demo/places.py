"""Invented mines in a real belt: names, places and richness of the demonstration. No coordinate is that of an actual mine."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from samples.models import Mine, Pit


@dataclass(frozen=True)
class MinePlan:
    """A mine to be: its profile of `geology.PROFILES`, how rich it is, and what is dug there."""

    code: str
    name: str
    belt: str
    township: str
    latitude: str
    longitude: str
    profile: str
    richness: float
    material: str = "clay"


CHIPWI, PANGWA, MOMAUK = "Chipwi belt", "Pangwa belt", "Momauk belt"

MINES = (
    MinePlan("PWN", "Pangwa North", PANGWA, "Chipwi", "25.98", "98.61", "heavy_clay", 1.15),
    MinePlan("PWS", "Pangwa South", PANGWA, "Chipwi", "25.86", "98.58", "medium_clay", 1.1),
    MinePlan("CHA", "Chipwi A", CHIPWI, "Chipwi", "25.79", "98.37", "heavy_clay", 0.95),
    MinePlan("CHB", "Chipwi B", CHIPWI, "Chipwi", "25.70", "98.29", "medium_clay", 1.3),
    MinePlan("TSW", "Tsawlaw", CHIPWI, "Tsawlaw", "26.11", "98.33", "xenotime", 0.4, "rock"),
    MinePlan("HPR", "Hpare", PANGWA, "Chipwi", "25.92", "98.47", "medium_clay", 0.9),
    MinePlan("MMK", "Momauk", MOMAUK, "Momauk", "24.27", "97.41", "medium_clay", 0.5),
    MinePlan("MNE", "Mansi East", MOMAUK, "Mansi", "24.14", "97.28", "light_clay", 0.8),
)


def build_mines() -> dict[str, Mine]:
    """The mines with two or three pits each, by code."""
    mines = {}
    for plan in MINES:
        mine = Mine.objects.create(
            code=plan.code,
            name=plan.name,
            belt=plan.belt,
            township=plan.township,
            operator="Invented operator (demonstration)",
            control="Kachin Independence Army area (demonstration)",
            extraction_method="in-situ leaching" if plan.material == "clay" else "open pit",
            latitude=Decimal(plan.latitude),
            longitude=Decimal(plan.longitude),
            remark="Invented for the demonstration; not the place of an actual mine.",
        )
        for number in range(1, 4):
            shift = Decimal(number) / 400
            Pit.objects.create(mine=mine, code=f"P{number}", latitude=mine.latitude + shift, longitude=mine.longitude - shift)
        mines[plan.code] = mine
    return mines

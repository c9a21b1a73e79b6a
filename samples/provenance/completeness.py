"""Which required facts of a provenance record are missing, as data: the requirement, its source, and whether the facts meet it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from samples.provenance.facts import UNKNOWN, Facts

_STEP = "OECD guidance, 3T supplement, step 1 C"
_STEP_2 = "OECD guidance, 3T supplement, step 2"
_SAMPLING = "ISO/IEC 17025:2017, 7.3.3"


@dataclass(frozen=True, slots=True)
class Requirement:
    """A fact that must be known: stable code, what it is, who asks for it."""

    code: str
    sentence: str
    source: str
    is_met: Callable[[Facts], bool]


REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement("quantity", "Quantity of the lot", _STEP, lambda facts: facts.quantity_kg is not None),
    Requirement("extraction_method", "Extraction method", _STEP, lambda facts: bool(facts.extraction_method)),
    Requirement("extracted", "Dates of extraction", _STEP, lambda facts: bool(facts.extracted_from and facts.extracted_until)),
    Requirement("acquired", "Day the lot was acquired or sampled", _SAMPLING, lambda facts: facts.acquired_on is not None),
    Requirement("operator", "Operator of the mine", _STEP, lambda facts: facts.operator_known),
    Requirement(
        "control",
        "Whether an armed group controls the mine, and whether the area is conflict-affected",
        _STEP_2,
        lambda facts: UNKNOWN not in {facts.mine.armed_control, facts.mine.conflict_area},
    ),
    Requirement("capacity", "Known output of the mine", _STEP_2, lambda facts: facts.mine.capacity_t_per_year is not None),
    Requirement(
        "intermediaries",
        "Every intermediary, or that there was none",
        _STEP,
        lambda facts: bool(facts.intermediaries) or facts.no_intermediary,
    ),
    Requirement(
        "identification",
        "How each intermediary was identified, and its jurisdiction",
        _STEP,
        lambda facts: all(one.identified_by and one.jurisdiction for one in facts.intermediaries),
    ),
    Requirement(
        "owners", "Beneficial owner of each intermediary", _STEP, lambda facts: all(one.owner_known for one in facts.intermediaries)
    ),
    Requirement("route", "Route: two places at least, with days", _STEP, lambda facts: _dated_stages(facts) >= 2),
    Requirement(
        "payments",
        "Taxes, fees and payments to officials, security forces and armed groups, or that there was none",
        _STEP,
        lambda facts: bool(facts.payments) or facts.no_payment,
    ),
    Requirement(
        "payment_details",
        "Amount, currency and day of each payment",
        _STEP,
        lambda facts: all(one.amount is not None and one.currency and one.paid_on for one in facts.payments),
    ),
    Requirement("permits", "Permits", _STEP_2, lambda facts: bool(facts.permits)),
    Requirement("evidence", "Evidence files", _STEP_2, lambda facts: bool(facts.evidence)),
)


def _dated_stages(facts: Facts) -> int:
    return sum(1 for stage in facts.stages if stage.arrived_on or stage.left_on)


def find_missing(facts: Facts) -> list[Requirement]:
    """The requirements these facts do not meet, in order."""
    return [one for one in REQUIREMENTS if not one.is_met(facts)]


def measure(facts: Facts) -> tuple[int, int]:
    """How many of the requirements are met, and how many there are."""
    return len(REQUIREMENTS) - len(find_missing(facts)), len(REQUIREMENTS)

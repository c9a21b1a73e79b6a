"""What keeps a sample from its next step: the kinds of discrepancies and of holds as two tables. Pure; change a rule here.

Severity follows common practice of laboratories (ISO/IEC 17025:2017, 7.4.3 and 7.10): *critical* puts in doubt whether the sample is the
sample, or whether it may be handled; *major* whether all of it is there; *minor* what is written about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

QUALITY_MANAGER = "quality_manager"
OFFICIAL = "official"

_WORK = frozenset({"pack", "dispatch", "prepare", "analyse", "report", "split", "dispose"})
# What was packed before the difference was found may go on; a box is opened at its addressee.
_WORK_BUT_DISPATCH = _WORK - {"dispatch"}


@dataclass(frozen=True)
class DiscrepancyRule:
    """One kind of discrepancy: how grave it is, which role of the laboratory settles it, and which steps wait for that."""

    severity: str
    settled_by: frozenset[str] = frozenset({QUALITY_MANAGER})
    blocks: frozenset[str] = _WORK_BUT_DISPATCH


DISCREPANCIES: Mapping[str, DiscrepancyRule] = {
    "missing": DiscrepancyRule("critical"),
    "unexpected": DiscrepancyRule("major"),
    "seal_broken": DiscrepancyRule("critical"),
    "seal_missing": DiscrepancyRule("critical"),
    "seal_differs": DiscrepancyRule("critical"),
    "seal_unissued": DiscrepancyRule("critical"),
    "seal_foreign": DiscrepancyRule("critical"),
    "seal_void": DiscrepancyRule("critical"),
    "seal_reused": DiscrepancyRule("critical"),
    "container": DiscrepancyRule("major"),
    "container_missing": DiscrepancyRule("major"),
    "container_extra": DiscrepancyRule("major"),
    "mass": DiscrepancyRule("major"),
    "time_reversed": DiscrepancyRule("minor"),
    "not_addressee": DiscrepancyRule("critical"),
    # Nobody answers for it between the day it was missed and the day it turned up.
    "custody_gap": DiscrepancyRule("critical"),
    "other": DiscrepancyRule("major"),
    # Found by a measurement: the powder stays where it is by its safety hold; what waits here is the report.
    "activity": DiscrepancyRule("critical", blocks=_WORK),
}


@dataclass(frozen=True)
class HoldRule:
    """One kind of hold: which steps it stops, who may end it, whether it marks a place of its own, and whether a measurement has to show
    first that the sample is safe (value + expanded uncertainty below the limit) and the release be signed."""

    blocks: frozenset[str]
    released_by: frozenset[str] = frozenset({QUALITY_MANAGER, OFFICIAL})
    needs_clearance: bool = False
    marks_place: bool = False
    # Whether it lies at once over what was split or mixed from the sample before: what radiates does so in every part.
    reaches_parts: bool = False


_ALL = _WORK | {"return"}
# What radiates may be reported, and sent back under the rules for its transport; nobody opens, divides or throws it away.
_HANDLING = _WORK - {"report"}

HOLDS: Mapping[str, HoldRule] = {
    "custody": HoldRule(_ALL),
    "provenance": HoldRule(_ALL),
    "customer": HoldRule(_ALL),
    "quality": HoldRule(_ALL),
    "safety": HoldRule(_HANDLING, needs_clearance=True, reaches_parts=True),
    "quarantine": HoldRule(_HANDLING, needs_clearance=True, marks_place=True),
}


def discrepancy_blocks(kind: str, step: str) -> bool:
    """Whether an open discrepancy of the kind stops the step; a kind that stands in no table stops everything."""
    rule = DISCREPANCIES.get(kind)
    return rule is None or step in rule.blocks


def hold_blocks(kind: str, step: str) -> bool:
    """Whether an open hold of the kind stops the step; a kind that stands in no table stops everything."""
    rule = HOLDS.get(kind)
    return rule is None or step in rule.blocks

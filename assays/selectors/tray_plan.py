"""What a planner puts on a tray: the tubes, what the method asks for, and the tray proposed with its reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from assays.models import Aliquot, BlindControl, ControlRequirement, MethodVersion, ReferenceMaterial, RunPosition
from assays.qc.evaluate import ControlRequirement as Requirement
from assays.qc.evaluate import count_required
from assays.qc.measurements import ControlKind
from assays.tray_layout import Placement
from lims.core.errors import Blocker

WEIGHED = (ControlKind.PULP_DUPLICATE, ControlKind.COARSE_DUPLICATE)
"""Duplicates that are portions of their own, weighed beside the sample's."""


@dataclass(frozen=True, kw_only=True)
class PlannedPosition:
    """A tube to be: its number (None: the next free one) and label (empty: the code of what stands there). Amounts (g, mL, factor) are of
    controls; an aliquot has its own, unless it is diluted further. `duplicate_of` is the number of the original's position; `control`,
    `nominal`, `retest_of` and `analytes` are as on a `RunPosition`."""

    kind: str
    number: int | None = None
    label: str = ""
    aliquot: Aliquot | None = None
    material: ReferenceMaterial | None = None
    duplicate_of: int | None = None
    control: str = ""
    nominal: Mapping[str, Any] = field(default_factory=dict)
    blind: BlindControl | None = None
    retest_of: RunPosition | None = None
    analytes: list[str] | None = None
    mass_g: Decimal | None = None
    volume_ml: Decimal | None = None
    dilution: Decimal | None = None


@dataclass(frozen=True)
class Reason:
    """Why so many controls of a kind stand on the tray."""

    kind: ControlKind
    count: int
    needed: int
    rule: str
    rate_percent: float
    source: str


@dataclass(frozen=True)
class ProposedTray:
    """The tray, how many waiting aliquots found no room, what a person should know (`notes`), why it cannot be planned (`blockers`), why
    its controls stand there (`reasons`), and the `seed` of its random order (None: by due day)."""

    positions: list[PlannedPosition]
    left_over: int
    notes: list[str]
    blockers: list[Blocker]
    reasons: list[Reason] = field(default_factory=list)
    seed: int | None = None


@dataclass(frozen=True)
class Needs:
    """What the method asks for, ready to be counted and placed."""

    version: MethodVersion
    requirements: Sequence[Requirement]
    placements: Mapping[ControlKind, Placement]
    materials: Sequence[ReferenceMaterial]
    blinds: Sequence[BlindControl]

    def count(self, kind: ControlKind, samples: int) -> int:
        """How many controls of a kind a tray of so many samples holds."""
        return max((count_required(one, samples) for one in self.requirements if one.kind == kind), default=0)

    def placement(self, kind: ControlKind) -> Placement:
        return self.placements.get(kind, Placement())


def requirement_of(control: ControlRequirement) -> Requirement:
    """A stored requirement as the pure rules take it."""
    analytes = None if control.analytes is None else tuple(control.analytes)
    return Requirement(
        ControlKind(control.kind),
        control.rule,
        control.limits,
        control.minimum_count,
        float(control.rate_percent),
        analytes,
        control.condemns,
    )

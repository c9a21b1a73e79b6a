"""The tubes of controls on a tray, each as the method's requirements ask for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import cycle, islice
from typing import Any

from assays.models import Aliquot, BlindControl, MethodVersion, ReferenceMaterial
from assays.models.runs import PositionKind
from assays.qc.measurements import ControlKind
from assays.selectors.tray_plan import WEIGHED, Needs, PlannedPosition
from assays.tray_layout import insert_every, lay_out, number_names, pick_evenly

_BLANKS = (ControlKind.REAGENT_BLANK, ControlKind.PULP_BLANK, ControlKind.COARSE_BLANK)
_BLANK_LABELS = {ControlKind.REAGENT_BLANK: "BLK", ControlKind.PULP_BLANK: "PBLK", ControlKind.COARSE_BLANK: "CBLK"}
# A check and a standard are measured as they are.
_UNDILUTED = Decimal(1)


def make_blanks(needs: Needs, samples: int) -> list[PlannedPosition]:
    """Blanks of every sort, in turn."""
    sorts = [
        [
            _control(PositionKind.BLANK, f"{_BLANK_LABELS[kind]}-{number}", needs.version, control=kind)
            for number in range(1, needs.count(kind, samples) + 1)
        ]
        for kind in _BLANKS
    ]
    return [one for place in range(max(map(len, sorts))) for sort in sorts for one in sort[place : place + 1]]


def make_references(needs: Needs, samples: int) -> list[PlannedPosition]:
    """The materials in turn, as often as they are asked for, each at least once."""
    asked = needs.count(ControlKind.REFERENCE_MATERIAL, samples)
    if not asked or not needs.materials:
        return []
    count = max(asked, len(needs.materials))
    in_turn = list(islice(cycle(needs.materials), count))
    labels = number_names([material.code for material in in_turn])
    return [
        _control(PositionKind.REFERENCE, label, needs.version, material=material, control=ControlKind.REFERENCE_MATERIAL)
        for material, label in zip(in_turn, labels, strict=True)
    ]


def make_calibration(needs: Needs) -> list[PlannedPosition]:
    """The standards whose amounts the method gives, lowest first."""
    if not any(one.kind == ControlKind.CALIBRATION for one in needs.requirements):
        return []
    levels = sorted(needs.placement(ControlKind.CALIBRATION).levels)
    return [_solution(PositionKind.CALIBRATION, ControlKind.CALIBRATION, f"CAL {level:g} ug/L", {"*": level}) for level in levels]


def make_pure_solutions(needs: Needs) -> list[PlannedPosition]:
    """One tube for each single-element solution the method names, after everything else: none of it is carried into a sample."""
    kind = ControlKind.INTERFERENCE_SOLUTION
    if not any(one.kind == kind for one in needs.requirements):
        return []
    solutions = needs.placement(kind).solutions
    return [_solution(PositionKind.DRIFT, kind, f"{symbol} {level} ug/L", {symbol: level}) for symbol, level in solutions.items()]


def make_initial_checks(needs: Needs, samples: int) -> list[PlannedPosition]:
    """Checks of the calibration by a second source, before anything is measured by it."""
    kind = ControlKind.INITIAL_CALIBRATION_VERIFICATION
    nominal = needs.placement(kind).nominal
    return [_solution(PositionKind.DRIFT, kind, f"ICV-{number}", nominal) for number in range(1, needs.count(kind, samples) + 1)]


def with_checks(needs: Needs, opening: Sequence[PlannedPosition], tray: Sequence[PlannedPosition], samples: int) -> list[PlannedPosition]:
    """Continuing checks after every so many tubes and at the end, or as many as are asked for, spread evenly."""
    kind = ControlKind.CONTINUING_CALIBRATION_VERIFICATION
    count, placement = needs.count(kind, samples), needs.placement(kind)
    if not count:
        return [*opening, *tray]

    def make(number: int) -> PlannedPosition:
        return _solution(PositionKind.DRIFT, kind, f"CCV-{number}", placement.nominal)

    if placement.every is not None:
        checked = insert_every(tray, placement.every, make)
        made = sum(one.control == kind for one in checked)
        return [*opening, *checked, *(make(number) for number in range(made + 1, count + 1))]
    return lay_out(opening, tray, [make(number) for number in range(1, count + 1)])


def make_repeats(needs: Needs, samples: Sequence[Aliquot], duplicates: Mapping[Any, Sequence[Aliquot]]) -> list[PlannedPosition]:
    """Duplicates that were weighed, then instrument duplicates and spikes of samples picked evenly. Their originals are found by aliquot
    when the tubes are numbered."""
    usual = next((one for one in WEIGHED if any(one == asked.kind for asked in needs.requirements)), ControlKind.PULP_DUPLICATE)
    found = [
        PlannedPosition(kind=PositionKind.DUPLICATE, label=one.code, aliquot=one, control=_stage_of(one, original, usual))
        for original in samples
        for one in duplicates.get(original.pk, [])
    ]
    again = pick_evenly(samples, needs.count(ControlKind.INSTRUMENT_DUPLICATE, len(samples)))
    found += [
        PlannedPosition(kind=PositionKind.DUPLICATE, label=f"{one.code}-I", aliquot=one, control=ControlKind.INSTRUMENT_DUPLICATE)
        for one in again
    ]
    added = needs.placement(ControlKind.MATRIX_SPIKE).added_ug
    spiked = pick_evenly(samples, needs.count(ControlKind.MATRIX_SPIKE, len(samples))) if added else []
    return found + [
        PlannedPosition(
            kind=PositionKind.SPIKE, label=f"{one.code}-S", aliquot=one, control=ControlKind.MATRIX_SPIKE, nominal=added,
            mass_g=one.mass_g, volume_ml=one.volume_ml, dilution=one.dilution,
        )
        for one in spiked
    ]  # fmt: skip


def make_blind(one: BlindControl, version: MethodVersion) -> PlannedPosition:
    """A blind control as the method's usual portion."""
    return PlannedPosition(
        kind=PositionKind.REFERENCE, label=one.code, control=ControlKind.BLIND_CONTROL, material=one.material, blind=one,
        mass_g=one.mass_g, volume_ml=version.volume_ml, dilution=version.dilution,
    )  # fmt: skip


def alternate(blanks: Sequence[PlannedPosition], references: Sequence[PlannedPosition]) -> list[PlannedPosition]:
    """Blanks and reference materials in turn, a reference material last."""
    mixed: list[PlannedPosition] = []
    for index in range(max(len(blanks), len(references))):
        mixed += [*blanks[index : index + 1], *references[index : index + 1]]
    return mixed


def _stage_of(duplicate: Aliquot, original: Aliquot, usual: ControlKind) -> ControlKind:
    """A portion of another preparation of the same sample repeats the splitting too: a coarse duplicate."""
    return usual if duplicate.preparation_id == original.preparation_id else ControlKind.COARSE_DUPLICATE


def _control(
    kind: str, label: str, version: MethodVersion, *, control: ControlKind, material: ReferenceMaterial | None = None
) -> PlannedPosition:
    return PlannedPosition(
        kind=kind,
        label=label,
        control=control,
        material=material,
        mass_g=version.test_portion_g,
        volume_ml=version.volume_ml,
        dilution=version.dilution,
    )


def _solution(kind: str, control: ControlKind, label: str, nominal: Mapping[str, Any]) -> PlannedPosition:
    return PlannedPosition(kind=kind, label=label, control=control, nominal=nominal, dilution=_UNDILUTED)

"""The counts of a run as the pure calculation takes them: one query, one tube for each acquisition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from assays.calculation.plan import CalculationPlan, combine_replicates, mass_of
from assays.calculation.tubes import Fault, Role, Tube
from assays.instruments.models import Reading, RowOutcome, UploadState
from assays.models import Run, RunPosition
from assays.models.runs import PositionKind
from assays.qc.measurements import ControlKind
from assays.selectors.control_readings import sort_of_control

Cell = tuple[float, str]
"""Counts per second and the id of the reading."""
_SATURATED = {"OVER", ">"}


def read_tubes(
    run: Run, positions: Mapping[int, RunPosition], plan: CalculationPlan, isotopes: Mapping[str, str]
) -> tuple[list[Tube], list[Fault]]:
    """The run's acquisitions in order, with the counts of the method's isotopes and its internal standards; and what keeps a channel from
    being used."""
    wanted = plan.parents | dict(isotopes)
    standards = set(plan.internal_standards.values())
    cells: dict[Any, dict[tuple[str, bool], dict[str, list[Cell]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    numbers: dict[Any, int] = {}
    over: dict[Any, set[str]] = defaultdict(set)
    for row, number, symbol, isotope, gas, value, qualifier, internal, pk in _cells(run, [*wanted, *standards]):
        numbers.setdefault(row, number)
        if plan.gas_mode and gas and gas != plan.gas_mode:
            continue
        if not internal and (symbol not in wanted or mass_of(isotope) not in {0, mass_of(wanted[symbol])}):
            continue
        if qualifier in _SATURATED:
            over[row].add(symbol)
        elif value is not None:
            cells[row][symbol, internal][f"{isotope} {gas}".strip()].append((float(value), str(pk)))
    faults = {
        symbol: Fault(
            "several_channels", symbol, f"{symbol} was counted in {', '.join(sorted(channels))}; the method does not say which mode counts."
        )
        for found in cells.values()
        for (symbol, _), channels in found.items()
        if len(channels) > 1
    }
    tubes = [
        _tube(order, positions[number], cells[row], frozenset(over[row]), plan, faults)
        for order, (row, number) in enumerate(numbers.items(), 1)
        if number in positions
    ]
    return tubes, list(faults.values())


def _cells(run: Run, symbols: list[str]) -> Any:
    return (
        Reading.objects.filter(
            row__upload__run=run,
            row__upload__state=UploadState.RECORDED,
            row__outcome=RowOutcome.MATCHED,
            row__position__run=run,
            quantity="counts",
            analyte__in=symbols,
        )
        .order_by("row__upload", "row__index", "sequence")
        .values_list("row", "row__position__number", "analyte", "isotope", "gas_mode", "value", "qualifier", "internal_standard", "id")
    )


def _tube(
    order: int, position: RunPosition, cells: Mapping[tuple[str, bool], Mapping[str, list[Cell]]], over: frozenset[str],
    plan: CalculationPlan, faults: Mapping[str, Fault],
) -> Tube:  # fmt: skip
    signals: dict[str, tuple[Cell, ...]] = {}
    standards: dict[str, float] = {}
    for (symbol, internal), channels in cells.items():
        if symbol in faults:
            continue
        found = next(iter(channels.values()))
        if symbol in plan.internal_standards.values():
            standards[symbol] = combine_replicates([value for value, _ in found], plan.replicates)
        elif not internal:
            signals[symbol] = tuple(found)
    return Tube(
        order=order,
        number=position.number,
        label=position.label,
        role=_role(position),
        signals={symbol: found[0][0] for symbol, found in signals.items()},
        standards=standards,
        nominal={symbol: float(value) for symbol, value in position.nominal.items()},
        cells=signals,
        over=over,
    )


def _role(position: RunPosition) -> Role:
    if position.kind == PositionKind.CALIBRATION:
        return Role.STANDARD
    kind = sort_of_control(position)
    if kind == ControlKind.INTERFERENCE_SOLUTION:
        return Role.PURE
    return Role.DRIFT if kind == ControlKind.CONTINUING_CALIBRATION_VERIFICATION else Role.OTHER

"""The trail of one result: its raw cells, every step with its formula, inputs and output, and what the run's stages found. Pure.

An auditor needs nothing else: each step's output follows from its inputs by the arithmetic that stands beside it, and each input is a raw
cell, a number of the portion, or the output of an earlier step.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from assays.calculation.steps import FORMULAS, Step
from assays.chemistry.solids import IGNITED_DRY, OF_IGNITED, SPECIMEN

Row = dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """A number the instrument reported, what one of its unit is in the unit that is reduced (µg/L of a solution, mg/kg of a solid), and the
    mass of its oxide per mass of the element (1 where the element itself was read); `about` says where it stands."""

    value: float
    unit_factor: float = 1.0
    oxide_factor: float = 1.0
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reduced(self) -> float:
        """The element's number, in the unit that is reduced."""
        return self.value * self.unit_factor / self.oxide_factor


def tell_steps(
    inputs: Mapping[str, Any], cells: Sequence[Cell], blanks: Sequence[float], uncertainty: Sequence[Step], moisture_percent: float
) -> list[Row]:
    """The steps of a stored result version in order. `cells` are the instrument's own contents, used where no acquisition has steps of its
    own; a result that was read neither in a solution nor in a solid has no steps here. `blanks` are what the run's reagent blanks showed,
    bounds and negative values as zero; `uncertainty` the last steps."""
    found: list[Row] = []
    if "read_mg_kg" in inputs:
        found = [_row("specimen", one.as_data()) for one in _tell_specimen(inputs, cells, moisture_percent)]
        return found + [_row("result", one.as_data()) for one in uncertainty]
    if "solution_ug_l" not in inputs:
        return found
    solutions: list[float] = []
    for acquisition in inputs.get("acquisitions", ()):
        found += [_row(f"acquisition {acquisition['order']}", one) for one in acquisition["steps"]]
        solutions += [one["output"] for one in acquisition["steps"][-1:]]
    if not solutions and any(one.unit_factor != 1 or one.oxide_factor != 1 for one in cells):
        found += [_row("reading", one.as_data()) for one in _tell_cells("reading_solution_1", cells)]
    solutions = solutions or [one.reduced for one in cells]
    found += [_row("tube", one.as_data()) for one in _tell_tube(inputs, solutions, blanks, moisture_percent)]
    return found + [_row("result", one.as_data()) for one in uncertainty]


def _tell_cells(name: str, cells: Sequence[Cell]) -> Iterator[Step]:
    """Each reading as the element in the unit that is reduced: the factors of its unit and of its oxide stand here and nowhere else."""
    for one in cells:
        numbers = {"reading": one.value, "unit_factor": one.unit_factor, "oxide_factor": one.oxide_factor}
        yield Step(name, numbers, one.reduced, one.about)


def _tell_specimen(inputs: Mapping[str, Any], cells: Sequence[Cell], moisture_percent: float) -> Iterator[Step]:
    """A content of a solid: what was reported, of what, as one of the portion, dry."""
    read = float(inputs["read_mg_kg"])
    yield from _tell_cells("reading_solid_1", cells)
    if len(cells) > 1:
        rule = inputs.get("replicates", "mean")
        yield Step(f"solid_{rule}_1", {f"replicate_{place}": one.reduced for place, one in enumerate(cells, 1)}, read)
    if inputs["net_mg_kg"] == "None":
        return
    net, amounts = float(inputs["net_mg_kg"]), {"read": read}
    if inputs["reported_of"] == SPECIMEN:
        amounts |= {"specimen_g": float(inputs["specimen_g"]), "mass_g": float(inputs["mass_g"])}
        content = read * amounts["specimen_g"] / amounts["mass_g"]
    elif inputs["reported_of"] in OF_IGNITED:
        amounts |= {"ignition_loss_percent": float(inputs["ignition_loss_percent"])}
        content = read * (100 - amounts["ignition_loss_percent"]) / 100
        if inputs["reported_of"] == IGNITED_DRY:
            amounts |= {"moisture_percent": moisture_percent}
            content *= (100 - moisture_percent) / 100
    else:
        content = read
    yield Step(f"of_{inputs['reported_of']}_1", amounts, content)
    yield Step("dry_1", {"content": content, "moisture_percent": moisture_percent}, net)


def _tell_tube(inputs: Mapping[str, Any], solutions: Sequence[float], blanks: Sequence[float], moisture_percent: float) -> Iterator[Step]:
    solution, blank, dilution = (float(inputs[name]) for name in ("solution_ug_l", "blank_ug_l", "dilution"))
    if len(solutions) > 1:
        rule = inputs.get("replicates", "mean")
        yield Step(f"solution_{rule}_1", {f"replicate_{place}": one for place, one in enumerate(solutions, 1)}, solution)
    if inputs["net_mg_kg"] == "None":
        return
    if blanks:
        mean = fmean(blanks)
        yield Step("procedural_blank_1", {f"blank_{place}": one for place, one in enumerate(blanks, 1)}, mean)
        if mean and blank != mean:
            yield Step("blank_scale_1", {"blank": mean, "applied_dilution": blank / mean}, blank)
    volume, mass = float(inputs["volume_ml"]), float(inputs["mass_g"])
    content = (solution - blank) * volume * dilution / (1000 * mass)
    amounts = {"solution": solution, "blank": blank, "volume_ml": volume, "dilution": dilution, "mass_g": mass}
    yield Step("content_1", amounts, content)
    yield Step("dry_1", {"content": content, "moisture_percent": moisture_percent}, float(inputs["net_mg_kg"]))


def _row(where: str, step: Mapping[str, Any]) -> Row:
    formula = FORMULAS[step["step"]]
    return {
        "where": where,
        "step": formula.name,
        "meaning": formula.meaning,
        "formula": formula.expression,
        # In the order of the formula: the database keeps the members of an object in its own.
        "inputs": dict(sorted(step["inputs"].items(), key=lambda one: (formula.expression.find(one[0]), one[0]))),
        "output": step["output"],
        "unit": formula.unit,
        "about": step["about"],
    }


def tell_determination(inputs: Mapping[str, Any], symbol: str) -> list[Row]:
    """The steps of a content that was weighed or titrated: the oxides in percent dry, or the loss on ignition."""
    read = {name: float(value) for name, value in inputs["determined"].items()}
    if symbol == "LOI":
        return [_row("portion", _weigh("loss_on_ignition_1", read, float(inputs["loi_percent"])).as_data())]
    amounts = read | {"mass_g": float(inputs["mass_g"])}
    moisture, dry = float(inputs["portion_moisture_percent"]), float(inputs["treo_percent"])
    name = "gravimetric_treo_1" if inputs["technique"] == "gravimetry" else "titrimetric_treo_1"
    content = dry * (100 - moisture) / 100
    steps = [_weigh(name, amounts, content), Step("dry_percent_1", {"content": content, "moisture_percent": moisture}, dry)]
    return [_row("portion", one.as_data()) for one in steps]


def _weigh(name: str, numbers: Mapping[str, float], output: float) -> Step:
    """A step with those of the numbers that its formula names."""
    used = set(re.findall(r"[a-z_]+", FORMULAS[name].expression))
    return Step(name, {one: number for one, number in numbers.items() if one in used}, output)


def as_table(rows: Iterable[Row]) -> Iterator[tuple[str, ...]]:
    """The steps as a table: one line an input, then its output, so that a spreadsheet can follow."""
    yield ("line", "where", "step", "formula", "name", "number", "unit")
    line = 0
    for row in rows:
        for name, number in [*row["inputs"].items(), ("=", row["output"])]:
            line += 1
            unit = row["unit"] if name == "=" else ""
            yield (str(line), row["where"], row["step"], row["formula"], name, repr(number), unit)

"""The sheet of a reception: one row per listed sample, a few for samples nobody announced. Two hundred rows are written in plain HTML, so
this reads them itself; what was typed stays, and each error stands in its cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lims.core.errors import DomainError, Forbidden, NotFound
from lims.core.plain_numbers import is_plain_number
from samples.selectors.consignments import ItemRow
from samples.selectors.receipts import OuterSeal
from samples.services.receiving import ItemFound, PackFound

STRAY_ROWS = 5
# The cells of a row in the order of the keyboard, each with the member of `ItemFound` it becomes.
CELLS = {
    "code": "sample",
    "found": "present",
    "seal": "seal_condition",
    "number": "seal_number",
    "container": "container_intact",
    "count": "container_count",
    "mass": "mass_g",
    "remark": "remark",
}
_CELL_OF = {member: cell for cell, member in CELLS.items()}


@dataclass
class OuterRow:
    """One outer seal on the sheet."""

    prefix: str
    outer: OuterSeal
    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_looked_at(self) -> bool:
        """Something was entered of it."""
        return any(self.values.values())


@dataclass
class SheetRow:
    """One sample. `item` is None for a sample that is not on the list; `values` is what was typed, by cell."""

    prefix: str
    item: ItemRow | None
    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_found(self) -> bool:
        """Ticked, or something was entered of it."""
        return any(value for cell, value in self.values.items() if cell != "remark")


class ReceiptSheet:
    """All rows, from the list alone or with what was posted."""

    def __init__(self, items: Sequence[ItemRow], data: Mapping[str, str] | None = None, *, outer: Sequence[OuterSeal] = ()) -> None:
        self.is_bound = data is not None
        self.outer = [OuterRow(f"outer{one.number or 0}", one) for one in outer]
        for one in self.outer if data is not None else ():
            one.values = {cell: (data or {}).get(f"{one.prefix}-{cell}", "").strip() for cell in ("seal", "number")}
        self.rows = [SheetRow(item.sample_id.hex, item) for item in items]
        self.strays = [SheetRow(f"stray{number}", None) for number in range(STRAY_ROWS)]
        self.remark = (data or {}).get("remark", "").strip()
        self.missing_confirmed = bool((data or {}).get("missing_confirmed"))
        self.rest_follows = bool((data or {}).get("rest_follows"))
        self.errors: list[str] = []
        for row in self._all if data is not None else ():
            row.values = {cell: (data or {}).get(f"{row.prefix}-{cell}", "").strip() for cell in CELLS}
        self._sent = [row for row in self.rows if row.is_found or (row.values.get("remark") and not self.rest_follows)] + [
            row for row in self.strays if row.is_found
        ]

    @property
    def _all(self) -> list[SheetRow]:
        return [*self.rows, *self.strays]

    @property
    def has_strays(self) -> bool:
        """Something was entered of a sample that is not on the list."""
        return any(any(row.values.values()) for row in self.strays)

    @property
    def missing(self) -> list[SheetRow]:
        """Listed samples of which nothing was found."""
        return [row for row in self.rows if not row.is_found]

    @property
    def found_count(self) -> int:
        return len(self.rows) - len(self.missing)

    def read(self) -> list[ItemFound] | None:
        """The findings, or None when a cell cannot be read or the missing samples are not confirmed."""
        found = [_finding(row) for row in self._sent]
        here = {row.prefix for row in self.rows if row.is_found}
        for one in self.outer:
            if not one.values["seal"] and (one.outer.samples & here):
                one.errors["seal"] = _("Say how this seal was found.")
        if not any(row.is_found for row in self._all):
            self.errors.append(_("Nothing is ticked. Scan or tick what arrived."))
        elif self.missing and not (self.missing_confirmed or self.rest_follows):
            sentence = ngettext(
                "%(count)d listed sample is not ticked. Scan it, or say below that it is missing or comes later.",
                "%(count)d listed samples are not ticked. Scan them, or say below that they are missing or come later.",
                len(self.missing),
            )
            self.errors.append(sentence % {"count": len(self.missing)})
        return None if self.error_count else found

    @property
    def packs(self) -> list[PackFound]:
        """How the outer seals were found."""
        return [
            PackFound(number=row.outer.number, seal_number=row.values["number"], seal_condition=row.values["seal"]) for row in self._seen
        ]

    @property
    def _seen(self) -> list[OuterRow]:
        return [one for one in self.outer if one.is_looked_at]

    def add_refusal(self, error: DomainError) -> None:
        """Put each problem of a refusal into its cell; what fits no cell stands at the top, what no typing can mend is raised again."""
        if isinstance(error, (Forbidden, NotFound)):
            raise error
        if not error.problems:
            self.errors.append(error.message)
        for problem in error.problems:
            parts = problem.pointer.strip("/").split("/")
            if len(parts) == 3 and parts[0] == "packs" and parts[2] in {"seal_number", "seal_condition"}:
                self._seen[int(parts[1])].errors[_CELL_OF[parts[2]]] = problem.detail
            elif len(parts) == 3 and parts[1].isdigit() and parts[2] in _CELL_OF:
                row = self._sent[int(parts[1])]
                row.errors[_CELL_OF[parts[2]] if row.item is None or parts[2] != "sample" else "found"] = problem.detail
            else:
                self.errors.append(problem.detail)

    @property
    def error_count(self) -> int:
        return len(self.errors) + sum(len(row.errors) for row in self._all) + sum(len(row.errors) for row in self.outer)


def _finding(row: SheetRow) -> ItemFound:
    values = row.values
    code = str(row.item.sample_id) if row.item else values["code"]
    if not row.is_found:
        return ItemFound(sample=code, present=False, remark=values["remark"])
    return ItemFound(
        sample=code,
        seal_number=values["number"],
        seal_condition=values["seal"],
        container_intact={"ok": True, "damaged": False}.get(values["container"]),
        container_count=_whole_number(row, "count"),
        mass_g=_mass(row),
        remark=values["remark"],
    )


def _whole_number(row: SheetRow, cell: str) -> int | None:
    text = row.values[cell]
    if text and not (text.isascii() and text.isdigit() and len(text) < 6):
        row.errors[cell] = _("Write a whole number.")
        return None
    return int(text) if text else None


def _mass(row: SheetRow) -> Decimal | None:
    text = row.values["mass"]
    if text and not is_plain_number(text):
        row.errors["mass"] = _("Write the mass in grams with a point: 512.3")
        return None
    return Decimal(text) if text else None

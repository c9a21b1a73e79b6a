"""Bodies of the calls at the bench. Numbers may be written as numbers or texts."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from lims.core.api.views import Struct

MOST_ROWS = 1000

Codes = Annotated[list[str], msgspec.Meta(max_length=MOST_ROWS)]


class NewSubmission(Struct):
    """`laboratory` and `customer` are codes of organisations; each defaults to the caller's own, the customer at a laboratory to the
    owner of the samples."""

    samples: Codes
    methods: Annotated[list[str], msgspec.Meta(max_length=50)]
    laboratory: str | None = None
    customer: str | None = None
    basis: Literal["dry", "as_received"] = "dry"
    turnaround: Literal["routine", "rush"] = "routine"
    customer_reference: str = ""
    remark: str = ""


class Reason(Struct):
    """Why a step is taken."""

    reason: str


class Preparation(Struct):
    """A preparation: masses in grams, temperatures in °C."""

    sample: str
    route: str
    wet_mass_g: Decimal
    dry_mass_g: Decimal
    drying_c: int | None = None
    portion_dried_c: int | None = None
    sieve_passing_percent: Decimal | None = None
    remark: str = ""


class Aliquot(Struct):
    """A test portion: the test by its id, or by sample and method; mass in grams."""

    mass_g: Decimal
    duplicate_mass_g: Decimal | None = None
    test: UUID | None = None
    sample: str = ""
    method: str = ""
    volume_ml: Decimal | None = None
    dilution: Decimal | None = None
    specimen_g: Decimal | None = None
    ignition_loss_percent: Decimal | None = None
    duplicate_of: str | None = None


class Position(Struct):
    """A tube: what stands there by code; amounts are of controls. `nominal` by symbol, or `*` for every analyte."""

    kind: str
    number: int | None = None
    label: str = ""
    aliquot: str | None = None
    material: str | None = None
    duplicate_of: int | None = None
    control: str = ""
    nominal: dict[str, Decimal] = {}
    mass_g: Decimal | None = None
    volume_ml: Decimal | None = None
    dilution: Decimal | None = None


class Lots(Struct):
    """The lots of a run by their codes."""

    calibration: str | None = None
    verification: str | None = None
    spike: str | None = None
    references: Codes = []
    reagents: Codes = []


class NewRun(Struct):
    """A run of a method on an instrument. Nothing more: what waits, with its controls. `aliquots`: these, with their controls.
    `positions`: exactly these. `lots`: what it is measured with; those proposed without it. `layout` is the code of a rack; `seed` brings a
    random order back."""

    instrument: str
    method: str
    aliquots: Codes | None = None
    positions: Annotated[list[Position], msgspec.Meta(max_length=MOST_ROWS)] | None = None
    lots: Lots | None = None
    layout: str | None = None
    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**31)] | None = None


Preparations = Preparation | Annotated[list[Preparation], msgspec.Meta(min_length=1, max_length=MOST_ROWS)]
Aliquots = Aliquot | Annotated[list[Aliquot], msgspec.Meta(min_length=1, max_length=MOST_ROWS)]

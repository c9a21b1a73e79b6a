"""What a certificate of analysis says, as plain values: the items a to p of ISO/IEC 17025:2017, 7.8.2.1, and what signing and amending add.

Every number is text exactly as reported: rounding happens before, once. `CertificateContent.canonical_bytes` is the snapshot that is kept,
and its SHA-256 is printed on the paper; the PDF is the snapshot's picture.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import msgspec

Qualifier = Literal["", "<", ">"]
SumState = Literal["complete", "bounded", "incomplete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Laboratory:
    """Who issues (b) and where the work was done (c). `accreditation` is the sentence printed in the place of accreditation; no symbol."""

    name: str
    address: tuple[str, ...]
    activity_location: str
    contact: str = ""
    accreditation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who asked (e). `reference` is the customer's own number for the work."""

    name: str
    contact: str
    address: tuple[str, ...] = ()
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How it was measured (f): `code` and `version` as the laboratory controls them, `description` in one or two sentences."""

    code: str
    version: str
    name: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item tested (g), when it came and was sampled (h), and how it was sampled (k, empty when unknown to the laboratory)."""

    code: str
    description: str
    condition: str
    received_on: date
    customer_code: str = ""
    sampled_on: date | None = None
    sampling: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A measured value as reported, trailing zeros kept. With `<` or `>` the value is the limit. `uncertainty` is expanded, same unit."""

    value: str
    qualifier: Qualifier = ""
    uncertainty: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementResult:
    """One analyte of one item (m), as element and as oxide, with its limit of quantification.

    `external_provider` names who measured it when not the laboratory (p); `accredited` is false for a test outside a claimed scope; `note`
    is printed as a footnote.
    """

    element: str
    result: Quantity
    loq: str = ""
    oxide: str = ""
    oxide_result: Quantity | None = None
    external_provider: str = ""
    accredited: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedResult:
    """A quantity computed from results: an oxide or a sum such as TREO, with the definition that is printed under it.

    `censored` names the members below their limit: the value then lies between `lower` and `upper`. `missing` names members that were not
    measured: the sum is then incomplete and `lower` is what the measured members give. `over_range` names members that are above what was
    measured: only `lower` holds.
    """

    symbol: str
    definition: str
    result: Quantity | None = None
    lower: str = ""
    upper: str = ""
    censored: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    over_range: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.state == "complete" and self.result is None:
            raise ValueError(f"{self.symbol} is complete but has no result.")
        if self.state == "bounded" and not (self.upper or self.over_range):
            raise ValueError(f"{self.symbol} has members below their limit, so it needs its upper bound.")

    @property
    def state(self) -> SumState:
        """`incomplete` when a member was not measured, else `bounded` when one is only a bound and no single value stands."""
        if self.missing:
            return "incomplete"
        return "bounded" if (self.censored or self.over_range) and self.result is None else "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultTable:
    """The results of one item by one method. `quantity` says what was measured (total, leachable), `basis` on what mass it is reported.

    `tested_from` and `tested_to` are the dates of the test (i). `coverage_factor` belongs to every uncertainty of the table.
    """

    item_code: str
    method_code: str
    quantity: str
    unit: str
    basis: str
    tested_from: date
    tested_to: date
    results: tuple[ElementResult, ...]
    derived: tuple[DerivedResult, ...] = ()
    coverage_factor: str = "2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """The normalised pattern of one item: `(element, value)` in plotting order, from which the drawing is made."""

    item_code: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """An electronic signature (o): printed name, what it means, when, and the SHA-256 of what was signed."""

    name: str
    position: str
    meaning: str
    signed_at: datetime
    content_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that an amendment changes."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """Which certificate this one replaces, why, and what changed (7.8.8)."""

    of_number: str
    of_issued_at: datetime
    reason: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateContent:
    """All that a certificate says. `sampled_by_laboratory` decides whether sampling data are marked as the customer's (7.8.2.2)."""

    number: str
    issued_at: datetime
    laboratory: Laboratory
    customer: Customer
    methods: tuple[Method, ...]
    items: tuple[Item, ...]
    tables: tuple[ResultTable, ...]
    signatures: tuple[Signature, ...]
    verify_url: str
    sampled_by_laboratory: bool = False
    decision_rule: str = "No statement of conformity to a specification is made."
    deviations: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    normalisation: str = ""
    amendment: Amendment | None = None
    synthetic: bool = False

    def __post_init__(self) -> None:
        items, methods = {item.code for item in self.items}, {method.code for method in self.methods}
        if not (self.tables and self.signatures):
            raise ValueError("A certificate needs results and at least one signature.")
        for table in self.tables:
            if table.item_code not in items or table.method_code not in methods:
                raise ValueError(f"The results of {table.item_code} by {table.method_code} name an item or method the certificate lacks.")

    def to_data(self) -> dict[str, Any]:
        """The content as JSON holds it: times as RFC 3339 text, no floats."""
        data: dict[str, Any] = msgspec.to_builtins(self)
        return data

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> CertificateContent:
        """The content back from `to_data`. Raises `msgspec.ValidationError` naming the place that does not fit."""
        return msgspec.convert(data, cls)

    def canonical_bytes(self) -> bytes:
        """The snapshot: UTF-8 JSON with sorted keys and no spaces (RFC 8785 for these values, which hold no floats)."""
        return json.dumps(self.to_data(), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    def sha256(self) -> str:
        """Hexadecimal SHA-256 of the snapshot."""
        return hashlib.sha256(self.canonical_bytes()).hexdigest()

"""What differs between two certificates: the visible difference an amendment prints (ISO/IEC 17025:2017, 7.8.8). Plain values only."""

from __future__ import annotations

from collections.abc import Iterator

from lims.documents.certificate import CertificateContent, Change, DerivedResult, Quantity, ResultTable

NOT_REPORTED = "not reported"


def find_changes(before: CertificateContent, after: CertificateContent) -> list[Change]:
    """Every reported value and every other statement that differs, was added or is gone, in the order of the paper."""
    old, new = dict(_statements(before)), dict(_statements(after))
    return [
        Change(what=what, before=old.get(what, NOT_REPORTED), after=new.get(what, NOT_REPORTED))
        for what in dict.fromkeys([*old, *new])
        if old.get(what) != new.get(what)
    ]


def _statements(content: CertificateContent) -> Iterator[tuple[str, str]]:
    """What the paper states, by name. Number, time of issue, signatures and address differ by nature and are no change."""
    yield "Customer", _joined(content.customer.name, content.customer.contact, *content.customer.address, content.customer.reference)
    yield "Laboratory", _joined(content.laboratory.name, *content.laboratory.address, content.laboratory.accreditation)
    for method in content.methods:
        yield f"Method {method.code}", _joined(method.version, method.name, method.description)
    for item in content.items:
        yield f"{item.code}, description", item.description
        yield f"{item.code}, condition on receipt", item.condition
        yield f"{item.code}, received", item.received_on.isoformat()
        yield f"{item.code}, sampling", _joined(item.sampled_on.isoformat() if item.sampled_on else "", item.sampling)
    for table in content.tables:
        yield from _results(table)
    yield "Deviations", "; ".join(content.deviations) or "none"
    yield "Remarks", "; ".join(content.remarks) or "none"
    yield "Decision rule", content.decision_rule


def _results(table: ResultTable) -> Iterator[tuple[str, str]]:
    tail = f"{table.unit} {table.basis}"
    for one in table.results:
        yield f"{table.item_code}, {one.element}, {table.method_code}", f"{_worded(one.result)} {tail}"
    measured = {name for one in table.results for name in (one.element, one.oxide)}
    for derived in table.derived:
        if derived.symbol not in measured:  # an oxide changes with its element
            yield f"{table.item_code}, {derived.symbol}, {table.method_code}", f"{_worded_sum(derived)} {tail}"


def _worded(quantity: Quantity) -> str:
    return f"{quantity.qualifier}{quantity.value}" + (f" ± {quantity.uncertainty}" if quantity.uncertainty else "")


def _worded_sum(derived: DerivedResult) -> str:
    if derived.result is not None:
        return _worded(derived.result)
    if derived.missing or derived.over_range:
        return f"≥ {derived.lower}{', incomplete,' if derived.missing else ''}"
    return f"{derived.lower}–{derived.upper}"


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)

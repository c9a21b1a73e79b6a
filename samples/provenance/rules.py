"""Red flags as a table of rules over plain facts. A rule says that something calls for an assessment, never that anybody did wrong.

Sources are paragraphs of the OECD Due Diligence Guidance for Responsible Supply Chains of Minerals from Conflict-Affected and High-Risk
Areas, third edition (2016): its Annex II, and its Supplement on Tin, Tantalum and Tungsten (3T), which is applied here to rare earths as a
pattern. A change of any rule is a new `RULES_VERSION`, so that what was assessed under an older one is assessed again.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from samples.provenance.facts import ARMED_GROUP, OFFICIALS, SECURITY_FORCES, UNKNOWN, YES, Facts, PaymentFacts, StageFacts

RULES_VERSION = "1"
_DAYS_A_YEAR = Decimal("365.25")

Told = tuple[tuple[str, str], ...]
"""The facts that raise a flag, as label and value."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A raised flag: the rule's code, a sentence, its source, and the facts it rests on."""

    code: str
    sentence: str
    source: str
    facts: Told


@dataclass(frozen=True, slots=True)
class Rule:
    """`find(facts)` gives the facts that raise the flag, or nothing."""

    code: str
    sentence: str
    source: str
    find: Callable[[Facts], Iterable[tuple[str, str]]]


def find_flags(facts: Facts) -> list[Flag]:
    """The flags these facts raise, in the order of the table."""
    found = [(rule, tuple(rule.find(facts))) for rule in RULES]
    return [Flag(rule.code, rule.sentence, rule.source, told) for rule, told in found if told]


# --- Location -------------------------------------------------------------------------------------------------------------------------


def _origin(facts: Facts) -> Iterator[tuple[str, str]]:
    if facts.mine.conflict_area != "no":
        yield f"mine {facts.mine.code}: conflict-affected or high-risk area", facts.mine.conflict_area


def _transit(facts: Facts) -> Iterator[tuple[str, str]]:
    for stage in facts.stages:
        if stage.conflict_area == YES:
            yield _stage(stage), YES


def _capacity(facts: Facts) -> Iterator[tuple[str, str]]:
    limit = facts.mine.capacity_t_per_year
    if limit is None or facts.quantity_kg is None:
        return
    days = _days(facts.extracted_from, facts.extracted_until)
    most = limit * 1000 * Decimal(days) / _DAYS_A_YEAR if days else limit * 1000
    if facts.quantity_kg > most:
        yield "quantity", f"{facts.quantity_kg.normalize():f} kg"
        yield f"known output of the mine in {days or 365} days", f"{most:.0f} kg"


def _days(first: date | None, last: date | None) -> int:
    return (last - first).days + 1 if first and last and last >= first else 0


# --- Armed groups, security forces, officials -----------------------------------------------------------------------------------------


def _armed_control(facts: Facts) -> Iterator[tuple[str, str]]:
    if facts.mine.armed_control != "no":
        yield f"mine {facts.mine.code}: controlled by a non-state armed group", facts.mine.armed_control


def _paid(facts: Facts, kinds: frozenset[str]) -> Iterator[tuple[str, str]]:
    for payment in facts.payments:
        if payment.payee_kind in kinds:
            yield _payment(payment), f"{_amount(payment)}, row {payment.sha256}"


def _paid_armed_group(facts: Facts) -> Iterator[tuple[str, str]]:
    return _paid(facts, frozenset({ARMED_GROUP}))


def _paid_security(facts: Facts) -> Iterator[tuple[str, str]]:
    return _paid(facts, SECURITY_FORCES)


def _paid_official(facts: Facts) -> Iterator[tuple[str, str]]:
    for payment in facts.payments:
        if payment.payee_kind in OFFICIALS and not payment.has_evidence:
            yield _payment(payment), f"{_amount(payment)}, row {payment.sha256}"


# --- Suppliers ------------------------------------------------------------------------------------------------------------------------


def _unidentified(facts: Facts) -> Iterator[tuple[str, str]]:
    for one in facts.intermediaries:
        if one.identified_by in {"", "declared"}:
            yield f"intermediary {one.number} ({one.role}) identified by", f"{one.identified_by or 'nothing'}, row {one.sha256}"


def _owner_unknown(facts: Facts) -> Iterator[tuple[str, str]]:
    for one in facts.intermediaries:
        if not one.owner_known:
            yield f"intermediary {one.number} ({one.role}) beneficial owner", f"not recorded, row {one.sha256}"


# --- Circumstances --------------------------------------------------------------------------------------------------------------------


def _dates(facts: Facts) -> Iterator[tuple[str, str]]:
    steps = [
        ("extracted from", facts.extracted_from),
        ("extracted until", facts.extracted_until),
        ("acquired on", facts.acquired_on),
        ("sent on", facts.sent_on),
    ]
    known = [(label, day) for label, day in steps if day]
    yield from _out_of_order(known)
    route = [
        (f"{_stage(one)} {word}", day) for one in facts.stages for word, day in (("reached", one.arrived_on), ("left", one.left_on)) if day
    ]
    yield from _out_of_order(route)
    if route and facts.extracted_from and route[0][1] < facts.extracted_from:
        yield route[0][0], f"{route[0][1]}, before extraction began ({facts.extracted_from})"


def _out_of_order(steps: list[tuple[str, date]]) -> Iterator[tuple[str, str]]:
    for (before, first), (after, second) in itertools.pairwise(steps):
        if second < first:
            yield after, f"{second}, before “{before}” ({first})"


def _border(facts: Facts) -> Iterator[tuple[str, str]]:
    declared = _plain(facts.declared_border_post)
    for stage in facts.stages:
        crossed = _plain(stage.place)
        if stage.kind == "border_post" and not (declared and (crossed in declared or declared in crossed)):
            yield _stage(stage), f"crossed; declared: {facts.declared_border_post or 'none'}"


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _no_permit(facts: Facts) -> Iterator[tuple[str, str]]:
    if not facts.permits:
        yield "permits", "none recorded"
    elif "permit" not in facts.evidence:
        yield "permits", f"{len(facts.permits)} recorded, no file of any"


def _no_evidence(facts: Facts) -> Iterator[tuple[str, str]]:
    if not facts.evidence:
        yield "evidence files", "none"
    for payment in facts.payments:
        # Those to officials have a rule of their own.
        if not payment.has_evidence and payment.payee_kind not in OFFICIALS:
            yield _payment(payment), f"no receipt or other evidence, row {payment.sha256}"


def _stage(stage: StageFacts) -> str:
    where = stage.place if stage.kind == "border_post" else stage.jurisdiction or "jurisdiction not recorded"
    return f"route {stage.number} ({_words(stage.kind)}, {where})"


def _words(choice: str) -> str:
    return choice.replace("_", " ")


def _payment(payment: PaymentFacts) -> str:
    return f"payment {payment.number} ({_words(payment.reason)}, to {_words(payment.payee_kind)})"


def _amount(payment: PaymentFacts) -> str:
    number = "amount not known" if payment.amount is None else f"{payment.amount.normalize():f} {payment.currency}"
    return f"{number}, {payment.paid_on or 'day not known'}"


_ANNEX, _3T = "OECD guidance, Annex II", "OECD guidance, 3T supplement"
_LOCATION = f"{_3T}, red flag locations of mineral origin and transit"
_SUPPLIER = f"{_3T}, supplier red flags"
_CIRCUMSTANCE = f"{_3T}, red flag circumstances"

RULES: tuple[Rule, ...] = (
    Rule(
        "origin_conflict",
        "The mine lies in a conflict-affected or high-risk area, or it is not recorded that it does not.",
        _LOCATION,
        _origin,
    ),
    Rule("transit_conflict", "The route leads through a conflict-affected or high-risk area.", _LOCATION, _transit),
    Rule(
        "armed_control",
        "A non-state armed group controls the mine, or it is not recorded that none does.",
        f"{_ANNEX}, paragraphs 3 and 4: direct or indirect support to non-state armed groups",
        _armed_control,
    ),
    Rule(
        "armed_group_paid",
        "A payment to a non-state armed group is recorded.",
        f"{_ANNEX}, paragraphs 3 and 4: direct or indirect support to non-state armed groups",
        _paid_armed_group,
    ),
    Rule(
        "security_paid",
        "A payment to public or private security forces is recorded.",
        f"{_ANNEX}, paragraphs 5 to 10: public or private security forces",
        _paid_security,
    ),
    Rule(
        "official_unreceipted",
        "A payment to an authority or official has no evidence.",
        f"{_ANNEX}, paragraphs 11 and 13: bribery; taxes, fees and royalties due to governments",
        _paid_official,
    ),
    Rule("quantity_implausible", "The quantity is more than the known output of the mine in that time.", _LOCATION, _capacity),
    Rule(
        "unidentified",
        "An intermediary is not identified, or only by its own statement.",
        f"{_3T}, step 1 C and supplier red flags",
        _unidentified,
    ),
    Rule("owner_unknown", "The beneficial owner of an intermediary is not recorded.", _SUPPLIER, _owner_unknown),
    Rule("dates", "Dates contradict each other.", _CIRCUMSTANCE, _dates),
    Rule("border_undeclared", "The route crosses a border post that the consignment's papers do not declare.", _CIRCUMSTANCE, _border),
    Rule("no_permit", "Permits, or files of them, are missing.", f"{_3T}, step 1 C: documentation of the chain", _no_permit),
    Rule("no_evidence", "What is stated is not shown by any file.", f"{_3T}, step 1 C: documentation of the chain", _no_evidence),
)
RULES_BY_CODE = {rule.code: rule for rule in RULES}
__all__ = ["RULES", "RULES_BY_CODE", "RULES_VERSION", "UNKNOWN", "Flag", "Rule", "find_flags"]

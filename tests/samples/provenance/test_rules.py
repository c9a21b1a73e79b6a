"""The table of red flags and the table of required facts, over plain facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from samples.provenance.completeness import REQUIREMENTS, find_missing
from samples.provenance.facts import Facts, IntermediaryFacts, MineFacts, PaymentFacts, StageFacts
from samples.provenance.rules import RULES, find_flags

CALM = Facts(
    mine=MineFacts(code="PW1", conflict_area="no", armed_control="no", capacity_t_per_year=Decimal(12)),
    quantity_kg=Decimal(900),
    extraction_method="in_situ_leach",
    extracted_from=date(2026, 1, 1),
    extracted_until=date(2026, 1, 31),
    acquired_on=date(2026, 2, 3),
    sent_on=date(2026, 2, 5),
    operator_known=True,
    permits=("Township, no. 1",),
    declared_border_post="Nampong (Pangsau Pass)",
    intermediaries=(IntermediaryFacts(number=1, role="trader", jurisdiction="MM", identified_by="licence", owner_known=True, sha256="aa"),),
    stages=(
        StageFacts(number=1, kind="mine", place="Pangwa", jurisdiction="MM", conflict_area="no", left_on=date(2026, 2, 4)),
        StageFacts(number=2, kind="border_post", place="nampong", jurisdiction="IN", conflict_area="no", arrived_on=date(2026, 2, 9)),
    ),
    payments=(
        PaymentFacts(
            number=1,
            payee_kind="trader",
            reason="purchase",
            amount=Decimal(100),
            currency="MMK",
            paid_on=date(2026, 2, 3),
            has_evidence=True,
            sha256="bb",
        ),
    ),
    evidence=("permit", "receipt"),
)
PAYMENT, TRADER, BORDER = CALM.payments[0], CALM.intermediaries[0], CALM.stages[1]


def codes(facts: Facts) -> set[str]:
    return {flag.code for flag in find_flags(facts)}


def test_facts_without_any_risk_raise_nothing_and_lack_nothing() -> None:
    assert codes(CALM) == set()
    assert find_missing(CALM) == []


@pytest.mark.parametrize(
    ("change", "flag"),
    [
        ({"mine": replace(CALM.mine, conflict_area="yes")}, "origin_conflict"),
        ({"mine": replace(CALM.mine, conflict_area="unknown")}, "origin_conflict"),
        ({"stages": (replace(CALM.stages[0], conflict_area="yes"), BORDER)}, "transit_conflict"),
        ({"mine": replace(CALM.mine, armed_control="yes")}, "armed_control"),
        ({"mine": replace(CALM.mine, armed_control="unknown")}, "armed_control"),
        ({"payments": (replace(PAYMENT, payee_kind="non_state_armed_group"),)}, "armed_group_paid"),
        ({"payments": (replace(PAYMENT, payee_kind="private_security"),)}, "security_paid"),
        ({"payments": (replace(PAYMENT, payee_kind="official", has_evidence=False),)}, "official_unreceipted"),
        ({"quantity_kg": Decimal(1100)}, "quantity_implausible"),
        ({"intermediaries": (replace(TRADER, identified_by=""),)}, "unidentified"),
        ({"intermediaries": (replace(TRADER, identified_by="declared"),)}, "unidentified"),
        ({"intermediaries": (replace(TRADER, owner_known=False),)}, "owner_unknown"),
        ({"sent_on": date(2026, 1, 15)}, "dates"),
        ({"stages": (CALM.stages[0], replace(BORDER, arrived_on=date(2026, 2, 1)))}, "dates"),
        ({"stages": (replace(CALM.stages[0], left_on=date(2025, 12, 1)), BORDER)}, "dates"),
        ({"stages": (CALM.stages[0], replace(BORDER, place="Moreh"))}, "border_undeclared"),
        ({"declared_border_post": ""}, "border_undeclared"),
        ({"permits": ()}, "no_permit"),
        ({"evidence": ("receipt",)}, "no_permit"),
        ({"payments": (replace(PAYMENT, has_evidence=False),)}, "no_evidence"),
    ],
)
def test_each_rule_fires_alone_and_names_its_facts_and_source(change: dict[str, object], flag: str) -> None:
    (found,) = find_flags(replace(CALM, **change))
    assert (found.code, bool(found.facts)) == (flag, True)
    assert "OECD guidance" in found.source


def test_every_rule_of_the_table_is_tried_above_and_codes_are_unique() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES) == 13


def test_a_quantity_within_a_year_is_held_against_a_year_when_no_days_are_known() -> None:
    unknown = replace(CALM, extracted_from=None, extracted_until=None)
    assert "quantity_implausible" not in codes(replace(unknown, quantity_kg=Decimal(12_000)))
    assert "quantity_implausible" in codes(replace(unknown, quantity_kg=Decimal(12_001)))


def test_a_changed_name_changes_the_facts_of_a_flag_but_is_not_told() -> None:
    paid = replace(PAYMENT, payee_kind="non_state_armed_group")
    before, after = (find_flags(replace(CALM, payments=(replace(paid, sha256=digest),)))[0] for digest in ("b1", "b2"))
    assert before.facts != after.facts


def test_nothing_known_lacks_everything_that_can_lack() -> None:
    missing = {one.code for one in find_missing(Facts(mine=MineFacts(code="PW1")))}
    # What is asked of each line is met where there is none; that there is none must be said.
    assert missing == {one.code for one in REQUIREMENTS} - {"identification", "owners", "payment_details"}
    stated = replace(CALM, intermediaries=(), payments=(), no_intermediary=True, no_payment=True)
    assert find_missing(stated) == []
    assert {one.code for one in find_missing(replace(CALM, payments=(replace(PAYMENT, paid_on=None),)))} == {"payment_details"}

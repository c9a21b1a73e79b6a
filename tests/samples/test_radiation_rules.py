"""Radiation: worked cases of what is quarantined, what is cleared and what never is."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.blocking import DISCREPANCIES, HOLDS
from samples.models.receipts import DiscrepancyKind
from samples.models.samples import HoldKind, Material
from samples.radiation_rules import (
    NUCLIDES_OF_PROCESSED,
    PROCESSED_MATERIALS,
    NuclideActivity,
    judge_activities,
    judge_dose_rate,
)
from samples.seal_numbers import SealNumber, split_seal


@pytest.mark.parametrize(
    ("rate", "background", "uncertainty", "net", "passed"),
    [
        ("0.35", "0.12", "0.05", "0.23", True),
        ("0.60", "0.12", "0.01", "0.48", True),
        ("0.60", "0.12", "0.02", "0.48", False),  # 0.48 + 0.02 is the limit, and not below it
        ("0.90", "0.12", "0", "0.78", False),
        ("0.08", "0.12", "0.05", "0", True),  # below background is no credit
    ],
)
def test_dose_rate_passes_only_below_the_limit_with_its_uncertainty(
    rate: str, background: str, uncertainty: str, net: str, passed: bool
) -> None:
    verdict = judge_dose_rate(Decimal(rate), Decimal(background), Decimal(uncertainty), Decimal("0.5"))
    assert (verdict.net, verdict.passed) == (Decimal(net), passed)


def activities(*rows: tuple[str, str, str, str]) -> list[NuclideActivity]:
    """Nuclide, qualifier, activity and U."""
    return [NuclideActivity(name, Decimal(value), Decimal(spread), Decimal(2), qualifier) for name, qualifier, value, spread in rows]


def test_clay_is_cleared_by_its_contents() -> None:
    # 25 ± 3 mg/kg Th at 4.057 Bq/mg and U below 2 mg/kg at 12.35 Bq/mg: far below 1 Bq/g.
    found = activities(("Th-232", "", "0.1014", "0.0122"), ("U-238", "<", "0.0247", "0"))
    assert judge_activities(found, Decimal(1), processed=False, by_gamma=False).cleared


@pytest.mark.parametrize(
    ("row", "exceeds"),
    [
        (("Th-232", "", "0.95", "0.04"), False),
        (("Th-232", "", "0.95", "0.05"), True),  # x + U is the limit itself
        (("Th-232", "", "1.20", "0.10"), True),
        (("Th-232", "<", "0.99", "0"), False),
        (("Th-232", "<", "1", "0"), True),  # only known to be below the limit of a poor measurement
        (("Th-232", ">", "0.20", "0"), True),  # above the range: may be anything
    ],
)
def test_bounds_are_taken_at_their_unsafe_end(row: tuple[str, str, str, str], exceeds: bool) -> None:
    verdict = judge_activities(activities(row, ("U-238", "", "0.1", "0.02")), Decimal(1), processed=False, by_gamma=False)
    assert (verdict.cleared, verdict.exceeded) == (not exceeds, ("Th-232",) if exceeds else ())


def test_contents_never_clear_a_chemical_product_and_a_spectrum_must_speak_of_the_daughters() -> None:
    heads = activities(("Th-232", "", "0.001", "0.001"), ("U-238", "", "0.001", "0.001"))
    assert not judge_activities(heads, Decimal(1), processed=True, by_gamma=False).cleared
    partly = judge_activities(heads, Decimal(1), processed=True, by_gamma=True)
    assert partly.reasons == ("Ra-226 was not measured.", "Ra-228 was not measured.", "Pb-210 was not measured.")
    whole = activities(*((name, "", "0.2", "0.05") for name in NUCLIDES_OF_PROCESSED))
    assert judge_activities(whole, Decimal(1), processed=True, by_gamma=True).cleared
    # A carbonate that left Th behind and kept radium.
    radium = activities(*((name, "", "1.4" if name == "Ra-228" else "0.05", "0.2") for name in NUCLIDES_OF_PROCESSED))
    assert judge_activities(radium, Decimal(1), processed=True, by_gamma=True).exceeded == ("Ra-228",)


@given(st.decimals(0, 5, places=3), st.decimals(0, 2, places=3), st.decimals("0.001", 3, places=3))
def test_whatever_is_cleared_lies_below_the_limit(value: Decimal, spread: Decimal, limit: Decimal) -> None:
    found = [NuclideActivity("Th-232", value, spread), NuclideActivity("U-238", Decimal(0), Decimal(0))]
    assert judge_activities(found, limit, processed=False, by_gamma=False).cleared == (value + spread < limit)


def test_every_kind_has_its_rule() -> None:
    assert set(DISCREPANCIES) == set(DiscrepancyKind.values)
    assert set(HOLDS) == set(HoldKind.values)
    assert set(Material.values) >= PROCESSED_MATERIALS


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("DM-000123", SealNumber("DM-", 123, 6)),
        ("dm 000123", SealNumber("DM", 123, 6)),
        ("77", SealNumber("", 77, 2)),
        ("A1B22", SealNumber("A1B", 22, 2)),
        ("BROKEN", None),
        ("9" * 16, SealNumber("9", 999999999999999, 15)),
    ],
)
def test_a_seal_number_is_a_prefix_and_digits(text: str, parts: SealNumber | None) -> None:
    assert split_seal(text) == parts

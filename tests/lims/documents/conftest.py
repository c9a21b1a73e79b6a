"""Invented certificates, from one sample with every analyte to a batch of twenty-five."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from django.conf import settings

from lims.core.assets import prepare_assets
from lims.documents.certificate import (
    CertificateContent,
    Customer,
    DerivedResult,
    ElementResult,
    Item,
    Laboratory,
    Method,
    Pattern,
    Quantity,
    ResultTable,
    Signature,
)

IST = timezone(timedelta(hours=5, minutes=30))

# element, oxide, mg/kg, oxide factor, LOQ: a clay of about 1000 mg/kg TREO
CLAY = (
    ("La", "La2O3", 145.0, 1.172769, "0.10"),
    ("Ce", "CeO2", 24.4, 1.228368, "0.10"),
    ("Pr", "Pr6O11", 39.7, 1.208161, "0.02"),
    ("Nd", "Nd2O3", 154.3, 1.166377, "0.10"),
    ("Sm", "Sm2O3", 36.2, 1.159607, "0.03"),
    ("Eu", "Eu2O3", 5.18, 1.157922, "0.02"),
    ("Gd", "Gd2O3", 43.4, 1.152614, "0.05"),
    ("Tb", "Tb4O7", 6.38, 1.176172, "0.01"),
    ("Dy", "Dy2O3", 36.6, 1.147683, "0.05"),
    ("Ho", "Ho2O3", 6.98, 1.145507, "0.01"),
    ("Er", "Er2O3", 20.1, 1.143481, "0.03"),
    ("Tm", "Tm2O3", 2.63, 1.142058, "0.01"),
    ("Yb", "Yb2O3", 16.7, 1.138684, "0.03"),
    ("Lu", "Lu2O3", 2.20, 1.137160, "0.01"),
    ("Y", "Y2O3", 290.6, 1.269932, "0.50"),
    ("Sc", "Sc2O3", 11.4, 1.533823, "0.10"),
    ("Th", "ThO2", 38.2, 1.137900, "0.05"),
)
MEMBERS = " + ".join(oxide for _, oxide, *_ in CLAY[:15])
FUSION = Method(
    code="FUS-MS",
    version="v3",
    name="Lithium borate fusion, ICP-MS",
    description="0.100 g of pulp dried at 105 °C fused with LiBO2/Li2B4O7 at 1000 °C, taken up in 5 % HNO3; 159Tb, 163Dy in helium.",
)
LABORATORY = Laboratory(
    name="National Rare-Earth Reference Laboratory",
    address=("Arera Hills", "Bhopal 462011", "Madhya Pradesh, India"),
    contact="certificates@laboratory.example",
    activity_location="At the laboratory's address above.",
    accreditation="",
)


def three_figures(value: float) -> str:
    return f"{value:.3g}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def measured(value: float, share: float = 0.065) -> Quantity:
    return Quantity(value=three_figures(value), uncertainty=f"{value * share:#.2g}".rstrip("."))


def clay_results(scale: float = 1.0, **changes: ElementResult) -> tuple[ElementResult, ...]:
    return tuple(
        changes.get(element)
        or ElementResult(
            element=element, result=measured(value * scale), loq=loq, oxide=oxide, oxide_result=measured(value * scale * factor)
        )
        for element, oxide, value, factor, loq in CLAY
    )


def clay_sums(scale: float = 1.0) -> tuple[DerivedResult, ...]:
    oxides = {element: value * scale * factor for element, _, value, factor, _ in CLAY}
    treo = sum(value for element, value in oxides.items() if element not in {"Sc", "Th"})
    heavy = treo - sum(oxides[element] for element in ("La", "Ce", "Pr", "Nd", "Sm", "Eu"))
    magnet = sum(oxides[element] for element in ("Pr", "Nd", "Tb", "Dy"))
    return (
        DerivedResult(symbol="Dy2O3", definition="Dy × 1.147683", result=measured(oxides["Dy"])),
        DerivedResult(symbol="Tb4O7", definition="Tb × 1.176172", result=measured(oxides["Tb"])),
        DerivedResult(
            symbol="TREO", definition=f"TREO = {MEMBERS}", result=Quantity(value=f"{treo:.0f}", uncertainty=f"{treo * 0.03:.0f}")
        ),
        DerivedResult(symbol="HREO", definition="Gd2O3 to Lu2O3 + Y2O3", result=Quantity(value=f"{heavy:.0f}", uncertainty="21")),
        DerivedResult(symbol="MREO", definition="Pr6O11 + Nd2O3 + Tb4O7 + Dy2O3", result=Quantity(value=f"{magnet:.0f}", uncertainty="12")),
    )


def clay_table(code: str, scale: float = 1.0, **more: object) -> ResultTable:
    values: dict[str, object] = {
        "item_code": code,
        "method_code": "FUS-MS",
        "quantity": "total",
        "unit": "mg/kg",
        "basis": "dry",
        "tested_from": date(2026, 11, 12),
        "tested_to": date(2026, 11, 14),
        "results": clay_results(scale),
        "derived": clay_sums(scale),
    }
    return ResultTable(**(values | more))  # type: ignore[arg-type]


def make_certificate(**changes: object) -> CertificateContent:
    values: dict[str, object] = {
        "number": "BPL-26-000164-K",
        "issued_at": datetime(2026, 11, 22, 14, 5, 9, tzinfo=IST),
        "laboratory": LABORATORY,
        "customer": Customer(
            name="Midwest Advanced Materials Pvt Ltd",
            contact="Exploration desk",
            address=("Hyderabad 500034",),
            reference="MAM/KCN/2026/031",
        ),
        "methods": (FUSION,),
        "items": (
            Item(
                code="BL-4F7Q-2",
                customer_code="KCN-0142-7",
                description="Pulp of ion-adsorption clay, about 180 g",
                condition="Seal intact and as listed; container sound; 182.4 g",
                received_on=date(2026, 11, 8),
                sampled_on=date(2026, 10, 27),
                sampling="Channel sample 0.0–2.0 m by the customer after SOP-S-02 v4; belt: Chipwi–Pangwa.",
            ),
        ),
        "tables": (clay_table("BL-4F7Q-2"),),
        "signatures": (
            Signature(
                name="Dr. S. Iyer",
                position="Authorised signatory, rare-earth section",
                meaning="Authorises the results and this certificate",
                signed_at=datetime(2026, 11, 22, 13, 58, 40, tzinfo=IST),
                content_sha256="9f31" * 16,
            ),
            Signature(
                name="R. Deshmukh",
                position="Technical reviewer",
                meaning="Reviewed the run and its controls",
                signed_at=datetime(2026, 11, 21, 17, 12, 3, tzinfo=IST),
                content_sha256="c07e" * 16,
            ),
        ),
        "verify_url": "https://lims.example/verify/q3vT0xk2mB7n9sYwLr4c8A/",
        "patterns": (Pattern(item_code="BL-4F7Q-2", values=(("La", "612"), ("Ce", "39.8"))),),
        "normalisation": "CI chondrite, McDonough & Sun 1995",
        "synthetic": True,
    }
    return CertificateContent(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="session", autouse=True)
def _fonts() -> None:
    prepare_assets(checkout=Path(settings.BASE_DIR), build_dir=Path(settings.BUILD_DIR))


@pytest.fixture
def one_sample() -> CertificateContent:
    """One sample, seventeen analytes, two signatures."""
    return make_certificate()


@pytest.fixture
def many_samples() -> CertificateContent:
    """Twenty-five samples by one method; one with a censored and one with a missing element."""
    codes = [f"BL-{4000 + i}-{i % 10}" for i in range(25)]
    items = tuple(
        Item(
            code=code,
            customer_code=f"KCN-{142 + i:04}-{i % 10}",
            description="Pulp of ion-adsorption clay",
            condition="Seal intact; container sound",
            received_on=date(2026, 11, 8),
            sampled_on=date(2026, 10, 20 + i % 8),
            sampling="Channel samples by the customer after SOP-S-02 v4.",
        )
        for i, code in enumerate(codes)
    )
    tables = [clay_table(code, 0.4 + 0.11 * i) for i, code in enumerate(codes)]
    censored = ElementResult(
        element="Tm", result=Quantity(value="0.01", qualifier="<"), loq="0.01", oxide="Tm2O3", note="Confirmed by repeat."
    )
    tables[3] = clay_table(
        codes[3],
        0.05,
        results=clay_results(0.05, Tm=censored),
        derived=(
            *clay_sums(0.05)[:2],
            DerivedResult(symbol="TREO", definition=f"TREO = {MEMBERS}", lower="49.6", upper="49.7", censored=("Tm",)),
        ),
    )
    tables[4] = clay_table(
        codes[4],
        results=clay_results()[:13],
        derived=(DerivedResult(symbol="TREO", definition=f"TREO = {MEMBERS}", lower="630", missing=("Lu2O3", "Y2O3")),),
    )
    return make_certificate(items=items, tables=tuple(tables), patterns=(), synthetic=False, sampled_by_laboratory=True)


@pytest.fixture
def noon() -> datetime:
    """A fixed moment for papers without one of their own."""
    return datetime(2026, 11, 22, 6, 30, tzinfo=UTC)

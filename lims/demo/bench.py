"""What the bench of a demonstration laboratory works with: lots, equipment, leaches, and preparations under way step by step."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from assays.chemistry.standards import SYMBOLS
from assays.models import Aliquot, Analyte, CertifiedValue, Equipment, Lot, PreparationTask, ReferenceMaterial, Submission
from assays.route_steps import Kind
from assays.selectors.preparation_progress import read_progress
from assays.services.leaching import Leaching, record_leaches
from assays.services.lot_values import CertifiedAmount, record_lot_values
from assays.services.lots import Delivery, record_calibration, register_equipment, register_lot
from assays.services.steps import StepEntry, record_steps
from lims.accounts.models import User
from lims.demo.people import Cast

LABORATORIES = ("BPL", "HYD", "JRH")
_EQUIPMENT = (
    # kind, code, name, days until its calibration is due
    ("balance", "BAL-1", "Analytical balance, 220 g × 0.1 mg", 150),
    ("oven", "OVN-1", "Drying oven, 105 °C", 90),
    ("furnace", "FUR-1", "Muffle furnace, 1200 °C", 60),
    ("pipette", "PIP-1", "Piston pipette, 100–1000 µL", 45),
    ("crusher", "CRU-1", "Jaw crusher, 2 mm", 200),
    ("mill", "MIL-1", "Ring mill", 200),
    ("sieve", "SVE-75", "Test sieve, 75 µm", 120),
    ("ph_meter", "PHM-1", "pH meter with temperature", 21),
    ("burette", "BUR-1", "Burette, 25 mL, class A", 300),
    ("pipette", "PIP-2", "Piston pipette, 1–10 mL", -12),
)
_MATERIALS = ("OREAS 100a", "OREAS 461", "OREAS 464")
_OTHER_MAKER = "Other Synthetic Standards (demonstration)"
_STOCK, _SECOND_SOURCE = "Multi-element REE, 10 mg/L in 2 % HNO3", "Multi-element REE, second source, 10 mg/L"
_LOTS = (
    # kind, name, supplier's number, days until it expires
    ("reagent", "(NH4)2SO4, analytical grade", "AS-2291", 500),
    ("acid", "HNO3 65 %, ultrapure", "NA-8810", 320),
    ("flux", "Li2B4O7/LiBO2 50:50, pure", "LB-0417", 700),
    ("standard", _STOCK, "ME-1177", 240),
    ("standard", _STOCK, "ME-1202", 410),
    ("standard", _SECOND_SOURCE, "QC-0315", 300),
    ("standard", "Internal standard Rh, Re, 1 mg/L", "IS-0093", 25),
    ("reagent", "EDTA 0.01 mol/L, standardised", "ED-5512", -8),
)


def _serial(laboratory: str, code: str) -> str:
    """The balance that sends its weights is one with the instrument of that serial number."""
    return f"DEMO-{laboratory}-BAL1" if code == "BAL-1" else f"SYN-{code}"


def make_supplies(cast: Cast, begins: date, today: date) -> None:
    """The equipment and lots of each laboratory on the day its story begins; by `today` one pipette is overdue and one lot expired."""
    for laboratory in LABORATORIES:
        technician = cast.of("technician", laboratory)
        for kind, code, name, days in _EQUIPMENT:
            made = register_equipment(
                code=f"{laboratory}-{code}", kind=kind, name=name, calibration_due=begins, serial=_serial(laboratory, code), by=technician
            )
            record_calibration(equipment=made, calibrated_on=begins, due=today + timedelta(days=days), by=technician)
        for kind, name, number, days in _LOTS:
            lot = register_lot(
                delivery=Delivery(
                    kind=kind,
                    name=name,
                    supplier=_OTHER_MAKER if name == _SECOND_SOURCE else "Synthetic Reagents (demonstration)",
                    supplier_lot=number,
                    received_on=begins,
                    opened_on=begins,
                    expires_on=today + timedelta(days=days),
                ),
                by=technician,
            )
            if name in (_STOCK, _SECOND_SOURCE):
                _certify_solution(lot, technician)
        for index, code in enumerate(_MATERIALS):
            _receive_material(code, index, begins, technician)


def _certify_solution(lot: Lot, by: User) -> None:
    """A certificate of ten milligrams per litre of every analyte, each a few tenths of a percent off the label."""
    amounts = [
        CertifiedAmount(
            element=analyte.symbol,
            value=Decimal("10.00") + Decimal((index * 7 + len(lot.supplier_lot) + int(lot.supplier_lot[-2:])) % 9 - 4) / 100,
            unit="mg/L",
            uncertainty=Decimal("0.05"),
            k=Decimal(2),
            nominal=Decimal(10),
        )
        for index, analyte in enumerate(Analyte.objects.filter(symbol__in=SYMBOLS).order_by("order"))
    ]
    record_lot_values(lot=lot, amounts=amounts, by=by)


def _receive_material(code: str, index: int, begins: date, by: User) -> None:
    """A jar of a reference material; the first one's certificate of its own states contents, those of the others are the material's."""
    material = ReferenceMaterial.objects.get(code=code)
    delivery = Delivery(
        kind="reference",
        name=f"{code}, 100 g jar",
        supplier=material.producer,
        supplier_lot=f"JAR-{index + 41}",
        material=material,
        received_on=begins,
        opened_on=begins,
    )
    lot = register_lot(delivery=delivery, by=by)
    if index == 0:
        stated = CertifiedValue.objects.filter(material=material, analyte__symbol__in=SYMBOLS, sd__gt=0, unit="mg/kg").select_related(
            "analyte"
        )
        amounts = [
            CertifiedAmount(
                element=one.analyte.symbol,
                value=Decimal(f"{one.value:.4g}"),
                unit=one.unit,
                method_group=one.method_group,
                basis="dry",
                sd=None if one.sd is None else Decimal(f"{one.sd:.3g}"),
            )
            for one in stated
        ]
        record_lot_values(lot=lot, amounts=amounts, by=by)


def leach(aliquots: Sequence[Aliquot], rng: random.Random, by: User) -> None:
    """Record the leach of weighed portions: half a mole per litre at pH 4, an hour at room temperature."""
    rows = [
        (
            one,
            Leaching(
                concentration_mol_l=Decimal("0.5"),
                leachant_ml=one.volume_ml or Decimal("250"),
                ph_start=Decimal(rng.randrange(390, 411)) / 100,
                ph_end=Decimal(rng.randrange(420, 520)) / 100,
                minutes=Decimal(60),
                temperature_c=Decimal(rng.randrange(210, 240)) / 10,
            ),
        )
        for one in aliquots
    ]
    lot = Lot.objects.filter(laboratory=by.organisation, name__startswith="(NH4)2SO4").first()
    record_leaches(rows=rows, lot=lot, by=by)


_NUMBERS: dict[str, dict[str, Decimal]] = {
    "weigh_wet": {"wet_mass_g": Decimal("50.2130")},
    "dry": {"temperature_c": Decimal(105), "hours": Decimal(14)},
    "weigh_dry": {"dry_mass_g": Decimal("39.8710")},
    "crush": {"top_size_mm": Decimal("1.9")},
    "split": {"split_mass_g": Decimal("240.5")},
    "leach_split": {"split_mass_g": Decimal("62.30")},
    "pulverise": {"minutes": Decimal(3)},
    "sieve": {"passing_percent": Decimal("82.4")},
}


def begin_preparations(submission: Submission, by: User) -> None:
    """Take the samples of a submission some steps along their routes, each further than the one before; one fails its sieve check."""
    tools = {one.kind: one for one in Equipment.objects.filter(laboratory=by.organisation, calibration_due__gte=submission.due_on)}
    free = {"sample__on_hold": False, "sample__has_open_discrepancy": False, "sample__needs_screen": False}
    tasks = PreparationTask.objects.filter(tests__submission=submission, finished_at=None, **free).distinct().order_by("id")
    # The first four stay as they are, to be tried.
    for index, task in enumerate(tasks.select_related("version__route", "sample")[4:14], 1):
        for _step in range(min(index, 7)):
            _do_next(task, tools, by)


def _do_next(task: PreparationTask, tools: dict[str, Equipment], by: User) -> None:
    step = read_progress(task).next_step
    if step is None or step.kind not in _NUMBERS or (step.equipment_kind and step.equipment_kind not in tools):
        return
    if step.kind == Kind.PULVERISE and PreparationTask.objects.filter(sample=task.sample, finished_at=None).count() > 1:
        return
    entry = StepEntry(task=task, kind=step.kind, values=_NUMBERS[step.kind], equipment=tools.get(step.equipment_kind))
    record_steps(entries=[entry], by=by)

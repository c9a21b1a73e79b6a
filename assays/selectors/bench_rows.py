"""Rows of the bench as plain data: what the API answers and the exports write. Numbers are text, exactly as kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from assays.chemistry.rounding import round_to_place
from assays.instruments.sequences import write_masshunter_list
from assays.models import (
    Aliquot,
    CertifiedValue,
    ControlRequirement,
    LotValue,
    MethodAnalyte,
    MethodVersion,
    Preparation,
    ReferenceMaterial,
    Run,
)
from assays.qc.bracketing import usual_scope
from assays.selectors.run_lots import LotLine, lot_lines
from assays.selectors.runs import number_text, tray_of, worklist_row
from assays.selectors.submissions import deadline_of, tests_of
from lims.accounts.models import Organisation


def submission_data(submission: Any) -> dict[str, Any]:
    """A submission of `submission_list`, in short."""
    deadline = deadline_of(submission)
    return {
        "code": submission.code,
        "state": submission.state,
        "laboratory": _party(submission.laboratory),
        "customer": _party(submission.customer),
        "customer_reference": submission.customer_reference,
        "basis": submission.basis,
        "turnaround": submission.turnaround,
        "submitted_at": submission.submitted_at.isoformat(),
        "due_on": submission.due_on.isoformat(),
        "working_days_left": deadline.days_left,
        "overdue": deadline.overdue,
        "completed_at": _moment(submission.completed_at),
        "sample_count": submission.sample_count,
        "test_count": submission.test_count,
        "certified_count": submission.done_count,
    }


def submission_detail(submission: Any, viewer: Any) -> dict[str, Any]:
    """A submission of `submission_list` with its tests and clock stops."""
    return submission_data(submission) | {
        "remark": submission.remark,
        "tests": [
            {
                "id": str(test.pk),
                "sample": test.sample.code_for(viewer),
                "method": test.method_version.method.code,
                "method_version": test.method_version.number,
                "state": test.state,
                "changed_at": _moment(test.changed_at),
            }
            for test in tests_of(submission)
        ],
        "clock_stops": [
            {"reason": stop.reason, "started_at": stop.started_at.isoformat(), "ended_at": _moment(stop.ended_at)}
            for stop in sorted(submission.clock_stops.all(), key=lambda one: one.started_at)
        ],
    }


def preparation_data(preparation: Preparation, viewer: Any) -> dict[str, Any]:
    """A preparation with the moisture that follows from it."""
    return {
        "id": str(preparation.pk),
        "sample": preparation.sample.code_for(viewer),
        "route": preparation.route,
        "drying_c": preparation.drying_c,
        "portion_dried_c": preparation.portion_dried_c,
        "wet_mass_g": number_text(preparation.wet_mass_g),
        "dry_mass_g": number_text(preparation.dry_mass_g),
        "moisture_percent": percent_text(preparation.moisture_percent),
        "portion_moisture_percent": percent_text(preparation.portion_moisture_percent),
        "sieve_passing_percent": number_text(preparation.sieve_passing_percent),
        "prepared_at": preparation.prepared_at.isoformat(),
    }


def aliquot_data(aliquot: Aliquot, viewer: Any) -> dict[str, Any]:
    """A test portion as weighed."""
    return {
        "code": aliquot.code,
        "test": str(aliquot.test_id),
        "sample": aliquot.test.sample.code_for(viewer),
        "method": aliquot.test.method_version.method.code,
        "mass_g": number_text(aliquot.mass_g),
        "volume_ml": number_text(aliquot.volume_ml),
        "dilution": number_text(aliquot.dilution),
        "specimen_g": number_text(aliquot.specimen_g),
        "ignition_loss_percent": number_text(aliquot.ignition_loss_percent),
        "duplicate_of": aliquot.duplicate_of.code if aliquot.duplicate_of else None,
        "weighed_at": aliquot.weighed_at.isoformat(),
    }


def run_data(run: Any) -> dict[str, Any]:
    """A run of `run_list`, in short."""
    return {
        "id": str(run.pk),
        "code": run.code,
        "state": run.state,
        "verdict": run.verdict_text,
        "instrument": run.instrument.code,
        "method": run.method_version.method.code,
        "method_version": run.method_version.number,
        "planned_by": run.planned_by.full_name,
        "planned_at": run.planned_at.isoformat(),
        "measured_at": _moment(run.measured_at),
        "reviewed_at": _moment(run.reviewed_at),
        "authorised_at": _moment(run.authorised_at),
        "position_count": run.position_count,
        "sample_count": run.sample_count,
    }


def run_detail(run: Any, viewer: Any) -> dict[str, Any]:
    """A run of `run_list` with its lots and its tray."""
    lots = [_run_lot_data(one) for one in lot_lines(run)]
    how = {"layout": run.layout.code if run.layout else None, "seed": run.seed}
    return run_data(run) | how | {"lots": lots, "positions": [worklist_row(position) for position in tray_of(run, viewer)]}


def _run_lot_data(line: LotLine) -> dict[str, Any]:
    lot = line.lot
    return {
        "purpose": line.use.purpose,
        "code": lot.code,
        "name": lot.name,
        "supplier": lot.supplier,
        "supplier_lot": lot.supplier_lot,
        "material": lot.material.code if lot.material else None,
        "expires_on": lot.expires_on.isoformat() if lot.expires_on else None,
        "values": [lot_value_data(one) for one in line.values],
        "note": line.note,
    }


def lot_value_data(one: LotValue) -> dict[str, Any]:
    """What a certificate says of one element."""
    numbers = one.texts | {"value": one.value_text}
    return {"element": one.element, "unit": one.unit, "basis": one.basis, "method_group": one.method_group, **numbers}


def worklist_data(run: Run, viewer: Any) -> dict[str, Any]:
    """What the autosampler should hold."""
    return {
        "run": run.code,
        "instrument": run.instrument.code,
        "method": run.method_version.method.code,
        "positions": [worklist_row(position) for position in tray_of(run, viewer)],
    }


def sequence_rows(run: Run, viewer: Any) -> list[dict[str, Any]]:
    """The worklist as flat rows for a comma-separated file."""
    return [
        row | {"nominal": " ".join(f"{symbol}={value}" for symbol, value in row["nominal"].items())}
        for row in worklist_data(run, viewer)["positions"]
    ]


def sample_list(run: Run, viewer: Any) -> bytes:
    """The tray as MassHunter's sample list."""
    return write_masshunter_list(
        row | {"comment": row["aliquot"] or row["material"] or ""} for row in worklist_data(run, viewer)["positions"]
    )


def method_data(version: MethodVersion) -> dict[str, Any]:
    """A method version with its limits and controls, each with its source."""
    return {
        "code": version.method.code,
        "version": version.number,
        "name": version.method.name,
        "method_group": version.method.method_group,
        "extraction": version.method.extraction,
        "in_force_from": version.in_force_from.isoformat(),
        "retired_on": version.retired_on.isoformat() if version.retired_on else None,
        "unit": version.unit,
        "basis": version.basis,
        "solution_unit": version.solution_unit,
        "calculation": version.calculation,
        "test_portion_g": number_text(version.test_portion_g),
        "test_portion_tolerance_percent": number_text(version.test_portion_tolerance_percent),
        "form": version.form,
        "reported_of": version.reported_of,
        "volume_ml": number_text(version.volume_ml),
        "dilution": number_text(version.dilution),
        "specimen_g": number_text(version.specimen_g),
        "drying_c": version.drying_c,
        "rule_set": version.rule_set,
        "analytes": [_limits(one) for one in version.analytes.all()],
        "controls": [_control(one) for one in version.controls.all()],
    }


def _limits(one: MethodAnalyte) -> dict[str, Any]:
    return {
        "analyte": one.analyte.symbol,
        "isotope": one.isotope,
        "lod": number_text(one.lod),
        "loq": number_text(one.loq),
        "upper_limit": number_text(one.upper_limit),
        "relative_uncertainty_percent": number_text(one.relative_uncertainty_percent),
        "accredited": one.accredited,
        "required": one.required,
        "source": one.source,
    }


def _control(one: ControlRequirement) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "rule": one.rule,
        "minimum_count": one.minimum_count,
        "rate_percent": number_text(one.rate_percent),
        "limits": one.limits,
        "condemns": one.condemns or usual_scope(one.kind),
        "placement": one.placement,
        "analytes": one.analytes,
        "source": one.source,
    }


def material_data(material: ReferenceMaterial) -> dict[str, Any]:
    """A reference material with its values by method group."""
    return {
        "code": material.code,
        "kind": material.kind,
        "producer": material.producer,
        "matrix": material.matrix,
        "expires_on": material.expires_on.isoformat() if material.expires_on else None,
        "active": material.active,
        "values": [_value(value) for value in material.values.all()],
    }


def _value(value: CertifiedValue) -> dict[str, Any]:
    return {
        "analyte": value.analyte.symbol,
        "method_group": value.method_group,
        "value": number_text(value.value),
        "unit": value.unit,
        "sd": number_text(value.sd),
        "interval_low": number_text(value.interval_low),
        "interval_high": number_text(value.interval_high),
        "expanded_uncertainty": number_text(value.expanded_uncertainty),
        "interval_type": value.interval_type,
        "value_type": value.value_type,
        "n": value.n,
        "source": value.source,
    }


def percent_text(percent: float) -> str:
    """A computed percentage to two decimals."""
    return round_to_place(percent, -2)


def _party(organisation: Organisation) -> dict[str, str]:
    return {"code": organisation.code, "name": organisation.name}


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None

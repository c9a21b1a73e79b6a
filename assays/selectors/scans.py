"""What a scanned code is, and what waits for it, as a barcode device of a laboratory may know it: blind codes only."""

from __future__ import annotations

from typing import Any

from assays.lifecycle import TestState
from assays.models import Aliquot, BlindControl, Run, RunPosition, SubmissionTest
from assays.selectors.worklists import bench_tests, preparations_for
from lims.core.codes import tidy_scanned
from lims.core.errors import NotFound
from samples.models import Sample

_PLANNED = "planned"


def resolve_for_device(text: str, device: Any) -> dict[str, Any]:
    """`{kind, code, state, waits}` of a sample, an aliquot or a run of the device's laboratory; `waits` names each next step with its
    method or run, and why it is held. Raises `NotFound` for anything else."""
    code = tidy_scanned(text)
    found = _sample(code, device) or _aliquot(code, device) or _run(code, device)
    if found is None:
        raise NotFound("unknown_code", f"There is nothing at this laboratory under “{text[:40]}”. Scan the label again.")
    return found


def _sample(code: str, device: Any) -> dict[str, Any] | None:
    sample = Sample.objects.filter(laboratory=device.organisation_id, blind_code=code).first()
    if sample is None:
        return None
    tests = list(bench_tests(device).filter(sample=sample).select_related("method_version__method", "submission"))
    prepared = preparations_for(tests)
    waits = [_step_of(test, test.pk in prepared) for test in tests if test.state in {TestState.REQUESTED, TestState.PREPARED}]
    return {"kind": "sample", "code": sample.blind_code, "state": sample.state, "waits": waits}


def _step_of(test: SubmissionTest, is_prepared: bool) -> dict[str, Any]:
    step = "load" if test.state == TestState.PREPARED else "weigh" if is_prepared else "prepare"
    return {"step": step, "method": test.method_version.method.code, "run": None, "held": bool(getattr(test, "held", False))}


def _aliquot(code: str, device: Any) -> dict[str, Any] | None:
    """A blind control answers as the aliquot it stands for."""
    aliquot = Aliquot.objects.filter(code=code, test__submission__laboratory=device.organisation_id).first()
    blind = None if aliquot else BlindControl.objects.filter(code=code, laboratory=device.organisation_id, withdrawn_at=None).first()
    if aliquot is None and blind is None:
        return None
    version = aliquot.test.method_version if aliquot else blind.method_version  # type: ignore[union-attr]  # one of the two
    places = RunPosition.objects.filter(aliquot=aliquot) if aliquot else RunPosition.objects.filter(blind=blind)
    place = places.exclude(run__state="cancelled").select_related("run").order_by("-run__planned_at").first()
    step = {"step": "load" if place is None else "measure", "method": version.method.code, "run": place.run.code if place else None}
    waits = [step | {"held": False}] if place is None or place.run.state == _PLANNED else []
    return {"kind": "aliquot", "code": code, "state": place.run.state if place else "weighed", "waits": waits}


def _run(code: str, device: Any) -> dict[str, Any] | None:
    run = Run.objects.filter(code=code, laboratory=device.organisation_id).select_related("method_version__method").first()
    if run is None:
        return None
    step = {"step": "measure", "method": run.method_version.method.code, "run": run.code, "held": False}
    return {"kind": "run", "code": run.code, "state": run.state, "waits": [step] if run.state == _PLANNED else []}

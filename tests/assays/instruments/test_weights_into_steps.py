"""A balance's weight waits until a person takes it into the step of a preparation; the reading stays as it came."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assays.instruments.models import TakenWeight, Weight
from assays.instruments.weights import take_weight
from assays.models import PreparationTask, StepRecord
from assays.selectors.preparation_progress import read_progress
from lims.core.errors import Blocked, DomainError, Forbidden
from samples.custody.models import CustodyEvent
from tests.assays.services.test_steps import do, make_tools
from tests.factories.bench import make_instrument, make_received_samples, make_submission, nothing_changes
from tests.factories.browsing import sign_in
from tests.factories.callers import Caller, InstrumentCaller
from tests.factories.people import Cast

pytestmark = pytest.mark.django_db
RAW = "N     +  50.01253 g"


def test_a_weight_is_taken_into_its_step_once_with_one_confirmation(cast: Cast) -> None:
    from assays.instruments.keeping import issue_instrument_token

    [sample] = make_received_samples(cast)
    make_submission(cast, [sample])
    task = PreparationTask.objects.get(sample=sample)
    balance = make_instrument(cast, "balance-30".upper(), technique="balance", serial="S-1")
    device = InstrumentCaller(issue_instrument_token(instrument=balance, name="balance", by=cast.administrator)[1])
    Caller(cast.technician).post(f"/instruments/{balance.code}/operator/", {})
    told = device.post("/instruments/me/weights/", {"weights": [{"code": sample.blind_code, "step": "step", "raw": RAW}]})
    assert told.status_code == 201, told.content
    assert told.json()["weights"][0]["outcome"] == "waits_for_step"
    weight = Weight.objects.get()
    # Nothing is recorded by the door alone; the step asks for its balance, so without its registration nothing is taken.
    assert not StepRecord.objects.exists()
    with nothing_changes(), pytest.raises(DomainError, match="balance"):
        take_weight(weight=weight, task=task, kind="weigh_wet", by=cast.technician)
    tools = make_tools(cast)
    with nothing_changes():
        with pytest.raises(Forbidden):
            take_weight(weight=weight, task=task, kind="weigh_wet", by=cast.reviewer)
        with pytest.raises(DomainError, match="Record that first"):
            take_weight(weight=weight, task=task, kind="weigh_dry", by=cast.technician)

    technician, address = sign_in(cast.technician), f"/bench/steps/{sample.blind_code}/"
    page = technician.get(address).content.decode()
    assert "The balance sent a weight" in page
    assert RAW in page
    body = {"task": str(task.pk), "kind": "weigh_wet", "weight": str(weight.pk)}
    assert technician.post(address, body).status_code == 302
    record = StepRecord.objects.get()
    # Rounded as the step keeps it; the balance's own digits stay with the weight.
    assert record.values == {"wet_mass_g": "50.0125"}
    assert (record.equipment, record.done_by, record.taken_weight.weight) == (tools["balance"], cast.technician, weight)
    assert RAW in record.remark
    assert weight.mass_g == Decimal("50.01253")
    assert CustodyEvent.objects.filter(sample=sample, kind="consumed").count() == 1
    with nothing_changes():
        technician.post(address, body)
        with pytest.raises(Blocked, match="taken already"):
            take_weight(weight=weight, task=task, kind="weigh_dry", by=cast.technician)
    assert TakenWeight.objects.count() == 1
    assert "The balance sent a weight" not in technician.get(address).content.decode()
    # While the next step takes no mass, a weight has nowhere to go.
    refused = device.post("/instruments/me/weights/", {"weights": [{"code": sample.blind_code, "step": "step", "raw": "40 g"}]})
    assert (refused.status_code, Weight.objects.count()) == (409, 1), refused.content
    do(cast, task, "dry", tools)
    assert read_progress(PreparationTask.objects.get(pk=task.pk)).next_step.kind == "weigh_dry"  # type: ignore[union-attr]

"""The bench up to a planned run, made through the services: received samples, submissions, preparations, aliquots, instruments, runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

from assays.instruments.models import Instrument
from assays.models import Aliquot, ClockStop, MethodVersion, Preparation, Run, RunPosition, Submission, SubmissionTest
from assays.services.leaching import Leaching, record_leaches
from assays.services.planning import plan_run
from assays.services.preparing import PreparationRecord, record_preparations
from assays.services.submitting import create_submission
from assays.services.weighing import Portion, weigh_aliquots
from lims.accounts.models import Competence
from lims.core import clock
from samples.custody.models import CustodyEvent
from samples.models import Sample
from samples.services.receiving import receive_consignment
from tests.factories.consignments import found_as_sent, hand_over, make_dispatched, samples_of
from tests.factories.people import Cast
from tests.factories.samples import make_samples


def method_version(code: str = "FUS-MS") -> MethodVersion:
    """The newest version of a loaded method: FUS-MS (fusion), FAD-MS (four acids), LCH-MS (leach), GRA-REO or EDT-REO (high grades)."""
    return MethodVersion.objects.select_related("method").filter(method__code=code).latest("number")


def make_received_samples(cast: Cast, n: int = 1, *, receptionist: Any = None, **more: Any) -> list[Sample]:
    """`n` samples of `cast.collector`, who brought them to the laboratory of `receptionist` (default: the cast's), by code; `more` are
    members of the sampling record."""
    receptionist = receptionist or cast.receptionist
    samples = make_samples(cast, n, **more)
    consignment = make_dispatched(cast, samples=samples, addressee=receptionist.organisation)
    hand_over(consignment, cast.collector, receptionist)
    receive_consignment(consignment=consignment, items=[found_as_sent(sample) for sample in samples], by=receptionist)
    return samples_of(consignment)


def make_submission(cast: Cast, samples: Sequence[Sample], methods: Sequence[str] = ("FUS-MS",), **more: Any) -> Submission:
    """A submission of the samples' owner, recorded by the receptionist."""
    fields: dict[str, Any] = {"laboratory": cast.organisations["lab"], "customer": samples[0].owner, "by": cast.receptionist}
    return create_submission(samples=samples, method_versions=[method_version(code) for code in methods], **(fields | more))


def make_prepared(cast: Cast, samples: Sequence[Sample], **more: Any) -> list[Preparation]:
    """A preparation of each sample with 20 % moisture, its portions weighed as received; fit for every method."""
    fields: dict[str, Any] = {
        "route": "field-moist, split < 2 mm",
        "drying_c": 105,
        "wet_mass_g": Decimal("50.0000"),
        "dry_mass_g": Decimal("40.0000"),
    }
    by, at = more.pop("by", cast.technician), more.pop("at", None)
    return record_preparations(records=[PreparationRecord(sample=sample, **(fields | more)) for sample in samples], by=by, at=at)


def make_weighed(cast: Cast, submission: Submission, *, duplicates: int = 0, **more: Any) -> list[Aliquot]:
    """The method's test portion of every requested test, in the order of the samples' codes, then duplicates of the first ones."""
    tests = submission.tests.filter(state="requested").select_related("method_version").order_by("sample__code", "method_version")
    by, at = more.pop("by", cast.technician), more.pop("at", None)

    def weigh(test: SubmissionTest, original: Aliquot | None = None) -> Portion:
        return Portion(**({"test": test, "mass_g": test.method_version.test_portion_g, "duplicate_of": original} | more))

    made = weigh_aliquots(portions=[weigh(test) for test in tests], by=by, at=at)
    made += weigh_aliquots(portions=[weigh(one.test, one) for one in made[:duplicates]], by=by, at=at)
    leach_portions(cast, made)
    return made


def leaching(**more: Any) -> Leaching:
    """A leach within the limits of LCH-MS."""
    usual = {"concentration_mol_l": "0.5", "leachant_ml": "250", "ph_start": "4.00", "ph_end": "4.6", "minutes": "60"}
    return Leaching(**{name: Decimal(value) for name, value in (usual | {"temperature_c": "22"} | more).items()})


def leach_portions(cast: Cast, aliquots: Sequence[Aliquot]) -> None:
    """Put a usual leach of those that are leached on record."""
    leached = [one for one in aliquots if one.test.method_version.method.extraction == "leachable"]
    record_leaches(rows=[(one, leaching()) for one in leached], by=cast.technician)


def make_instrument(cast: Cast, code: str = "ICPMS-1", **more: Any) -> Instrument:
    """The instrument with that code at the lab of the cast, made when it is not there yet; calibrated for another half year."""
    found = Instrument.objects.filter(code=code).first()
    fields: dict[str, Any] = {
        "name": "Quadrupole ICP-MS",
        "laboratory": cast.organisations["lab"],
        "calibration_due": clock.today() + timedelta(days=180),
    }
    return found or Instrument.objects.create(code=code, **(fields | more))


def grant_competence(cast: Cast, person: Any, activity: str = "measure", method: str = "FUS-MS", **more: Any) -> Competence:
    """A competence valid from last month for a year."""
    today = clock.today()
    fields: dict[str, Any] = {"valid_from": today - timedelta(days=30), "valid_until": today + timedelta(days=335)}
    return Competence.objects.create(user=person, method_code=method, activity=activity, granted_by=cast.quality_manager, **(fields | more))


def make_planned_run(cast: Cast, n: int = 3, *, method: str = "FUS-MS", duplicates: int = 1, instrument: Instrument | None = None) -> Run:
    """A run of `n` samples with the controls of its method, planned by the analyst; weighed by the technician."""
    samples = make_received_samples(cast, n)
    submission = make_submission(cast, samples, [method])
    make_prepared(cast, samples)
    aliquots = make_weighed(cast, submission, duplicates=duplicates)
    grant_competence(cast, cast.analyst, "measure", method)
    return plan_run(
        instrument=instrument or make_instrument(cast),
        method_version=method_version(method),
        aliquots=aliquots,
        by=cast.analyst,
    )


def everything() -> tuple[Any, ...]:
    """All that a refused step at the bench must leave as it was, the ledger included."""
    tables = (Sample, Submission, SubmissionTest, ClockStop, Preparation, Aliquot, Run, RunPosition, CustodyEvent)
    return tuple(list(table.objects.order_by("pk").values()) for table in tables)


@contextmanager
def nothing_changes() -> Iterator[None]:
    """Whatever happens inside the block leaves samples, requests, bench work, runs and ledger as they were."""
    before = everything()
    yield
    assert everything() == before

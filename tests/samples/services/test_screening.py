"""Radiation at the laboratory: nothing is opened unscreened, a hold for safety ends only by a measurement and a signature."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from lims.accounts.models import Signature
from lims.core import clock
from lims.core.errors import Blocked, DomainError, Forbidden, Invalid
from samples.lifecycle import SAMPLE
from samples.models import ActivityAssessment, Discrepancy, DoorScreen, Hold, Sample, Settlement
from samples.models.radiation import DoorPolicy
from samples.radiation_rules import NUCLIDES_OF_PROCESSED, NuclideActivity
from samples.services.holding import release_hold
from samples.services.screening import DoseRate, assess_contents, record_gamma, record_screen, set_policy
from samples.services.settling import hash_shown, settle_discrepancy
from tests.factories.consignments import kinds_of, make_received, samples_of
from tests.factories.people import PASSWORD, Cast
from tests.factories.samples import make_samples


def ask_for_screens(cast: Cast, **more: Any) -> DoorPolicy:
    values = {"requires_screen": True, "quarantine_place": "Lead cage"} | more
    return set_policy(values=values, reason="NORM is expected.", by=cast.quality_manager)


def received(cast: Cast, **more: Any) -> Sample:
    (sample,) = samples_of(make_received(cast, 0, samples=make_samples(cast, **more)))
    return sample


def rate(value: str = "0.20") -> DoseRate:
    return DoseRate(
        dose_rate=Decimal(value),
        background=Decimal("0.12"),
        uncertainty=Decimal("0.04"),
        distance_cm=Decimal(10),
        instrument="RDS-31 no. 12",
    )


def spectrum(highest: str = "0.2") -> list[NuclideActivity]:
    return [NuclideActivity(name, Decimal(highest), Decimal("0.05")) for name in NUCLIDES_OF_PROCESSED]


def codes(sample: Sample, step: str) -> list[str]:
    sample.refresh_from_db()
    return [blocker.code for blocker in SAMPLE.blockers(Sample.objects.get(pk=sample.pk), step)]


def test_nothing_is_opened_before_its_dose_rate_where_the_laboratory_asks_for_it(cast: Cast) -> None:
    assert not received(cast).needs_screen
    ask_for_screens(cast)
    sample = received(cast)
    assert codes(sample, "prepare") == codes(sample, "split") == ["not_screened"]
    screen = record_screen(sample=sample, reading=rate(), by=cast.receptionist)
    assert (screen.passed, codes(sample, "prepare"), kinds_of(sample)[-1]) == (True, [], "screened")


def test_what_radiates_is_kept_apart_until_a_measurement_and_a_signature(cast: Cast) -> None:
    ask_for_screens(cast)
    sample = received(cast)
    record_screen(sample=sample, reading=rate("0.9"), by=cast.technician)
    sample.refresh_from_db()
    hold = Hold.objects.get()
    assert (hold.kind, hold.place, sample.place) == ("quarantine", "Lead cage", "Lead cage")
    assert codes(sample, "prepare") == codes(sample, "dispose") == ["on_hold"]
    assert codes(sample, "return") == []
    words = {"hold": hold, "reason": "Repeated with another meter.", "password": PASSWORD, "by": cast.quality_manager}
    with pytest.raises(Blocked) as unmeasured:
        release_hold(**words)
    assert unmeasured.value.code == "not_cleared"
    record_screen(sample=sample, reading=rate("0.9"), by=cast.technician)
    with pytest.raises(Blocked):
        release_hold(**words)
    record_screen(sample=sample, reading=rate("0.2"), by=cast.technician)
    with pytest.raises(Invalid):
        release_hold(**(words | {"password": "not mine"}))
    with pytest.raises(DomainError) as stale:
        release_hold(**words, shown_hash="0" * 64)
    assert stale.value.code == "stale_content"
    assert not Signature.objects.filter(meaning="release").exists()
    released = release_hold(**words)
    sample.refresh_from_db()
    assert (released.release_signature.meaning, sample.on_hold) == ("release", False)  # type: ignore[union-attr]
    assert sample.place == cast.organisations["lab"].name
    assert kinds_of(sample)[-5:] == ["screened", "hold", "screened", "screened", "release"]


def test_a_chemical_product_waits_for_a_spectrum_that_clears_it(cast: Cast) -> None:
    ask_for_screens(cast, requires_screen=False, gamma_for_processed=True)
    sample = received(cast, material="carbonate")
    hold = Hold.objects.get()
    assert (hold.kind, codes(sample, "prepare")) == ("safety", ["on_hold"])
    contents = [NuclideActivity("Th-232", Decimal("0.001"), Decimal("0.001")), NuclideActivity("U-238", Decimal("0.001"), Decimal("0.001"))]
    assess_contents(found={sample.pk: contents}, laboratory=cast.technician.organisation, reference="R-1", by=cast.analyst)
    words = {"hold": hold, "reason": "Spectrum seen.", "password": PASSWORD, "by": cast.quality_manager}
    with pytest.raises(Blocked):
        release_hold(**words)
    record_gamma(sample=sample, nuclides=spectrum("0.97"), reference="G-1", by=cast.analyst)
    found = Discrepancy.objects.get()
    assert (found.kind, codes(sample, "report")) == ("activity", ["open_discrepancy"] if sample.state == "in_analysis" else ["wrong_state"])
    with pytest.raises(Blocked):
        release_hold(**words)
    record_gamma(sample=sample, nuclides=spectrum(), measured_by_name="BARC", reference="G-2", by=cast.analyst)
    release_hold(**words)
    settle_discrepancy(discrepancy=found, decision="accept", reason="Measured again.", password=PASSWORD, by=cast.quality_manager)
    assert codes(sample, "prepare") == []
    assert ActivityAssessment.objects.count() == 3


def test_contents_above_the_limit_hold_the_sample_and_stop_its_report_once(cast: Cast) -> None:
    sample = received(cast)
    hot = [
        NuclideActivity("Th-232", Decimal("1.20"), Decimal("0.14")),
        NuclideActivity("U-238", Decimal("0.01"), Decimal(0), qualifier="<"),
    ]
    for _ in range(2):
        assess_contents(found={sample.pk: hot}, laboratory=cast.technician.organisation, reference="R-1", by=cast.analyst)
    assert (Hold.objects.get().kind, Discrepancy.objects.get().kind) == ("safety", "activity")
    assert codes(sample, "prepare") == ["on_hold", "open_discrepancy"]
    found = Discrepancy.objects.get()
    assert "1.34 Bq/g" in found.detail
    with pytest.raises(DomainError) as stale:
        settle_discrepancy(
            discrepancy=found, decision="accept", reason="r", password=PASSWORD, shown_hash="0" * 64, by=cast.quality_manager
        )
    assert (stale.value.code, Settlement.objects.count()) == ("stale_content", 0)
    settle_discrepancy(
        discrepancy=found,
        decision="accept",
        reason="Reported with its activity.",
        password=PASSWORD,
        shown_hash=hash_shown(found),
        by=cast.quality_manager,
    )
    settled = Settlement.objects.get()
    assert (settled.decision, settled.decided_by) == ("accept", cast.quality_manager)
    Sample.objects.filter(pk=sample.pk).update(state="in_analysis")
    assert codes(sample, "report") == []
    assert codes(sample, "analyse") == ["on_hold"]


def test_impossible_readings_and_other_peoples_samples_are_refused_and_change_nothing(cast: Cast) -> None:
    sample = received(cast)
    for wrong in ({"dose_rate": Decimal(-1)}, {"instrument": " "}, {"k": Decimal(9)}, {"distance_cm": Decimal(5000)}):
        with pytest.raises(Invalid):
            record_screen(sample=sample, reading=DoseRate(**(rate().__dict__ | wrong)), by=cast.technician)
    with pytest.raises(Invalid) as early:
        record_screen(sample=sample, reading=rate(), by=cast.technician, at=clock.now() - timedelta(days=9))
    assert early.value.code == "time_order"
    for nuclides in ([], [NuclideActivity("Cs-137", Decimal(1), Decimal(1))], spectrum()[:1] * 2, [NuclideActivity("Th-232", Decimal(1))]):
        with pytest.raises(Invalid):
            record_gamma(sample=sample, nuclides=nuclides, reference="G-1", by=cast.analyst)
    with pytest.raises(Blocked):
        record_screen(sample=sample, reading=rate(), by=cast.outsiders["technician"])
    for who in (cast.analyst, cast.collector, cast.quality_manager):
        with pytest.raises(Forbidden):
            record_screen(sample=sample, reading=rate(), by=who)
    with pytest.raises(Invalid):
        set_policy(values={"activity_limit": Decimal(0)}, reason="r", by=cast.quality_manager)
    assert not DoorScreen.objects.exists()
    assert not ActivityAssessment.objects.exists()
    assert not DoorPolicy.objects.exists()
    assert kinds_of(sample)[-1] == "received"

"""Pages of radiation and seals, worked with a browser's means alone."""

from __future__ import annotations

from django.urls import reverse

from samples.models import Hold, Sample, SealBatch
from samples.radiation_rules import NUCLIDES_OF_PROCESSED
from samples.services.screening import set_policy
from tests.factories.consignments import make_received, samples_of
from tests.factories.people import PASSWORD, Cast
from tests.factories.samples import make_samples
from tests.samples.views.test_consignment_pages import page, sign_in

RATE = {"dose_rate": "0.95", "background": "0.12", "uncertainty": "0.05", "distance_cm": "10", "instrument": "RDS-31"}


def test_scan_measure_next_then_quarantine_spectrum_and_release(cast: Cast) -> None:
    set_policy(values={"requires_screen": True, "gamma_for_processed": True}, reason="NORM", by=cast.quality_manager)
    (sample,) = samples_of(make_received(cast, 0, samples=make_samples(cast, material="oxide")))
    technician, manager, code = sign_in(cast.technician), sign_in(cast.quality_manager), sample.blind_code
    assert code in page(technician, "door")
    measure = reverse("samples:radiation", args=[code])
    assert technician.get(reverse("samples:door"), {"code": code}).headers["Location"] == measure
    assert technician.post(measure, RATE | {"dose_rate": "much"}).status_code == 422
    told = technician.post(measure, RATE, follow=True).content.decode()
    assert "do not open it" in told
    assert 'value="RDS-31"' in page(technician, "radiation", code)
    assert {hold.kind for hold in Hold.objects.filter(sample=sample)} == {"safety", "quarantine"}
    shown = manager.get(reverse("samples:sample", args=[code])).content.decode()
    assert "Nothing was measured since this hold began" in shown
    cells = {f"activity_{index}": "<0.05" for index, _ in enumerate(NUCLIDES_OF_PROCESSED)}
    gamma = reverse("samples:radiation-gamma", args=[code])
    refused = technician.post(gamma, cells | {"activity_0": "0.2", "reference": "G-1"})
    assert refused.status_code == 422
    assert "Give the expanded uncertainty" in refused.content.decode()
    assert technician.post(gamma, cells | {"reference": "G-1"}).status_code == 302
    for hold in Hold.objects.filter(sample=sample):
        step = reverse("samples:release", args=[code, hold.pk])
        assert manager.post(step, {"release-reason": "Below.", "password": "x"}).status_code == 422
        assert manager.post(step, {"release-reason": "Below.", "password": PASSWORD}).status_code == 302
    assert not Sample.objects.get(pk=sample.pk).on_hold


def test_the_policy_is_put_in_force_and_read(cast: Cast) -> None:
    manager, address = sign_in(cast.quality_manager), reverse("samples:door-policy")
    values = {
        "dose_rate_limit": "0.3",
        "activity_limit": "1",
        "mass_tolerance_percent": "1",
        "mass_tolerance_g": "2",
        "clock_skew_minutes": "5",
    }
    assert manager.post(address, values).status_code == 422
    assert manager.post(address, values | {"reason": "New meter."}).status_code == 302
    assert "New meter." in page(sign_in(cast.analyst), "door-policy")


def test_seals_from_issue_to_taking_back_on_pages_alone(cast: Cast) -> None:
    official, collector = sign_in(cast.official), sign_in(cast.collector)
    form = {"first": "KA-001", "last": "KA-020", "organisation": str(cast.collector.organisation_id), "team": "North"}
    assert official.post(reverse("samples:seals-issue"), form).status_code == 302
    assert official.post(reverse("samples:seals-issue"), form).status_code == 422
    batch = SealBatch.objects.get()
    make_samples(cast, seal_number="KA-001")
    assert "KA-001" in page(collector, "seal-batch", batch.pk)
    void = {"first": "KA-002", "kind": "void", "reason": "Cut by mistake."}
    assert collector.post(reverse("samples:seal-batch", args=[batch.pk]), void).status_code == 302
    assert "Cut by mistake." in page(collector, "seal", "KA-002")
    assert collector.get(reverse("samples:seal-find"), {"number": "ka 001"}).headers["Location"].endswith("KA001/")
    csv = b"".join(official.get(reverse("samples:seals"), {"format": "csv"}).streaming_content).decode()  # type: ignore[attr-defined]
    assert csv.splitlines()[1].split(",")[1:5] == ["KA-001", "KA-020", "20", ""]

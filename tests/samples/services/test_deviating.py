"""What a reception finds beyond the bags: times that run backwards, a wrong receiver, a laboratory's own tolerances."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from lims.accounts.models import Organisation
from lims.core import clock
from samples.models import Discrepancy
from samples.services.receiving import receive_consignment
from samples.services.screening import set_policy
from tests.factories.consignments import found_as_sent, hand_over, make_arrived, make_dispatched, samples_of
from tests.factories.people import Cast
from tests.factories.samples import make_samples


def kinds(cast: Cast) -> list[str]:
    return list(Discrepancy.objects.order_by("kind").values_list("kind", flat=True))


def test_a_collection_dated_after_its_packing_is_a_discrepancy_beyond_the_tolerated_skew(cast: Cast) -> None:
    ahead = make_samples(cast, collected_at=clock.now() + timedelta(minutes=4))
    consignment = make_arrived(cast, 0, samples=ahead)
    receive_consignment(consignment=consignment, items=[found_as_sent(ahead[0])], by=cast.receptionist)
    assert kinds(cast) == []
    set_policy(values={"clock_skew_minutes": 2}, reason="Clocks are set by GPS.", by=cast.quality_manager)
    ahead = make_samples(cast, collected_at=clock.now() + timedelta(minutes=4))
    consignment = make_arrived(cast, 0, samples=ahead)
    receive_consignment(consignment=consignment, items=[found_as_sent(ahead[0])], by=cast.receptionist)
    assert kinds(cast) == ["time_reversed"]
    assert "“packed” is dated" in Discrepancy.objects.get().detail


def test_what_another_laboratory_took_over_or_was_addressed_elsewhere_is_told(cast: Cast) -> None:
    other = cast.outsiders["receptionist"]
    assert other.organisation != Organisation.objects.get(pk=cast.organisations["lab"].pk)
    consignment = make_dispatched(cast, 1)
    hand_over(consignment, cast.collector, other)
    hand_over(consignment, other, cast.receptionist)
    (sample,) = samples_of(consignment)
    astray = make_dispatched(cast, 1, addressee=other.organisation)
    (stray,) = samples_of(astray)
    consignment.refresh_from_db()
    receive_consignment(consignment=consignment, items=[found_as_sent(sample), found_as_sent(stray)], by=cast.receptionist)
    found = set(Discrepancy.objects.values_list("sample", "kind"))
    assert found == {(sample.pk, "not_addressee"), (stray.pk, "not_addressee"), (stray.pk, "unexpected")}
    assert not Discrepancy.objects.filter(detail__contains=other.organisation.name).exists()


def test_the_laboratorys_own_mass_tolerance_counts(cast: Cast) -> None:
    set_policy(values={"mass_tolerance_percent": Decimal(10)}, reason="Field scales.", by=cast.quality_manager)
    consignment = make_arrived(cast, 1)
    (sample,) = samples_of(consignment)
    receive_consignment(
        consignment=consignment, items=[found_as_sent(sample, mass_g=sample.mass_g * Decimal("0.92"))], by=cast.receptionist
    )
    assert kinds(cast) == []

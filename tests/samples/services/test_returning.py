"""Back to the sender, and on to a second laboratory that learns no code of the first."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from lims.core.errors import Blocked, Forbidden, Invalid
from samples.custody.comparing import compare_custody
from samples.models import Sample
from samples.selectors.consignments import legs_of, read_row
from samples.selectors.samples import sample_data
from samples.services.consigning import create_consignment, dispatch_consignment
from samples.services.handing_over import answer_handover, offer_handover
from samples.services.receiving import receive_consignment
from samples.services.returning import Portion, reconsign_samples, send_back, take_back
from samples.services.straying import refuse_receipt
from tests.factories.consignments import found_as_sent, kinds_of, make_arrived, make_received, nothing_changes, samples_of
from tests.factories.people import Cast


def test_refused_samples_go_back_and_are_returned(cast: Cast) -> None:
    consignment = make_arrived(cast, 2)
    refuse_receipt(consignment=consignment, reason="soaked", by=cast.receptionist)
    with nothing_changes(consignment), pytest.raises(Blocked):
        send_back(consignment=consignment, reason="not ours", by=cast.custodian)
    back = send_back(consignment=consignment, carrier=cast.organisations["carrier"], reason="refused", by=cast.receptionist)
    assert (back.returns, back.addressee, back.items.count()) == (consignment, cast.organisations["irel"], 2)
    dispatch_consignment(consignment=back, by=cast.receptionist)
    offered = offer_handover(consignment=back, receiver=cast.organisations["irel"], by=cast.receptionist)
    with nothing_changes(back), pytest.raises(Blocked):
        take_back(consignment=back, by=cast.collector)
    # Nobody at the laboratory but the receptionist learns from it where the samples come from.
    for person, told in ((cast.receptionist, True), (cast.analyst, False)):
        row = read_row(back, person)
        words = f"{row} {legs_of(back, person)}"
        assert (cast.organisations["irel"].name in words) == told
    answer_handover(handover=offered, accept=True, by=cast.collector)
    here, gone = samples_of(back)
    with nothing_changes(back), pytest.raises(Invalid):
        take_back(consignment=back, missing=[gone], by=cast.collector)
    with nothing_changes(back), pytest.raises(Forbidden):
        take_back(consignment=back, by=cast.outsiders["collector"])
    take_back(consignment=back, missing=[gone], remark="one bag short", by=cast.collector)
    here.refresh_from_db()
    gone.refresh_from_db()
    assert (here.state, here.holder, gone.state) == ("returned", cast.organisations["irel"], "lost")
    assert kinds_of(here)[-1] == "returned"
    assert compare_custody().equal, compare_custody().first
    client = Client()
    client.force_login(cast.analyst)
    for address in (f"/consignments/{back.code}/", "/consignments/"):
        assert cast.organisations["irel"].name not in client.get(address).content.decode()


def test_second_laboratory_works_with_a_code_of_its_own(cast: Cast) -> None:
    first = samples_of(make_received(cast, 1))[0]
    with pytest.raises(Blocked) as refusal:
        create_consignment(addressee=cast.organisations["other_lab"], samples=[first], by=cast.receptionist)
    assert refusal.value.code == "needs_own_code"
    for wrong in (Decimal(0), first.mass_g + 100):
        with pytest.raises(Invalid):
            reconsign_samples(
                portions=[Portion(sample=first, mass_g=wrong)], addressee=cast.organisations["other_lab"], by=cast.receptionist
            )
    assert Sample.objects.count() == 1
    onward = reconsign_samples(
        portions=[Portion(sample=first, mass_g=Decimal(25))], addressee=cast.organisations["other_lab"], by=cast.receptionist
    )
    (portion,) = samples_of(onward)
    before = first.mass_g
    first.refresh_from_db()
    assert (portion.mass_g, first.mass_g) == (Decimal(25), before - 25)
    dispatch_consignment(consignment=onward, by=cast.receptionist)
    other = cast.outsiders["receptionist"]
    receive_consignment(consignment=onward, items=[found_as_sent(portion)], by=other)
    portion.refresh_from_db()
    seen = str(sample_data(portion, cast.outsiders["analyst"]))
    assert portion.blind_code in seen
    assert not {first.code, first.blind_code} & set(seen.replace("'", " ").split())
    assert not Sample.objects.visible_to(other).filter(pk=first.pk).exists()
    assert compare_custody().equal, compare_custody().first


def test_all_that_is_left_can_go_on(cast: Cast) -> None:
    first = samples_of(make_received(cast, 1))[0]
    onward = reconsign_samples(portions=[Portion(sample=first)], addressee=cast.organisations["other_lab"], by=cast.receptionist)
    first.refresh_from_db()
    assert (first.mass_g, samples_of(onward)[0].mass_g > 0) == (0, True)
    with pytest.raises(Blocked, match="not received by your laboratory"):
        reconsign_samples(portions=[Portion(sample=first)], addressee=cast.organisations["lab"], by=cast.outsiders["receptionist"])
